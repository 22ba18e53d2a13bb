#include "stages.hpp"

SEPLFLOW_PLUGIN(plugin) {
  seplflow::sepl::declare_assign(plugin);
  seplflow::sepl::declare_select(plugin);
  seplflow::sepl::declare_consensus(plugin);
  seplflow::sepl::declare_oracle(plugin);
  seplflow::sepl::declare_reference(plugin);
}
