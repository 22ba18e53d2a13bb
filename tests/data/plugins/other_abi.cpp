// A plugin of a later seplflow: only the fields that never move may be looked at.
#include <seplflow/seplflow.hpp>

SEPLFLOW_PLUGIN_NOTE(99, 7, "");

extern "C" __attribute__((visibility("default"))) seplflow_plugin_descriptor const seplflow_plugin;
seplflow_plugin_descriptor const seplflow_plugin = {
    {'S', 'E', 'P', 'L', 'F', 'L', 'O', 'W'}, 99, 7, 16, nullptr, nullptr, nullptr, nullptr};
