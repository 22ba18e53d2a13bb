#include <seplflow/error.hpp>

namespace seplflow {

std::string without_controls(std::string_view text) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string result;
  unsigned char before = 0;
  for (char const c : text) {
    auto const byte = static_cast<unsigned char>(c);
    bool const ascii_control = (byte < ' ' && c != '\n' && c != '\t') || byte == 0x7f;
    bool const control = ascii_control || (before == 0xc2 && byte >= 0x80 && byte < 0xa0);
    before = byte;
    if (control) {
      result += {'\\', 'x', kDigits[byte >> 4], kDigits[byte & 15]};
    } else {
      result += c;
    }
  }
  return result;
}

Error::Error(std::string const& message) : std::runtime_error(without_controls(message)) {}

Error::~Error() = default;
UsageError::~UsageError() = default;

}  // namespace seplflow
