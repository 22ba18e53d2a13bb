// Reads label maps by what their files show, from PNG and .npy files.
#pragma once

#include <seplflow/classes.hpp>
#include <seplflow/label_map.hpp>

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace seplflow {

// What determines the class ids of a file that has both.
enum class IdsFrom { values, colours };

struct LabelReading {
  ClassesPtr classes;               // numbers beyond them are not ids; null: all are ids
  Colours colours;                  // of the labels in the files; empty: those of `classes`
  std::optional<IdsFrom> ids_from;  // not set: the file decides, or is refused
  bool strict = false;              // whether all but plain class ids are refused
  std::array<Label, 256> relabel;   // what each id in a file stands for

  LabelReading();  // every id stands for itself
};

struct LabelFile {
  LabelMap labels;
  // How the file was read, for a warning, if that is not plain: the same for all such files, and
  // what differs between them.
  std::string remark, detail;
};

// Plain class ids are an 8-bit gray PNG, a palette PNG whose colours do not contradict its values,
// and a .npy file with whole numbers of shape (height, width). Unless `strict`, these are read too:
//   - PNGs with the ids in another form: three equal channels, opaque alpha, 16 bits (also 8
//     bits scaled by 257), 1 bit;
//   - gray PNGs of 2 or 4 bits, whose values may be ids or gray levels from 0 to 255: whichever
//     gives only ids of the data set, and a class; if both or neither do, the file is refused, and
//     the message shows both readings;
//   - RGB PNGs in the colours that are declared (`colours`, Classes::colours), or else in those of
//     PASCAL VOC;
//   - palette PNGs whose used entries have the declared or VOC's colours of other ids, or gray
//     levels other than their values, such as optipng writes. Colours count if they all are ids of
//     the data set. If the values are ids too and the classes are not those of voc12 or coco14, or
//     if only 0 and 255 come out, the file is refused, and the message shows both readings.
// Duplicate entries of a palette have no colour of their own. White means 255, unless another
// colour of it is declared.
//
// Throws Error, naming the file, what it holds and what to do, for all other files. Labels may be
// beyond the classes if the file holds plain ids: see require_labels_in().
LabelFile read_label_file(std::filesystem::path const& path, LabelReading const& reading);

// The same from memory; `name` stands for the file in messages.
LabelFile decode_label_file(std::span<std::uint8_t const> bytes, std::string_view name,
                            LabelReading const& reading);

}  // namespace seplflow
