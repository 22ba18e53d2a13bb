// The parts of a pickle that the writers of .npy files and of torch's files share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

namespace seplflow::pickle {

template <class T>
std::string little(T value) {
  std::string bytes;
  for (std::size_t i = 0; i < sizeof value; ++i) {
    bytes += static_cast<char>(static_cast<std::uint64_t>(value) >> (8 * i));
  }
  return bytes;
}

inline std::string pickled_text(std::string_view value) {
  return "X" + little(static_cast<std::uint32_t>(value.size())) + std::string(value);
}

inline std::string pickled_number(std::uint64_t value) {
  if (value <= std::numeric_limits<std::int32_t>::max()) {
    return "J" + little(static_cast<std::uint32_t>(value));
  }
  return std::string("\x8a\x08") + little(value);
}

}  // namespace seplflow::pickle
