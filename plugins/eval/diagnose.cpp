#include "diagnose.hpp"

#include <algorithm>

#include "base/number_text.hpp"
#include "common/cells.hpp"
#include "common/mask_agreement.hpp"
#include "stages.hpp"

namespace seplflow::eval {
namespace {

// What is known of a mask.
struct Proposal {
  std::optional<Label> fits;      // the class of more than half of its pixels in the ground truth
  std::optional<Label> assigned;  // the class of the pseudo-label
  MaskAgreement agreement{0, 0};  // with that class
  bool kept = false;
  bool misled = false;  // at most half of the pixels that assign it have that class in the truth
  std::uint64_t area = 0;
};

bool is_class(Label label) {
  return label != kBackground && label != kIgnore;
}

// A pixel's label, with that of the ground truth and that of the pseudo-label.
struct Labels {
  Label now, truth, pseudo;
};

// Whether each mask is one of the kept ones, which are in the same order.
std::vector<bool> found_in(MaskSet const& kept, MaskSet const& masks) {
  std::vector<bool> found(masks.count());
  std::size_t next = 0;
  for (std::size_t m = 0; m < masks.count() && next < kept.count(); ++m) {
    found[m] = kept.mask(next) == masks.mask(m);
    next += found[m] ? 1 : 0;
  }
  if (next < kept.count()) {
    throw Error(
        "mask " + std::to_string(next) +
        " of \"kept\" is not one of \"masks\", or not in their order; connect the masks that "
        "the stage selects from");
  }
  return found;
}

std::vector<bool> kept_by(double t1, double t2, OverlapTable const& overlaps) {
  std::vector<bool> kept(overlaps.masks());
  for (std::size_t m = 0; m < kept.size(); ++m) {
    kept[m] = overlaps.assigned(m) && agreement_of(overlaps, m).is_kept(t1, t2);
  }
  return kept;
}

// One image.
class Case {
 public:
  Case(OverlapTable const& overlaps, std::vector<bool> const& kept, LabelMap const& pseudo,
       MaskSet const& masks, LabelMap const& labels, LabelMap const& truth)
      : cells_(masks, pseudo.size()),
        maps_{&labels.runs(), &truth.runs(), &pseudo.runs()},
        in_pseudo_(label_areas(pseudo)),
        in_truth_(label_areas(truth)) {
    for (std::size_t m = 0; m < masks.count(); ++m) add(overlaps, m, kept[m]);
    look_at_cells();
    for (Proposal const& mask : masks_) {
      if (mask.kept && mask.assigned) any_kept_[*mask.assigned] = true;
    }
    envelops_.resize(masks_.size());
  }

  // Calls f(cell, labels, pixels) for sequences of pixels.
  template <class F>
  void for_each(F&& f) const {
    for_each_piece(cells_, maps_,
                   [&](std::uint32_t cell, std::array<Label, 3> labels, std::uint32_t pixels) {
                     f(cell, Labels{labels[0], labels[1], labels[2]}, pixels);
                   });
  }

  // Of wrong pixels.
  Cause cause_of(std::uint32_t cell, Labels at) {
    bool const is_painted = is_class(at.now);
    if (at.truth != kBackground && in_pseudo_[at.truth] == 0) return Cause::class_missing;
    if (is_painted && in_truth_[at.now] == 0) return Cause::class_invented;
    return at.truth == kBackground ? cause_in_background(cell, at) : cause_in_object(cell, at);
  }

  // The best agreement of the good masks that the thresholds cut at pixels of that cause.
  MaskAgreement best_cut(std::uint32_t cell, Labels at) const {
    MaskAgreement best{0, 0};
    auto const add = [&](Proposal const& mask) {
      best.support = std::max(best.support, mask.agreement.support);
      best.coverage = std::max(best.coverage, mask.agreement.coverage);
    };
    if (at.truth == kBackground) {
      for_each_beside(cell, at.now, add);
    } else {
      for (Proposal const* mask : good_over(cell, at.truth)) add(*mask);
    }
    return best;
  }

  // Whether sepl.select can give the pixel this label if these masks are kept.
  bool is_explained(std::uint32_t cell, Labels at) const {
    bool const is_covered = !cells_.masks_over(cell).empty();
    bool const falls_back = is_class(at.pseudo) && !(any_kept_[at.pseudo] && is_covered);
    if (falls_back && at.now == at.pseudo) return true;
    bool any = is_class(at.pseudo) && !any_kept_[at.pseudo];
    for (std::uint32_t const m : cells_.masks_over(cell)) {
      if (!masks_[m].kept) continue;
      if (masks_[m].assigned == at.now) return true;
      any = true;
    }
    return !any && (at.now == kBackground || at.now == at.pseudo) && !is_class(at.now);
  }

