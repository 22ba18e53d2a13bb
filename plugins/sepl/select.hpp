// Mask selection and merge of SEPL.
#pragma once

#include <tuple>
#include <vector>

#include <seplflow/seplflow.hpp>

namespace seplflow::sepl {

// Which class gets a pixel that kept masks of two classes cover.
enum class Overlap {
  last,      // the higher class id, as in the authors' script
  support,   // the class whose covering mask has the larger share of its pseudo-label
  smallest,  // the class of the smallest covering mask
};

// Keeps a mask S assigned to class k if the pseudo-label covers more than t1 of it
// (|S and P_k| / |S| > t1) or it covers more than t2 of the pseudo-label (|S and P_k| / |P_k| >
// t2). A class without kept masks keeps P_k. The result is the union of what is kept, per class
// (SEPL, section 3). Exact ties between classes go to the higher id.
struct Select {
  double t1 = 0.5;
  double t2 = 0.85;
  Overlap overlap = Overlap::last;
  bool keep_ignore = false;
  bool lists_kept = false;  // not an option: whether another stage uses the kept masks

  // A layer to paint: a kept mask, or the pseudo-label of a class without kept masks.
  struct Layer {
    Label label;
    Mask const* mask;  // null for the pseudo-label
    double support;    // |S and P_k| / |S|; 1 for the pseudo-label
    std::uint64_t area;
    bool operator==(Layer const&) const = default;
  };
  // The effect of the options on an image.
  struct Selection {
    std::vector<Layer> layers;  // in the order of painting
    bool keep_ignore = false;
    bool lists_kept = false;
    bool operator==(Selection const&) const = default;
  };

  void check(OptionCheck& check) { lists_kept = check.wanted("kept"); }

  // `overlaps` must be the table of these labels and masks. Throws Error when the masks have
  // another size than the labels, or areas differ from those in the table.
  Selection decide(LabelMap const& pseudo, MaskSet const& masks,
                   OverlapTable const& overlaps) const;
  // The labels, and the kept masks in the order of `masks` if a stage uses them.
  static std::tuple<LabelMap, MaskSet> carry_out(Selection const& selection, LabelMap const& pseudo,
                                                 MaskSet const& masks, OverlapTable const& overlaps);
};

}  // namespace seplflow::sepl
