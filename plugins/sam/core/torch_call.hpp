// How SAM's code calls torch.
#pragma once

#include "core/mask_generator.hpp"
#include "nets/base/torch_call.hpp"

namespace seplflow::sam {

// nets::call_torch, with SAM's advice when memory is too small.
template <class F>
auto call_torch(F const& f) {
  return nets::call_torch<OutOfMemory>(f);
}

}  // namespace seplflow::sam
