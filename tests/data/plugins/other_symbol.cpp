// Has a symbol of the right name that is something else.
extern "C" __attribute__((visibility("default"))) char const seplflow_plugin[64] = "not this";
