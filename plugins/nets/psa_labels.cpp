#include "nets/psa_labels.hpp"

#include <algorithm>
#include <string>

#include <seplflow/error.hpp>

namespace seplflow::nets {
namespace {

// For each small pixel, the class with the highest mean score, of which the first wins, and that
// score.
struct BestClasses {
  std::vector<Label> labels;
  std::vector<float> scores;
};

BestClasses best_classes(ScoreMaps const& scores, Window const& window, Size small) {
  BestClasses best;
  for (std::size_t k = 0; k < scores.classes().size(); ++k) {
    std::vector<float> const means = scores.visit_plane(k, [&](auto plane) {
      std::vector<float> const map(plane.begin(), plane.end());
      return pooled(map, window, small);
    });
    if (k == 0) {
      best = {std::vector<Label>(means.size(), scores.classes()[0]), means};
      continue;
    }
    for (std::size_t i = 0; i < means.size(); ++i) {
      if (!(means[i] > best.scores[i])) continue;
      best.scores[i] = means[i];
      best.labels[i] = scores.classes()[k];
    }
  }
  return best;
}

void require_scores(ScoreMaps const& scores, Window const& window, char const* name) {
  if (!scores.has_background()) {
    throw Error(std::string("the scores of ") + name +
                " have no map for background; connect scores with one, such as the output scores "
                "of label.crf");
  }
  if (scores.size() == window.image) return;
  throw Error(std::string("the scores of ") + name + " are " + to_string(scores.size()) +
              " (height x width), but the patch was cut from an image of " +
              to_string(window.image) +
              "; set values = [1] in augment.scale, which leaves the size as it is, and connect "
              "scores of the image's size");
}

}  // namespace

std::vector<float> pooled(std::span<float const> map, Window const& window, Size small) {
  std::vector<float> sums(small.pixels());
  auto const is_inside = [](std::int64_t at, std::uint32_t extent) {
    return at >= 0 && at < std::int64_t{extent};
  };
  std::int64_t const rows = std::int64_t{small.height} * kPsaStride;
  std::int64_t const columns = std::int64_t{small.width} * kPsaStride;
  for (std::int64_t y = 0; y < rows; ++y) {
    std::int64_t const row = window.top + y;
    if (!is_inside(row, window.image.height)) continue;
    for (std::int64_t x = 0; x < columns; ++x) {
      std::int64_t const column = window.left + (window.is_mirrored ? columns - 1 - x : x);
      if (!is_inside(column, window.image.width)) continue;
      sums[static_cast<std::size_t>(y / kPsaStride * small.width + x / kPsaStride)] +=
          map[static_cast<std::size_t>(row * window.image.width + column)];
    }
  }
  for (float& sum : sums) sum /= kPsaStride * kPsaStride;
  return sums;
}

std::vector<std::uint8_t> affinity_labels(ScoreMaps const& objects, ScoreMaps const& background,
                                          Window const& window, Size small) {
  // Below it, there is no score: mostly outside of the image.
  constexpr float kNoScore = 1e-5F;
  require_scores(objects, window, "objects");
  require_scores(background, window, "background");
  BestClasses const certain = best_classes(objects, window, small);
  BestClasses const possible = best_classes(background, window, small);
  std::vector<std::uint8_t> labels(certain.labels.begin(), certain.labels.end());
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (labels[i] == kBackground) labels[i] = kIgnore;
    if (possible.labels[i] == kBackground) labels[i] = kBackground;
    if (std::max(certain.scores[i], possible.scores[i]) < kNoScore) labels[i] = kIgnore;
  }
  return labels;
}

}  // namespace seplflow::nets
