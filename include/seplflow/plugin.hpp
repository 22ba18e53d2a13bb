// Declares stages: plain classes or functions become parts of a pipeline.
//
// The kind of a stage follows from its class:
//   source     std::optional<Sample> next() returns the next sample, and nothing after the last. It
//              is called from one thread at a time; it enumerates samples and decodes nothing. Each
//              further output is a member function `T name(Sample const&) const`, which is called
//              from many threads, and only if a stage uses that output. count() const is optional
//              and returns the number of samples.
//   observer   operator() returns a record of a sample. fold(Sample const&, Record const&) takes
//              the records in data set order, one at a time, and returns the sample's CSV row
//              (columns() const names the columns) or void. finish() returns the Findings.
//   sink       operator() returns void and writes through SampleContext::output(). It may list the
//              samples that it wrote: std::filesystem::path list_file() const names a file in its
//              folder, and std::string list_line(Sample const&) const returns the line of a sample.
//   transform  operator() returns a value, a std::tuple of values, or a std::optional of either,
//              which is empty to skip the sample.
// A transform whose options often make no difference to a sample may have two steps instead of
// operator(): decide() const takes the inputs, reads the options and returns something small that
// has an operator==; the static carry_out(Decision const&, inputs...) does the work. In a sweep,
// settings with equal decisions share the work, and everything that follows from it.
// operator() takes each input as `T const&`, or as `T const*` if it is optional, in the order of
// .inputs(...). A `SampleContext const&` may come first. If operator() is const it runs for many
// samples at once; otherwise the stage must be declared .serial().
// These members are optional:
//   void check(OptionCheck&) runs when the pipeline is checked, after the options are set. It may
//   refuse or complete them, and read what the stage needs to enumerate its samples.
//   std::vector<std::filesystem::path> files(Sample const&) const returns the files that operator()
//   reads for a sample, whether they exist or not, so that a resumed run can tell whether they
//   changed. For an output of a source the third argument of output() does the same. A sample fails
//   when none of its files exists, and `seplflow check` reports it, unless
//   bool needs_files() const returns false.
//   std::string save(Record const&) const and Record load(std::string_view) const let the records
//   of an observer outlive the run, so that it can resume (base/bytes.hpp).
// What operator() or an output throws fails the sample. What check() throws is an error of the
// pipeline. What next(), fold() or finish() throws ends the run, which has no result without them.
#pragma once

#include <concepts>
#include <filesystem>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <seplflow/error.hpp>
#include <seplflow/option.hpp>
#include <seplflow/detail/signature.hpp>
#include <seplflow/detail/stage_instance.hpp>

namespace seplflow {

namespace detail {

template <class T>
struct OptionBinding {
  std::function<void(T&, OptionValue const&)> set;
  std::function<std::optional<OptionValue>(T const&)> get;
};

// What all instances of a stage share.
template <class T>
struct Blueprint {
  struct Producer {
    std::function<Value(T const&, Sample const&)> produce;
    std::function<std::vector<std::filesystem::path>(T const&, Sample const&)> files;
  };
  std::vector<OptionBinding<T>> options;
  std::vector<Producer> producers;  // by output of a source; empty for the sample itself
};

template <class T>
class Instance final : public StageInstance {
 public:
  explicit Instance(std::shared_ptr<Blueprint<T> const> blueprint)
      : blueprint_(std::move(blueprint)) {}

  void set_option(std::size_t option, OptionValue const& value) override {
    blueprint_->options[option].set(stage_, value);
  }
  std::optional<OptionValue> option(std::size_t option) const override {
    return blueprint_->options[option].get(stage_);
  }
  void check(OptionCheck& check) override {
    if constexpr (HasCheck<T>) stage_.check(check);
  }

  std::optional<Sample> next() override {
    if constexpr (IsSource<T>) return stage_.next();
    return StageInstance::next();
  }
  std::optional<std::uint64_t> count() const override {
    if constexpr (HasCount<T>) return stage_.count();
    return std::nullopt;
  }
  Value produce(std::size_t output, Sample const& sample) const override {
    return blueprint_->producers[output].produce(stage_, sample);
  }