 private:
  void add(OverlapTable const& overlaps, std::size_t m, bool is_kept) {
    Proposal mask;
    mask.area = overlaps.mask_area(m);
    mask.kept = is_kept;
    if (auto const k = overlaps.assigned(m)) {
      mask.assigned = overlaps.classes()[*k];
      mask.agreement = agreement_of(overlaps, m);
    }
    masks_.push_back(mask);
  }

  void look_at_cells() {
    struct Seen {
      std::array<std::uint64_t, 256> truth{};
      std::uint64_t known = 0, assigning = 0, right = 0;
    };
    std::vector<Seen> seen(masks_.size());
    areas_.resize(cells_.count());
    for_each([&](std::uint32_t cell, Labels at, std::uint32_t pixels) {
      areas_[cell] += pixels;
      if (at.truth == kIgnore) return;
      for (std::uint32_t const m : cells_.masks_over(cell)) {
        seen[m].truth[at.truth] += pixels;
        seen[m].known += pixels;
        if (masks_[m].assigned != at.pseudo) continue;
        seen[m].assigning += pixels;
        if (at.truth == at.pseudo) seen[m].right += pixels;
      }
    });
    for (std::size_t m = 0; m < masks_.size(); ++m) {
      auto const most = std::ranges::max_element(seen[m].truth);
      if (2 * *most > seen[m].known) {
        masks_[m].fits = static_cast<Label>(most - seen[m].truth.begin());
      }
      masks_[m].misled = 2 * seen[m].right <= seen[m].assigning;
    }
    cells_of_.resize(masks_.size());
    for (std::uint32_t cell = 0; cell < cells_.count(); ++cell) {
      for (std::uint32_t const m : cells_.masks_over(cell)) cells_of_[m].push_back(cell);
    }
  }

  Cause cause_in_object(std::uint32_t cell, Labels at) {
    if (cells_.masks_over(cell).empty()) return Cause::no_mask;
    for (std::uint32_t const m : painters(cell, at.now)) {
      if (envelops_one_over(m, cell, at.truth)) return Cause::enveloping_mask;
    }
    bool fits = false;
    for (std::uint32_t const m : cells_.masks_over(cell)) {
      fits = fits || masks_[m].fits == at.truth;
    }
    if (!fits) return Cause::spanning_mask;
    auto const good = good_over(cell, at.truth);
    if (good.empty()) return Cause::pseudo_label;
    if (std::ranges::none_of(good, &Proposal::kept)) return Cause::threshold;
    return is_class(at.now) ? Cause::overlap : Cause::other;
  }

  Cause cause_in_background(std::uint32_t cell, Labels at) {
    bool is_painted = false;
    for (std::uint32_t const m : cells_.masks_over(cell)) {
      is_painted = is_painted || (masks_[m].kept && masks_[m].assigned == at.now);
    }
    if (!is_painted) return cause_without_painter(cell, at);
    auto const over = painters(cell, at.now);
    if (over.empty()) return Cause::pseudo_label;
    for (std::uint32_t const m : over) {
      if (envelops_one_over(m, cell, kBackground)) return Cause::enveloping_mask;
      if (masks_[m].fits != at.now && envelops_one_beside(m, cell, at.now)) {
        return Cause::enveloping_mask;
      }
    }
    return Cause::spanning_mask;
  }

  // The label is not that of a kept mask: it may be the pseudo-label of a class without any.
  Cause cause_without_painter(std::uint32_t cell, Labels at) const {
    if (at.now != at.pseudo) return Cause::other;
    if (at.now == kIgnore) return Cause::pseudo_label;
    if (any_kept_[at.now]) {
      return cells_.masks_over(cell).empty() ? Cause::pseudo_label : Cause::other;
    }
    bool const has_mask =
        std::ranges::any_of(masks_, [&](Proposal const& mask) { return mask.fits == at.now; });
    if (!has_mask) return Cause::no_mask;
    bool was_cut = false;
    for_each_beside(cell, at.now, [&](Proposal const&) { was_cut = true; });
    return was_cut ? Cause::threshold : Cause::pseudo_label;
  }

  // The masks over the cell that fit the class and are assigned to it.
  std::vector<Proposal const*> good_over(std::uint32_t cell, Label label) const {
    std::vector<Proposal const*> good;
    for (std::uint32_t const m : cells_.masks_over(cell)) {
      Proposal const& mask = masks_[m];
      if (mask.fits == label && mask.assigned == label) good.push_back(&mask);
    }
    return good;
  }

