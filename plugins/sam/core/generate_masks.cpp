#include "core/generate_masks.hpp"

#include <algorithm>
#include <cmath>
#include <span>

#include <seplflow/version.hpp>
#include "core/box_suppression.hpp"
#include "core/mask_logits.hpp"
#include "core/prompts.hpp"
#include "core/small_regions.hpp"
#include "core/torch_call.hpp"
#include "nets/base/device.hpp"
#include "nets/base/resample.hpp"
#include "nets/base/shared_model.hpp"

namespace seplflow::sam {
namespace {

struct Candidate {
  Mask mask;
  MaskBox box;
  float predicted_iou, stability;
  Point point;
  Crop crop;
  bool cleaned = false;  // small regions were removed
};

using Candidates = std::vector<Candidate>;

// Only values above 0 are thresholds.
std::optional<double> threshold(double value) {
  return value > 0 ? std::optional(value) : std::nullopt;
}

template <class Score>
void suppress(Candidates& candidates, double nms_threshold, Score const& score) {
  std::vector<MaskBox> boxes;
  std::vector<float> scores;
  for (Candidate const& candidate : candidates) {
    boxes.push_back(candidate.box);
    scores.push_back(score(candidate));
  }
  Candidates kept;
  for (std::size_t const i : kept_by_nms(boxes, scores, nms_threshold)) {
    kept.push_back(std::move(candidates[i]));
  }
  candidates = std::move(kept);
}

MaskBox moved(MaskBox const& box, Crop const& crop) {
  return {box.left + crop.x0, box.top + crop.y0, box.right + crop.x0, box.bottom + crop.y0};
}

// Finds the candidates of one crop of an image.
class CropSearch {
 public:
  CropSearch(Model const& model, Image const& image, Crop const& crop,
             GeneratorOptions const& options)
      : model_(model),
        options_(options),
        image_(image.size()),
        crop_(crop),
        resized_(nets::longest_side_size(crop.size(), model.image_size())),
        logits_({model.logits_side(), model.image_size(), resized_, crop.size()}),
        embedding_(model.encode(nets::resize_as_pillow(
            nets::cropped(image, crop.x0, crop.y0, crop.x1, crop.y1), resized_))) {}

  Candidates candidates() const {
    Candidates found;
    std::uint32_t const side = points_per_side(
        options_.points_per_side, options_.crop_n_points_downscale_factor, crop_.layer);
    std::vector<Point> const points = grid_points(side, crop_.size());
    for (std::size_t begin = 0; begin < points.size(); begin += options_.points_per_batch) {
      std::size_t const count =
          std::min<std::size_t>(options_.points_per_batch, points.size() - begin);
      add_batch(std::span(points).subspan(begin, count), found);
    }
    suppress(found, options_.box_nms_thresh,
             [](Candidate const& candidate) { return candidate.predicted_iou; });
    for (Candidate& candidate : found) candidate.mask = uncropped(candidate.mask, crop_, image_);
    return found;
  }

 private:
  void add_batch(std::span<Point const> points, Candidates& found) const {
    std::vector<Point> const prompts = in_resized(points);
    MaskThresholds const thresholds{threshold(options_.pred_iou_thresh),
                                    options_.stability_score_offset,
                                    threshold(options_.stability_score_thresh)};
    for (FoundMask& each : model_.masks(embedding_, prompts, logits_, thresholds)) {
      MaskBox const box = moved(box_around(each.scored.mask), crop_);
      if (is_near_crop_edge(box, crop_, image_)) continue;
      Point const& point = points[each.point];
      found.push_back({std::move(each.scored.mask),
                       box,
                       each.predicted_iou,
                       each.scored.stability,
                       {point.x + crop_.x0, point.y + crop_.y0},
                       crop_});
    }
  }

  std::vector<Point> in_resized(std::span<Point const> points) const {
    double const across = static_cast<double>(resized_.width) / crop_.size().width;
    double const down = static_cast<double>(resized_.height) / crop_.size().height;
    std::vector<Point> moved;
    for (Point const& point : points) moved.push_back({point.x * across, point.y * down});
    return moved;
  }

  Model const& model_;
  GeneratorOptions const& options_;
  Size image_;
  Crop crop_;
  Size resized_;
  MaskLogits logits_;
  Embedding embedding_;
};

// Prefers masks of smaller crops.
float crop_score(Candidate const& candidate) {
  return 1.0F / static_cast<float>(candidate.crop.size().pixels());
}

void remove_small_regions(Candidates& candidates, std::uint32_t least, double nms_threshold) {
  for (Candidate& candidate : candidates) {
    auto cleaned = without_small_regions(candidate.mask, least);
    if (!cleaned) continue;
    candidate.mask = std::move(*cleaned);
    candidate.box = box_around(candidate.mask);
    candidate.cleaned = true;
  }
  // Prefers masks that were not changed.
  suppress(candidates, nms_threshold,
           [](Candidate const& candidate) { return candidate.cleaned ? 0.0F : 1.0F; });
}

MaskInfo info_of(Candidate const& candidate) {
  Crop const& crop = candidate.crop;
  MaskInfo info;
  info.predicted_iou = candidate.predicted_iou;
  // For a mask without pixels, which only a threshold of 0 lets pass, it is 0 / 0.
  info.stability_score = std::isnan(candidate.stability) ? 0 : candidate.stability;
  info.point = {candidate.point.x, candidate.point.y};
  info.crop_box = {static_cast<double>(crop.x0), static_cast<double>(crop.y0),
                   static_cast<double>(crop.size().width), static_cast<double>(crop.size().height)};
  return info;
}

MaskSet masks_of(Model const& model, Image const& image, GeneratorOptions const& options) {
  Candidates candidates;
  auto const crops = crops_of(image.size(), options.crop_n_layers, options.crop_overlap_ratio);
  for (Crop const& crop : crops) {
    for (Candidate& found : CropSearch(model, image, crop, options).candidates()) {
      candidates.push_back(std::move(found));
    }
  }
  if (crops.size() > 1) suppress(candidates, options.crop_nms_thresh, crop_score);
  if (options.min_mask_region_area > 0) {
    remove_small_regions(candidates, options.min_mask_region_area,
                         std::max(options.box_nms_thresh, options.crop_nms_thresh));
  }
  std::vector<MaskSet::Entry> entries;
  for (Candidate& candidate : candidates) {
    entries.push_back({std::move(candidate.mask), info_of(candidate)});
  }
  return MaskSet(std::move(entries), image.size());
}

}  // namespace

MaskSet generate_masks(Model const& model, Image const& image, GeneratorOptions const& options) {
  return call_torch([&] { return masks_of(model, image, options); });
}

// ---- The functions of the library, and the open models ----

namespace {

class ModelGenerator final : public MaskGenerator {
 public:
  explicit ModelGenerator(ModelOptions const& options) : model_(options) {}
  MaskSet generate(Image const& image, GeneratorOptions const& options) const override {
    return generate_masks(model_, image, options);
  }

 private:
  Model model_;
};

std::shared_ptr<MaskGenerator const> open_model(ModelOptions const& options) {
  return nets::open_shared<ModelGenerator>(options);
}

}  // namespace

Core const& core() {
  static constexpr Core kCore{SEPLFLOW_VERSION, nets::resolve_device, open_model};
  return kCore;
}

}  // namespace seplflow::sam
