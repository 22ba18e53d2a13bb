#include "stages.hpp"

SEPLFLOW_PLUGIN(plugin) {
  seplflow::nets::declare_label_deeplab(plugin);
  seplflow::nets::declare_cam_classifier(plugin);
  seplflow::nets::declare_label_irn(plugin);
  seplflow::nets::declare_label_psa(plugin);
  seplflow::nets::declare_augment(plugin);
  seplflow::nets::declare_train_classifier(plugin);
  seplflow::nets::declare_train_deeplab(plugin);
  seplflow::nets::declare_train_irn(plugin);
  seplflow::nets::declare_train_psa(plugin);
}
