#include <algorithm>
#include <vector>

#include <seplflow/seplflow.hpp>
#include "stages.hpp"

namespace seplflow::masks {
namespace {

enum class WithoutScores { error, keep, drop };

// Keeps the masks that meet all conditions. Settings that keep the same masks share the result.
struct Filter {
  std::uint32_t min_area = 0;
  std::optional<std::uint32_t> max_area;
  std::optional<double> max_share, min_predicted_iou, min_stability;
  WithoutScores without_scores = WithoutScores::error;

  using Decision = std::vector<std::size_t>;  // the masks that are kept

  void check(OptionCheck& check) {
    if (max_area && *max_area < min_area) {
      check.refuse("max_area", "max_area is less than min_area, so no mask is kept");
    }
    bool const filters = min_area > 0 || max_area || max_share || uses_scores();
    if (!filters) {
      check.refuse("",
                   "no condition is set: min_area, max_area, max_share, min_predicted_iou or "
                   "min_stability");
    }
    if (without_scores != WithoutScores::error && !uses_scores()) {
      check.refuse("without_scores",
                   "no score is compared: set min_predicted_iou or min_stability");
    }
    check.expect_some({"masks", "the conditions drop all masks", false});
  }

  Decision decide(SampleContext const&, MaskSet const& masks) const {
    Decision kept;
    for (std::size_t i = 0; i < masks.count(); ++i) {
      if (has_kept_area(masks.mask(i)) && has_kept_scores(masks, i)) kept.push_back(i);
    }
    return kept;
  }

  static MaskSet carry_out(Decision const& kept, SampleContext const& context,
                           MaskSet const& masks) {
    context.count("masks", kept.size());
    context.count("dropped", masks.count() - kept.size());
    if (kept.size() == masks.count()) return masks;
    std::vector<MaskSet::Entry> entries;
    entries.reserve(kept.size());
    for (std::size_t const i : kept) entries.push_back({masks.mask(i), masks.info(i)});
    return MaskSet(std::move(entries), masks.size());
  }

 private:
  bool uses_scores() const { return min_predicted_iou || min_stability; }

  bool has_kept_area(Mask const& mask) const {
    if (mask.area() < min_area || (max_area && mask.area() > *max_area)) return false;
    return !max_share || static_cast<double>(mask.area()) <=
                             *max_share * static_cast<double>(mask.size().pixels());
  }

  bool has_kept_scores(MaskSet const& masks, std::size_t i) const {
    if (!uses_scores()) return true;
    auto const& info = masks.info(i);
    if (!info && without_scores == WithoutScores::error) {
      throw Error("mask " + std::to_string(i) +
                  " (from 0) has no scores, since its file does not have all of predicted_iou, "
                  "stability_score, point_coords and crop_box; set without_scores = \"keep\" or "
                  "\"drop\" for such masks");
    }
    if (!info) return without_scores == WithoutScores::keep;
    return (!min_predicted_iou || info->predicted_iou >= *min_predicted_iou) &&
           (!min_stability || info->stability_score >= *min_stability);
  }
};

}  // namespace

void declare_filter(Plugin& plugin) {
  plugin
      .stage<Filter>("masks.filter",
                     "Keeps masks by their area and by the scores that SAM gave them")
      .inputs("masks")
      .output("masks")
      .option("min_area", &Filter::min_area, "drop masks with fewer pixels", unit("pixels"))
      .option("max_area", &Filter::max_area, "drop masks with more pixels", unit("pixels"))
      .option("max_share", &Filter::max_share,
              "drop masks that cover more than this share of the image", in_range(0, 1))
      .option("min_predicted_iou", &Filter::min_predicted_iou,
              "drop masks whose predicted IoU is lower", in_range(0, 1))
      .option("min_stability", &Filter::min_stability, "drop masks whose stability score is lower",
              in_range(0, 1))
      .option(
          "without_scores", &Filter::without_scores,
          "what to do about a mask without scores when they are compared: report an error, keep "
          "or drop it",
          choices<WithoutScores>({{"error", WithoutScores::error},
                                  {"keep", WithoutScores::keep},
                                  {"drop", WithoutScores::drop}}))
      .details(
          "A mask is kept if it meets all conditions that are set, and masks stay in their order. "
          "Areas are in pixels (`max_area`) or a share of the pixels of the image (`max_share`). A "
          "mask has scores if its file has all of `predicted_iou`, `stability_score`, "
          "`point_coords` and `crop_box`. The run counts the masks that are kept and dropped. In a "
          "sweep, settings that keep the same masks share all work that follows.");
}

}  // namespace seplflow::masks
