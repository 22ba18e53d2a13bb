#include "data/label_map.hpp"

#include "data/error.hpp"
#include "data/runs.hpp"

namespace seplflow {

LabelMap::LabelMap(Size size, std::vector<Label> pixels)
    : size_(checked_size(size.height, size.width, "a label map")), pixels_(std::move(pixels)) {
  if (pixels_.size() != size_.pixels()) {
    throw Error("a label map of " + to_string(size_) + " (height x width) needs " +
                std::to_string(size_.pixels()) + " pixels but was given " +
                std::to_string(pixels_.size()));
  }
}

LabelMap::LabelMap(Size size)
    : size_(checked_size(size.height, size.width, "a label map")),
      pixels_(size_.pixels(), kBackground) {}

std::span<Label const> LabelMap::row(std::uint32_t y) const {
  return std::span(pixels_).subspan(std::size_t{y} * size_.width, size_.width);
}

std::array<std::uint64_t, 256> label_areas(LabelMap const& labels) {
  std::array<std::uint64_t, 256> areas{};
  for_each_equal_run(labels.pixels(),
                     [&](Label label, std::size_t length) { areas[label] += length; });
  return areas;
}

}  // namespace seplflow
