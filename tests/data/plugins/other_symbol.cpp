// Has the note of a plugin, and a symbol of the right name that is something else.
#include <seplflow/seplflow.hpp>

SEPLFLOW_PLUGIN_NOTE(seplflow::kAbiMajor, seplflow::kAbiMinor,
                     SEPLFLOW_TOOLCHAIN "\0" SEPLFLOW_LAYOUT "\0" SEPLFLOW_VERSION);

extern "C" __attribute__((visibility("default"))) char const seplflow_plugin[64] = "not this";
