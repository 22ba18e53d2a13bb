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
  std::optional<ImageLevelLabels> classes;  // by place in names, where a line of the list has any
};

// The samples that a list file names, one a line, in its order. A line is
//
//   2007_000032                                                     a name
//   /JPEGImages/2007_000032.jpg                                     an image, whose file without
//                                                                   the ending is the name
//   /JPEGImages/2007_000032.jpg /SegmentationClassAug/2007_000032.png   an image and its label:
//                                                                   both say the name
//   2007_000032 0 14                                                a name (or an image) and the
//                                                                   foreground classes, counted
//                                                                   from 0
//
// What ends in .jpg, .jpeg or .png is an image, with folders before it or without. The lines of a
// file all have names or all have images, and none has a label where another has classes. Where
// any has classes, a line without is of an image without a class.
//
// Lines may end in blanks or CRLF, the last may have no end, blank lines mean nothing. Class 0 in
// the list is label 1; `foreground` is how many there are. Throws Error, naming every line that is
// wrong, for a line that is none of these or does not go with those before, a name that files must
// not have (why_unsafe_id), one that comes twice, a class that there is not or that a line has
// twice, and when there is no line; at once for columns of 0 and 1 (one-hot) and the lists of
// single classes in ImageSets/Main.
NameList read_name_list(std::filesystem::path const& file, std::size_t foreground);

// The pictures in a folder (.jpg, .jpeg, .png in any case): their names without the ending, sorted
// by bytes. Throws Error when two differ in their ending only, or there is none.
std::vector<std::string> names_in_folder(std::filesystem::path const& folder);

}  // namespace seplflow::dataset
