// The stages of this plugin.
#pragma once

#include <seplflow/seplflow.hpp>

namespace seplflow::cam {

void declare_labels(Plugin& plugin);
void declare_npy(Plugin& plugin);
void declare_pkl(Plugin& plugin);
void declare_png_per_class(Plugin& plugin);

}  // namespace seplflow::cam