  std::optional<std::vector<Value>> run(SampleContext const& context,
                                        std::span<void const* const> inputs) override {
    if constexpr (IsSource<T>) {
      return StageInstance::run(context, inputs);
    } else if constexpr (InTwoSteps<T>) {
      return carry_out(decide(context, inputs).get(), context, inputs);
    } else {
      using Call = CallOf<T>;
      if constexpr (std::is_void_v<typename Call::Result>) {
        Call::Parameters::call(stage_, context, inputs);
        return std::vector<Value>();
      } else if constexpr (IsObserver<T>) {
        auto record = Call::Parameters::call(stage_, context, inputs);
        std::vector<Value> values;
        values.push_back(std::make_shared<decltype(record) const>(std::move(record)));
        return values;
      } else {
        return Returned<typename Call::Result>::values(
            Call::Parameters::call(stage_, context, inputs));
      }
    }
  }

  bool decides() const override { return InTwoSteps<T>; }
  Value decide(SampleContext const& context, std::span<void const* const> inputs) const override {
    if constexpr (InTwoSteps<T>) {
      using Call = CallOf<T>;
      auto const decide = [this](auto const&... each) { return stage_.decide(each...); };
      return std::make_shared<typename Call::Decision const>(
          Call::Parameters::call(decide, context, inputs));
    } else {
      return StageInstance::decide(context, inputs);
    }
  }
  bool same_decision(void const* a, void const* b) const override {
    if constexpr (InTwoSteps<T>) {
      using Decision = typename CallOf<T>::Decision;
      return *static_cast<Decision const*>(a) == *static_cast<Decision const*>(b);
    } else {
      return StageInstance::same_decision(a, b);
    }
  }
  std::optional<std::vector<Value>> carry_out(void const* decision, SampleContext const& context,
                                              std::span<void const* const> inputs) const override {
    if constexpr (InTwoSteps<T>) {
      using Call = CallOf<T>;
      auto const& decided = *static_cast<typename Call::Decision const*>(decision);
      auto const carry_out = [&](auto const&... each) { return T::carry_out(decided, each...); };
      return Returned<typename Call::Result>::values(
          Call::Parameters::call(carry_out, context, inputs));
    } else {
      return StageInstance::carry_out(decision, context, inputs);
    }
  }

  std::vector<std::filesystem::path> files(std::size_t output,
                                           Sample const& sample) const override {
    if constexpr (IsSource<T>) {
      auto const& files = blueprint_->producers[output].files;
      return files ? files(stage_, sample) : std::vector<std::filesystem::path>();
    } else if constexpr (HasFiles<T>) {
      return stage_.files(sample);
    }
    return {};
  }

  bool needs_files() const override {
    if constexpr (requires(T const& stage) { stage.needs_files(); }) return stage_.needs_files();
    return true;
  }

  std::filesystem::path list_file() const override {
    if constexpr (HasList<T>) return stage_.list_file();
    return {};
  }
  std::string list_line(Sample const& sample) const override {
    if constexpr (HasList<T>) return stage_.list_line(sample);
    return StageInstance::list_line(sample);
  }

  std::optional<std::string> save(void const* record) const override {
    if constexpr (IsObserver<T>) {
      using Record = typename CallOf<T>::Result;
      if constexpr (HasSave<T, Record>) return stage_.save(*static_cast<Record const*>(record));
    }
    return std::nullopt;
  }
  Value load(std::string_view bytes) const override {
    if constexpr (IsObserver<T>) {
      using Record = typename CallOf<T>::Result;
      if constexpr (HasSave<T, Record>) return std::make_shared<Record const>(stage_.load(bytes));
    }
    return StageInstance::load(bytes);
  }

