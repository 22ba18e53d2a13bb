// Finds the file of a sample in a folder.
//
// A file is named after the sample's id. Files of MS COCO have several names, which have only the
// number of the image in common: COCO_val2014_000000000139, 000000000139, 139. So the files of a
// sample with one of these names may have any of the others too; the first that exists, in the
// order of sample_names, is used. Any other id (2007_000032, 0001) stands only for itself.
#pragma once

#include <algorithm>
#include <array>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <seplflow/seplflow.hpp>

namespace seplflow {

// The number of the image, without leading zeros, if the name is one of COCO's: 12 digits, 12
// digits after COCO_SPLIT_, or the number alone.
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
  // 0001 belongs to another data set: taken for 1, it could find the file of another sample.
  bool const bare = !prefixed && (name == "0" || name.front() != '0');
  if (name.size() < kDigits && !bare) return std::nullopt;
  name.remove_prefix(std::min(name.find_first_not_of('0'), name.size() - 1));
  return std::string(name);
}

// The names that the files of a sample may have: its id, and if that is a name of COCO's, then the
// others in this order: 000000000139, 139, COCO_train2014_000000000139, COCO_val2014_000000000139.
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

// A VOC name as a number: 2007000032 for 2007_000032.
inline std::optional<std::string> voc_number(std::string_view name) {
  constexpr std::size_t kYear = 4, kLength = 11;
  if (name.size() != kLength || name[kYear] != '_') return std::nullopt;
  std::string digits(name);
  digits.erase(kYear, 1);
  if (digits.find_first_not_of("0123456789") != std::string::npos) return std::nullopt;
  return digits;
}

// Returns true for anything but plain absence: the reader of the file reports other problems, such
// as missing permission or a broken link.
inline bool is_there(std::filesystem::path const& file) {
  std::error_code error;
  auto const type = std::filesystem::symlink_status(file, error).type();
  return type != std::filesystem::file_type::not_found;
}

// A name in place of each "{id}" of a pattern, such as "{id}_masks.json". A text without "{id}" is
// the ending of the name.
inline std::string placed(std::string_view name, std::string_view pattern) {
  constexpr std::string_view kId = "{id}";
  std::string file;
  std::size_t begin = 0;
  for (std::size_t at; (at = pattern.find(kId, begin)) != std::string_view::npos;) {
    file.append(pattern.substr(begin, at - begin)).append(name);
    begin = at + kId.size();
  }
  if (begin == 0) file = name;
  return file.append(pattern.substr(begin));
}

constexpr char const* kPatternHelp =
    "name of a sample's file in `dir`, where {id} stands for the name of the sample";

// Refuses a pattern that would name one file for all samples, or one outside of the folder.
inline void refuse_pattern(OptionCheck& check, std::string const& pattern) {
  if (pattern.find("{id}") == std::string::npos) {
    check.refuse("pattern", "the pattern \"" + pattern +
                                "\" has no {id}, so it names one file for all samples; write for "
                                "example \"{id}_masks.json\"");
  } else if (auto const unsafe = why_unsafe_id(placed("id", pattern))) {
    check.refuse("pattern", "the pattern \"" + pattern + "\" " + *unsafe);
  }
}

// Whether an operating system or an archiver made the file beside those of the user: ._0.png,
// .DS_Store, Thumbs.db, desktop.ini, __MACOSX.
inline bool is_system_file(std::filesystem::path const& file) {
  std::string const name = file.filename().string();
  return name.starts_with("._") || name == ".DS_Store" || name == "Thumbs.db" ||
         name == "desktop.ini" || name == "__MACOSX";
}

// The candidates for a pattern (or an ending: see placed) in the folder, in order: up to the first
// that exists, or all if none does. A stage returns them from files(), so that a resumed run
// notices when another one is used. Accesses the disk once per candidate, at most 5 times.
inline std::vector<std::filesystem::path> sample_files(std::filesystem::path const& folder,
                                                       Sample const& sample,
                                                       std::string_view pattern) {
  std::vector<std::filesystem::path> files;
  for (std::string const& name : sample_names(sample.id)) {
    files.push_back(folder / placed(name, pattern));
    if (is_there(files.back())) break;
  }
  return files;
}

// The file of the sample: the first candidate that exists, or the one named after its id.
inline std::filesystem::path sample_file(std::filesystem::path const& folder, Sample const& sample,
                                         std::string_view pattern) {
  auto const files = sample_files(folder, sample, pattern);
  return is_there(files.back()) ? files.back() : files.front();
}

// ---- Pictures ----

constexpr std::array<char const*, 6> kPictureEndings = {".jpg", ".png", ".jpeg",
                                                        ".JPG", ".PNG", ".JPEG"};

// The picture of the sample with any extension, under the first of its names (sample_names) that
// has one; or an empty path.
inline std::filesystem::path find_picture(std::filesystem::path const& folder,
                                          std::string const& name) {
  std::error_code ignored;
  for (std::string const& each : sample_names(name)) {
    for (char const* const ending : kPictureEndings) {
      std::filesystem::path file = folder / (each + ending);
      if (std::filesystem::is_regular_file(file, ignored)) return file;
    }
  }
  return {};
}

// The same for files() of a stage: without a picture, all files that would do.
inline std::vector<std::filesystem::path> picture_files(std::filesystem::path const& folder,
                                                        std::string const& name) {
  std::filesystem::path found = find_picture(folder, name);
  if (!found.empty()) return {std::move(found)};
  std::vector<std::filesystem::path> files;
  for (char const* const ending : kPictureEndings) files.push_back(folder / (name + ending));
  return files;
}

// ---- What a loader does about a sample without a file ----

enum class OnMissing { error, empty };

inline auto const kOnMissing =
    choices<OnMissing>({{"error", OnMissing::error}, {"empty", OnMissing::empty}});

// For error messages about samples that need a size.
constexpr char const* kUnknownSize =
    ", and the size of the sample is unknown, since the data set has neither its image nor its "
    "ground truth";

// Whether to continue without the file, a result of sample_file. Throws Error, with the file and
// the way out, when a missing file is an error; `instead` says what `empty` would use.
inline bool is_missing(std::filesystem::path const& file, OnMissing on_missing,
                       std::string const& what, std::string const& instead) {
  if (is_there(file)) return false;
  if (on_missing == OnMissing::empty) return true;
  std::string others;
  for (std::string const& name : sample_names(file.stem().string())) {
    if (name != file.stem()) others += (others.empty() ? ", nor one named " : ", ") + name;
  }
  throw Error("there is no " + what + " " + file.string() + others +
              " (set on_missing = \"empty\" to use " + instead + " instead)");
}

// For on_missing = "empty": if all files are in another folder, nothing else would show it.
// `consequence` is a verb phrase: "has no masks".
inline void warn_of_missing(SampleContext const& context, std::string const& what,
                            std::string const& consequence, std::string detail) {
  context.warn("there is no " + what + ", so the sample " + consequence +
                   " (on_missing = \"empty\")",
               std::move(detail));
}

}  // namespace seplflow
