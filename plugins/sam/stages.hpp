// The stages of this plugin.
#pragma once

#include <seplflow/seplflow.hpp>

namespace seplflow::sam {

void declare_masks_sam(Plugin& plugin);

}  // namespace seplflow::sam
