#include "cli/expanded_braces.hpp"

#include <algorithm>
#include <charconv>

#include "pipeline/option_text.hpp"

namespace seplflow::cli {
namespace {

// A value of which the shell has removed the quotes, as TOML. It may begin or end a list.
std::string toml_value(std::string const& text) {
  std::size_t const begin = std::min(text.find_first_not_of('['), text.size());
  std::size_t const end = std::max(begin, text.find_last_not_of(']') + 1);
  std::string const core = text.substr(begin, end - begin);
  double number = 0;
  bool const is_number = std::from_chars(core.data(), core.data() + core.size(), number).ptr ==
                         core.data() + core.size();
  bool const is_toml = core.empty() || is_number || core == "true" || core == "false";
  return text.substr(0, begin) + (is_toml ? core : toml_string(core)) + text.substr(end);
}

// A word of the command line that the shell leaves as it is.
std::string in_single_quotes(std::string const& text) {
  std::string quoted;
  for (char const c : text) quoted += c == '\'' ? "'\\''" : std::string(1, c);
  return "'" + quoted + "'";
}

std::string message(std::string const& flag, std::string const& key,
                    std::vector<std::string> const& values) {
  std::string list, toml;
  for (std::string const& value : values) {
    std::string const comma = list.empty() ? "" : ",";
    std::size_t const end_of_name = value.find('=') + 1;  // 0 without one
    list += comma + value;
    toml += comma + value.substr(0, end_of_name) + toml_value(value.substr(end_of_name));
  }
  std::string const start =
      "the shell expanded the braces of " + key + "{" + list + "}; write " + flag + " ";
  if (list.find('=') == std::string::npos) {
    if (flag == "--set") return start + in_single_quotes(key + "[" + toml + "]");
    bool const is_plain = list.find_first_of(" \t'\"$&|;<>()*?\\`!#~") == std::string::npos;
    return start + (is_plain ? key + list : in_single_quotes(key + list));
  }
  std::string const quoted = in_single_quotes(key + "{" + toml + "}");
  if (values.size() != 3 || !values[0].starts_with("from=") || !values[1].starts_with("to=") ||
      !values[2].starts_with("step=")) {
    return start + quoted;
  }
  return start + key + values[0].substr(5) + ":" + values[1].substr(3) + ":" + values[2].substr(5) +
         ", or quote it: " + flag + " " + quoted;
}

}  // namespace

std::optional<std::string> expanded_braces(std::vector<std::string> const& words) {
  constexpr std::string_view kSweep = "--sweep=";
  auto const argument = [&](std::size_t i) {
    return words[i].starts_with(kSweep) ? words[i].substr(kSweep.size()) : words[i];
  };
  for (std::size_t i = 1; i < words.size(); ++i) {
    bool const is_set = words[i - 1] == "--set";
    if (!is_set && words[i - 1] != "--sweep" && !words[i].starts_with(kSweep)) continue;
    std::string const key = argument(i).substr(0, argument(i).find('=') + 1);
    std::vector<std::string> values;
    for (std::size_t k = i; k < words.size() && argument(k).starts_with(key); ++k) {
      values.push_back(argument(k).substr(key.size()));
    }
    if (!key.empty() && values.size() > 1)
      return message(is_set ? "--set" : "--sweep", key, values);
  }
  return std::nullopt;
}

}  // namespace seplflow::cli
