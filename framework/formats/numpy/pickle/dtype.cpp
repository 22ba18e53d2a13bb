#include "formats/numpy/pickle/dtype.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "base/error.hpp"
#include "formats/numpy/pickle/printable.hpp"

namespace seplflow::pickle {
namespace {

struct Name {
  std::string_view text;
  std::optional<ElementType> type;
};

using enum ElementType;
constexpr std::array kNames{
    Name{"b1", boolean}, Name{"i1", int8},    Name{"i2", int16},   Name{"i4", int32},
    Name{"i8", int64},   Name{"u1", uint8},   Name{"u2", uint16},  Name{"u4", uint32},
    Name{"u8", uint64},  Name{"f2", float16}, Name{"f4", float32}, Name{"f8", float64},
    Name{"O", {}},       Name{"O4", {}},      Name{"O8", {}},
};

// What numpy calls types that are not loaded, by their first letter; empty for the rest.
std::string_view kind_of(std::string_view name) {
  switch (name.empty() ? '\0' : name.front()) {
    case 'U':
    case 'S':
    case 'a':
      return " (text)";
    case 'V':
      return " (records)";
    case 'c':
      return " (complex numbers)";
    case 'M':
    case 'm':
      return " (dates and times)";
    default:
      return "";
  }
}

}  // namespace

std::endian byte_order_of(std::string_view order) {
  if (order == "<") return std::endian::little;
  if (order == ">") return std::endian::big;
  if (order == "=" || order == "|") return std::endian::native;
  throw Error("'" + printable(order) + "' is no byte order of numpy");
}

Dtype dtype_of(std::string_view name) {
  std::string_view rest = name;
  Dtype dtype;
  if (!rest.empty() && std::string_view("<>=|").find(rest.front()) != std::string_view::npos) {
    dtype.byte_order = byte_order_of(rest.substr(0, 1));
    rest.remove_prefix(1);
  }
  auto const found = std::find_if(kNames.begin(), kNames.end(),
                                  [&](Name const& known) { return known.text == rest; });
  if (found == kNames.end()) {
    throw Error("the elements of an array are of numpy's type '" + printable(name) + "'" +
                std::string(kind_of(rest)) +
                "; seplflow loads bool, integers of 8 to 64 bits, and float16, float32 and "
                "float64: save the file again with those alone");
  }
  dtype.type = found->type;
  return dtype;
}

}  // namespace seplflow::pickle
