#include "select.hpp"

#include <algorithm>
#include <functional>
#include <iterator>
#include <set>
#include <utility>

#include "common/mask_agreement.hpp"
#include "stages.hpp"

namespace seplflow::sepl {
namespace {

using Layer = Select::Layer;

// What the options make of a mask.
struct Judgement {
  std::optional<std::size_t> k = {};  // index of its class; nothing if it overlaps none
  MaskAgreement agreement = {};
  bool by_t1 = false, by_t2 = false;

  bool is_kept() const { return by_t1 || by_t2; }
};

bool accepts_by_t1(Select const& select, MaskAgreement const& agreement) {
  return agreement.support > select.t1;
}

bool accepts_by_t2(Select const& select, MaskAgreement const& agreement) {
  return agreement.coverage > select.t2 && agreement.support > select.t2_min_support;
}

// Of each class, only the best of the masks that t2 alone accepts: the first of those with the most
// support.
void drop_all_but_best(std::vector<Judgement>& judged, std::size_t classes) {
  std::vector<Judgement*> best(classes);
  for (Judgement& mask : judged) {
    if (mask.by_t1 || !mask.by_t2) continue;
    Judgement*& other = best[*mask.k];
    bool const is_better = !other || mask.agreement.support > other->agreement.support;
    Judgement* const dropped = is_better ? std::exchange(other, &mask) : &mask;
    if (dropped) dropped->by_t2 = false;
  }
}

std::vector<Judgement> judged_masks(Select const& select, OverlapTable const& overlaps) {
  std::vector<Judgement> judged(overlaps.masks());
  for (std::size_t i = 0; i < judged.size(); ++i) {
    auto const k = overlaps.assigned(i);
    if (!k) continue;
    MaskAgreement const agreement = agreement_of(overlaps, i);
    judged[i] = {k, agreement, accepts_by_t1(select, agreement), accepts_by_t2(select, agreement)};
  }
  if (select.t2_masks == T2Masks::best) drop_all_but_best(judged, overlaps.classes().size());
  return judged;
}

// The kept masks, ascending. Every setting of a sweep calls this for every image.
std::vector<Layer> kept_masks(Select const& select, OverlapTable const& overlaps) {
  std::vector<Layer> kept;
  kept.reserve(overlaps.masks() + overlaps.classes().size());
  auto const keep_if = [&](std::size_t i, bool is_kept) {
    if (is_kept) kept.push_back(static_cast<Layer>(i));
  };
  if (select.t2_masks == T2Masks::best) {
    std::vector<Judgement> const judged = judged_masks(select, overlaps);
    for (std::size_t i = 0; i < judged.size(); ++i) keep_if(i, judged[i].is_kept());
    return kept;
  }
  for (std::size_t i = 0; i < overlaps.masks(); ++i) {
    if (!overlaps.assigned(i)) continue;
    MaskAgreement const agreement = agreement_of(overlaps, i);
    keep_if(i, accepts_by_t1(select, agreement) || accepts_by_t2(select, agreement));
  }
  return kept;
}

// Index of the class of a layer.
std::size_t class_of(Layer layer, OverlapTable const& overlaps) {
  std::size_t const masks = overlaps.masks();
  return layer < masks ? *overlaps.assigned(layer) : layer - masks;
}

double support_of(Layer layer, OverlapTable const& overlaps) {
  return layer < overlaps.masks() ? agreement_of(overlaps, layer).support : 1;
}

std::uint64_t area_of(Layer layer, OverlapTable const& overlaps) {
  std::size_t const masks = overlaps.masks();
  return layer < masks ? overlaps.mask_area(layer) : overlaps.class_areas()[layer - masks];
}

// Puts the layer that wins a pixel after those that lose it, so that painting in this order gives
// every pixel to its winner. The order within a class does not matter.
void order_by(Overlap overlap, OverlapTable const& overlaps, std::vector<Layer>& layers) {
  if (overlaps.classes().size() < 2) return;
  auto const sort_by = [&](auto const& key) {
    std::ranges::stable_sort(layers, std::less<>(), key);
  };
  auto const k = [&](Layer layer) { return class_of(layer, overlaps); };
  switch (overlap) {
    case Overlap::support:
      return sort_by([&](Layer each) { return std::pair(support_of(each, overlaps), k(each)); });
    case Overlap::smallest:
      // The largest first.
      return sort_by([&](Layer each) { return std::pair(~area_of(each, overlaps), k(each)); });
    case Overlap::last:
      break;
  }
  // As sorted by class, which takes longer: there are few classes.
  std::vector<Layer> ordered;
  ordered.reserve(layers.size());
  for (std::size_t i = 0; i < overlaps.classes().size(); ++i) {
    std::ranges::copy_if(layers, std::back_inserter(ordered),
                         [&](Layer each) { return k(each) == i; });
  }
  layers = std::move(ordered);
}

std::vector<Layer> layers_of(Select const& select, OverlapTable const& overlaps) {
  std::vector<Layer> layers = kept_masks(select, overlaps);
  std::vector<bool> any_kept(overlaps.classes().size());
  for (Layer const mask : layers) any_kept[*overlaps.assigned(mask)] = true;
  for (std::size_t k = 0; k < any_kept.size(); ++k) {
    if (!any_kept[k]) layers.push_back(static_cast<Layer>(overlaps.masks() + k));
  }
  order_by(select.overlap, overlaps, layers);
  return layers;
}

void require_table_of(LabelMap const& pseudo, MaskSet const& masks, OverlapTable const& overlaps) {
  auto const& areas = label_areas(pseudo);
  std::uint64_t const foreground = pseudo.size().pixels() - areas[kBackground] - areas[kIgnore];
  std::uint64_t known = 0;
  bool same_labels = true;
  for (std::size_t k = 0; k < overlaps.classes().size(); ++k) {
    known += overlaps.class_areas()[k];
    same_labels = same_labels && areas[overlaps.classes()[k]] == overlaps.class_areas()[k];
  }
  if (!same_labels || known != foreground) {
    throw Error(
        "the overlaps were computed from another pseudo-label; connect the one that is connected "
        "to sepl.assign");
  }
  bool same = overlaps.masks() == masks.count();
  for (std::size_t i = 0; same && i < masks.count(); ++i) {
    same = overlaps.mask_area(i) == masks.mask(i).area();
  }
  if (same) return;
  throw Error("the overlaps were computed from other masks (" + std::to_string(overlaps.masks()) +
              ") than the input has (" + std::to_string(masks.count()) +
              "); connect the masks that are connected to sepl.assign");
}

// Paints the pseudo-label where no mask of the image lies: only the pseudo-label of the same class
// is painted there, too.
void paint_uncovered(Canvas& canvas, LabelMap const& pseudo, MaskSet const& masks,
                     OverlapTable const& overlaps) {
  Mask covered(pseudo.size());
  for (std::size_t i = 0; i < masks.count(); ++i) covered = united(covered, masks.mask(i));
  for (Label const label : overlaps.classes()) {
    canvas.paint(without(mask_of(pseudo.runs(), label), covered), label);
  }
}

LabelMap merged_layers(std::vector<Layer> const& layers, LabelMap const& pseudo,
                       MaskSet const& masks, OverlapTable const& overlaps, Canvas canvas) {
  for (Layer const layer : layers) {
    Label const label = overlaps.classes()[class_of(layer, overlaps)];
    if (layer < masks.count()) {
      canvas.paint(masks.mask(layer), label);
    } else {
      canvas.paint(mask_of(pseudo.runs(), label), label);
    }
  }
  return canvas.labels();
}

LabelMap with_ignore_of(LabelMap const& pseudo, LabelMap const& labels) {
  std::vector<Run> runs;
  std::uint32_t end = 0;
  for_each_overlap(labels.runs(), pseudo.runs(),
                   [&](Label now, Label before, std::uint32_t pixels) {
                     end += pixels;
                     runs.push_back({end, now == kBackground && before == kIgnore ? kIgnore : now});
                   });
  return LabelMap(LabelRuns(labels.size(), std::move(runs)));
}

// Where one option alone decides. Of the best masks of t2, no other value is known to keep one that
// is dropped.
std::vector<Explanation::Limit> limits_of(Select const& select, Judgement const& mask) {
  std::vector<Explanation::Limit> limits;
  auto const [support, coverage] = mask.agreement;
  if (!mask.by_t2) limits.push_back({"t1", support});
  if (mask.by_t1 || (select.t2_masks == T2Masks::best && !mask.by_t2)) return limits;
  if (support > select.t2_min_support) {
    limits.push_back({"t2", coverage});
  } else if (coverage > select.t2) {
    limits.push_back({"t2_min_support", support});
  }
  return limits;
}

// Tenths from the first to the last, the value that is set, and 1, which keeps nothing.
std::vector<OptionValue> tenths(int first, int last, double set) {
  std::set<double> values = {set, 1.0};
  for (int i = first; i <= last; ++i) values.insert(i / 10.0);
  return {values.begin(), values.end()};
}

}  // namespace

Explanation Select::explain(SampleContext const& context, LabelMap const& pseudo,
                            MaskSet const& masks, OverlapTable const& overlaps) const {
  require_same_size(masks, pseudo, "the pseudo-label");
  require_table_of(pseudo, masks, overlaps);
  Explanation explanation;
  explanation.columns = {"overlap", "o_s", "o_p", "kept by t1", "kept by t2"};
  std::vector<std::pair<std::size_t, std::size_t>> counts(overlaps.classes().size());
  std::vector<Judgement> const judged = judged_masks(*this, overlaps);
  for (std::size_t i = 0; i < masks.count(); ++i) {
    Explanation::Item item{masks.mask(i)};
    Judgement const& mask = judged[i];
    if (mask.k) {
      auto const yes = [](bool is_kept) { return is_kept ? "yes" : "no"; };
      item.label = overlaps.classes()[*mask.k];
      item.kept = mask.is_kept();
      item.facts = {overlaps.overlaps(i)[*mask.k], mask.agreement.support, mask.agreement.coverage,
                    yes(mask.by_t1), yes(mask.by_t2)};
      item.limits = limits_of(*this, mask);
      ++counts[*mask.k].first;
      if (item.kept) ++counts[*mask.k].second;
    } else {
      item.facts = {0, 0.0, 0.0, "no", "no"};
    }
    explanation.items.push_back(std::move(item));
  }
  for (std::size_t k = 0; k < counts.size(); ++k) {
    if (counts[k].second > 0) continue;
    explanation.notes.push_back(
        name_of(context, overlaps.classes()[k]) + " keeps its pseudo-label (" +
        std::to_string(overlaps.class_areas()[k]) + " pixels): " +
        (counts[k].first == 0 ? "no mask went to it"
                              : "none of the masks that went to it is kept (" +
                                    std::to_string(counts[k].first) + ")"));
  }
  explanation.trials = {{"t1", tenths(2, 8, t1)}, {"t2", tenths(6, 9, t2)}};
  return explanation;
}

Select::Selection Select::decide(LabelMap const& pseudo, MaskSet const& masks,
                                 OverlapTable const& overlaps) const {
  require_same_size(masks, pseudo, "the pseudo-label");
  require_table_of(pseudo, masks, overlaps);
  return {layers_of(*this, overlaps), keep_ignore, lists_kept, uncovered};
}

std::tuple<LabelMap, MaskSet> Select::carry_out(Selection const& selection, LabelMap const& pseudo,
                                                MaskSet const& masks,
                                                OverlapTable const& overlaps) {
  Canvas canvas(pseudo.size());
  if (selection.uncovered == Uncovered::keep) paint_uncovered(canvas, pseudo, masks, overlaps);
  LabelMap labels = merged_layers(selection.layers, pseudo, masks, overlaps, std::move(canvas));
  if (selection.keep_ignore) labels = with_ignore_of(pseudo, labels);
  std::vector<MaskSet::Entry> kept;
  for (std::size_t i = 0; selection.lists_kept && i < masks.count(); ++i) {
    bool const is_kept = std::ranges::find(selection.layers, i) != selection.layers.end();
    if (is_kept) kept.push_back({masks.mask(i), masks.info(i)});
  }
  return {std::move(labels), MaskSet(std::move(kept), pseudo.size())};
}

void declare_select(Plugin& plugin) {
  plugin
      .stage<Select>("sepl.select",
                     "Keeps the masks that agree with the pseudo-label and merges them into labels")
      .inputs("pseudo", "masks", "overlaps")
      .outputs("labels", "kept")
      .option("t1", &Select::t1,
              "keep a mask if the pseudo-label covers more than this share of it", in_range(0, 1))
      .option("t2", &Select::t2,
              "keep a mask if it covers more than this share of the pseudo-label", in_range(0, 1))
      .option("overlap", &Select::overlap,
              "which class gets a pixel that masks of two classes cover: the higher id (last), the "
              "one with the larger support, or the one with the smallest mask",
              choices<Overlap>({{"last", Overlap::last},
                                {"support", Overlap::support},
                                {"smallest", Overlap::smallest}}))
      .option("keep_ignore", &Select::keep_ignore,
              "keep 255 from the pseudo-label where no class is painted")
      .option("t2_min_support", &Select::t2_min_support,
              "keep a mask for t2 only if the pseudo-label covers more than this share of it; 0 is "
              "the paper",
              in_range(0, 1))
      .option("t2_masks", &Select::t2_masks,
              "which masks of a class to keep that t2 accepts and t1 does not: all, or the best, "
              "the one that the pseudo-label covers most",
              choices<T2Masks>({{"all", T2Masks::all}, {"best", T2Masks::best}}))
      .option("uncovered", &Select::uncovered,
              "drop the pseudo-label where no mask of the image lies, or keep it",
              choices<Uncovered>({{"drop", Uncovered::drop}, {"keep", Uncovered::keep}}))
      .details(
          "The mask selection and merging of SEPL (Chen, Mai, Li, Chao, 2023, section 3). A mask S "
          "that is assigned to class k is kept if |S and P_k| / |S| > `t1` or |S and P_k| / |P_k| "
          "> `t2`; a ratio equal to the threshold is not enough. A class without kept masks keeps "
          "its pseudo-label. The kept masks of a class are united.\n\n"
          "Where the unions of two classes overlap, `overlap` decides. `last` is the rule of the "
          "authors' script; `support` selects the class whose covering mask has the largest |S and "
          "P_k| / |S|, and `smallest` the class of the smallest covering mask. A kept pseudo-label "
          "counts as a mask with support 1 and its own area. Exact ties go to the higher class "
          "id.\n\n"
          "Three options are not from the paper; their defaults switch them off. A mask that "
          "envelops the object holds all of its pseudo-label, so `t2` keeps it although most of it "
          "is something else. `t2_min_support` drops it if the pseudo-label covers too little of "
          "it, and `t2_masks = \"best\"` keeps for each class only the one of these masks with the "
          "largest |S and P_k| / |S|, the first of several. `uncovered = \"keep\"` gives a pixel "
          "that no mask of the image covers, kept or not, the class that it has in the "
          "pseudo-label. `t2_min_support = 0.3`, `t2_masks = \"best\"`, `uncovered = \"keep\"` and "
          "`overlap = \"support\"` together guard against enveloping masks; `sepl.consensus` goes "
          "further.\n\n"
          "The output `kept` is the masks that were kept, in the order of `masks`.");
}

}  // namespace seplflow::sepl
