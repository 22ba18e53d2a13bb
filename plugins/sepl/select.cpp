#include "select.hpp"

#include <algorithm>
#include <bit>
#include <functional>
#include <numeric>
#include <optional>
#include <set>
#include <utility>

#include "common/mask_agreement.hpp"
#include "stages.hpp"

namespace seplflow::sepl {
namespace {

// What is painted: a kept mask by its number, or the pseudo-label of a class without kept masks by the
// number of the class after those of the masks.
using Layer = std::uint32_t;

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

// The masks i of which f(i) is true.
template <class F>
MaskBits masks_with(std::size_t masks, F&& f) {
  MaskBits bits((masks + 63) / 64);
  for (std::size_t word = 0; word < bits.size(); ++word) {
    std::size_t const begin = word * 64, count = std::min<std::size_t>(64, masks - begin);
    std::uint64_t those = 0;
    for (std::size_t i = 0; i < count; ++i) those |= static_cast<std::uint64_t>(f(begin + i)) << i;
    bits[word] = those;
  }
  return bits;
}

// Every setting of a sweep calls this for every image.
MaskBits kept_masks(Select const& select, OverlapTable const& overlaps) {
  if (select.t2_masks == T2Masks::best) {
    std::vector<Judgement> const judged = judged_masks(select, overlaps);
    return masks_with(judged.size(), [&](std::size_t i) { return judged[i].is_kept(); });
  }
  // A mask that overlaps no class agrees by 0 with it, which no threshold accepts. Without branches,
  // since a processor cannot predict which masks are kept.
  double const* const support = overlaps.supports().data();
  double const* const coverage = overlaps.coverages().data();
  double const t1 = select.t1, t2 = select.t2, t2_min_support = select.t2_min_support;
  return masks_with(overlaps.masks(), [=](std::size_t i) {
    return (support[i] > t1) | ((coverage[i] > t2) & (support[i] > t2_min_support));
  });
}

template <class F>
void for_each_mask(MaskBits const& masks, F&& f) {
  for (std::size_t word = 0; word < masks.size(); ++word) {
    for (std::uint64_t bits = masks[word]; bits != 0; bits &= bits - 1) {
      f(word * 64 + static_cast<std::size_t>(std::countr_zero(bits)));
    }
  }
}

std::size_t count(MaskBits const& masks) {
  return std::accumulate(masks.begin(), masks.end(), std::size_t{0},
                         [](std::size_t sum, std::uint64_t bits) {
                           return sum + static_cast<std::size_t>(std::popcount(bits));
                         });
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
      return sort_by(k);
  }
}

// By class, whether any of its masks is kept.
std::vector<bool> any_kept_of(MaskBits const& kept, OverlapTable const& overlaps) {
  std::vector<bool> any_kept(overlaps.classes().size());
  for_each_mask(kept, [&](std::size_t i) { any_kept[*overlaps.assigned(i)] = true; });
  return any_kept;
}

std::vector<Layer> layers_of(Select::Selection const& selection, OverlapTable const& overlaps) {
  std::vector<Layer> layers;
  for_each_mask(selection.kept, [&](std::size_t i) { layers.push_back(static_cast<Layer>(i)); });
  std::vector<bool> const any_kept = any_kept_of(selection.kept, overlaps);
  for (std::size_t k = 0; k < any_kept.size(); ++k) {
    if (!any_kept[k]) layers.push_back(static_cast<Layer>(overlaps.masks() + k));
  }
  order_by(selection.overlap, overlaps, layers);
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

Mask covered_by(MaskSet const& masks, Size size) {
  Mask covered(size);
  for (std::size_t i = 0; i < masks.count(); ++i) covered = united(covered, masks.mask(i));
  return covered;
}

LabelMap merged_layers(Select::Selection const& selection, LabelMap const& pseudo,
                       MaskSet const& masks, OverlapTable const& overlaps) {
  Canvas canvas(pseudo.size());
  if (selection.uncovered == Uncovered::keep) {
    Mask const covered = covered_by(masks, pseudo.size());
    for (Label const label : overlaps.classes()) {
      canvas.paint(without(mask_of(pseudo.runs(), label), covered), label);
    }
  }
  for (Layer const layer : layers_of(selection, overlaps)) {
    Label const label = overlaps.classes()[class_of(layer, overlaps)];
    if (layer < masks.count()) {
      canvas.paint(masks.mask(layer), label);
    } else {
      canvas.paint(mask_of(pseudo.runs(), label), label);
    }
  }
  return canvas.labels();
}

// A selection and its labels.
struct Merged {
  Select::Selection const* selection;
  std::vector<bool> any_kept;  // by class
  LabelMap labels;

  // Whether masks that are painted over these labels, except over higher classes, make them those of
  // another selection.
  bool is_within(Select::Selection const& other, std::vector<bool> const& any_kept_by_other) const {
    return selection->overlap == Overlap::last && other.overlap == Overlap::last &&
           selection->uncovered == other.uncovered && any_kept == any_kept_by_other &&
           std::ranges::equal(selection->kept, other.kept,
                              [](auto part, auto whole) { return (part & ~whole) == 0; });
  }
};

LabelMap with_more_masks(Merged const& merged, MaskBits more, MaskSet const& masks,
                         OverlapTable const& overlaps) {
  for (std::size_t i = 0; i < more.size(); ++i) more[i] &= ~merged.selection->kept[i];
  LabelMap labels = merged.labels;
  for_each_mask(more, [&](std::size_t i) {
    labels = raised(labels, masks.mask(i), overlaps.classes()[*overlaps.assigned(i)]);
  });
  return labels;
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

Select::Selection Select::decide(LabelMap const&, MaskSet const&,
                                 OverlapTable const& overlaps) const {
  bool const one_class = overlaps.classes().size() < 2;
  return {kept_masks(*this, overlaps), one_class ? Overlap::last : overlap, keep_ignore, lists_kept,
          uncovered};
}

Select::Result Select::carry_out(Selection const& selection, LabelMap const& pseudo,
                                 MaskSet const& masks, OverlapTable const& overlaps) {
  return std::move(carry_out_all({&selection}, pseudo, masks, overlaps).front());
}

std::vector<Select::Result> Select::carry_out_all(std::vector<Selection const*> const& selections,
                                                  LabelMap const& pseudo, MaskSet const& masks,
                                                  OverlapTable const& overlaps) {
  require_same_size(masks, pseudo, "the pseudo-label");
  require_table_of(pseudo, masks, overlaps);
  // Those with few masks first: most of the others only add some.
  std::vector<std::size_t> order(selections.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, {}, [&](std::size_t i) { return count(selections[i]->kept); });
  std::vector<Merged> merged;
  std::vector<std::optional<LabelMap>> labels(selections.size());
  for (std::size_t const i : order) {
    Selection const& selection = *selections[i];
    std::vector<bool> const any_kept = any_kept_of(selection.kept, overlaps);
    auto const within = std::find_if(merged.rbegin(), merged.rend(), [&](Merged const& other) {
      return other.is_within(selection, any_kept);
    });
    labels[i] = within == merged.rend() ? merged_layers(selection, pseudo, masks, overlaps)
                                        : with_more_masks(*within, selection.kept, masks, overlaps);
    merged.push_back({&selection, any_kept, *labels[i]});
    if (selection.keep_ignore) labels[i] = with_ignore_of(pseudo, *labels[i]);
  }
  std::vector<Result> results;
  for (std::size_t i = 0; i < selections.size(); ++i) {
    std::vector<MaskSet::Entry> kept;
    for_each_mask(selections[i]->kept, [&](std::size_t mask) {
      if (selections[i]->lists_kept) kept.push_back({masks.mask(mask), masks.info(mask)});
    });
    results.emplace_back(std::move(*labels[i]), MaskSet(std::move(kept), pseudo.size()));
  }
  return results;
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
