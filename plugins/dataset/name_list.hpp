// Lists of sample names.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
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
//   JPEGImages\2007_000032.jpg                  the same with the separators of Windows
//   2007_000032 0 14                             a name (or an image) and its foreground classes,
//                                                counted from 0
//
// A word that ends in .jpg, .jpeg or .png, in any case, is an image, with or without folders before
// it. The lines of a file either all have names or all have images, and they do not mix label maps
// and classes. Where any line has classes, a line without classes is an image without a class.
//
// The files ._NAME, .DS_Store, Thumbs.db and those below __MACOSX, which only file managers use,
// are skipped. The names of an image and its label map may be two names that COCO's files have
// (COCO_train2014_000000000009, 000000000009). If `strict`, backslashes and two names are errors.
//
// Lines may end in blanks or CRLF, the last line may have no newline, and blank lines are skipped.
// Class 0 in the list is label 1; there are `foreground` classes. Throws Error, with every line
// that is wrong, for a line in another form or in a different form than the lines before it, a
// name that cannot name files (why_unsafe_id), a repeated name, an unknown class, a class that a
// line repeats, and an empty list; and at once for columns of 0 and 1 (one-hot) for the lists of
// single classes in ImageSets/Main, and for a CSV file.
NameList read_name_list(std::filesystem::path const& file, std::size_t foreground,
                        bool strict = false);

// Whether a file is one that only file managers use: ._NAME, .DS_Store, Thumbs.db, or any below
// __MACOSX.
bool is_clutter(std::string_view path);

// The name of an image without folders and extension: "2007_000032" for
// "/JPEGImages/2007_000032.jpg"; other names stay as they are.
std::string_view name_of_image(std::string_view path);

enum class Pictures { images, label_maps };

// The names of the pictures in a folder (.jpg, .jpeg, .png in any case; for label maps also .npy),
// without extensions, sorted by bytes. Adds the files of pictures in other formats (.tif, .webp,
// ...) to `others`. Throws Error when two pictures have the same name, or there is none.
std::vector<std::string> names_in_folder(std::filesystem::path const& folder, Pictures pictures,
                                         std::vector<std::string>& others);

}  // namespace seplflow::dataset
