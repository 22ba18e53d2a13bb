// One image of eval.diagnose: its masks, and the cause of each wrong pixel.
#pragma once

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "common/cells.hpp"
#include "common/mask_agreement.hpp"
#include "eval/diagnose.hpp"

namespace seplflow::eval {

// What is known of a mask.
struct Proposal {
  std::optional<Label> fits;      // the class of more than half of its pixels in the ground truth
  std::optional<Label> assigned;  // the class of the pseudo-label
  MaskAgreement agreement{0, 0};  // with that class
  bool kept = false;
  std::uint64_t area = 0;

  // A class that the mask paints or speaks for. With sepl.select it is that of a kept mask.
  struct Voice {
    Label label;
    // Pixels that have the class in the pseudo-label, and of these those that also have it in the
    // ground truth.
    std::uint64_t of_class = 0, right = 0;

    bool is_misled() const { return 2 * right <= of_class; }
  };
  std::vector<Voice> voices = {};

  bool has_voice(Label label) const {
    return std::ranges::find(voices, label, &Voice::label) != voices.end();
  }
};

inline bool is_class(Label label) {
  return label != kBackground && label != kIgnore;
}

// A pixel's label, with that of the ground truth and that of the pseudo-label.
struct Labels {
  Label now, truth, pseudo;
};

// The classes that each mask paints or speaks for.
using Voices = std::vector<std::vector<Label>>;

class DiagnosedImage {
 public:
  DiagnosedImage(Rule rule, OverlapTable const& overlaps, Voices const& voices,
                 LabelMap const& pseudo, MaskSet const& masks, LabelMap const& labels,
                 LabelMap const& truth)
      : is_consensus_(rule == Rule::consensus),
        cells_(masks, pseudo.size()),
        maps_{&labels.runs(), &truth.runs(), &pseudo.runs()},
        in_pseudo_(label_areas(pseudo)),
        in_truth_(label_areas(truth)) {
    for (std::size_t m = 0; m < masks.count(); ++m) add(overlaps, m, voices[m]);
    look_at_cells();
    for (Proposal const& mask : masks_) {
      for (auto const& voice : mask.voices) any_kept_[voice.label] = true;
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
  void add(OverlapTable const& overlaps, std::size_t m, std::vector<Label> const& voices) {
    Proposal mask;
    mask.area = overlaps.mask_area(m);
    for (Label const label : voices) mask.voices.push_back({label});
    if (auto const k = overlaps.assigned(m)) {
      mask.assigned = overlaps.classes()[*k];
      mask.agreement = agreement_of(overlaps, m);
      mask.kept = mask.has_voice(*mask.assigned);
    }
    masks_.push_back(mask);
  }

  void look_at_cells() {
    struct Seen {
      std::array<std::uint64_t, 256> truth{};
      std::uint64_t known = 0;
    };
    std::vector<Seen> seen(masks_.size());
    areas_.resize(cells_.count());
    for_each([&](std::uint32_t cell, Labels at, std::uint32_t pixels) {
      areas_[cell] += pixels;
      if (at.truth == kIgnore) return;
      for (std::uint32_t const m : cells_.masks_over(cell)) {
        seen[m].truth[at.truth] += pixels;
        seen[m].known += pixels;
        for (auto& [label, of_class, right] : masks_[m].voices) {
          if (label != at.pseudo) continue;
          of_class += pixels;
          if (at.truth == label) right += pixels;
        }
      }
    });
    for (std::size_t m = 0; m < masks_.size(); ++m) {
      auto const most = std::ranges::max_element(seen[m].truth);
      if (2 * *most > seen[m].known) {
        masks_[m].fits = static_cast<Label>(most - seen[m].truth.begin());
      }
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
    return is_class(at.now) || is_consensus_ ? Cause::overlap : Cause::other;
  }

  Cause cause_in_background(std::uint32_t cell, Labels at) {
    bool is_painted = false;
    for (std::uint32_t const m : cells_.masks_over(cell)) {
      is_painted = is_painted || masks_[m].has_voice(at.now);
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
    bool const is_covered = !cells_.masks_over(cell).empty();
    if (at.now != at.pseudo) {
      return is_consensus_ && !is_covered ? Cause::no_mask : Cause::other;
    }
    if (at.now == kIgnore) return Cause::pseudo_label;
    if (any_kept_[at.now]) {
      return is_covered && !is_consensus_ ? Cause::other : Cause::pseudo_label;
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

  // The masks over the cell with a voice for the class that is not misled.
  std::vector<std::uint32_t> painters(std::uint32_t cell, Label label) const {
    std::vector<std::uint32_t> painters;
    for (std::uint32_t const m : cells_.masks_over(cell)) {
      auto const& voices = masks_[m].voices;
      auto const voice = std::ranges::find(voices, label, &Proposal::Voice::label);
      if (voice != voices.end() && !voice->is_misled()) painters.push_back(m);
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

  bool const is_consensus_;
  Cells const cells_;
  std::array<LabelRuns const*, 3> const maps_;
  std::array<std::uint64_t, 256> const &in_pseudo_, &in_truth_;
  std::vector<Proposal> masks_;
  std::array<bool, 256> any_kept_{};                  // by class
  std::vector<std::uint64_t> areas_;                  // of cells
  std::vector<std::vector<std::uint32_t>> cells_of_;  // of masks
  std::vector<std::optional<std::vector<std::uint32_t>>> envelops_;
};

}  // namespace seplflow::eval
