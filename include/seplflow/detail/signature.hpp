// Reads the ports of a stage from its C++ signature. Not for authors.
#pragma once

#include <seplflow/port.hpp>
#include <seplflow/stage.hpp>

#include <array>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace seplflow::detail {

// A parameter: `T const&` is an input, and `T const*` is an optional one (null when unconnected).
// `SampleContext const&` is not a port and can only come first.
template <class A>
struct Parameter {
  static_assert(sizeof(A) == 0, "a stage takes T const&, T const* or SampleContext const&");
};

template <class T>
struct Parameter<T const&> {
  static_assert(!std::is_same_v<T, SampleContext>,
                "SampleContext const& comes before the inputs, or not at all");
  static constexpr PortFacts port() { return port_facts<T>(); }
  static T const& get(void const* value) { return *static_cast<T const*>(value); }
};

template <class T>
struct Parameter<T const*> {
  static constexpr PortFacts port() { return port_facts<T>(true); }
  static T const* get(void const* value) { return static_cast<T const*>(value); }
};

// A value on an output. Throws Error when the type knows that it does not fit the sample.
template <class R>
Value outlet(R&& result, Sample const& sample) {
  if constexpr (requires { PortType<R>::check(result, sample); }) {
    PortType<R>::check(result, sample);
  }
  return std::make_shared<R const>(std::move(result));
}

inline std::vector<Value> one_value(Value value) {
  std::vector<Value> values(1);
  values[0] = std::move(value);
  return values;
}

// What a stage returns, as values on its outputs. An empty optional skips the sample.
template <class R>
struct Returned {
  static constexpr std::array<PortFacts, 1> ports() { return {port_facts<R>()}; }
  static std::optional<std::vector<Value>> values(R&& result, Sample const& sample) {
    return one_value(outlet(std::move(result), sample));
  }
};

template <class... R>
struct Returned<std::tuple<R...>> {
  static constexpr std::array<PortFacts, sizeof...(R)> ports() { return {port_facts<R>()...}; }
  static std::optional<std::vector<Value>> values(std::tuple<R...>&& result,
                                                  Sample const& sample) {
    return std::apply(
        [&](R&... each) { return std::vector<Value>{outlet(std::move(each), sample)...}; },
        result);
  }
};

template <class R>
struct Returned<std::optional<R>> {
  static constexpr auto ports() { return Returned<R>::ports(); }
  static std::optional<std::vector<Value>> values(std::optional<R>&& result,
                                                  Sample const& sample) {
    if (!result) return std::nullopt;
    return Returned<R>::values(std::move(*result), sample);
  }
};

template <class... A>
struct ParameterList {
  static constexpr std::array<PortFacts, sizeof...(A)> ports() { return {Parameter<A>::port()...}; }

  // Whether F can be called with `First` and then these parameters.
  template <class F, class First>
  static constexpr bool follow = std::is_invocable_v<F, First, A...>;

  template <class F>
  static decltype(auto) call(F&& f, SampleContext const&, std::span<void const* const> inputs) {
    return [&]<std::size_t... I>(std::index_sequence<I...>)->decltype(auto) {
      return std::forward<F>(f)(Parameter<A>::get(inputs[I])...);
    }
    (std::index_sequence_for<A...>());
  }
};

template <class... A>
struct ParameterList<SampleContext const&, A...> : ParameterList<A...> {
  template <class F, class First>
  static constexpr bool follow = std::is_invocable_v<F, First, SampleContext const&, A...>;

  template <class F>
  static decltype(auto) call(F&& f, SampleContext const& context,
                             std::span<void const* const> inputs) {
    auto const with_context = [&](auto const&... each) -> decltype(auto) {
      return std::forward<F>(f)(context, each...);
    };
    return ParameterList<A...>::call(with_context, context, inputs);
  }
};

// The parameters that are inputs.
template <class Parameters>
struct InputsOf {
  using Type = Parameters;
};
template <class... A>
struct InputsOf<ParameterList<SampleContext const&, A...>> {
  using Type = ParameterList<A...>;
};

template <class F>
struct Signature;

template <class R, class... A>
struct Signature<R (*)(A...)> {
  using Result = R;
  using Parameters = ParameterList<A...>;
};

template <class C, class R, class... A>
struct Signature<R (C::*)(A...)> : Signature<R (*)(A...)> {
  static constexpr bool kConst = false;
};

template <class C, class R, class... A>
struct Signature<R (C::*)(A...) const> : Signature<R (*)(A...)> {
  static constexpr bool kConst = true;
};

template <class R, class... A>
struct Signature<R (*)(A...) noexcept> : Signature<R (*)(A...)> {};
template <class C, class R, class... A>
struct Signature<R (C::*)(A...) noexcept> : Signature<R (C::*)(A...)> {};
template <class C, class R, class... A>
struct Signature<R (C::*)(A...) const noexcept> : Signature<R (C::*)(A...) const> {};

// A plain function as a stage without options.
template <auto Function, class = decltype(Function)>
struct FunctionStage;

template <auto Function, class R, class... A>
struct FunctionStage<Function, R (*)(A...)> {
  R operator()(A... arguments) const { return Function(arguments...); }
};

}  // namespace seplflow::detail
