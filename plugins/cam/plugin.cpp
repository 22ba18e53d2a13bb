#include "stages.hpp"

SEPLFLOW_PLUGIN(plugin) {
  seplflow::cam::declare_labels(plugin);
}
