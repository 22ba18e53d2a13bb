#include <seplflow/seplflow.hpp>

extern "C" __attribute__((visibility("default"))) seplflow_plugin_descriptor const seplflow_plugin;
seplflow_plugin_descriptor const seplflow_plugin = {{'S', 'E', 'P', 'L', 'F', 'L', 'O', 'W'},
                                                    seplflow::kAbiMajor,
                                                    seplflow::kAbiMinor,
                                                    sizeof(seplflow_plugin_descriptor),
                                                    "another compiler 1",
                                                    seplflow::kLayoutFlags,
                                                    "0.0.1",
                                                    nullptr};
