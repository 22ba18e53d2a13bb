// Faults to order: what goes wrong with masks and pseudo-labels, to measure what rules make of it.
//
// Each fault has a strength from 0, which is none, to 1. Results depend on the options, the seed
// and the name of the sample, and are the same on every machine. Faults draw independently, so
// adding one does not change another, and what a share chooses is also chosen by every larger
// share.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <seplflow/seplflow.hpp>

namespace seplflow {

// In the order in which they are applied. An object is a 4-connected piece of one class in a label
// map; of more than 254 the largest count.
struct MaskFaults {
  double thin_background = 0;  // share of the masks of background that are dropped
  double missing = 0;          // share of all masks that are dropped
  double parts_only = 0;       // share of the objects whose whole masks are dropped
  double merged = 0;           // share of the objects whose mask is united with another object's
  double enveloping = 0;       // share of the classes that get a mask of objects and surroundings
  double jitter = 0;           // how far outlines move, as a share of the size of the mask

  bool any() const { return needs_objects() || missing > 0 || jitter > 0; }
  bool needs_objects() const {
    return thin_background > 0 || parts_only > 0 || merged > 0 || enveloping > 0;
  }
};

// In the order in which they are applied, to each region: a 4-connected piece of one class. Its
// size is the square root of its area.
struct LabelFaults {
  double swapped = 0;  // share of the regions that get another class of the image
  double partial = 0;  // share of each region that is lost, on one side of a line
  double eroded = 0;   // what each region loses all round, as a share of half of its size
  double dilated = 0;  // what each region gains all round, as a share of half of its size
  double halo = 0;     // the same with a ragged outline
  double shifted = 0;  // how far each region moves, as a share of its size
  double blobs = 0;    // area of wrong discs of each class, as a share of its area

  bool any() const {
    return swapped > 0 || partial > 0 || eroded > 0 || dilated > 0 || halo > 0 || shifted > 0 ||
           blobs > 0;
  }
};

// `labels` shows where objects are; it may be null if no fault needs them. Masks keep their order
// and scores; those that are added come last and have no scores. Throws Error if sizes differ.
MaskSet with_faults(MaskSet const& masks, LabelMap const* labels, MaskFaults const& faults,
                    std::uint64_t seed, std::string_view sample);

// Never changes which pixels are 255, except that a region that moves may cover some.
LabelMap with_faults(LabelMap const& labels, LabelFaults const& faults, std::uint64_t seed,
                     std::string_view sample);

// Options of a stage that is derived from the struct; `prefix` is that of their names.
template <class T>
StageBuilder<T>& add_mask_faults(StageBuilder<T>& stage, std::string const& prefix) {
  return stage
      .option(prefix + "enveloping", &MaskFaults::enveloping,
              "share of the classes for which a mask is added that holds all objects of the class "
              "and much of what is around them",
              in_range(0, 1))
      .option(prefix + "missing", &MaskFaults::missing, "share of all masks that are dropped",
              in_range(0, 1))
      .option(prefix + "merged", &MaskFaults::merged,
              "share of the objects whose mask becomes one with that of the nearest other object",
              in_range(0, 1))
      .option(prefix + "parts_only", &MaskFaults::parts_only,
              "share of the objects that lose the masks of the whole object", in_range(0, 1))
      .option(prefix + "thin_background", &MaskFaults::thin_background,
              "share of the masks of background that are dropped", in_range(0, 1))
      .option(prefix + "jitter", &MaskFaults::jitter,
              "how far the outlines of masks move, as a share of the square root of their area",
              in_range(0, 1));
}

template <class T>
StageBuilder<T>& add_label_faults(StageBuilder<T>& stage, std::string const& prefix) {
  return stage
      .option(prefix + "eroded", &LabelFaults::eroded,
              "what each region loses all round, as a share of half of its size", in_range(0, 1))
      .option(prefix + "dilated", &LabelFaults::dilated,
              "what each region gains all round from background, as a share of half of its size",
              in_range(0, 1))
      .option(prefix + "shifted", &LabelFaults::shifted,
              "how far each region moves, as a share of its size", in_range(0, 1))
      .option(prefix + "blobs", &LabelFaults::blobs,
              "area of three wrong discs of each class on background, as a share of its area",
              in_range(0, 1))
      .option(prefix + "swapped", &LabelFaults::swapped,
              "share of the regions that get another class of the image", in_range(0, 1))
      .option(prefix + "partial", &LabelFaults::partial,
              "share of each region that is lost, on one side of a line", in_range(0, 1))
      .option(prefix + "halo", &LabelFaults::halo, "as dilated, with a ragged outline",
              in_range(0, 1));
}

}  // namespace seplflow
