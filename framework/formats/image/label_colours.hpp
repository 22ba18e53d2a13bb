// Decides which class ids the colours of a label file stand for.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <seplflow/formats/label_file.hpp>

namespace seplflow {

// Pixels as the numbers of their colours, in the order of their first use; without colours, as
// values.
struct Picture {
  std::vector<Label> numbers;
  std::vector<Colour> colours;
};

struct Decision {
  std::array<Label, 256> ids{};  // of each number or palette index that is used
  bool is_plain = false;         // the values are the ids
  std::string remark = {}, detail = {};  // as in LabelFile
};

// Both throw Error, with `name`, when the file does not determine its ids, or when `reading` does
// not allow it. `kind` is that of the file: "an 8-bit RGB PNG".
Decision ids_of_picture(Picture const& picture, LabelReading const& reading, std::string_view name,
                        std::string const& kind);
// `areas` has the number of pixels of each value. A palette may have fewer entries than values.
Decision ids_of_palette(std::array<std::uint64_t, 256> const& areas,
                        std::span<Colour const> palette, LabelReading const& reading,
                        std::string_view name);
// The same for gray pixels of `bits` bits, 2 or 4: their values may be ids, or gray levels that a
// program stored with fewer bits.
Decision ids_of_few_bits(std::array<std::uint64_t, 256> const& areas, unsigned bits,
                         LabelReading const& reading, std::string_view name);

}  // namespace seplflow
