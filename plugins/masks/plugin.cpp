#include "stages.hpp"

SEPLFLOW_PLUGIN(plugin) {
  seplflow::masks::declare_faults(plugin);
  seplflow::masks::declare_filter(plugin);
  seplflow::masks::declare_json(plugin);
  seplflow::masks::declare_npy(plugin);
  seplflow::masks::declare_png(plugin);
}
