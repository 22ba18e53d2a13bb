// The mask pictures of one sample in a folder, as amg.py writes them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace seplflow::masks {

struct NumberedFile {
  std::uint64_t number;
  std::filesystem::path path;
};

struct MaskFolder {
  std::vector<NumberedFile> masks;  // by number
  std::string prefix;               // of their names, without that of the sample: "" or "mask_"
  // What else looks like masks: a picture of another name or format, or a folder.
  std::filesystem::path other;
};

// The PNGs NUMBER.png, mask_NUMBER.png and the like, with one prefix for all: letters, the name of
// the sample, or both ("mask_0", "2007_000032_0", "2007_000032_mask_0"). Without PNGs, the JPEGs of
// such names. What operating systems add (is_system_file) is ignored. Throws Error when the folder
// cannot be read, a PNG has another name, two have the same number, or if `strict` is set, another
// name than NUMBER.png.
MaskFolder mask_folder(std::filesystem::path const& folder, std::string_view sample, bool strict);

// The first folder in `dir` that has masks; nothing if the first one has none or cannot be read.
std::optional<MaskFolder> first_mask_folder(std::filesystem::path const& dir);

}  // namespace seplflow::masks
