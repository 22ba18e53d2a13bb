// The stages of this plugin.
#pragma once

#include <seplflow.hpp>

namespace seplflow::output {

void declare_labels(Plugin& plugin);
void declare_masks(Plugin& plugin);
void declare_panels(Plugin& plugin);
void declare_training_list(Plugin& plugin);

}  // namespace seplflow::output
