#include "reference.hpp"

#include "stages.hpp"

namespace seplflow::sepl {
namespace {

constexpr double kCoverage = 0.85;

// Why a class takes a mask; nothing when it does not.
enum class Reason { mask, class_area };

std::optional<Reason> why_taken(Rule rule, OverlapTable const& overlaps, std::size_t i,
                                std::size_t k) {
  std::uint64_t const common = overlaps.overlaps(i)[k];
  if (2 * common > overlaps.mask_area(i)) return Reason::mask;
  bool const covers = ratio(common, overlaps.class_areas()[k]) >= kCoverage;
  return rule == Rule::max_iou_imp2 && covers ? std::optional(Reason::class_area) : std::nullopt;
}

// For each mask, the first class that takes it, as an index.
std::vector<std::optional<std::size_t>> takers_of(Rule rule, OverlapTable const& overlaps) {
  std::vector<std::optional<std::size_t>> takers(overlaps.masks());
  for (std::size_t i = 0; i < takers.size(); ++i) {
    for (std::size_t k = 0; k < overlaps.classes().size() && !takers[i]; ++k) {
      if (why_taken(rule, overlaps, i, k)) takers[i] = k;
    }
  }
  return takers;
}

// Paints the pixels of class k in `pseudo` that none of the masks covers that are left when it begins.
void paint_uncovered(Canvas& canvas, LabelRuns const& pseudo, Label label, MaskSet const& masks,
                     std::vector<std::optional<std::size_t>> const& takers, std::size_t k) {
  Mask covered(pseudo.size());
  for (std::size_t i = 0; i < masks.count(); ++i) {
    if (!takers[i] || *takers[i] >= k) covered = united(covered, masks.mask(i));
  }
  canvas.paint(without(mask_of(pseudo, label), covered), label);
}

}  // namespace

LabelMap Reference::operator()(LabelMap const& pseudo, MaskSet const& masks) const {
  OverlapTable const overlaps(pseudo, masks);
  auto const takers = takers_of(rule, overlaps);
  Canvas canvas(pseudo.size());
  for (std::size_t k = 0; k < overlaps.classes().size(); ++k) {
    Label const label = overlaps.classes()[k];
    if (rule != Rule::max_iou) paint_uncovered(canvas, pseudo.runs(), label, masks, takers, k);
    for (std::size_t i = 0; i < masks.count(); ++i) {
      if (takers[i] == k) canvas.paint(masks.mask(i), label);
    }
  }
  return canvas.labels();
}

Explanation Reference::explain(SampleContext const& context, LabelMap const& pseudo,
                               MaskSet const& masks) const {
  OverlapTable const overlaps(pseudo, masks);
  auto const takers = takers_of(rule, overlaps);
  Explanation explanation;
  explanation.columns = {"overlap", "share of mask", "share of class", "taken for its share of the"};
  std::vector<std::size_t> counts(overlaps.classes().size());
  for (std::size_t i = 0; i < masks.count(); ++i) {
    Explanation::Item item{masks.mask(i)};
    item.kept = takers[i].has_value();
    // A mask that no class took is shown with the class that it overlaps most.
    auto const k = item.kept ? takers[i] : overlaps.assigned(i);
    item.facts = Row(explanation.columns.size());
    if (k) {
      std::uint64_t const common = overlaps.overlaps(i)[*k];
      item.label = overlaps.classes()[*k];
      item.facts[0] = common;
      item.facts[1] = ratio(common, overlaps.mask_area(i));
      item.facts[2] = ratio(common, overlaps.class_areas()[*k]);
    }
    if (item.kept) {
      item.facts[3] = why_taken(rule, overlaps, i, *k) == Reason::mask ? "mask" : "class";
      ++counts[*k];
    }
    explanation.items.push_back(std::move(item));
  }
  for (std::size_t k = 0; k < counts.size(); ++k) {
    if (counts[k] > 0) continue;
    explanation.notes.push_back(name_of(context, overlaps.classes()[k]) + " takes no mask");
  }
  explanation.trials = {{"rule", {std::string("max_iou"), std::string("max_iou_imp"),
                                  std::string("max_iou_imp2")}}};
  return explanation;
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
