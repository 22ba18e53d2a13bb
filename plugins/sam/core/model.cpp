#include "core/model.hpp"

#include <ATen/ops/from_blob.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <array>
#include <mutex>

#include <seplflow/error.hpp>
#include "base/finite.hpp"
#include "core/batched_encoder.hpp"
#include "core/device_masks.hpp"
#include "core/image_encoder.hpp"
#include "core/mask_decoder.hpp"
#include "core/torch_call.hpp"
#include "nets/base/device.hpp"

namespace seplflow::sam {

using nets::values_of;

struct Embedding::Data {
  at::Tensor tokens;  // (grid, grid, channels)
};

namespace {

// A CPU is as fast with few points as with many, and faster when the data stay in the cache; each
// point has a copy of the image's tokens.
constexpr std::size_t kPointsOnCpu = 8;

// Masks whose predicted IoU is high enough, by point and then in the model's order.
struct Passing {
  std::vector<std::size_t> points;   // the point of each mask
  std::vector<float> predicted_iou;  // of each mask
  at::Tensor logits;                 // (masks, side, side), float32, on the device
};

}  // namespace

struct Model::State {
  State(Weights const& weights, at::Device on, ScaleMasks scale, std::uint32_t batch)
      : shape(weights.shape()),
        turns(on),
        device(on),
        scale_masks(scale),
        type(weights.at("image_encoder.pos_embed").scalar_type()),
        encoder(weights),
        decoder(weights),
        batched([this](at::Tensor const& images) { return encode(images); }, batch) {}

  at::Tensor encode(at::Tensor const& images) const {
    std::unique_lock const lock = turns.take();
    return encoder(images.to(device, type));
  }

  bool masks_on_device() const { return !device.is_cpu() || scale_masks == ScaleMasks::with_torch; }

  // Calls f(points, number of the first point) for groups of the most efficient size.
  template <class F>
  void for_each_group(std::span<Point const> points, F const& f) const {
    std::size_t const together = masks_on_device() ? points.size() : kPointsOnCpu;
    for (std::size_t begin = 0; begin < points.size(); begin += together) {
      f(points.subspan(begin, std::min(together, points.size() - begin)), begin);
    }
  }

  Passing passing(Embedding const& embedding, std::span<Point const> points,
                  std::optional<double> above) const;
  // Ends the turn as soon as the device is done and its memory is free.
  std::vector<std::optional<ScoredMask>> scored(at::Tensor logits, MaskLogits const& scaling,
                                                MaskThresholds const& thresholds,
                                                std::unique_lock<std::mutex> turn) const;

