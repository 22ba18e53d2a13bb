// Options: what a pipeline file may set in a stage.
#pragma once

#include <seplflow/export.hpp>

#include <concepts>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace seplflow {

using OptionValue = std::variant<bool, std::int64_t, double, std::string, std::vector<double>,
                                 std::vector<std::string>, std::vector<std::int64_t>>;

enum class OptionType { boolean, integer, number, text, path, numbers, texts, integers };

constexpr bool is_list(OptionType type) {
  return type == OptionType::numbers || type == OptionType::texts || type == OptionType::integers;
}

enum class PathKind { any, folder, file };

// The declaration of an option. A list also accepts one value without brackets, and a number
// accepts an integer.
struct OptionDeclaration {
  std::string name;
  OptionType type = OptionType::text;
  std::string help;  // one sentence
  std::string unit;  // "pixels"; empty for fractions, counts and the like
  bool required = false;
  std::optional<OptionValue> default_value;  // absent when the stage works without the option
  std::optional<double> minimum, maximum;    // both included
  std::vector<std::string> choices;          // all texts that it may be; empty for any
  PathKind path_kind = PathKind::any;        // what must exist before the run starts
};

// ---- What an author adds to .option(...) ----

// Restricts an option. What does not fit the option's type is an error of the declaration.
struct SEPLFLOW_API OptionConstraint {
  std::optional<double> minimum = {}, maximum = {};
  std::optional<std::string> unit = {};
  bool required = false;
  std::optional<PathKind> path_kind = {};
  std::optional<std::vector<std::string>> choices = {};

  ~OptionConstraint();
};

SEPLFLOW_API OptionConstraint in_range(double minimum, double maximum);  // both ends included
SEPLFLOW_API OptionConstraint at_least(double minimum);
SEPLFLOW_API OptionConstraint unit(std::string name);
SEPLFLOW_API OptionConstraint required();         // no default; a pipeline must set the option
SEPLFLOW_API OptionConstraint existing_folder();  // must exist when the pipeline is checked
SEPLFLOW_API OptionConstraint existing_file();
SEPLFLOW_API OptionConstraint one_of(std::vector<std::string> texts);  // the values of a text option

// The values of an enumeration and the texts that a pipeline file uses for them. They must
// cover the enumeration.
template <class E>
struct Choices {
  std::vector<std::pair<std::string, E>> values;

  std::string const& text_of(E value) const {
    for (auto const& [text, each] : values) {
      if (each == value) return text;
    }
    throw std::logic_error("an enumeration has a value without a text");
  }
  std::optional<E> value_of(std::string_view text) const {
    for (auto const& [each, value] : values) {
      if (each == text) return value;
    }
    return std::nullopt;
  }
  operator OptionConstraint() const {
    OptionConstraint constraint;
    constraint.choices.emplace();
    for (auto const& [text, value] : values) constraint.choices->push_back(text);
    return constraint;
  }

  // As OptionTraits has them; the text is checked before.
  static constexpr OptionType type = OptionType::text;
  E from(OptionValue const& value) const { return *value_of(std::get<std::string>(value)); }
  std::string const& to(E value) const { return text_of(value); }
};
template <class E>
Choices<E> choices(std::initializer_list<std::pair<std::string, E>> values) {
  return {values};
}

// ---- How C++ types become options ----

// A member of type M as the value of an option, and back; to() returns one of the types that an
// OptionValue holds.
template <class M>
struct OptionTraits {
  static_assert(sizeof(M) == 0,
                "an option is a bool, a number, a std::string, a std::filesystem::path, an "
                "enumeration, a std::vector of numbers or of std::string, or a std::optional of one");
};

namespace detail {

// `Held` is the alternative of OptionValue that holds an M.
template <class M, class Held, OptionType option_type>
struct PlainOption {
  static constexpr OptionType type = option_type;
  M from(OptionValue const& value) const { return static_cast<M>(std::get<Held>(value)); }
  Held to(M const& value) const { return static_cast<Held>(value); }
};

template <class M, class Held, OptionType option_type>
struct ListOption {
  static constexpr OptionType type = option_type;
  M from(OptionValue const& value) const {
    auto const& held = std::get<Held>(value);
    return M(held.begin(), held.end());
  }
  Held to(M const& value) const { return Held(value.begin(), value.end()); }
};

}  // namespace detail

template <>
struct OptionTraits<bool> : detail::PlainOption<bool, bool, OptionType::boolean> {};
template <std::integral M>
struct OptionTraits<M> : detail::PlainOption<M, std::int64_t, OptionType::integer> {};
template <std::floating_point M>
struct OptionTraits<M> : detail::PlainOption<M, double, OptionType::number> {};
template <>
struct OptionTraits<std::string> : detail::PlainOption<std::string, std::string, OptionType::text> {
};
template <>
struct OptionTraits<std::filesystem::path> {
  static constexpr OptionType type = OptionType::path;
  std::filesystem::path from(OptionValue const& value) const { return std::get<std::string>(value); }
  std::string to(std::filesystem::path const& value) const { return value.string(); }
};
template <std::integral M>
  requires(!std::is_same_v<M, bool>)
struct OptionTraits<std::vector<M>>
    : detail::ListOption<std::vector<M>, std::vector<std::int64_t>, OptionType::integers> {};
template <std::floating_point M>
struct OptionTraits<std::vector<M>>
    : detail::ListOption<std::vector<M>, std::vector<double>, OptionType::numbers> {};
template <>
struct OptionTraits<std::vector<std::string>>
    : detail::ListOption<std::vector<std::string>, std::vector<std::string>, OptionType::texts> {};

}  // namespace seplflow
