// What label.irn and label.psa have in common.
#pragma once

#include <span>
#include <vector>

#include "nets/stages.hpp"

namespace seplflow::nets {

// Throws Error when the scores have a map for background.
inline void require_foreground(ScoreMaps const& scores) {
  if (!scores.has_background()) return;
  throw Error(
      "the scores have a map for background, which this method computes itself; connect scores "
      "without one");
}

// All maps as float32, one after the other.
inline std::vector<float> values_of_maps(ScoreMaps const& scores) {
  std::vector<float> values;
  for (std::size_t k = 0; k < scores.classes().size(); ++k) {
    scores.visit_plane(k, [&](auto plane) {
      for (auto const value : plane) values.push_back(static_cast<float>(value));
    });
  }
  return values;
}

// The class with the highest score in each pixel, or background where none is above its score.
// `scores` has a plane for each class; of equal classes the first wins.
inline LabelMap argmax(std::span<float const> scores, std::span<Label const> classes,
                       std::vector<float> background, Size size) {
  std::vector<Label> labels(size.pixels(), kBackground);
  for (std::size_t k = 0; k < classes.size(); ++k) {
    auto const plane = scores.subspan(k * labels.size(), labels.size());
    for (std::size_t i = 0; i < labels.size(); ++i) {
      if (!(plane[i] > background[i])) continue;
      background[i] = plane[i];
      labels[i] = classes[k];
    }
  }
  return LabelMap(size, std::move(labels));
}

}  // namespace seplflow::nets
