// The rules of the SEPL authors' script, which differ from the paper.
#pragma once

#include <seplflow/seplflow.hpp>

namespace seplflow::sepl {

enum class Rule { max_iou, max_iou_imp, max_iou_imp2 };

// Classes take masks in ascending order; each mask is taken at most once. Class i takes a mask S if
// more than half of S lies in P_i (max_iou, max_iou_imp), or also if S contains at least 0.85 of
// P_i (max_iou_imp2). The imp rules add the pixels of P_i that are covered by none of the masks
// left when the class begins. Higher classes paint over lower ones; ignore pixels become
// background.
struct Reference {
  Rule rule = Rule::max_iou_imp2;

  // Throws Error when the masks have another size than the labels.
  LabelMap operator()(LabelMap const& pseudo, MaskSet const& masks) const;

  // Which class took each mask, and by which of the two tests.
  Explanation explain(SampleContext const& context, LabelMap const& pseudo,
                      MaskSet const& masks) const;
};

}  // namespace seplflow::sepl
