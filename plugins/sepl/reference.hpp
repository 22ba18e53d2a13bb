// What the script of SEPL's authors does, which is not quite what the paper says.
#pragma once

#include <seplflow.hpp>

namespace seplflow::sepl {

enum class Rule { max_iou, max_iou_imp, max_iou_imp2 };

// Classes take masks in ascending order; a mask that an earlier class took is gone. Class i takes S
// when more than half of it is P_i (max_iou, max_iou_imp), or also when it holds at least 0.85 of
// P_i (max_iou_imp2). The imp rules add the pixels of P_i that no mask covers which was still there
// when the class began. Higher classes paint over lower ones; ignore pixels become background.
struct Reference {
  Rule rule = Rule::max_iou_imp2;

  // Throws Error when the masks have another size than the labels.
  LabelMap operator()(LabelMap const& pseudo, MaskSet const& masks) const;
};

}  // namespace seplflow::sepl
