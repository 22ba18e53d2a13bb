// Built three times: a plugin that ends the process that loads it, by a signal before it declares
// anything or by exit() in its declarations, or that never ends.
#include <csignal>
#include <cstdio>
#include <cstdlib>

#include <seplflow/seplflow.hpp>

#ifdef SEPLFLOW_TEST_PLUGIN_crashes
static int const at_load = std::raise(SIGSEGV);
#endif

static seplflow::LabelMap same(seplflow::LabelMap const& labels) {
  return labels;
}

SEPLFLOW_PLUGIN(plugin) {
  std::puts("what a plugin prints here is not shown");
  plugin.stage<&same>("test.ending", "Pass labels on").inputs("labels").output("labels");
#if defined(SEPLFLOW_TEST_PLUGIN_crashes)
  (void)at_load;
#elif defined(SEPLFLOW_TEST_PLUGIN_exits)
  std::fputs("first line\n\033[31mno licence\n", stderr);
  std::exit(0);
#else
  for (bool volatile forever = true; forever;) {
  }
#endif
}
