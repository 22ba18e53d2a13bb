#include "data/error.hpp"

namespace seplflow {
namespace {

std::string without_controls(std::string const& text) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string result;
  for (char const c : text) {
    auto const byte = static_cast<unsigned char>(c);
    bool const control = (byte < ' ' && c != '\n' && c != '\t') || byte == 0x7f;
    if (control) {
      result += {'\\', 'x', kDigits[byte >> 4], kDigits[byte & 15]};
    } else {
      result += c;
    }
  }
  return result;
}

}  // namespace

Error::Error(std::string const& message) : std::runtime_error(without_controls(message)) {}

Error::~Error() = default;
UsageError::~UsageError() = default;

}  // namespace seplflow
