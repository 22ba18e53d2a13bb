// Changes of colour as torchvision's ColorJitter makes them of a PIL image, bit for bit. Needs no
// torch.
#pragma once

#include <seplflow/image.hpp>

namespace seplflow::nets {

enum class Adjustment { brightness, contrast, saturation, hue };

// The image with this property changed, in 8 bits. The factor of brightness, contrast and
// saturation is at least 0, and 1 changes nothing. That of hue is -0.5..0.5, a share of the circle
// of colours, and 0 loses at most what the conversion to HSV and back rounds.
Image adjusted(Image const& image, Adjustment adjustment, double factor);

}  // namespace seplflow::nets
