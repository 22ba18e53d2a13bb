// Built with another compiler, and with a symbol of it that this program does not have.
#include <seplflow/seplflow.hpp>

SEPLFLOW_PLUGIN_NOTE(seplflow::kAbiMajor, seplflow::kAbiMinor, "another compiler 1\0none\0" "0.0.1");

extern "C" int a_symbol_of_the_other_library();
extern "C" int call_it() {
  return a_symbol_of_the_other_library();
}
