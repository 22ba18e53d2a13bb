// Two plugins with different ideas of one type: the second is built with SEPLFLOW_TEST_NEWER.
#include <seplflow/seplflow.hpp>

namespace lab {

struct Edges {
  int count = 0;
#ifdef SEPLFLOW_TEST_NEWER
  std::vector<int> places;
#endif
};

}  // namespace lab

template <>
struct seplflow::PortType<lab::Edges> {
  static constexpr std::string_view name = "lab.Edges";
};

using namespace seplflow;

#ifdef SEPLFLOW_TEST_NEWER

static LabelMap draw(lab::Edges const&) {
  return LabelMap(Size{1, 1});
}

SEPLFLOW_PLUGIN(plugin) {
  plugin.stage<&draw>("lab.draw", "Draw edges").inputs("edges").output("labels");
}

#else

static lab::Edges find_edges(LabelMap const&) {
  return {};
}

SEPLFLOW_PLUGIN(plugin) {
  plugin.stage<&find_edges>("lab.find", "Find edges").inputs("labels").output("edges");
}

#endif