  ModelShape shape;
  nets::DeviceTurns turns;
  at::Device device;
  ScaleMasks scale_masks;
  at::ScalarType type;
  ImageEncoder encoder;
  MaskDecoder decoder;
  mutable BatchedEncoder batched;
};

namespace {

constexpr std::array<float, 3> kMean = {123.675F, 116.28F, 103.53F};
constexpr std::array<float, 3> kDeviation = {58.395F, 57.12F, 57.375F};

// (1, 3, side, side): the normalised image, padded with zeros.
at::Tensor input_of(Image const& image, std::int64_t side) {
  at::Tensor const input = at::zeros({1, 3, side, side}, at::TensorOptions(at::kFloat));
  auto* const values = input.data_ptr<float>();
  for (std::size_t channel = 0; channel < kMean.size(); ++channel) {
    std::array<float, 256> normalised;
    for (std::size_t i = 0; i < normalised.size(); ++i) {
      normalised[i] = (static_cast<float>(i) - kMean[channel]) / kDeviation[channel];
    }
    std::uint8_t const* sample = image.rgb().data() + channel;
    for (std::size_t y = 0; y < image.size().height; ++y) {
      float* out =
          values + (channel * static_cast<std::size_t>(side) + y) * static_cast<std::size_t>(side);
      for (std::size_t x = 0; x < image.size().width; ++x, sample += kMean.size()) {
        *out++ = normalised[*sample];
      }
    }
  }
  return input;
}

// Does not wait for the copy: it is in the queue of the device already.
at::Tensor on_device(std::vector<std::int64_t>& indices, at::Device device) {
  return at::from_blob(indices.data(), {static_cast<std::int64_t>(indices.size())},
                       at::TensorOptions(at::kLong))
      .to(device, at::kLong, /*non_blocking=*/true);
}

std::span<float const> logits_of(at::Tensor const& logits, std::size_t i) {
  auto const size = static_cast<std::size_t>(logits.size(1) * logits.size(2));
  return {logits.data_ptr<float>() + i * size, size};
}

}  // namespace

Passing Model::State::passing(Embedding const& embedding, std::span<Point const> points,
                              std::optional<double> above) const {
  DecodedPoints const decoded = decoder.decode(embedding.data().tokens, points);
  auto const masks = static_cast<std::size_t>(decoded.predictions.size(1));
  std::vector<float> const predictions = values_of(decoded.predictions);
  if (!all_finite<float>(predictions)) {
    throw Error(
        "the model predicts IoUs that are infinite or NaN: its weights are not those of a trained "
        "SAM, or it needs precision = \"float32\"");
  }
  Passing passing;
  std::vector<std::int64_t> wanted;  // points with a mask that passes
  std::vector<std::int64_t> chosen;  // masks that pass, among those of the wanted points
  for (std::size_t i = 0; i < predictions.size(); ++i) {
    if (above && !(predictions[i] > static_cast<float>(*above))) continue;
    auto const point = static_cast<std::int64_t>(i / masks);
    if (wanted.empty() || wanted.back() != point) wanted.push_back(point);
    chosen.push_back(static_cast<std::int64_t>((wanted.size() - 1) * masks + i % masks));
    passing.points.push_back(i / masks);
    passing.predicted_iou.push_back(predictions[i]);
  }
  if (wanted.empty()) return passing;
  at::Tensor const logits = decoder.logits(decoded, on_device(wanted, device)).flatten(0, 1);
  bool const all = logits.size(0) == static_cast<std::int64_t>(chosen.size());
  passing.logits = all ? logits : logits.index_select(0, on_device(chosen, device));
  return passing;
}

std::vector<std::optional<ScoredMask>> Model::State::scored(
    at::Tensor logits, MaskLogits const& scaling, MaskThresholds const& thresholds,
    std::unique_lock<std::mutex> turn) const {
  double const offset = thresholds.stability_offset;
  if (masks_on_device()) {
    DeviceRuns const runs(logits, scaling.scaling(), offset, thresholds.stability);
    logits.reset();
    turn = {};
    return runs.masks();
  }
  turn = {};
  std::vector<std::optional<ScoredMask>> masks;
  for (std::int64_t i = 0; i < logits.size(0); ++i) {
    masks.push_back(
        scaling.mask(logits_of(logits, static_cast<std::size_t>(i)), offset, thresholds.stability));
  }
  return masks;
}

std::vector<float> Embedding::values() const {
  return call_torch([&] { return values_of(data_->tokens.permute({2, 0, 1})); });
}

Model::Model(ModelOptions const& options, ScaleMasks scale_masks)
    : state_(call_torch([&] {
        nets::keep_freed_memory();
        at::Device const device = nets::device_of(options.device);
        at::ScalarType const type = nets::type_of(options.precision);
        return std::make_unique<State const>(read_weights(options.checkpoint, type, device), device,
                                             scale_masks, options.batch);
      })) {}

Model::~Model() = default;

ModelShape const& Model::shape() const {
  return state_->shape;
}

std::uint32_t Model::image_size() const {
  return static_cast<std::uint32_t>(state_->shape.encoder.image_size());
}

std::uint32_t Model::logits_side() const {
  return static_cast<std::uint32_t>(4 * state_->shape.encoder.grid);
}

Embedding Model::encode(Image const& resized) const {
  if (std::max(resized.size().height, resized.size().width) > image_size()) {
    throw Error("the image is " + to_string(resized.size()) +
                " (height x width), larger than the model's " + std::to_string(image_size()));
  }
  return call_torch([&] {
    at::Tensor const input = input_of(resized, image_size());
    at::Tensor const tokens =
        state_->device.is_cpu() ? state_->encode(input).select(0, 0) : state_->batched(input);
    return Embedding(std::make_shared<Embedding::Data const>(Embedding::Data{tokens}));
  });
}

std::vector<Proposal> Model::propose(Embedding const& embedding, std::span<Point const> points,
                                     std::optional<double> above) const {
  return call_torch([&] {
    std::vector<Proposal> proposals;
    state_->for_each_group(points, [&](std::span<Point const> group, std::size_t first) {
      std::unique_lock const lock = state_->turns.take();
      Passing const passing = state_->passing(embedding, group, above);
      if (passing.points.empty()) return;
      at::Tensor const logits = passing.logits.to(at::kCPU).contiguous();
      for (std::size_t i = 0; i < passing.points.size(); ++i) {
        auto const values = logits_of(logits, i);
        proposals.push_back(
            {first + passing.points[i], passing.predicted_iou[i], {values.begin(), values.end()}});
      }
    });
    return proposals;
  });
}

std::vector<FoundMask> Model::masks(Embedding const& embedding, std::span<Point const> points,
                                    MaskLogits const& scaling,
                                    MaskThresholds const& thresholds) const {
  return call_torch([&] {
    std::vector<FoundMask> found;
    state_->for_each_group(points, [&](std::span<Point const> group, std::size_t first) {
      std::unique_lock lock = state_->turns.take();
      Passing passing = state_->passing(embedding, group, thresholds.predicted_iou);
      if (passing.points.empty()) return;
      auto scored = state_->scored(std::move(passing.logits), scaling, thresholds, std::move(lock));
      for (std::size_t i = 0; i < scored.size(); ++i) {
        if (!scored[i]) continue;
        found.push_back(
            {first + passing.points[i], passing.predicted_iou[i], std::move(*scored[i])});
      }
    });
    return found;
  });
}

}  // namespace seplflow::sam
