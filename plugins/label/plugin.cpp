#include "stages.hpp"

SEPLFLOW_PLUGIN(plugin) {
  seplflow::label::declare_threshold(plugin);
}
