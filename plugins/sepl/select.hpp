// Mask selection and merge of SEPL.
#pragma once

#include <cstdint>
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

// Which of the masks of a class are kept that t2 accepts and t1 does not.
enum class T2Masks { all, best };

// What becomes of the pseudo-label where no mask of the image lies.
enum class Uncovered { drop, keep };

// Some of the masks of an image, with a bit for each mask of it.
using MaskBits = std::vector<std::uint64_t>;

// Keeps a mask S assigned to class k if the pseudo-label covers more than t1 of it
// (|S and P_k| / |S| > t1) or it covers more than t2 of the pseudo-label (|S and P_k| / |P_k| >
// t2). A class without kept masks keeps P_k. The result is the union of what is kept, per class
// (SEPL, section 3). Exact ties between classes go to the higher id. The options that begin with
// t2_ and `uncovered` change this; their defaults are the paper.
struct Select {
  double t1 = 0.5;
  double t2 = 0.85;
  Overlap overlap = Overlap::last;
  bool keep_ignore = false;
  bool lists_kept = false;  // not an option: whether another stage uses the kept masks

  double t2_min_support = 0;  // a mask that t2 alone accepts must have more support
  T2Masks t2_masks = T2Masks::all;
  Uncovered uncovered = Uncovered::drop;

  // The effect of the options on an image.
  struct Selection {
    MaskBits kept;
    Overlap overlap = Overlap::last;  // always last in an image of one class
    bool keep_ignore = false;
    bool lists_kept = false;
    Uncovered uncovered = Uncovered::drop;
    bool operator==(Selection const&) const = default;
  };

  void check(OptionCheck& check) { lists_kept = check.wanted("kept"); }

  using Result = std::tuple<LabelMap, MaskSet>;

  Selection decide(LabelMap const& pseudo, MaskSet const& masks,
                   OverlapTable const& overlaps) const;
  // The labels, and the kept masks in the order of `masks` if a stage uses them. `overlaps` must be
  // the table of these labels and masks. Throws Error when the masks have another size than the
  // labels, or areas differ from those in the table.
  static Result carry_out(Selection const& selection, LabelMap const& pseudo, MaskSet const& masks,
                          OverlapTable const& overlaps);
  static std::vector<Result> carry_out_all(std::vector<Selection const*> const& selections,
                                           LabelMap const& pseudo, MaskSet const& masks,
                                           OverlapTable const& overlaps);
  // How the options judge each mask: o_s and o_p, and which of t1 and t2 keep it.
  Explanation explain(SampleContext const& context, LabelMap const& pseudo, MaskSet const& masks,
                      OverlapTable const& overlaps) const;
};

}  // namespace seplflow::sepl
