// Lists of sample names.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "image_level_labels.hpp"

namespace seplflow::dataset {

struct NameList {
  std::filesystem::path file;  // empty: there is no list
  std::vector<std::string> names;
  std::optional<ImageLevelLabels> classes;  // of each name, where any line has classes
};

// Reads a list of samples, one per line. A line is one of
//
//   2007_000032                                  a name
//   /JPEGImages/2007_000032.jpg                  an image; its file name without the extension is
//                                                the name
//   /JPEGImages/2007_000032.jpg /SegmentationClassAug/2007_000032.png
//                                                an image and its label map; both give the name
//   2007_000032 0 14                             a name (or an image) and its foreground classes,
//                                                counted from 0
//
// A word that ends in .jpg, .jpeg or .png is an image, with or without folders before it. The lines
// of a file either all have names or all have images, and they do not mix label maps and classes.
// Where any line has classes, a line without classes is an image without a class.
//
// Lines may end in blanks or CRLF, the last line may have no newline, and blank lines are skipped.
// Class 0 in the list is label 1; there are `foreground` classes. Throws Error, with every line
// that is wrong, for a line in another form or in a different form than the lines before it, a
// name that cannot name files (why_unsafe_id), a repeated name, an unknown class, a class that a
// line repeats, and an empty list; and at once for columns of 0 and 1 (one-hot) and the lists of
// single classes in ImageSets/Main.
NameList read_name_list(std::filesystem::path const& file, std::size_t foreground);

// The names of the pictures in a folder (.jpg, .jpeg, .png in any case), without extensions, sorted
// by bytes. Throws Error when two pictures have the same name, or there is none.
std::vector<std::string> names_in_folder(std::filesystem::path const& folder);

}  // namespace seplflow::dataset
