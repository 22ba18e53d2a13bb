#include "stages.hpp"

SEPLFLOW_PLUGIN(plugin) {
  seplflow::sam::declare_masks_sam(plugin);
}
