#include <seplflow/seplflow.hpp>

seplflow::LabelMap not_linked(seplflow::LabelMap const& labels);

SEPLFLOW_PLUGIN(plugin) {
  plugin.stage<&not_linked>("test.undefined", "Calls what is not there")
      .inputs("labels")
      .output("labels");
}
