// Options: what a pipeline file may set in a stage.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
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
                                 std::vector<std::string>>;

enum class OptionType { boolean, integer, number, text, path, numbers, texts };

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

struct OptionConstraint {
  std::function<void(OptionDeclaration&)> apply;
};

OptionConstraint in_range(double minimum, double maximum);  // both ends included
OptionConstraint at_least(double minimum);
OptionConstraint unit(std::string name);
OptionConstraint required();         // no default; a pipeline must set the option
OptionConstraint existing_folder();  // must exist when the pipeline is checked
OptionConstraint existing_file();
OptionConstraint one_of(std::vector<std::string> texts);  // the values of a text option

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
  void apply(OptionDeclaration& option) const {
    for (auto const& [text, value] : values) option.choices.push_back(text);
  }

  // As OptionTraits has them; the text is checked before.
  static constexpr OptionType type = OptionType::text;
  E from(OptionValue const& value) const { return *value_of(std::get<std::string>(value)); }
  OptionValue to(E value) const { return text_of(value); }
};
template <class E>
Choices<E> choices(std::initializer_list<std::pair<std::string, E>> values) {
  return {values};
}

// ---- How C++ types become options ----

template <class M>
constexpr OptionType option_type() {
  if constexpr (std::is_same_v<M, bool>) return OptionType::boolean;
  if constexpr (std::is_integral_v<M>) return OptionType::integer;
  if constexpr (std::is_same_v<M, double>) return OptionType::number;
  if constexpr (std::is_same_v<M, std::filesystem::path>) return OptionType::path;
  if constexpr (std::is_same_v<M, std::vector<double>>) return OptionType::numbers;
  if constexpr (std::is_same_v<M, std::vector<std::string>>) return OptionType::texts;
  return OptionType::text;
}

// A member of type M as the value of an option, and back.
template <class M>
struct OptionTraits {
  static constexpr OptionType type = option_type<M>();
  using Held = std::conditional_t<type == OptionType::integer, std::int64_t,
                                  std::conditional_t<type == OptionType::path, std::string, M>>;
  static_assert(std::is_constructible_v<OptionValue, Held>, "this type cannot be an option");

  M from(OptionValue const& value) const { return static_cast<M>(std::get<Held>(value)); }
  OptionValue to(M const& value) const {
    if constexpr (type == OptionType::path)
      return value.string();
    else
      return static_cast<Held>(value);
  }
};

}  // namespace seplflow
