// The stages of this plugin.
#pragma once

#include <seplflow/seplflow.hpp>

namespace seplflow::eval {

void declare_boundary(Plugin& plugin);
void declare_diagnose(Plugin& plugin);
void declare_miou(Plugin& plugin);
void declare_reference_csv(Plugin& plugin);

}  // namespace seplflow::eval
