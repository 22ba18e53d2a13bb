// Images and label maps as texts that a page shows as pictures. Internal to the report.
#pragma once

#include <string>

#include <seplflow/classes.hpp>
#include <seplflow/image.hpp>
#include <seplflow/label_map.hpp>

namespace seplflow {

// The size in which a picture is shown: not larger than the page needs.
Size shown_size(Size size);

// A data URI of the image, in its shown size.
std::string image_uri(Image const& image);

// A data URI of the labels, in their shown size, to lie over the image: the background is clear,
// classes are tinted and have a contour that is seen on any image, and 255 is a gray veil.
std::string overlay_uri(LabelMap const& labels, Colours const& colours);

}  // namespace seplflow
