// The stages of this plugin.
#pragma once

#include <seplflow.hpp>

namespace seplflow::cam {

void declare_labels(Plugin& plugin);

}  // namespace seplflow::cam
