#include <seplflow/error.hpp>

#include <algorithm>

#include "base/utf8.hpp"

namespace seplflow {

std::string without_controls(std::string_view text) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string result;
  while (!text.empty()) {
    std::string_view character = text.substr(0, std::max<std::size_t>(1, character_size(text[0])));
    if (!is_utf8(character)) character = text.substr(0, 1);
    text.remove_prefix(character.size());
    if (!is_control(character)) {
      result += character;
      continue;
    }
    for (char const c : character) {
      auto const byte = static_cast<unsigned char>(c);
      result += {'\\', 'x', kDigits[byte >> 4], kDigits[byte & 15]};
    }
  }
  return result;
}

Error::Error(std::string const& message) : std::runtime_error(without_controls(message)) {}

Error::~Error() = default;
UsageError::~UsageError() = default;

}  // namespace seplflow