  // The same for the masks that are not over the cell.
  template <class F>
  void for_each_beside(std::uint32_t cell, Label label, F&& f) const {
    for (std::uint32_t m = 0; m < masks_.size(); ++m) {
      Proposal const& mask = masks_[m];
      if (mask.fits == label && mask.assigned == label && !is_over(m, cell)) f(mask);
    }
  }

  // The kept masks over the cell that are assigned to the class, unless they are misled.
  std::vector<std::uint32_t> painters(std::uint32_t cell, Label label) const {
    std::vector<std::uint32_t> painters;
    for (std::uint32_t const m : cells_.masks_over(cell)) {
      Proposal const& mask = masks_[m];
      if (mask.kept && mask.assigned == label && !mask.misled) painters.push_back(m);
    }
    return painters;
  }

  bool is_over(std::uint32_t mask, std::uint32_t cell) const {
    return std::ranges::binary_search(cells_.masks_over(cell), mask);
  }

  bool envelops_one_over(std::uint32_t mask, std::uint32_t cell, Label label) {
    auto const& inner = enveloped_by(mask);
    return std::ranges::any_of(cells_.masks_over(cell), [&](std::uint32_t const m) {
      return masks_[m].fits == label && std::ranges::binary_search(inner, m);
    });
  }

  bool envelops_one_beside(std::uint32_t mask, std::uint32_t cell, Label label) {
    return std::ranges::any_of(enveloped_by(mask), [&](std::uint32_t const m) {
      return masks_[m].fits == label && !is_over(m, cell);
    });
  }

  // The smaller masks of which more than half is in the mask, ascending.
  std::vector<std::uint32_t> const& enveloped_by(std::uint32_t mask) {
    auto& known = envelops_[mask];
    if (known) return *known;
    std::vector<std::uint64_t> common(masks_.size());
    for (std::uint32_t const cell : cells_of_[mask]) {
      for (std::uint32_t const m : cells_.masks_over(cell)) common[m] += areas_[cell];
    }
    known.emplace();
    for (std::uint32_t m = 0; m < masks_.size(); ++m) {
      if (masks_[m].area < masks_[mask].area && 2 * common[m] > masks_[m].area) {
        known->push_back(m);
      }
    }
    return *known;
  }

