#include "stages.hpp"

SEPLFLOW_PLUGIN(plugin) {
  seplflow::dataset::declare_coco(plugin);
  seplflow::dataset::declare_folder(plugin);
  seplflow::dataset::declare_scenes(plugin);
  seplflow::dataset::declare_voc(plugin);
}
