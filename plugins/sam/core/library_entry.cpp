// The entry point of the library, which the stage looks up after loading it.
#include "core/mask_generator.hpp"

extern "C" [[gnu::visibility("default")]] void const* seplflow_sam_core() {
  return &seplflow::sam::core();
}
