// The Segment Anything Model, on one device.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/generator_options.hpp"
#include "core/mask_logits.hpp"
#include "core/point.hpp"
#include "core/shape.hpp"
#include "data/image.hpp"

namespace seplflow::sam {

// A mask that the model proposes for a point.
struct Proposal {
  std::size_t point;          // which of the points
  float predicted_iou;        // the model's own estimate
  std::vector<float> logits;  // side x side, row-major: Model::logits_side()
};

// Which masks are wanted; thresholds are float32, as torch compares. Nothing: all.
struct MaskThresholds {
  std::optional<double> predicted_iou;  // above it
  double stability_offset = 1;          // of ScoredMask::stability
  std::optional<double> stability;      // at least it
};

// A mask of the picture's size.
struct FoundMask {
  std::size_t point;  // which of the points
  float predicted_iou;
  ScoredMask scored;
};

// Where logits are scaled to the picture: on the device, if it is not the CPU, which is several
// times as fast with MaskLogits.
enum class ScaleMasks { where_faster, with_torch };

// What the model made of an image, on its device. Copies share.
class Embedding {
 public:
  struct Data;
  explicit Embedding(std::shared_ptr<Data const> data) : data_(std::move(data)) {}
  Data const& data() const { return *data_; }

  // (channels, grid, grid), as the official code's, for tests.
  std::vector<float> values() const;

 private:
  std::shared_ptr<Data const> data_;
};

// A model that was loaded. May be used from any number of threads: on the CPU they work side by
// side, each alone, on another device one after the other.
class Model {
 public:
  // Throws Error when there is no such device, or the checkpoint is none of SAM (weights.hpp), and
  // OutOfMemory, as all that follows. With torch masks are scaled on a CPU too, for tests.
  explicit Model(ModelOptions const& options, ScaleMasks scale_masks = ScaleMasks::where_faster);
  ~Model();
  Model(Model const&) = delete;
  Model& operator=(Model const&) = delete;

  ModelShape const& shape() const;
  std::uint32_t image_size() const;
  std::uint32_t logits_side() const;

  // The image must have its longest side of image_size(), or be smaller: it is padded.
  Embedding encode(Image const& resized) const;

  // Proposals for foreground points (pixels of the resized image), each a prompt of its own: those
  // whose predicted IoU is above `above` (float32, as torch compares; nothing: all), by point and
  // then by the model's order.
  std::vector<Proposal> propose(Embedding const& embedding, std::span<Point const> points,
                                std::optional<double> above) const;

  // The same as masks of the picture, of which those that are not stable are left out.
  std::vector<FoundMask> masks(Embedding const& embedding, std::span<Point const> points,
                               MaskLogits const& scaling, MaskThresholds const& thresholds) const;

 private:
  struct State;
  std::unique_ptr<State const> state_;
};

// The name of the device that ModelOptions::device means here: "cpu" or "cuda:1". Throws Error
// unless it is there.
std::string device_called(std::string const& device);

}  // namespace seplflow::sam
