// The files in a folder with one file for each class of each sample: NAME_CLASS.png.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace seplflow::cam {

// A file name without its extension, split up: "2007_000032_14" is class 14 of "2007_000032".
struct ClassFileName {
  std::string_view sample;
  std::uint32_t number;  // of the class; 0 is the first foreground class; below 1000
};

// Nothing when the name does not end in "_" and a number without leading zeros.
std::optional<ClassFileName> class_file_name(std::string_view stem);

// The classes that each sample has files for, from one walk through the folder and its subfolders.
// Memory grows with the number of files. Immutable, so any number of threads may use it.
class ClassFiles {
 public:
  // Throws Error when the folder cannot be read. Follows links to folders, except links that lead
  // back to a parent folder.
  explicit ClassFiles(std::filesystem::path folder);

  bool empty() const { return classes_.empty(); }
  // A file in the folder with another name, for messages; empty if there is none.
  std::string const& stranger() const { return stranger_; }
  // One file of each subfolder ("orig/2007_000032_14.png") if all files are in subfolders; else
  // empty.
  std::vector<std::string> only_below() const;
  // Whether all sample names are numbers, as in files named by position in a list: 0_14.png.
  bool only_numbers() const { return only_numbers_; }

  // The classes of a sample, ascending; null if it has none.
  std::vector<std::uint32_t> const* of(std::string const& sample) const;
  std::filesystem::path file(std::string_view sample, std::uint32_t number) const;

 private:
  void add(std::filesystem::path const& file);

  std::filesystem::path folder_;
  std::unordered_map<std::string, std::vector<std::uint32_t>> classes_;
  std::string stranger_;
  std::map<std::string, std::string> below_;  // the first file of each subfolder
  bool has_own_ = false;                      // whether any file is not in a subfolder
  bool only_numbers_ = true;
};

}  // namespace seplflow::cam
