// The stages of this plugin.
#pragma once

#include <seplflow/seplflow.hpp>

namespace seplflow::dataset {

void declare_coco(Plugin& plugin);
void declare_folder(Plugin& plugin);
void declare_scenes(Plugin& plugin);
void declare_voc(Plugin& plugin);

}  // namespace seplflow::dataset
