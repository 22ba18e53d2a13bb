// Finds the picture of a sample in a folder.
#pragma once

#include <array>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "common/sample_file.hpp"

namespace seplflow {

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

}  // namespace seplflow
