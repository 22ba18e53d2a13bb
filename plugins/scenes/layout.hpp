// What a scene shows and where: all that its picture, labels, scores and masks have in common.
#pragma once

#include <cstdint>
#include <vector>

#include "data/size.hpp"
#include "scenes/random.hpp"
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

}  // namespace seplflow::scenes
