// What PSA makes of scores at an eighth of the size of its images. Needs no torch.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <seplflow/score_maps.hpp>
#include "nets/patch.hpp"

namespace seplflow::nets {

constexpr std::uint32_t kPsaStride = 8;

// The mean of each 8 x 8 pixels of a map, as the window shows it; pixels outside of the image count
// as 0. The result has `small.height` rows and `small.width` columns.
std::vector<float> pooled(std::span<float const> map, Window const& window, Size small);

// The labels that AffinityNet learns from, at an eighth of the size of the window, which is
// `small`. `objects` scores objects with care, `background` generously; both have a map for
// background. Of the scores' means, a pixel has the class that is best in `objects`, or background
// where that is best in `background`; it is 255 otherwise, and outside of the image.
std::vector<std::uint8_t> affinity_labels(ScoreMaps const& objects, ScoreMaps const& background,
                                          Window const& window, Size small);

}  // namespace seplflow::nets
