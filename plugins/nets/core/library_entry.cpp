// The entry point of the library for the stages of this folder (nets/base/library.hpp).
#include "nets/networks.hpp"

extern "C" [[gnu::visibility("default")]] void const* seplflow_nets_functions() {
  return &seplflow::nets::functions();
}
