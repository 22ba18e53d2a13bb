#include "reference.hpp"

#include "stages.hpp"

namespace seplflow::sepl {
namespace {

constexpr double kCoverage = 0.85;

bool takes_mask(Rule rule, std::uint64_t common, std::uint64_t mask_area,
                std::uint64_t class_area) {
  if (2 * common > mask_area) return true;
  return rule == Rule::max_iou_imp2 &&
         static_cast<double>(common) / static_cast<double>(class_area) >= kCoverage;
}

// Paints the pixels of the class in `pseudo` that no mask of `available` covers.
void paint_uncovered(Canvas& canvas, LabelRuns const& pseudo, Label label, MaskSet const& masks,
                     std::vector<bool> const& available) {
  Mask covered(pseudo.size());
  for (std::size_t i = 0; i < masks.count(); ++i) {
    if (available[i]) covered = united(covered, masks.mask(i));
  }
  canvas.paint(without(mask_of(pseudo, label), covered), label);
}

}  // namespace

LabelMap Reference::operator()(LabelMap const& pseudo, MaskSet const& masks) const {
  OverlapTable const overlaps(pseudo, masks);
  Canvas canvas(pseudo.size());
  std::vector<bool> available(masks.count(), true);
  for (std::size_t k = 0; k < overlaps.classes().size(); ++k) {
    Label const label = overlaps.classes()[k];
    if (rule != Rule::max_iou) paint_uncovered(canvas, pseudo.runs(), label, masks, available);
    for (std::size_t i = 0; i < masks.count(); ++i) {
      bool const taken =
          available[i] && takes_mask(rule, overlaps.overlaps(i)[k], overlaps.mask_area(i),
                                     overlaps.class_areas()[k]);
      if (!taken) continue;
      available[i] = false;
      canvas.paint(masks.mask(i), label);
    }
  }
  return canvas.labels();
}

void declare_reference(Plugin& plugin) {
  plugin
      .stage<Reference>("sepl.reference",
                        "Applies the rules of the SEPL authors' published script, bit for bit")
      .inputs("pseudo", "masks")
      .output("labels")
      .option("rule", &Reference::rule, "which of the script's three rules to apply",
              choices<Rule>({{"max_iou", Rule::max_iou},
                             {"max_iou_imp", Rule::max_iou_imp},
                             {"max_iou_imp2", Rule::max_iou_imp2}}))
      .details(
          "The script differs from the text of the paper, which `sepl.assign` and `sepl.select` "
          "follow. In the script, classes take masks in ascending order, and each mask is taken at "
          "most once:\n\n"
          "- `max_iou`: a class takes the masks that its pseudo-label covers by more than half.\n"
          "- `max_iou_imp`: the same, and the class keeps the pixels of its pseudo-label that are "
          "covered by none of the masks left when the class begins.\n"
          "- `max_iou_imp2`: like `max_iou_imp`, and the class also takes the masks that contain "
          "at least 0.85 of its pseudo-label.\n\n"
          "Where classes overlap, the higher id wins. Ignore pixels (255) become background.");
}

}  // namespace seplflow::sepl
