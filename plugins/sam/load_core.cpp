#include "core/mask_generator.hpp"
#include "nets/base/library.hpp"

namespace seplflow::sam {

Core const& core() {
  static Core const& loaded = *static_cast<Core const*>(nets::load_functions("seplflow_sam_core"));
  return loaded;
}

}  // namespace seplflow::sam
