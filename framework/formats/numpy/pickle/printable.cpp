#include "formats/numpy/pickle/printable.hpp"

namespace seplflow::pickle {

std::string printable(std::string_view text) {
  constexpr std::size_t kMost = 60;
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string result;
  for (char const c : text.substr(0, kMost)) {
    if (c >= ' ' && c <= '~') {
      result += c;
    } else {
      auto const byte = static_cast<unsigned char>(c);
      result += {'\\', 'x', kDigits[byte >> 4], kDigits[byte & 15]};
    }
  }
  return text.size() > kMost ? result + "..." : result;
}

}  // namespace seplflow::pickle
