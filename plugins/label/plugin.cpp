#include "stages.hpp"

SEPLFLOW_PLUGIN(plugin) {
  seplflow::label::declare_certain(plugin);
  seplflow::label::declare_crf(plugin);
  seplflow::label::declare_faults(plugin);
  seplflow::label::declare_threshold(plugin);
}
