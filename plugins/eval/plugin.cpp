#include "stages.hpp"

SEPLFLOW_PLUGIN(plugin) {
  seplflow::eval::declare_boundary(plugin);
  seplflow::eval::declare_diagnose(plugin);
  seplflow::eval::declare_miou(plugin);
  seplflow::eval::declare_reference_csv(plugin);
}
