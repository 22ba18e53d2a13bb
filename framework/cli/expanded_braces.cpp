#include "cli/expanded_braces.hpp"

namespace seplflow::cli {
namespace {

constexpr std::string_view kFlag = "--sweep=";

std::string message(std::string const& key, std::vector<std::string> const& values) {
  std::string list;
  for (std::string const& value : values) list += (list.empty() ? "" : ",") + value;
  std::string const braces = key + "{" + list + "}";
  std::string const start = "the shell expanded the braces of " + braces + "; write --sweep ";
  if (list.find('=') == std::string::npos) return start + key + list;
  if (values.size() != 3 || !values[0].starts_with("from=") || !values[1].starts_with("to=") ||
      !values[2].starts_with("step=")) {
    return start + "'" + braces + "'";
  }
  return start + key + values[0].substr(5) + ":" + values[1].substr(3) + ":" + values[2].substr(5) +
         ", or quote it: --sweep '" + braces + "'";
}

}  // namespace

std::optional<std::string> expanded_braces(std::vector<std::string> const& words) {
  auto const argument = [&](std::size_t i) {
    return words[i].starts_with(kFlag) ? words[i].substr(kFlag.size()) : words[i];
  };
  for (std::size_t i = 1; i < words.size(); ++i) {
    if (words[i - 1] != "--sweep" && !words[i].starts_with(kFlag)) continue;
    std::string const key = argument(i).substr(0, argument(i).find('=') + 1);
    std::vector<std::string> values;
    for (std::size_t k = i; k < words.size() && argument(k).starts_with(key); ++k) {
      values.push_back(argument(k).substr(key.size()));
    }
    if (!key.empty() && values.size() > 1) return message(key, values);
  }
  return std::nullopt;
}

}  // namespace seplflow::cli
