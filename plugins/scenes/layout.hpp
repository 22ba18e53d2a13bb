// What a scene shows and where: all that its picture, labels, scores and masks have in common.
#pragma once

#include <cstdint>
#include <vector>

#include <seplflow/image.hpp>
#include <seplflow/mask_set.hpp>
#include <seplflow/score_maps.hpp>
#include <seplflow/size.hpp>
#include "common/random.hpp"
#include "scenes/scene_object.hpp"

namespace seplflow::scenes {

// Independent streams of random numbers of one scene, so that what one member draws does not
// depend on which others were asked for.
enum class Stream : std::uint64_t { layout = 1, scores, masks, texture };

struct Layout {
  Size size;
  std::uint64_t seed = 0;     // of this scene
  double scale = 0;           // the shorter side, pixels
  double ground = 0;          // y of the horizon, or of the line between wall and floor
  std::vector<Thing> things;  // back to front; the first covers the whole picture

  std::uint64_t seed_for(Stream stream) const {
    return seed_of(seed, static_cast<std::uint64_t>(stream));
  }
};

// Parts are numbered in one byte.
constexpr int kMaxParts = 256;

// Appends a thing and numbers its parts; leaves it out when their numbers have run out.
void add(Layout& layout, Thing thing);

// One part without sub-parts.
Thing backdrop(Shape const& shape, Paint const& paint);

// Sky, hills and ground, or wall and floor, and what stands there.
void add_landscape(Layout& layout, Random& random);
void add_room(Layout& layout, Random& random);

// Objects of the classes 1 .. classes on top of one of these.
Layout make_layout(Size size, int classes, std::uint64_t seed);

// ---- What is made of a layout ----

Image render(Layout const& layout);

// Class activation maps such as a classifier trained on image tags gives.
//
// Maps of these classes (objects of all of which the layout shows), drawn on a grid as coarse as
// a network's last layer and enlarged. In 0..1, the largest value of each plane is 1.
//
// They fail as such maps do: the parts that tell a class light up and the rest only partly, the
// activation spills over the outline, sometimes on to the surroundings or on to an object of
// another class, and sometimes an object stays dark.
ScoreMaps activations(Layout const& layout, std::vector<Label> classes);

// Class-agnostic masks such as the Segment Anything Model's automatic generator gives.
//
// At most 80 masks: whole objects, parts, sub-parts, the backdrop's pieces. As with SAM some
// objects or parts are missing, some masks hold two objects that touch or an object with its
// shadow, some come twice with slightly different outlines, and some mean nothing.
MaskSet proposals(Layout const& layout, LabelRuns const& partition);

}  // namespace seplflow::scenes
