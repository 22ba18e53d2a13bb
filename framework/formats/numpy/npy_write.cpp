#include <limits>
#include <string>
#include <string_view>

#include <seplflow/error.hpp>
#include <seplflow/formats/npy.hpp>
#include "formats/numpy/pickle_write.hpp"

namespace seplflow {
namespace {

using pickle::little;
using pickle::pickled_number;
using pickle::pickled_text;

// The element type in numpy's notation.
std::string type_of(ElementType type) {
  switch (type) {
    case ElementType::int64:
      return "i8";
    case ElementType::float16:
      return "f2";
    case ElementType::float32:
      return "f4";
    case ElementType::float64:
      return "f8";
    default:
      throw Error("arrays of " + std::string(name_of(type)) + " are not written");
  }
}

// A literal with its zero bytes.
template <std::size_t N>
std::string literal_bytes(char const (&literal)[N]) {
  return std::string(literal, N - 1);
}

// numpy.dtype(type), with its state: the version, the byte order, and flags.
std::string dtype(std::string const& type, std::string_view order, char flags) {
  return "cnumpy\ndtype\n(" + pickled_text(type) + "\x89\x88tR(K\x03" + pickled_text(order) +
         literal_bytes("NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK") + flags + "tb";
}

// An array as numpy pickles it up to its shape and type; its values and "tb" follow.
std::string array_head(std::vector<std::uint64_t> const& shape, std::string const& type) {
  std::string head =
      literal_bytes("cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n"
                    "(K\0tB\1\0\0\0btR(K\1(");
  for (std::uint64_t const extent : shape) head += pickled_number(extent);
  return head + "t" + type + "\x89";
}

}  // namespace

std::vector<std::uint8_t> encode_npy_dict(std::span<ArrayToWrite const> arrays) {
  std::string header = "{'descr': '|O', 'fortran_order': False, 'shape': (), }";
  constexpr std::size_t kBefore = 10, kAlignment = 64;
  constexpr char kObjectFlags = 63;  // of an array that owns Python objects
  header.append(kAlignment - (kBefore + header.size() + 1) % kAlignment, ' ');
  header += '\n';
  std::string start = std::string("\x93NUMPY\1\0", 8) +
                      little(static_cast<std::uint16_t>(header.size())) + header + "\x80\x03" +
                      array_head({}, dtype("O8", "|", kObjectFlags)) + "](}(";
  std::vector<std::uint8_t> file(start.begin(), start.end());
  auto const append = [&](std::string_view bytes) {
    file.insert(file.end(), bytes.begin(), bytes.end());
  };
  for (ArrayToWrite const& array : arrays) {
    if (array.bytes.size() > std::numeric_limits<std::uint32_t>::max()) {
      throw Error("the array \"" + array.name + "\" has " + std::to_string(array.bytes.size()) +
                  " bytes; a pickle of numpy holds at most 4 GiB");
    }
    append(pickled_text(array.name) + array_head(array.shape, dtype(type_of(array.type), "<", 0)) +
           "B" + little(static_cast<std::uint32_t>(array.bytes.size())));
    file.insert(file.end(), array.bytes.begin(), array.bytes.end());
    append("tb");
  }
  append("uetb.");
  return file;
}

}  // namespace seplflow
