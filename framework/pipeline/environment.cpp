#include "pipeline/environment.hpp"

#include <algorithm>
#include <cstdlib>

#include <seplflow/error.hpp>

namespace seplflow {
namespace {

bool is_name(std::string_view text) {
  auto const letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  auto const digit = [](char c) { return c >= '0' && c <= '9'; };
  return !text.empty() && !digit(text[0]) &&
         std::ranges::all_of(text, [&](char c) { return letter(c) || digit(c); });
}

std::string value_of(std::string_view reference, Environment const& environment) {
  std::size_t const colon = reference.find(":-");
  std::string const name(reference.substr(0, colon));
  if (!is_name(name)) {
    throw Error("\"${" + std::string(reference) +
                "}\" does not name an environment variable; write ${NAME} or ${NAME:-default}, "
                "or $${ for a literal ${");
  }
  std::optional<std::string> value = environment(name);
  if (colon == std::string_view::npos) {
    if (value) return *value;
    throw Error("the environment variable " + name + " is not set; set it, or write ${" + name +
                ":-default}");
  }
  return value && !value->empty() ? *value : std::string(reference.substr(colon + 2));
}

}  // namespace

Environment process_environment() {
  return [](std::string const& name) -> std::optional<std::string> {
    char const* const value = std::getenv(name.c_str());
    if (!value) return std::nullopt;
    return value;
  };
}

std::string expand(std::string_view text, Environment const& environment) {
  std::string expanded;
  while (!text.empty()) {
    std::size_t const dollar = std::min(text.find('$'), text.size());
    expanded += text.substr(0, dollar);
    text.remove_prefix(dollar);
    if (text.starts_with("$${")) {
      expanded += "${";
      text.remove_prefix(3);
    } else if (text.starts_with("${")) {
      std::size_t const end = text.find('}');
      if (end == std::string_view::npos) throw Error("\"${\" is not closed by \"}\"");
      expanded += value_of(text.substr(2, end - 2), environment);
      text.remove_prefix(end + 1);
    } else if (!text.empty()) {
      expanded += text.front();
      text.remove_prefix(1);
    }
  }
  return expanded;
}

std::string escape_expansion(std::string_view text) {
  std::string escaped;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text.substr(i).starts_with("${")) escaped += '$';
    escaped += text[i];
  }
  return escaped;
}

}  // namespace seplflow
