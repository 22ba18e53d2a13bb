// The stage of this plugin.
#pragma once

#include <seplflow/seplflow.hpp>

namespace seplflow::panels {

void declare_panels(Plugin& plugin);

}  // namespace seplflow::panels
