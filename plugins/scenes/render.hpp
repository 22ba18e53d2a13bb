// The picture of a scene.
#pragma once

#include "data/image.hpp"
#include "scenes/layout.hpp"

namespace seplflow::scenes {

Image render(Layout const& layout);

}  // namespace seplflow::scenes
