#include "stages.hpp"

SEPLFLOW_PLUGIN(plugin) {
  seplflow::output::declare_labels(plugin);
}
