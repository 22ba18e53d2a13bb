// What the stage finds in the library when it has loaded it.
#include "core/mask_generator.hpp"

extern "C" [[gnu::visibility("default")]] seplflow::sam::Core const* seplflow_sam_core() {
  return &seplflow::sam::core();
}
