// The Segment Anything Model, on one device.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <seplflow/image.hpp>
#include "core/mask_generator.hpp"
#include "core/mask_logits.hpp"
#include "core/model_sizes.hpp"

namespace seplflow::sam {

// A mask that the model proposes for a point.
struct Proposal {
  std::size_t point;          // which of the points
  float predicted_iou;        // the model's own estimate
  std::vector<float> logits;  // side x side, row-major: Model::logits_side()
};

// Which masks are wanted; compared as float32, like torch. Nothing: all.
struct MaskThresholds {
  std::optional<double> predicted_iou;  // above it
  double stability_offset = 1;          // of ScoredMask::stability
  std::optional<double> stability;      // at least it
};

// A mask of the image's size.
struct FoundMask {
  std::size_t point;  // which of the points
  float predicted_iou;
  ScoredMask scored;
};

// Where logits are scaled to the image: on the device, except on a CPU, where MaskLogits is several
// times as fast.
enum class ScaleMasks { where_faster, with_torch };

// The output of the image encoder, on the device. Copies share it.
class Embedding {
 public:
  struct Data;
  explicit Embedding(std::shared_ptr<Data const> data) : data_(std::move(data)) {}
  Data const& data() const { return *data_; }

  // (channels, grid, grid), like the official code; for tests.
  std::vector<float> values() const;

 private:
  std::shared_ptr<Data const> data_;
};

// A loaded model. Safe to use from any number of threads: on a CPU they work in parallel, on
// another device one after the other.
class Model {
 public:
  // Throws Error when the device does not exist or the checkpoint is not one of SAM (weights.hpp).
  // Like all other functions it may throw OutOfMemory. ScaleMasks::with_torch is for tests.
  explicit Model(ModelOptions const& options, ScaleMasks scale_masks = ScaleMasks::where_faster);
  ~Model();
  Model(Model const&) = delete;
  Model& operator=(Model const&) = delete;

  ModelShape const& shape() const;
  std::uint32_t image_size() const;
  std::uint32_t logits_side() const;

  // The longest side of the image must not exceed image_size(); smaller images are padded.
  Embedding encode(Image const& resized) const;

  // The proposals for foreground points (pixels of the resized image), each a separate prompt, with
  // a predicted IoU above `above` (compared as float32, like torch; nothing: all), ordered by point
  // and then as the model does.
  std::vector<Proposal> propose(Embedding const& embedding, std::span<Point const> points,
                                std::optional<double> above) const;

  // The stable proposals as masks of the image.
  std::vector<FoundMask> masks(Embedding const& embedding, std::span<Point const> points,
                               MaskLogits const& scaling, MaskThresholds const& thresholds) const;

 private:
  struct State;
  std::unique_ptr<State const> state_;
};

}  // namespace seplflow::sam
