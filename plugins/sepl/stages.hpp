// The stages of this plugin.
#pragma once

#include <seplflow/seplflow.hpp>

namespace seplflow::sepl {

void declare_assign(Plugin& plugin);
void declare_select(Plugin& plugin);
void declare_consensus(Plugin& plugin);
void declare_oracle(Plugin& plugin);
void declare_reference(Plugin& plugin);

}  // namespace seplflow::sepl
