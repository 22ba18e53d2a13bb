// The stages of this plugin.
#pragma once

#include <seplflow/seplflow.hpp>

namespace seplflow::label {

void declare_certain(Plugin& plugin);
void declare_crf(Plugin& plugin);
void declare_faults(Plugin& plugin);
void declare_threshold(Plugin& plugin);

}  // namespace seplflow::label
