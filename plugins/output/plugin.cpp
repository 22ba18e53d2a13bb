#include "stages.hpp"

SEPLFLOW_PLUGIN(plugin) {
  seplflow::output::declare_cams(plugin);
  seplflow::output::declare_labels(plugin);
  seplflow::output::declare_masks(plugin);
  seplflow::output::declare_training_list(plugin);
}
