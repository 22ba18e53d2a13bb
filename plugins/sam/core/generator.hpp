// SAM's automatic mask generator.
#pragma once

#include "core/generator_options.hpp"
#include "core/model.hpp"
#include "data/image.hpp"
#include "data/mask_set.hpp"

namespace seplflow::sam {

// The masks of an image, in the official order, each with its MaskInfo. Where the official code
// has no answer, this has: no masks when nothing passes the thresholds, at least one pixel a side
// of the resized image, no crops without pixels. Deterministic, and safe to call from several
// threads. Memory does not grow with the number of points but for the runs of the masks found.
// Throws OutOfMemory when this machine's memory or the device's does not suffice.
MaskSet generate_masks(Model const& model, Image const& image, GeneratorOptions const& options);

}  // namespace seplflow::sam
