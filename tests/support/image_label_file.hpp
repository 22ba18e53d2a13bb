// cls_labels.npy and its like, for tests.
#pragma once

#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "support/pickle_bytes.hpp"

// The key of an image in a dict of image-level labels.
using ImageKey = std::variant<std::int32_t, std::string>;

// A .npy file of {image: float32 array}.
inline std::string image_label_file(
    std::vector<std::pair<ImageKey, std::vector<float>>> const& images) {
  namespace pb = pickle_bytes;
  std::string items;
  for (auto const& [key, row] : images) {
    auto const* const number = std::get_if<std::int32_t>(&key);
    items += number ? pb::integer(*number) : pb::text(std::get<std::string>(key));
    items += pb::array(pb::dtype("f4"), {static_cast<std::int64_t>(row.size())}, pb::packed(row));
  }
  return pb::npy_of_object(pb::dict(items));
}
