// Reads any bytes as a pickle, a .npy file, a file of torch, and whichever of these or .npz they
// look like. The result must be values that can be traversed, or an Error. Checksums are not
// verified: values.cpp.
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include <seplflow/error.hpp>
#include <seplflow/formats/file_kind.hpp>
#include <seplflow/formats/npy.hpp>
#include <seplflow/formats/python_file.hpp>
#include <seplflow/formats/torch_file.hpp>

namespace {

using namespace seplflow;
using Kind = PickleValue::Kind;

void require(bool holds) {
  if (!holds) std::abort();
}

void walk_array(Array const& array) {
  constexpr std::uint64_t kMost = 4096;
  require(!array.description().empty());
  if (array.size() == 0 || array.size() > kMost) return;
  auto const values = array.to_vector<double>();
  auto const floats = array.to_vector<float>();
  require(values.size() == array.size() && floats.size() == array.size());
  double const last = array.number(array.size() - 1);
  require(last == values.back() || (last != last && values.back() != values.back()));
  if (array.axes() > 0) require(array.at(array.shape()[0] - 1).size() <= array.size());
  if (array.is_contiguous()) {
    require(array.contiguous_bytes().size() == array.size() * element_bytes(array.type()));
  }
}

// Values may be shared, so traversing a few bytes can take forever.
void walk(PickleValue const& value, std::size_t depth, int& left) {
  require(depth <= kMaxPickleDepth + 1);
  require(!value.description().empty());
  if (--left < 0) return;
  switch (value.kind()) {
    case Kind::array:
      walk_array(value.array());
      return;
    case Kind::list:
    case Kind::tuple:
      for (std::size_t i = 0; i < value.size(); ++i) walk(value.item(i), depth + 1, left);
      return;
    case Kind::dict:
      for (std::size_t i = 0; i < value.size(); ++i) {
        PickleValue const key = value.key(i);
        if (key.is(Kind::text)) require(value.find(key.text()).has_value());
        walk(value.value(i), depth + 1, left);
      }
      return;
    default:
      return;
  }
}

using Parse = std::function<Pickle(std::span<std::uint8_t const>, std::string_view)>;

void parse(std::span<std::uint8_t const> bytes, Parse const& read) {
  try {
    Pickle const pickle = read(bytes, "fuzz");
    int left = 10000;
    walk(pickle.root(), 1, left);
  } catch (Error const& error) {
    require(std::string(error.what()).starts_with("fuzz: "));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  parse({data, size}, parse_pickle);
  parse({data, size}, parse_npy);
  parse({data, size}, parse_torch_file);
  parse({data, size}, parse_python_file);
  require(!what_it_is({data, size}, "a seed").empty());
  return 0;
}
