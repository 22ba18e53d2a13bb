// What the stages with the networks of DeepLab, IRN and PSA need from the library that is built on
// torch (nets/base/library.hpp). All networks are safe to use from any number of threads, and throw
// Error or OutOfMemory.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <seplflow/image.hpp>
#include <seplflow/label_map.hpp>
#include <seplflow/score_maps.hpp>
#include "nets/base/model_options.hpp"
#include "nets/random_walk.hpp"

namespace seplflow::nets {

// Planes of values, row-major.
struct Planes {
  Size size;
  std::vector<float> values;  // of one plane after the other
};

// How the input is made smaller for the other scales of MSC: coordinates are mapped by the scale
// (torch 1.6 and later), or by the ratio of the sizes (before). They differ where a side times the
// scale is not a whole number.
enum class Interpolation { torch16, torch15 };

struct DeepLabOptions : ModelOptions {
  Interpolation interpolation = Interpolation::torch16;

  auto operator<=>(DeepLabOptions const&) const = default;
};

struct DeepLabResult {
  LabelMap labels;
  ScoreMaps scores;  // probabilities of all classes; without classes unless they are wanted
};

// DeepLab V2 with MSC.
class DeepLab {
 public:
  virtual ~DeepLab() = default;
  // The maximum over the scales, at the resolution of the network: a plane for each class.
  virtual Planes logits(Image const& image) const = 0;
  virtual DeepLabResult label(Image const& image, bool with_scores) const = 0;
};

struct Cams {
  ScoreMaps scores;                  // of the image's size
  std::optional<ScoreMaps> strided;  // a quarter of it, rounded up
};

// A classifier whose activations show where a class is.
class Classifier {
 public:
  virtual ~Classifier() = default;
  // The activation maps of these classes (1..K) of the image. Only IRN's network has strided ones.
  virtual Cams cams(Image const& image, std::span<Label const> classes, bool strided) const = 0;
};

// IRNet, which finds where classes meet.
class BoundaryNetwork {
 public:
  virtual ~BoundaryNetwork() = default;
  // One plane of 0..1, at a quarter of the image's size, rounded up.
  virtual Planes boundaries(Image const& image) const = 0;
};

// AffinityNet, which finds what belongs together.
class AffinityNetwork {
 public:
  virtual ~AffinityNetwork() = default;
  // At an eighth of the image's size, rounded up.
  virtual Affinities affinities(Image const& image) const = 0;
};

class Trainer;  // trainer.hpp
struct TrainerOptions;

// The functions of the library.
struct Functions {
  char const* version;  // of seplflow; must be that of the stage

  // The device that `device` stands for; throws unless it exists.
  std::string (*resolve_device)(std::string const& device);
  // The network of a checkpoint on a device. Equal options share one.
  std::shared_ptr<DeepLab const> (*open_deeplab)(DeepLabOptions const& options);
  std::shared_ptr<Classifier const> (*open_classifier)(ModelOptions const& options);
  std::shared_ptr<BoundaryNetwork const> (*open_irn)(ModelOptions const& options);
  std::shared_ptr<AffinityNetwork const> (*open_affinity)(ModelOptions const& options);
  // A network to train, whose options shape_to_train() accepts.
  std::unique_ptr<Trainer> (*make_trainer)(TrainerOptions const& options);
};

// The functions, for which the first call loads the library. Throws Error when it cannot be loaded.
Functions const& functions();

}  // namespace seplflow::nets
