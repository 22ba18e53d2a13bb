#include "pipeline/option_text.hpp"

#include <map>

#include "base/number_text.hpp"
#include "pipeline/environment.hpp"

namespace seplflow {
namespace {

std::string toml_number(double value) {
  std::string text = shortest(value);
  if (text.find_first_of(".en") == std::string::npos) text += ".0";
  return text;
}

template <class T, class F>
std::string toml_list(std::vector<T> const& values, F const& to_text) {
  std::string text = "[";
  for (T const& value : values) text += (text.size() > 1 ? ", " : "") + to_text(value);
  return text + "]";
}

// "0..1", for a manual.
std::string short_range(OptionDeclaration const& option) {
  if (option.minimum && option.maximum) {
    return shortest(*option.minimum) + ".." + shortest(*option.maximum);
  }
  if (option.minimum) return "at least " + shortest(*option.minimum);
  if (option.maximum) return "at most " + shortest(*option.maximum);
  return "";
}

std::string type_name(OptionDeclaration const& option) {
  if (option.type == OptionType::path) {
    if (option.path_kind == PathKind::any) return "path";
    return option.path_kind == PathKind::folder ? "folder" : "file";
  }
  static std::map<OptionType, char const*> const names = {
      {OptionType::boolean, "true | false"},    {OptionType::integer, "integer"},
      {OptionType::number, "number"},           {OptionType::text, "string"},
      {OptionType::numbers, "list of numbers"}, {OptionType::texts, "list of strings"},
      {OptionType::integers, "list of integers"}};
  return names.at(option.type);
}

}  // namespace

std::string toml_string(std::string_view text) {
  std::string quoted = "\"";
  for (char const c : text) {
    constexpr std::string_view kSpecial = "\"\\\n\t\r", kLetters = "\"\\ntr";
    constexpr char kHex[] = "0123456789ABCDEF";
    if (auto const place = kSpecial.find(c); place != std::string_view::npos) {
      quoted += {'\\', kLetters[place]};
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      quoted += std::string("\\u00") + kHex[(c >> 4) & 15] + kHex[c & 15];
    } else {
      quoted += c;
    }
  }
  return quoted + "\"";
}

std::string toml_text(OptionValue const& value) {
  struct ToText {
    std::string operator()(bool v) const { return v ? "true" : "false"; }
    std::string operator()(std::int64_t v) const { return std::to_string(v); }
    std::string operator()(double v) const { return toml_number(v); }
    std::string operator()(std::string const& v) const { return toml_string(v); }
    std::string operator()(std::vector<double> const& v) const { return toml_list(v, toml_number); }
    std::string operator()(std::vector<std::string> const& v) const {
      return toml_list(v, toml_string);
    }
    std::string operator()(std::vector<std::int64_t> const& v) const {
      return toml_list(v, [](std::int64_t each) { return std::to_string(each); });
    }
  };
  return std::visit(ToText(), value);
}

std::string shown_text(OptionValue const& value) {
  auto const* const numbers = std::get_if<std::vector<double>>(&value);
  return numbers ? toml_list(*numbers, shortest) : toml_text(value);
}

std::string resolved_text(OptionValue value) {
  if (auto* const text = std::get_if<std::string>(&value)) *text = escape_expansion(*text);
  if (auto* const texts = std::get_if<std::vector<std::string>>(&value)) {
    for (std::string& text : *texts) text = escape_expansion(text);
  }
  return toml_text(value);
}

std::string options_text(StageDeclaration const& stage, StageInstance const& instance,
                         WantedOption wanted) {
  std::string text;
  for (std::size_t i = 0; i < stage.options.size(); ++i) {
    auto const value = instance.option(i);
    if (!value || (wanted && !wanted(stage, stage.options[i]))) continue;
    text += stage.options[i].name + " = " + resolved_text(*value) + "\n";
  }
  return text;
}

std::string accepted_values(OptionDeclaration const& option) {
  std::string text;
  for (std::string const& choice : option.choices) {
    text += (text.empty() ? "" : " | ") + toml_string(choice);
  }
  if (text.empty()) text = type_name(option);
  if (std::string const range = short_range(option); !range.empty()) text += ", " + range;
  if (!option.unit.empty()) text += ", " + option.unit;
  return text;
}

std::string expected_value(OptionDeclaration const& option) {
  if (!option.choices.empty()) {
    std::string text;
    for (std::string const& choice : option.choices) {
      text += (text.empty() ? "one of " : ", ") + toml_string(choice);
    }
    return text;
  }
  if (option.type == OptionType::boolean) return "true or false";
  std::string text = (option.type == OptionType::integer ? "an " : "a ") + type_name(option);
  if (option.minimum && option.maximum) {
    text += " from " + shortest(*option.minimum) + " to " + shortest(*option.maximum);
  } else if (std::string const range = short_range(option); !range.empty()) {
    text += " of " + range;
  }
  return option.unit.empty() ? text : text + " (" + option.unit + ")";
}

std::string describe_option(OptionDeclaration const& option) {
  std::string const values = accepted_values(option);
  if (option.required) return values + ", required";
  if (!option.default_value) return values + ", not set by default";
  return values + ", default " + shown_text(*option.default_value);
}

}  // namespace seplflow
