// Image-level labels in text files: CSV and JSON.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <seplflow/classes.hpp>

namespace seplflow::dataset {

enum class LabelFileKind { npy, json, csv };

// By the first bytes; a file that is neither text nor JSON counts as npy.
LabelFileKind kind_of_labels(std::filesystem::path const& file);

// Each image with its foreground classes, ascending and without repeats. Background among the
// classes is ignored.
using LabelTable = std::vector<std::pair<std::string, std::vector<Label>>>;

// A CSV file with commas, semicolons or tabs. Its first line names the columns, and its first
// column is the image. The other columns are either all classes, with a number above 0 where the
// image shows the class, or one column of class names, several of them separated by ";", "|", ","
// or blanks. An image may then have several lines. Throws Error, with the file and the line, for
// other forms and for unknown classes.
LabelTable read_label_csv(std::filesystem::path const& file, Classes const& classes);

// A JSON file as read_label_json() reads it, with class names or a number for each foreground
// class. Throws Error, with the file, also for unknown classes and for lists of class numbers,
// which do not say what they count from.
LabelTable label_table_of_json(std::filesystem::path const& file, Classes const& classes);

}  // namespace seplflow::dataset
