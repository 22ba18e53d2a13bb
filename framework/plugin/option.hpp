// Options: what a pipeline file may set on a stage.
#pragma once

#include <concepts>
#include <cstdint>
#include <filesystem>
#include <limits>
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

// Everything that is known of an option, from its one declaration. A list accepts one value
// without brackets; a number accepts an integer.
struct OptionDeclaration {
  std::string name;
  OptionType type = OptionType::text;
  std::string help;  // one sentence
  std::string unit;  // "pixels"; empty for fractions, counts and the like
  bool required = false;
  std::optional<OptionValue> default_value;  // absent when the stage works without the option
  std::optional<double> minimum, maximum;    // both included
  std::vector<std::string> choices;          // all texts it may be; empty for any
  PathKind path_kind = PathKind::any;        // what must be there before the run starts
};

// ---- What an author adds to .option(...) ----

struct InRange {
  double minimum, maximum;
  void apply(OptionDeclaration& option) const {
    option.minimum = minimum;
    option.maximum = maximum;
  }
};
// Both ends included.
inline InRange in_range(double minimum, double maximum) {
  return {minimum, maximum};
}

struct AtLeast {
  double minimum;
  void apply(OptionDeclaration& option) const { option.minimum = minimum; }
};
inline AtLeast at_least(double minimum) {
  return {minimum};
}

struct Unit {
  std::string name;
  void apply(OptionDeclaration& option) const { option.unit = name; }
};
inline Unit unit(std::string name) {
  return {std::move(name)};
}

// The option has no default; a pipeline must give it.
struct Required {
  void apply(OptionDeclaration& option) const { option.required = true; }
};
inline Required required() {
  return {};
}

// A path that must exist when the pipeline is checked.
struct ExistingPath {
  PathKind kind;
  void apply(OptionDeclaration& option) const { option.path_kind = kind; }
};
inline ExistingPath existing_folder() {
  return {PathKind::folder};
}
inline ExistingPath existing_file() {
  return {PathKind::file};
}

// The texts that a text option may be.
struct OneOf {
  std::vector<std::string> texts;
  void apply(OptionDeclaration& option) const { option.choices = texts; }
};
inline OneOf one_of(std::vector<std::string> texts) {
  return {std::move(texts)};
}

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
};
template <class E>
Choices<E> choices(std::initializer_list<std::pair<std::string, E>> values) {
  return {values};
}

// ---- How a C++ type is an option ----

template <class M>
struct OptionTraits;

template <>
struct OptionTraits<bool> {
  static constexpr OptionType type = OptionType::boolean;
  static bool from(OptionValue const& value) { return std::get<bool>(value); }
  static OptionValue to(bool value) { return value; }
};

template <std::integral M>
struct OptionTraits<M> {
  static constexpr OptionType type = OptionType::integer;
  static M from(OptionValue const& value) { return static_cast<M>(std::get<std::int64_t>(value)); }
  static OptionValue to(M value) { return static_cast<std::int64_t>(value); }
};

template <>
struct OptionTraits<double> {
  static constexpr OptionType type = OptionType::number;
  static double from(OptionValue const& value) { return std::get<double>(value); }
  static OptionValue to(double value) { return value; }
};

template <>
struct OptionTraits<std::string> {
  static constexpr OptionType type = OptionType::text;
  static std::string from(OptionValue const& value) { return std::get<std::string>(value); }
  static OptionValue to(std::string const& value) { return value; }
};

template <>
struct OptionTraits<std::filesystem::path> {
  static constexpr OptionType type = OptionType::path;
  static std::filesystem::path from(OptionValue const& value) {
    return std::get<std::string>(value);
  }
  static OptionValue to(std::filesystem::path const& value) { return value.string(); }
};

template <>
struct OptionTraits<std::vector<double>> {
  static constexpr OptionType type = OptionType::numbers;
  static std::vector<double> from(OptionValue const& v) { return std::get<std::vector<double>>(v); }
  static OptionValue to(std::vector<double> const& value) { return value; }
};

template <>
struct OptionTraits<std::vector<std::string>> {
  static constexpr OptionType type = OptionType::texts;
  static std::vector<std::string> from(OptionValue const& value) {
    return std::get<std::vector<std::string>>(value);
  }
  static OptionValue to(std::vector<std::string> const& value) { return value; }
};

}  // namespace seplflow
