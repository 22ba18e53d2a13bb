// The stages of this plugin.
#pragma once

#include <seplflow/seplflow.hpp>

namespace seplflow::masks {

void declare_faults(Plugin& plugin);
void declare_filter(Plugin& plugin);
void declare_json(Plugin& plugin);
void declare_npy(Plugin& plugin);
void declare_png(Plugin& plugin);

}  // namespace seplflow::masks
