// SAM's automatic mask generator.
#pragma once

#include <seplflow/image.hpp>
#include <seplflow/mask_set.hpp>
#include "core/mask_generator.hpp"
#include "core/model.hpp"

namespace seplflow::sam {

// The masks of an image, in the official order, each with its MaskInfo. Where the official code
// fails, this does not: there are no masks when nothing passes the thresholds, a resized image has
// at least one pixel a side, and there are no crops without pixels. Deterministic, and safe to call
// from several threads. Memory grows with the masks that are found, not with the number of points.
// Throws OutOfMemory when the memory of this machine or of the device is too small.
MaskSet generate_masks(Model const& model, Image const& image, GeneratorOptions const& options);

}  // namespace seplflow::sam