  Row fold(Sample const& sample, void const* record) override {
    if constexpr (IsObserver<T>) {
      using Record = typename CallOf<T>::Result;
      auto const& typed = *static_cast<Record const*>(record);
      if constexpr (std::is_void_v<decltype(stage_.fold(sample, typed))>) {
        stage_.fold(sample, typed);
        return {};
      } else {
        return stage_.fold(sample, typed);
      }
    } else {
      return StageInstance::fold(sample, record);
    }
  }
  std::vector<std::string> columns() const override {
    if constexpr (HasColumns<T>) return stage_.columns();
    return {};
  }
  Findings finish() override {
    if constexpr (IsObserver<T>) return stage_.finish();
    return StageInstance::finish();
  }

 private:
  std::shared_ptr<Blueprint<T> const> blueprint_;
  T stage_;
};

}  // namespace detail

// Completes a declaration; see Plugin::stage.
class SEPLFLOW_API StageBuilderBase {
 public:
  virtual ~StageBuilderBase();

  // The declaration. Throws Error with all errors in it, for example where it contradicts the
  // stage's signature.
  StageDeclaration finish() const;

 protected:
  StageBuilderBase(std::string name, std::string summary);
  void name_ports(std::vector<Port>& ports, std::vector<std::string> names, char const* what);
  void add_option(OptionDeclaration option);

  StageDeclaration declaration_;
  std::vector<std::string> errors_;
  bool is_const_ = true;  // operator()
};

template <class T>
class StageBuilder final : public StageBuilderBase {
 public:
  StageBuilder(std::string name, std::string summary)
      : StageBuilderBase(std::move(name), std::move(summary)),
        blueprint_(std::make_shared<detail::Blueprint<T>>()) {
    declaration_.make = [blueprint = blueprint_] {
      return std::make_unique<detail::Instance<T>>(blueprint);
    };
    if constexpr (detail::IsSource<T>) {
      declaration_.kind = StageKind::source;
      declaration_.outputs = {{"sample", std::string(PortType<Sample>::name), false}};
      blueprint_->producers.emplace_back();  // the engine has the sample itself
    } else {
      using Call = detail::CallOf<T>;
      declaration_.inputs = Call::Parameters::ports();
      is_const_ = Call::kConst;
      if constexpr (detail::IsObserver<T>) {
        declaration_.kind = StageKind::observer;
      } else if constexpr (std::is_void_v<typename Call::Result>) {
        declaration_.kind = StageKind::sink;
      } else {
        declaration_.outputs = detail::Returned<typename Call::Result>::ports();
      }
    }
  }

  // Names of the inputs, in the order of operator()'s parameters.
  template <std::convertible_to<std::string>... Names>
  StageBuilder& inputs(Names&&... names) {
    name_ports(declaration_.inputs, {std::string(names)...}, "input");
    return *this;
  }

  // Names of the outputs, in the order of the returned tuple; the first is the default.
  template <std::convertible_to<std::string>... Names>
  StageBuilder& outputs(Names&&... names) {
    name_ports(declaration_.outputs, {std::string(names)...}, "output");
    return *this;
  }
  StageBuilder& output(std::string name) { return outputs(std::move(name)); }

  // A further output of a source, produced on demand, and the files that it is read from.
  template <class R, class C>
  StageBuilder& output(std::string name, R (C::*producer)(Sample const&) const) {
    return add_output<R>(std::move(name), producer, nullptr);
  }
  template <class R, class C>
  StageBuilder& output(std::string name, R (C::*producer)(Sample const&) const,
                       std::vector<std::filesystem::path> (C::*files)(Sample const&) const) {
    return add_output<R>(std::move(name), producer, [files](T const& stage, Sample const& sample) {
      return (stage.*files)(sample);
    });
  }

  // An option that lives in a member of the class; its default is the member's. `help` is one
  // sentence. Constraints: in_range, at_least, choices, one_of, unit, required, existing_folder,
  // existing_file. A std::optional member has no default.
  template <class M, class C, class... Constraints>
  StageBuilder& option(std::string name, M C::*member, std::string help,
                       Constraints const&... constraints) {
    OptionDeclaration option;
    option.name = std::move(name);
    option.help = std::move(help);
    detail::OptionBinding<T> binding;
    bind(option, binding, member, constraints...);
    (constraints.apply(option), ...);
    if (!option.required) option.default_value = binding.get(T());
    add_option(std::move(option));
    blueprint_->options.push_back(std::move(binding));
    return *this;
  }

