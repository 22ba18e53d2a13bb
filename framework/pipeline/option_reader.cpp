#include "pipeline/option_reader.hpp"

#include <algorithm>
#include <cmath>

#include "base/number_text.hpp"
#include "base/utf8.hpp"
#include "pipeline/option_text.hpp"

namespace seplflow {
namespace {

namespace fs = std::filesystem;

std::string kind_of(toml::node const& node) {
  switch (node.type()) {
    case toml::node_type::string:
      return "the string " + toml_string(*node.value<std::string>());
    case toml::node_type::integer:
      return "the integer " + std::to_string(*node.value<std::int64_t>());
    case toml::node_type::floating_point:
      return "the number " + toml_text(*node.value<double>());
    case toml::node_type::boolean:
      return *node.value<bool>() ? "true" : "false";
    case toml::node_type::array:
      return "a list";
    case toml::node_type::table:
      return "a table";
    default:
      return "a date or time";
  }
}

struct OptionReader {
  Setting const& setting;
  OptionDeclaration const& option;
  std::string const& owner;
  Environment const& environment;
  std::vector<Problem>& problems;

  std::optional<OptionValue> read() {
    toml::node const& node = *setting.value;
    switch (option.type) {
      case OptionType::boolean:
        if (auto const value = node.as_boolean()) return OptionValue(value->get());
        return refuse_type(node);
      case OptionType::integer:
        return as_value(integer(node));
      case OptionType::number:
        return as_value(number(node));
      case OptionType::text:
        return as_value(text(node));
      case OptionType::path:
        return path(node);
      case OptionType::numbers:
        return list<double>(node, [this](toml::node const& each) { return number(each); });
      case OptionType::integers:
        return list<std::int64_t>(node, [this](toml::node const& each) { return integer(each); });
      case OptionType::texts:
        return list<std::string>(node, [this](toml::node const& each) { return text(each); });
    }
    return std::nullopt;
  }

  std::nullopt_t refuse(std::string const& message) {
    problems.push_back({setting.value_place, owner + ": option \"" + option.name + "\"" + message});
    return std::nullopt;
  }

  std::nullopt_t refuse_type(toml::node const& node) { return refuse_value(kind_of(node)); }

  std::nullopt_t refuse_value(std::string const& value) {
    return refuse(": expected " + expected_value(option) + ", got " + value);
  }

  // Tells a user who does not know the option which file belongs there.
  std::string meaning() const {
    return option.help.empty() ? "" : " (" + option.name + ": " + option.help + ")";
  }

  template <class T>
  static std::optional<OptionValue> as_value(std::optional<T> value) {
    if (!value) return std::nullopt;
    return OptionValue(std::move(*value));
  }

  bool in_range(double value) const {
    return (!option.minimum || value >= *option.minimum) &&
           (!option.maximum || value <= *option.maximum);
  }

  std::optional<std::int64_t> integer(toml::node const& node) {
    auto const* const value = node.as_integer();
    if (!value) return refuse_type(node);
    if (in_range(static_cast<double>(value->get()))) return value->get();
    return refuse_value(std::to_string(value->get()));
  }

  std::optional<double> number(toml::node const& node) {
    if (!node.is_number()) return refuse_type(node);
    double const value = *node.value<double>();
    if (std::isfinite(value) && in_range(value)) return value;
    return refuse_value(shortest(value));
  }

  std::optional<std::string> text(toml::node const& node) {
    // On the command line quotes are the shell's, so a bare word or number is a string there.
    std::optional<std::string> written = node.value_exact<std::string>();
    if (!written && &node == setting.value) written = setting.raw;
    if (!written) return refuse_type(node);
    try {
      std::string value = expand(*written, environment);
      if (!is_utf8(value)) return refuse(" is not valid UTF-8");
      bool const known = option.choices.empty() ||
                         std::ranges::find(option.choices, value) != option.choices.end();
      if (known) return value;
      return refuse(" must be " + expected_value(option) + "; got " + toml_string(value) +
                    did_you_mean(value, option.choices));
    } catch (Error const& error) {
      return refuse(": " + std::string(error.what()) + meaning());
    }
  }

