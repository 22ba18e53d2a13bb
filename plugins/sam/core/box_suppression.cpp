#include "core/box_suppression.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <numeric>

namespace seplflow::sam {
namespace {

// With more boxes torchvision sorts the kept boxes again, on a CPU.
constexpr std::size_t kMostInOrder = 1000;

struct FloatBox {
  float left, top, right, bottom, area;
};

FloatBox as_floats(MaskBox const& box) {
  auto const left = static_cast<float>(box.left), top = static_cast<float>(box.top),
             right = static_cast<float>(box.right), bottom = static_cast<float>(box.bottom);
  return {left, top, right, bottom, (right - left) * (bottom - top)};
}

// NaN for two boxes without area, which is not above any threshold.
float iou(FloatBox const& a, FloatBox const& b) {
  float const width = std::min(a.right, b.right) - std::max(a.left, b.left);
  float const height = std::min(a.bottom, b.bottom) - std::max(a.top, b.top);
  float const common = std::max(0.0F, width) * std::max(0.0F, height);
  return common / (a.area + b.area - common);
}

// The order of torch: NaN comes first.
bool is_better(float a, float b) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && !std::isnan(b);
  return a > b;
}

}  // namespace

bool is_near_crop_edge(MaskBox const& box, Crop const& crop, Size image) {
  constexpr std::int64_t kNear = 20;
  auto const cut = [](std::int64_t side, std::int64_t of_crop, std::int64_t of_image) {
    return std::abs(side - of_crop) <= kNear && std::abs(side - of_image) > kNear;
  };
  return cut(box.left, crop.x0, 0) || cut(box.top, crop.y0, 0) ||
         cut(box.right, crop.x1, image.width) || cut(box.bottom, crop.y1, image.height);
}

std::vector<std::size_t> kept_by_nms(std::span<MaskBox const> boxes, std::span<float const> scores,
                                     double threshold) {
  std::vector<std::size_t> order(boxes.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, is_better, [&](std::size_t i) { return scores[i]; });
  std::vector<std::size_t> kept;
  std::vector<FloatBox> kept_boxes;
  for (std::size_t const i : order) {
    FloatBox const box = as_floats(boxes[i]);
    auto const covers = [&](FloatBox const& other) { return iou(other, box) > threshold; };
    if (std::ranges::any_of(kept_boxes, covers)) continue;
    kept.push_back(i);
    kept_boxes.push_back(box);
  }
  if (boxes.size() > kMostInOrder) {
    std::ranges::sort(kept);
    // Unstable, like torch's sort: both use the same algorithm, so equal scores end up the same.
    std::sort(kept.begin(), kept.end(),
              [&](std::size_t a, std::size_t b) { return is_better(scores[a], scores[b]); });
  }
  return kept;
}

}  // namespace seplflow::sam
