// The stages of this plugin, which is apart from the others of their family for its dependency.
#pragma once

#include <seplflow/seplflow.hpp>

namespace seplflow::cam {

void declare_h5(Plugin& plugin);

}  // namespace seplflow::cam
