// The sizes that the tensors of a checkpoint agree on best.
#pragma once

#include "core/shape.hpp"

namespace seplflow::sam {

// The shape that the fewest tensors contradict, by being missing, of another shape, or not SAM's.
// So one damaged tensor is told from the hundreds that are sound, whichever it is. As in the
// official models all blocks of the encoder that do not attend globally share one window, which may
// be larger than the grid. Sizes that no tensor shows are 0.
ModelShape fit_shape(TensorShapes const& tensors);

}  // namespace seplflow::sam
