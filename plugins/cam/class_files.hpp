// The files of a folder that holds one file for each class of each sample: NAME_CLASS.png.
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

// A file name without its ending, taken apart: "2007_000032_14" is class 14 of "2007_000032".
struct ClassFileName {
  std::string_view sample;
  std::uint32_t number;  // of the class, 0 the first in the foreground; below 1000
};

// Nothing where the name does not end in "_" and a number without leading zeros.
std::optional<ClassFileName> class_file_name(std::string_view stem);

// Which classes each sample has files of, by one look at the folder and the folders in it. Memory
// grows with the number of files. Immutable, so any number of threads may use it.
class ClassFiles {
 public:
  // Throws Error when the folder cannot be read. Links to folders are followed, save to one
  // that they lie in.
  explicit ClassFiles(std::filesystem::path folder);

  bool empty() const { return classes_.empty(); }
  // A file in the folder that is none of ours; for messages. Empty where there is none.
  std::string const& stranger() const { return stranger_; }
  // Where all files are in subfolders, one file of each, "orig/2007_000032_14.png"; else empty.
  std::vector<std::string> only_below() const;
  // Whether all samples are numbers, as where files are named by place in a list: 0_14.png.
  bool only_numbers() const { return only_numbers_; }

  // Classes of a sample, ascending; null where it has none.
  std::vector<std::uint32_t> const* of(std::string const& sample) const;
  std::filesystem::path file(std::string_view sample, std::uint32_t number) const;

 private:
  void add(std::filesystem::path const& file);

  std::filesystem::path folder_;
  std::unordered_map<std::string, std::vector<std::uint32_t>> classes_;
  std::string stranger_;
  std::map<std::string, std::string> below_;  // the first file of each subfolder
  bool has_own_ = false;                      // files that are in no subfolder
  bool only_numbers_ = true;
};

}  // namespace seplflow::cam
