#include <seplflow/seplflow.hpp>

SEPLFLOW_PLUGIN(plugin) {
  (void)plugin;
  throw 42;
}
