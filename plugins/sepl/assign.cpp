#include "stages.hpp"

namespace seplflow::sepl {
namespace {

OverlapTable assign(LabelMap const& pseudo, MaskSet const& masks) {
  return OverlapTable(pseudo, masks);
}

}  // namespace

void declare_assign(Plugin& plugin) {
  plugin
      .stage<&assign>("sepl.assign",
                      "Count how much each mask overlaps each class, and so which class it goes to")
      .inputs("pseudo", "masks")
      .output("overlaps")
      .details(
          "Mask assignment of SEPL (Chen, Mai, Li, Chao, 2023, section 3). A mask goes to the "
          "class of the pseudo-label that it overlaps most, the lowest id among equals; a mask "
          "that meets no class is dropped. Background (0) and ignore (255) are no classes. No "
          "threshold plays a part, so a sweep over `t1` and `t2` shares this stage.");
}

}  // namespace seplflow::sepl
