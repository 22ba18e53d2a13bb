// Generated scenes: pictures of objects with all that a pipeline needs of them, without files.
#pragma once

#include <cstdint>
#include <memory>

#include <seplflow/image.hpp>
#include <seplflow/image_labels.hpp>
#include <seplflow/label_map.hpp>
#include <seplflow/mask_set.hpp>
#include <seplflow/score_maps.hpp>
#include <seplflow/size.hpp>

namespace seplflow::scenes {

struct SceneOptions {
  Size size;               // of the picture
  int classes = 20;        // foreground classes, 1..254
  std::uint64_t seed = 0;  // of the whole set of scenes
};

// One picture with 1 to 4 objects (none where it has too few pixels), its truth, and what other
// methods would make of it: class activation maps, the pseudo-label that follows from them, and
// class-agnostic masks. Classes 1..20 look like those of PASCAL VOC in their order.
//
// The same options and index give the same bytes everywhere, whatever is asked for and in which
// order, provided that the compiler does not fuse multiply and add (-ffp-contract=off).
// Making a scene draws only where things are; each member renders what it returns, in O(pixels).
// Immutable; copies share their state; safe to use from several threads.
class Scene {
 public:
  // Throws Error when the size is none that seplflow handles or the classes are not 1..254.
  Scene(SceneOptions const& options, std::uint64_t index);

  Size size() const;
  Image image() const;

  // Class ids. From 96 pixels on the shorter side a ring two pixels wide around each object is
  // 255, as in VOC.
  LabelMap truth() const;

  // The classes that truth() holds.
  ImageLabels image_labels() const;

  // For the classes of image_labels(), each plane's largest value is 1.
  ScoreMaps scores() const;

  // The class with the largest score where that exceeds a constant for background; no 255.
  LabelMap pseudo() const;

  // As the Segment Anything Model proposes them; none is empty and there is at least one. The
  // point of each is the column and row of one of its pixels.
  MaskSet masks() const;

 private:
  struct State;
  std::shared_ptr<State const> state_;
};

}  // namespace seplflow::scenes
