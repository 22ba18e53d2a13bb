// Where a folder keeps the file of a sample.
//
// A file is named after the sample's id. The files of MS COCO go by several names, of which only
// the number of the image is common: COCO_val2014_000000000139, 000000000139, 139. So a sample that
// has one of these names is looked for under the others too, in the order of sample_names; the
// first that is there is taken. Any other id (2007_000032, 0001) stands for itself alone.
#pragma once

#include <algorithm>
#include <filesystem>
#include <optional>
#include <seplflow.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace seplflow {

// The number of the image, without leading zeros, when the name is one of COCO's: 12 digits behind
// nothing or behind COCO_SPLIT_, or the number alone.
inline std::optional<std::string> coco_number(std::string_view name) {
  constexpr std::string_view kPrefix = "COCO_";
  constexpr std::size_t kDigits = 12;
  bool const prefixed = name.starts_with(kPrefix);
  if (prefixed) {
    name.remove_prefix(kPrefix.size());
    std::size_t const split = name.find('_');
    if (split == 0 || split == std::string_view::npos) return std::nullopt;
    name.remove_prefix(split + 1);
  }
  if (name.empty() || name.size() > kDigits) return std::nullopt;
  if (name.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
  // 0001 is somebody else's name: taken for 1, it could meet the file of another sample.
  bool const bare = !prefixed && (name == "0" || name.front() != '0');
  if (name.size() < kDigits && !bare) return std::nullopt;
  name.remove_prefix(std::min(name.find_first_not_of('0'), name.size() - 1));
  return std::string(name);
}

// The names that the files of a sample may have: its id, and for a name of COCO's then the others,
// in this order: 000000000139, 139, COCO_train2014_000000000139, COCO_val2014_000000000139.
inline std::vector<std::string> sample_names(std::string_view id) {
  std::vector<std::string> names = {std::string(id)};
  std::size_t const name = id.rfind('/') == std::string_view::npos ? 0 : id.rfind('/') + 1;
  auto const number = coco_number(id.substr(name));
  if (!number) return names;
  std::string const folder(id.substr(0, name));
  std::string const padded = std::string(12 - number->size(), '0') + *number;
  for (std::string const& other :
       {padded, *number, "COCO_train2014_" + padded, "COCO_val2014_" + padded}) {
    if (folder + other != id) names.push_back(folder + other);
  }
  return names;
}

// Anything but a plain absence (no permission, a link that leads nowhere) is for the reader of the
// file to report.
inline bool is_there(std::filesystem::path const& file) {
  std::error_code error;
  auto const type = std::filesystem::symlink_status(file, error).type();
  return type != std::filesystem::file_type::not_found;
}

// The files that are looked at for NAME + `ending` in the folder, in this order: up to the first
// that is there (whatever it is), or all when none is. A stage names them in its files(), so that a
// run that resumes sees when another one is taken. One look at the disk each, 5 at most.
inline std::vector<std::filesystem::path> sample_files(std::filesystem::path const& folder,
                                                       Sample const& sample,
                                                       std::string_view ending) {
  std::vector<std::filesystem::path> files;
  for (std::string& name : sample_names(sample.id)) {
    files.push_back(folder / name.append(ending));
    if (is_there(files.back())) break;
  }
  return files;
}

// The file of the sample: the first that is there, or the one named after its id.
inline std::filesystem::path sample_file(std::filesystem::path const& folder, Sample const& sample,
                                         std::string_view ending) {
  auto const files = sample_files(folder, sample, ending);
  return is_there(files.back()) ? files.back() : files.front();
}

}  // namespace seplflow
