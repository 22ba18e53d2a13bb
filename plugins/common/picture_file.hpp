// Where a folder keeps the picture of a sample.
#pragma once

#include <array>
#include <filesystem>
#include <string>

#include "common/sample_file.hpp"

namespace seplflow {

constexpr std::array<char const*, 6> kPictureEndings = {".jpg", ".png", ".jpeg",
                                                        ".JPG", ".PNG", ".JPEG"};

// The picture of the sample, under the first of its names (sample_names) that has one, whatever its
// ending; or nothing.
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

// The same for files() of a stage: where there is no picture, the one that is missed first.
inline std::filesystem::path picture_file(std::filesystem::path const& folder,
                                          std::string const& name) {
  std::filesystem::path const found = find_picture(folder, name);
  return found.empty() ? folder / (name + kPictureEndings.front()) : found;
}

}  // namespace seplflow
