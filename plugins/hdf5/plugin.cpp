#include "stages.hpp"

SEPLFLOW_PLUGIN(plugin) {
  seplflow::cam::declare_h5(plugin);
}