  Cells const cells_;
  std::array<LabelRuns const*, 3> const maps_;
  std::array<std::uint64_t, 256> const &in_pseudo_, &in_truth_;
  std::vector<Proposal> masks_;
  std::array<bool, 256> any_kept_{};                  // by class
  std::vector<std::uint64_t> areas_;                  // of cells
  std::vector<std::vector<std::uint32_t>> cells_of_;  // of masks
  std::vector<std::optional<std::vector<std::uint32_t>>> envelops_;
};

void lower(std::optional<double>& least, double value) {
  least = std::min(least.value_or(value), value);
}

}  // namespace

void Diagnose::check(OptionCheck& check) {
  has_kept_ = check.connected("kept");
  if (!has_kept_) return;
  // A resolved pipeline has every option with its default.
  Diagnose const defaults;
  auto const refuse = [&](char const* option) {
    check.refuse(option, "the input \"kept\" tells which masks were kept; remove one of the two");
  };
  if (t1 != defaults.t1) refuse("t1");
  if (t2 != defaults.t2) refuse("t2");
}

Diagnose::Record Diagnose::operator()(SampleContext const& context, LabelMap const& pseudo,
                                      MaskSet const& masks, LabelMap const& labels,
                                      LabelMap const& truth, MaskSet const* kept) const {
  require_same_size(masks, pseudo, "the pseudo-label");
  require_same_size(labels.size(), "the labels", pseudo.size(), "the pseudo-label");
  require_same_size(truth.size(), "the ground truth", pseudo.size(), "the pseudo-label");
  OverlapTable const overlaps(pseudo, masks);
  Case image(overlaps, kept ? found_in(*kept, masks) : kept_by(t1, t2, overlaps), pseudo, masks,
             labels, truth);
  Record record;
  std::uint64_t unexplained = 0;
  image.for_each([&](std::uint32_t cell, Labels at, std::uint32_t pixels) {
    if (!image.is_explained(cell, at)) unexplained += pixels;
    if (at.truth == kIgnore) return;
    record.known += pixels;
    if (at.now == at.truth) return;
    Cause const cause = image.cause_of(cell, at);
    record.loss += pixels;
    record.causes[static_cast<std::size_t>(cause)] += pixels;
    if (cause != Cause::threshold) return;
    MaskAgreement const best = image.best_cut(cell, at);
    lower(record.t1_below, best.support);
    lower(record.t2_below, best.coverage);
  });
  if (unexplained > 0) {
    context.warn("the labels are not what sepl.select makes of these masks " +
                     (kept ? std::string("if it keeps those of the input \"kept\"")
                           : "with t1 = " + shortest(t1) + " and t2 = " + shortest(t2)) +
                     ", so causes may be wrong; connect \"kept\" to the output of the stage that "
                     "made the labels, or set its t1 and t2",
                 counted(unexplained, "pixel"));
  }
  return record;
}

std::string Diagnose::save(Record const& record) const {
  ByteWriter bytes;
  bytes.count(record.known).count(record.loss);
  for (std::uint64_t const pixels : record.causes) bytes.count(pixels);
  return bytes.maybe(record.t1_below).maybe(record.t2_below).take();
}

Diagnose::Record Diagnose::load(std::string_view bytes) const {
  ByteReader reader(bytes);
  Record record;
  record.known = reader.count();
  record.loss = reader.count();
  for (std::uint64_t& pixels : record.causes) pixels = reader.count();
  record.t1_below = reader.maybe();
  record.t2_below = reader.maybe();
  reader.end();
  return record;
}

std::vector<std::string> Diagnose::columns() const {
  std::vector<std::string> columns = {"sample", "loss"};
  columns.insert(columns.end(), kCauses.begin(), kCauses.end());
  columns.insert(columns.end(), {"t1_below", "t2_below"});
  return columns;
}

Row Diagnose::fold(Sample const& sample, Record const& record) {
  ++images_;
  total_.known += record.known;
  total_.loss += record.loss;
  Row row = {sample.id, record.loss};
  for (std::size_t i = 0; i < kCauses.size(); ++i) {
    total_.causes[i] += record.causes[i];
    images_with_[i] += record.causes[i] > 0 ? 1 : 0;
    row.push_back(record.causes[i]);
  }
  row.push_back(record.t1_below);
  row.push_back(record.t2_below);
  return row;
}

Findings Diagnose::finish() const {
  Findings findings;
  auto const share = [](std::uint64_t part, std::uint64_t whole) {
    return whole == 0 ? "-"
                      : seplflow::percent(static_cast<double>(part) / static_cast<double>(whole));
  };
  SummaryTable table;
  table.title = "wrong pixels by cause over " + counted(images_, "image");
  table.columns = {"", "pixels", "percent", "images"};
  table.rows.push_back({"loss", std::to_string(total_.loss), share(total_.loss, total_.known), ""});
  Metrics& metrics = findings.metrics;
  metrics.set("images", images_).set("pixels", total_.known).set("loss", total_.loss);
  auto const add_score = [&](std::string const& name, std::uint64_t pixels) {
    findings.scores.push_back({.name = name,
                               .value = static_cast<double>(pixels),
                               .metric = name,
                               .unit = "pixels",
                               .better = Better::less,
                               .minimum = 0.0});
  };
  add_score("loss", total_.loss);
  for (std::size_t i = 0; i < kCauses.size(); ++i) {
    std::uint64_t const pixels = total_.causes[i];
    metrics.set(kCauses[i], pixels);
    add_score(kCauses[i], pixels);
    table.rows.push_back({kCauses[i], std::to_string(pixels), share(pixels, total_.loss),
                          std::to_string(images_with_[i])});
  }
  findings.conditions =
      has_kept_ ? "kept masks as connected" : "t1 = " + shortest(t1) + ", t2 = " + shortest(t2);
  findings.summary.push_back(std::move(table));
  return findings;
}

void declare_diagnose(Plugin& plugin) {
  plugin
      .stage<Diagnose>("eval.diagnose",
                       "Divides the wrong pixels of each image by cause: the pseudo-label, the "
                       "masks, or the selection")
      .inputs("pseudo", "masks", "labels", "truth", "kept")
      .option("t1", &Diagnose::t1,
              "threshold t1 of the sepl.select that made the labels, if kept is not connected",
              in_range(0, 1))
      .option("t2", &Diagnose::t2,
              "threshold t2 of the sepl.select that made the labels, if kept is not connected",
              in_range(0, 1))
      .details(
          "The loss of an image is the number of pixels whose label differs from the ground "
          "truth, without those whose ground truth is 255. Each of these pixels has one cause, so "
          "the causes add up to the loss on every image. They follow section 4 of SEPL (Chen, "
          "Mai, Li, Chao, 2023).\n\n"
          "Terms: a mask *fits* the class that more than half of its pixels have in the ground "
          "truth, background included; pixels of 255 are left out, and a mask may fit no class. A "
          "mask is *assigned* to a class as by `sepl.assign`. It is *kept* if it is in the input "
          "`kept`; without this input, if `sepl.select` keeps it with `t1` and `t2`. A kept mask "
          "is *misled* if at most half of its pixels that have its class in "
          "the pseudo-label also have it in the ground truth. Mask E *envelops* mask F if F is "
          "smaller and more than half of F is in E.\n\n"
          "Let a wrong pixel have the class T in the ground truth and the label L. Its cause is "
          "the first of these that applies:\n\n"
          "| Cause | T is a class | T is background |\n"
          "|---|---|---|\n"
          "| `class_missing` | the pseudo-label of the image does not have T | |\n"
          "| `class_invented` | L is a class that the ground truth of the image does not have | "
          "the "
          "same |\n"
          "| `no_mask` | no mask covers the pixel: SAM overlooked it | L is the pseudo-label of a "
          "class without kept masks, and no mask fits L |\n"
          "| `enveloping_mask` | a kept mask of L covers the pixel, is not misled, and envelops a "
          "mask over the pixel that fits T | a kept mask of L covers the pixel, is not misled, and "
          "envelops a mask over the pixel that fits background; or it does not fit L and envelops "
          "a mask that fits L and leaves the pixel out |\n"
          "| `spanning_mask` | no mask over the pixel fits T: they span other objects or classes | "
          "a kept mask of L covers the pixel and is not misled |\n"
          "| `threshold` | masks over the pixel fit T and are assigned to T, but none of them is "
          "kept | L is the pseudo-label of a class without kept masks, and a mask that leaves the "
          "pixel out fits L and is assigned to L |\n"
          "| `overlap` | such a mask is kept, but another class got the pixel | |\n"
          "| `pseudo_label` | masks over the pixel fit T, but the pseudo-label assigns none of "
          "them to T | all kept masks of L over the pixel are misled; or L is the pseudo-label of "
          "a class without kept masks, and the masks that fit L are not assigned to it or cover "
          "the pixel; or L is the pseudo-label, and no mask covers the pixel; or both are 255 |\n"
          "| `other` | everything else | everything else |\n\n"
          "With labels of `sepl.select` and the masks that it keeps, `other` is always 0. Labels "
          "that it cannot have made of these masks cause a warning with the number of pixels: the "
          "thresholds differ then, or another rule made the labels. In a sweep over the options "
          "of `sepl.select`, connect `kept`, so that each variant has its own masks:\n\n"
          "```toml\n"
          "[stages.causes]\n"
          "use = \"eval.diagnose\"\n"
          "in  = { pseudo = \"cam\", masks = \"sam\", labels = \"select\", truth = \"voc.truth\", "
          "kept = \"select.kept\" }\n"
          "```\n\n"
          "Examples, one for each cause:\n\n"
          "- The picture shows a cat. The pseudo-label has only background: all pixels of the cat "
          "are `class_missing`. It has a dog instead: they still are, because the first cause "
          "counts. It has the cat, and a dog on the wall: the wall is `class_invented`.\n"
          "- SAM has a mask of the cat without its tail, and none over the tail: the tail is "
          "`no_mask`.\n"
          "- A mask of a cat and of a larger piece of carpet holds 90 % of the pseudo-label, so t2 "
          "keeps it. There is also a mask of the cat alone. The carpet is `enveloping_mask`, "
          "because the smaller mask would have sufficed. Without the smaller mask, it is "
          "`spanning_mask`.\n"
          "- The mask of the cat is assigned to cat with a support of 0.45 and a coverage of 0.7, "
          "so it is not kept. The ears, which the pseudo-label does not have, are `threshold`. "
          "`t1_below` is 0.45 and `t2_below` 0.7.\n"
          "- The masks of a person and of a motorbike cross, and both are kept. The foot of the "
          "person, which became motorbike, is `overlap`, unless the mask of the motorbike envelops "
          "that of the person.\n"
          "- The pseudo-label shows the cat and a lamp as cat. The mask of the lamp is kept as "
          "cat: "
          "it is misled, and the lamp is `pseudo_label`. There are two cats, and the pseudo-label "
          "shows one: the other, which has a mask, is `pseudo_label`.\n\n"
          "`STAGE.csv` has the columns `sample`, `loss`, one for each cause, `t1_below` and "
          "`t2_below`. With `t1` below `t1_below`, or with `t2` below `t2_below`, a good mask is "
          "kept by the paper's rule at each pixel of the cause `threshold`; both are empty where "
          "there are none. "
          "`metrics.json` has the totals by the same names, and the number of `images` and of "
          "`pixels` whose ground truth is known.");
}

}  // namespace seplflow::eval