  // "~/data", as shells write it, unless there is a folder "~" here.
  bool is_in_home(std::string const& path) const {
    std::error_code unknown;
    return path.starts_with("~/") && !fs::exists(setting.base / "~", unknown);
  }

  // The folder that a path is relative to.
  std::optional<fs::path> base_of(std::string const& path) {
    if (!is_in_home(path)) return setting.base;
    auto const home = environment("HOME");
    if (home && !home->empty()) return fs::path(*home);
    return refuse(": \"~\" stands for the home folder, but the variable HOME is not set: " + path);
  }

  std::optional<OptionValue> path(toml::node const& node) {
    auto const written = text(node);
    if (!written) return std::nullopt;
    if (written->empty()) return refuse_value("an empty string");
    auto const base = base_of(*written);
    if (!base) return std::nullopt;
    std::string const below = is_in_home(*written) ? written->substr(2) : *written;
    fs::path const absolute = (*base / below).lexically_normal();
    std::error_code error;
    auto const status = fs::status(absolute, error);
    std::string const name = absolute.string();
    if (!is_utf8(name)) return refuse(": the path is not valid UTF-8: " + name);
    bool const is_right = option.path_kind == PathKind::any ||
                          (option.path_kind == PathKind::folder ? fs::is_directory(status)
                                                                : fs::is_regular_file(status));
    if (is_right) return OptionValue(name);
    std::string const kind = option.path_kind == PathKind::folder ? "folder" : "file";
    return refuse((fs::exists(status) ? " is not a " + kind : ": " + kind + " not found") + ": " +
                  name + meaning());
  }

  // A list, or one value without brackets.
  template <class T, class F>
  std::optional<OptionValue> list(toml::node const& node, F const& read_element) {
    std::vector<toml::node const*> elements;
    if (auto const* const array = node.as_array()) {
      for (toml::node const& element : *array) elements.push_back(&element);
    } else if (setting.raw && setting.raw->starts_with('[')) {
      return refuse(" is not a TOML list: " + *setting.raw +
                    " (strings in a list need quotes: [\"a\"])");
    } else {
      elements.push_back(&node);
    }
    std::vector<T> values;
    for (toml::node const* const element : elements) {
      auto value = read_element(*element);
      if (!value) return std::nullopt;
      values.push_back(std::move(*value));
    }
    return OptionValue(std::move(values));
  }
};

}  // namespace

std::optional<std::string> read_text(Setting const& setting, Environment const& environment,
                                     std::vector<Problem>& problems) {
  auto const written = setting.value->value_exact<std::string>();
  if (!written) {
    problems.push_back({setting.value_place, "\"" + setting.key + "\": expected a string, got " +
                                                 kind_of(*setting.value)});
    return std::nullopt;
  }
  try {
    return expand(*written, environment);
  } catch (Error const& error) {
    problems.push_back({setting.value_place, error.what()});
    return std::nullopt;
  }
}

std::vector<Setting> option_settings(StageDeclaration const& stage,
                                     std::vector<Setting> const& settings) {
  std::vector<Setting> flat;
  for (Setting const& setting : settings) {
    bool const is_group =
        setting.value && setting.value->is_table() &&
        std::ranges::any_of(stage.options, [&](OptionDeclaration const& option) {
          return option.name.starts_with(setting.key + ".");
        });
    if (!is_group) {
      flat.push_back(setting);
      continue;
    }
    for (Setting& inner : settings_of(setting)) {
      inner.key = setting.key + "." + inner.key;
      flat.push_back(std::move(inner));
    }
  }
  return flat;
}

std::optional<OptionValue> read_option(Setting const& setting, OptionDeclaration const& option,
                                       std::string const& owner, Environment const& environment,
                                       std::vector<Problem>& problems) {
  return OptionReader{setting, option, owner, environment, problems}.read();
}

}  // namespace seplflow
