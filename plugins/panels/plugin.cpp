#include "stages.hpp"

SEPLFLOW_PLUGIN(plugin) {
  seplflow::panels::declare_panels(plugin);
}
