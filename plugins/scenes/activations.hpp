// Class activation maps such as a classifier trained on image tags gives.
#pragma once

#include <vector>

#include "data/score_maps.hpp"
#include "scenes/layout.hpp"

namespace seplflow::scenes {

// Maps of these classes (objects of all of which the layout shows), drawn on a grid as coarse as
// a network's last layer and enlarged. In 0..1, the largest value of each plane is 1.
//
// They fail as such maps do: the parts that tell a class light up and the rest only partly, the
// activation spills over the outline, sometimes on to the surroundings or on to an object of
// another class, and sometimes an object stays dark.
ScoreMaps activations(Layout const& layout, std::vector<Label> classes);

}  // namespace seplflow::scenes
