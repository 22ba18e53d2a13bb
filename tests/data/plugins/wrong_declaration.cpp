#include <seplflow/seplflow.hpp>

struct Changes {
  int calls = 0;
  seplflow::LabelMap operator()(seplflow::LabelMap const& labels) {
    ++calls;
    return labels;
  }
};

SEPLFLOW_PLUGIN(plugin) {
  plugin.stage<Changes>("test.wrong", "Two inputs named, one taken; changes itself, not serial")
      .inputs("labels", "more")
      .output("labels")
      .option("use", &Changes::calls, "a reserved name");
}
