// Built twice, under two names: two plugins that define the same stage.
#include <seplflow/seplflow.hpp>

static seplflow::LabelMap same(seplflow::LabelMap const& labels) {
  return labels;
}

SEPLFLOW_PLUGIN(plugin) {
  plugin.stage<&same>("test.twin", "The same stage in two files").inputs("labels").output("labels");
}
