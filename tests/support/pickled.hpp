// .npy files of dicts, as numpy.save writes them, for tests.
#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace pickled {

inline std::string little(std::uint64_t value, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i) text += static_cast<char>(value >> (8 * i));
  return text;
}

inline std::string short_text(std::string const& text) {
  return "U" + little(text.size(), 1) + text;
}

// An array whose state holds `data`, the pickle of its content.
inline std::string array_with(std::string const& shape, std::string const& dtype,
                              std::string const& data) {
  return "cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK" + little(0, 1) + "\x85" +
         short_text("b") + "\x87R(K" + little(1, 1) + shape + dtype + "\x89" + data + "tb";
}

inline std::string dtype(std::string const& name, std::string const& order, int flags) {
  std::string const none = "J\xff\xff\xff\xff";
  return "cnumpy\ndtype\n" + short_text(name) + "K" + little(0, 1) + "K" + little(1, 1) +
         "\x87R(K" + little(3, 1) + short_text(order) + "NNN" + none + none + "K" +
         little(static_cast<std::uint64_t>(flags), 1) + "tb";
}

// numpy.array(values, numpy.float32)
inline std::string floats(std::vector<float> const& values) {
  std::string bytes;
  for (float const value : values) bytes += little(std::bit_cast<std::uint32_t>(value), 4);
  return array_with("K" + little(values.size(), 1) + "\x85", dtype("f4", "<", 0),
                    "T" + little(bytes.size(), 4) + bytes);
}

// A file of {key: array of float32}, in protocol 2. A key is a number or a text.
using Key = std::variant<std::int32_t, std::string>;
inline std::string npy_dict(std::vector<std::pair<Key, std::vector<float>>> const& entries) {
  std::string dict = "}(";
  for (auto const& [key, values] : entries) {
    if (auto const* const number = std::get_if<std::int32_t>(&key)) {
      dict += "J" + little(static_cast<std::uint32_t>(*number), 4);
    } else {
      dict += short_text(std::get<std::string>(key));
    }
    dict += floats(values);
  }
  dict += "u";
  std::string header = "{'descr': '|O', 'fortran_order': False, 'shape': (), }";
  header.resize(117, ' ');
  header += '\n';
  return "\x93NUMPY" + std::string("\x01\x00", 2) + little(header.size(), 2) + header + "\x80\x02" +
         array_with(")", dtype("O8", "|", 63), "](" + dict + "e") + ".";
}

}  // namespace pickled
