// The stages of this plugin.
#pragma once

#include <seplflow.hpp>

namespace seplflow::output {

void declare_labels(Plugin& plugin);

}  // namespace seplflow::output
