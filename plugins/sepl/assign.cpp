#include "stages.hpp"

namespace seplflow::sepl {
namespace {

OverlapTable assign_masks(LabelMap const& pseudo, MaskSet const& masks) {
  return OverlapTable(pseudo, masks);
}

}  // namespace

void declare_assign(Plugin& plugin) {
  plugin
      .stage<&assign_masks>(
          "sepl.assign", "Assigns each mask to the class of the pseudo-label that it overlaps most")
      .inputs("pseudo", "masks")
      .output("overlaps")
      .details(
          "The mask assignment of SEPL (Chen, Mai, Li, Chao, 2023, section 3). If a mask overlaps "
          "several classes equally, it is assigned to the lowest id; a mask that overlaps no class "
          "is dropped. Background (0) and ignore (255) are not classes. The stage depends on no "
          "threshold, so a sweep over `t1` and `t2` shares it.");
}

}  // namespace seplflow::sepl
