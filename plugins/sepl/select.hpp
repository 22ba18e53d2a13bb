// Mask selection and merge of SEPL.
#pragma once

#include <seplflow.hpp>
#include <vector>

namespace seplflow::sepl {

// Which class gets a pixel that the kept masks of two classes cover.
enum class Overlap {
  last,      // the higher class id, as the authors' script does
  support,   // the class whose covering mask has the larger share of pseudo-label in it
  smallest,  // the class of the smallest covering mask
};

// Keeps a mask S, assigned to class k, when the pseudo-label covers more than t1 of it
// (|S and P_k| / |S| > t1) or it covers more than t2 of the pseudo-label (|S and P_k| / |P_k| >
// t2). A class of which no mask is kept keeps P_k. The result is the union of what is kept, per
// class (SEPL, section 3). Exact ties between classes go to the higher id.
struct Select {
  double t1 = 0.5;
  double t2 = 0.85;
  Overlap overlap = Overlap::last;
  bool keep_ignore = false;

  // Something that is painted: a kept mask, or the pseudo-label of a class that keeps none.
  struct Layer {
    Label label;
    Mask const* mask;  // null for the pseudo-label
    double support;    // |S and P_k| / |S|; 1 for the pseudo-label
    std::uint64_t area;
    bool operator==(Layer const&) const = default;
  };
  // All that the options have to say of an image.
  struct Selection {
    std::vector<Layer> layers;  // in the order of painting
    bool keep_ignore = false;
    bool operator==(Selection const&) const = default;
  };

  // `overlaps` must be the table of these labels and masks. Throws Error when the masks have
  // another size than the labels, or areas differ from those that the table knows.
  Selection decide(LabelMap const& pseudo, MaskSet const& masks,
                   OverlapTable const& overlaps) const;
  static LabelMap carry_out(Selection const& selection, LabelMap const& pseudo,
                            MaskSet const& masks, OverlapTable const& overlaps);
};

}  // namespace seplflow::sepl
