#include "stages.hpp"

SEPLFLOW_PLUGIN(plugin) {
  seplflow::cam::declare_labels(plugin);
  seplflow::cam::declare_npy(plugin);
  seplflow::cam::declare_pkl(plugin);
  seplflow::cam::declare_png_per_class(plugin);
}
