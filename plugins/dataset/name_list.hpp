// Lists of sample names.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "image_level_labels.hpp"

namespace seplflow::dataset {

struct NameList {
  std::vector<std::string> names;
  std::optional<ImageLevelLabels> classes;  // by place in names, where the list has them
};

// The samples that a list file names, one a line, in its order. A line is of one of three kinds,
// the same in all of a file:
//
//   2007_000032                                                     a name
//   /JPEGImages/2007_000032.jpg /SegmentationClassAug/2007_000032.png   an image, or an image and
//                                                                   its label: both say the name
//   2007_000032 0 14                                                a name and the foreground
//                                                                   classes, counted from 0
//
// Lines may end in blanks or CRLF, the last may have no end, blank lines mean nothing. Class 0 in
// the list is label 1; `foreground` is how many there are. Throws Error, naming every line that is
// wrong, for a line of no kind or of another kind than the first, a name that files must not have
// (why_unsafe_id), one that comes twice, a class that there is not, and when there is no line.
NameList read_name_list(std::filesystem::path const& file, std::size_t foreground);

// The pictures in a folder (.jpg, .jpeg, .png in any case): their names without the ending, sorted
// by bytes. Throws Error when two differ in their ending only, or there is none.
std::vector<std::string> names_in_folder(std::filesystem::path const& folder);

}  // namespace seplflow::dataset