  // The stage processes one sample at a time.
  StageBuilder& serial() {
    declaration_.serial = true;
    return *this;
  }

  // The stage is known and documented but cannot run, because this build does not have a library
  // that it needs. Pipelines that use the stage are refused.
  StageBuilder& missing_library(std::string library) {
    declaration_.missing_library = std::move(library);
    return *this;
  }

  // Paragraphs (Markdown) for the stage's manual page.
  StageBuilder& details(std::string text) {
    declaration_.details = std::move(text);
    return *this;
  }

 private:
  template <class R, class P, class F>
  StageBuilder& add_output(std::string name, P producer, F files) {
    static_assert(detail::IsSource<T>, "only a source produces its outputs one by one");
    declaration_.outputs.push_back({std::move(name), std::string(PortType<R>::name), false});
    auto produce = [producer](T const& stage, Sample const& sample) -> Value {
      return std::make_shared<R const>((stage.*producer)(sample));
    };
    blueprint_->producers.push_back({std::move(produce), std::move(files)});
    return *this;
  }

  template <class M>
  struct Unwrapped {
    using Type = M;
    static constexpr bool kOptional = false;
  };
  template <class M>
  struct Unwrapped<std::optional<M>> {
    using Type = M;
    static constexpr bool kOptional = true;
  };

  template <class M, class C, class... Constraints>
  static void bind(OptionDeclaration& option, detail::OptionBinding<T>& binding, M C::*member,
                   Constraints const&... constraints) {
    using Plain = typename Unwrapped<M>::Type;
    auto const traits = traits_of<Plain>(constraints...);
    option.type = traits.type;
    if constexpr (std::is_integral_v<Plain> && !std::is_same_v<Plain, bool> &&
                  !std::is_same_v<Plain, std::int64_t>) {
      option.minimum = static_cast<double>(std::numeric_limits<Plain>::min());
      if constexpr (sizeof(Plain) < sizeof(std::int64_t)) {
        option.maximum = static_cast<double>(std::numeric_limits<Plain>::max());
      }
    }
    binding.set = [member, traits](T& stage, OptionValue const& value) {
      stage.*member = traits.from(value);
    };
    binding.get = [member, traits](T const& stage) -> std::optional<OptionValue> {
      if constexpr (Unwrapped<M>::kOptional) {
        if (!(stage.*member)) return std::nullopt;
        return traits.to(*(stage.*member));
      } else {
        return traits.to(stage.*member);
      }
    };
  }

  template <class M, class... Constraints>
  static auto traits_of(Constraints const&... constraints) {
    if constexpr (std::is_enum_v<M>) {
      static_assert((std::is_same_v<Constraints, Choices<M>> || ...),
                    "an enumeration needs seplflow::choices<E>({{\"text\", value}, ...})");
      return std::get<Choices<M> const&>(std::tie(constraints...));
    } else {
      return OptionTraits<M>();
    }
  }

  std::shared_ptr<detail::Blueprint<T>> blueprint_;
};

// Collects the stages of a plugin.
class SEPLFLOW_API Plugin {
 public:
  // Declares the class T as a stage. Names are "family.stage", lower case.
  template <class T>
  StageBuilder<T>& stage(std::string name, std::string summary) {
    auto builder = std::make_unique<StageBuilder<T>>(std::move(name), std::move(summary));
    auto& declared = *builder;
    builders_.push_back(std::move(builder));
    return declared;
  }

  // Declares a plain function as a stage.
  template <auto Function>
  StageBuilder<detail::FunctionStage<Function>>& stage(std::string name, std::string summary) {
    return stage<detail::FunctionStage<Function>>(std::move(name), std::move(summary));
  }

  // Throws Error with the errors of all declarations.
  std::vector<StageDeclaration> finish() const;

 private:
  std::vector<std::unique_ptr<StageBuilderBase>> builders_;
};

}  // namespace seplflow
