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

class OptionReader {
 public:
  OptionReader(Setting const& setting, OptionDeclaration const& option, std::string const& owner,
               Environment const& environment, std::vector<Problem>& problems)
      : setting_(setting),
        option_(option),
        owner_(owner),
        environment_(environment),
        problems_(problems) {}

  std::optional<OptionValue> read() {
    toml::node const& node = *setting_.value;
    switch (option_.type) {
      case OptionType::boolean:
        if (auto const value = node.as_boolean()) return OptionValue(value->get());
        return refuse_type(node);
      case OptionType::integer:
        if (auto const value = node.as_integer()) return ranged(value->get());
        return refuse_type(node);
      case OptionType::number:
        return as_value(number(node));
      case OptionType::text:
        return as_value(text(node));
      case OptionType::path:
        return path(node);
      case OptionType::numbers:
        return list<double>(node, [this](toml::node const& each) { return number(each); });
      case OptionType::texts:
        return list<std::string>(node, [this](toml::node const& each) { return text(each); });
    }
    return std::nullopt;
  }

 private:
  std::nullopt_t refuse(std::string message) {
    problems_.push_back(
        {setting_.value_place, owner_ + ": option \"" + option_.name + "\" " + std::move(message)});
    return std::nullopt;
  }

  std::nullopt_t refuse_type(toml::node const& node) {
    return refuse("takes " + takes(option_) + ", not " + kind_of(node));
  }

  // What is to be there, for whoever has to put it there.
  std::string meaning() const {
    return option_.help.empty() ? "" : " (" + option_.name + ": " + option_.help + ")";
  }

  template <class T>
  static std::optional<OptionValue> as_value(std::optional<T> value) {
    if (!value) return std::nullopt;
    return OptionValue(std::move(*value));
  }

  bool in_range(double value) const {
    return (!option_.minimum || value >= *option_.minimum) &&
           (!option_.maximum || value <= *option_.maximum);
  }

  std::optional<OptionValue> ranged(std::int64_t value) {
    if (in_range(static_cast<double>(value))) return OptionValue(value);
    return refuse("is " + std::to_string(value) + "; it takes " + takes(option_));
  }

  std::optional<double> number(toml::node const& node) {
    if (!node.is_number()) return refuse_type(node);
    double const value = *node.value<double>();
    // Written so that "not a number" is refused too.
    if (std::isfinite(value) && in_range(value)) return value;
    return refuse("is " + shortest(value) + "; it takes " + takes(option_));
  }

  std::optional<std::string> text(toml::node const& node) {
    // On the command line quotes are the shell's, so a bare word or number is a string there.
    std::optional<std::string> written = node.value_exact<std::string>();
    if (!written && &node == setting_.value) written = setting_.raw;
    if (!written) return refuse_type(node);
    try {
      std::string value = expand(*written, environment_);
      if (!is_utf8(value)) return refuse("holds bytes that are not UTF-8, as pipeline files are");
      bool const known = option_.choices.empty() ||
                         std::ranges::find(option_.choices, value) != option_.choices.end();
      if (known) return value;
      return refuse("is " + toml_string(value) + did_you_mean(value, option_.choices) +
                    " (it takes " + takes(option_) + ")");
    } catch (Error const& error) {
      return refuse(std::string("cannot be read: ") + error.what() + meaning());
    }
  }

  std::optional<OptionValue> path(toml::node const& node) {
    auto const written = text(node);
    if (!written) return std::nullopt;
    if (written->empty()) return refuse("is empty; it takes " + takes(option_));
    fs::path const absolute = (setting_.base / *written).lexically_normal();
    std::error_code error;
    auto const status = fs::status(absolute, error);
    std::string const where = " at " + absolute.string();
    if (!is_utf8(absolute.string())) return refuse("is a path that is not UTF-8" + where);
    if (option_.path_kind == PathKind::folder && !fs::is_directory(status)) {
      return refuse((fs::exists(status) ? "needs a folder, but it is none" : "finds no folder") +
                    where + meaning());
    }
    if (option_.path_kind == PathKind::file && !fs::is_regular_file(status)) {
      return refuse((fs::exists(status) ? "needs a file, but it is none" : "finds no file") +
                    where + meaning());
    }
    return OptionValue(absolute.string());
  }

  // A list, or one value without brackets.
  template <class T, class F>
  std::optional<OptionValue> list(toml::node const& node, F const& read_element) {
    std::vector<T> values;
    auto const* const array = node.as_array();
    if (!array) {
      if (setting_.raw && setting_.raw->starts_with('[')) {
        return refuse("is no TOML list: " + *setting_.raw +
                      " (strings in it need quotes: [\"a\"])");
      }
      auto value = read_element(node);
      if (!value) return std::nullopt;
      values.push_back(std::move(*value));
      return OptionValue(std::move(values));
    }
    for (toml::node const& element : *array) {
      auto value = read_element(element);
      if (!value) return std::nullopt;
      values.push_back(std::move(*value));
    }
    return OptionValue(std::move(values));
  }

  Setting const& setting_;
  OptionDeclaration const& option_;
  std::string const& owner_;
  Environment const& environment_;
  std::vector<Problem>& problems_;
};

}  // namespace

std::optional<std::string> read_text(Setting const& setting, Environment const& environment,
                                     std::vector<Problem>& problems) {
  auto const written = setting.value->value_exact<std::string>();
  if (!written) {
    problems.push_back({setting.value_place,
                        "\"" + setting.key + "\" takes a string, not " + kind_of(*setting.value)});
    return std::nullopt;
  }
  try {
    return expand(*written, environment);
  } catch (Error const& error) {
    problems.push_back({setting.value_place, error.what()});
    return std::nullopt;
  }
}

std::optional<OptionValue> read_option(Setting const& setting, OptionDeclaration const& option,
                                       std::string const& owner, Environment const& environment,
                                       std::vector<Problem>& problems) {
  return OptionReader(setting, option, owner, environment, problems).read();
}

}  // namespace seplflow
