#include "core/model.hpp"

#include <ATen/Context.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/zeros.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include <algorithm>
#include <array>
#include <mutex>

#include "core/batched_encoder.hpp"
#include "core/cpu_threads.hpp"
#include "core/host_memory.hpp"
#include "core/image_encoder.hpp"
#include "core/mask_decoder.hpp"
#include "core/with_torch.hpp"
#include "data/error.hpp"

namespace seplflow::sam {

struct Embedding::Data {
  at::Tensor tokens;  // (grid, grid, channels)
};

struct Model::State {
  State(Weights const& weights, at::Device on, std::uint32_t batch)
      : shape(weights.shape()),
        device(on),
        type(weights.at("image_encoder.pos_embed").scalar_type()),
        encoder(weights),
        decoder(weights),
        batched([this](at::Tensor const& images) { return encode(images); }, batch) {}

  // One thing at a time on a device, but for the CPU, where each image has a thread of its own.
  std::unique_lock<std::mutex> turn() const {
    bool const side_by_side = device.is_cpu() && is_blas_thread_safe();
    return side_by_side ? std::unique_lock<std::mutex>() : std::unique_lock(busy);
  }

  at::Tensor encode(at::Tensor const& images) const {
    std::unique_lock const lock = turn();
    return encoder(images.to(device, type));
  }

  std::vector<Proposal> propose(Embedding const& embedding, std::span<Point const> points,
                                std::optional<double> above) const;

  ModelShape shape;
  at::Device device;
  at::ScalarType type;
  ImageEncoder encoder;
  MaskDecoder decoder;
  mutable BatchedEncoder batched;
  mutable std::mutex busy;
};

namespace {

// Upscaling a point's logits takes the most memory of all, so few are at it together.
constexpr std::size_t kPointsUpscaled = 8;

// A CPU is as fast with few points as with many, and faster when what it works on stays in the
// cache; each has a copy of the image's tokens.
constexpr std::size_t kPointsOnCpu = 8;

constexpr std::array<float, 3> kMean = {123.675F, 116.28F, 103.53F};
constexpr std::array<float, 3> kDeviation = {58.395F, 57.12F, 57.375F};

at::Device device_of(std::string const& name) {
  bool const any = at::hasCUDA();
  if (name == "auto") return any ? at::Device(at::kCUDA, 0) : at::Device(at::kCPU);
  at::Device const device(name);
  if (device.is_cpu()) return device;
  int const count = any ? c10::impl::VirtualGuardImpl(at::kCUDA).deviceCount() : 0;
  // "cuda" alone has the index -1.
  int const index = std::max<int>(device.index(), 0);
  if (index < count) return at::Device(at::kCUDA, static_cast<c10::DeviceIndex>(index));
  throw Error(
      "there is no device \"" + name + "\": " +
      (any ? "this machine has " + std::to_string(count) + " GPUs" : "libtorch sees no GPU here") +
      "; set device = \"cpu\" or \"auto\"");
}

// (1, 3, side, side): normalised, and zeros where the image ends.
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

std::vector<float> values_of(at::Tensor const& tensor) {
  at::Tensor const here = tensor.to(at::kCPU, at::kFloat).contiguous();
  float const* const values = here.data_ptr<float>();
  return {values, values + here.numel()};
}

}  // namespace

std::vector<Proposal> Model::State::propose(Embedding const& embedding,
                                            std::span<Point const> points,
                                            std::optional<double> above) const {
  std::unique_lock const lock = turn();
  DecodedPoints const decoded = decoder.decode(embedding.data().tokens, points);
  auto const masks = static_cast<std::size_t>(decoded.predictions.size(1));
  std::vector<float> const predictions = values_of(decoded.predictions);
  auto const passes = [&](float iou) { return !above || iou > static_cast<float>(*above); };

  std::vector<std::int64_t> wanted;  // points with a mask that passes
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (std::ranges::any_of(std::span(predictions).subspan(i * masks, masks), passes)) {
      wanted.push_back(static_cast<std::int64_t>(i));
    }
  }
  std::vector<Proposal> proposals;
  for (std::size_t begin = 0; begin < wanted.size(); begin += kPointsUpscaled) {
    std::size_t const count = std::min(kPointsUpscaled, wanted.size() - begin);
    at::Tensor const chosen =
        at::from_blob(wanted.data() + begin, {static_cast<std::int64_t>(count)},
                      at::TensorOptions(at::kLong))
            .to(device);
    at::Tensor const logits = decoder.logits(decoded, chosen).to(at::kCPU).contiguous();
    auto const size = static_cast<std::size_t>(logits.size(2) * logits.size(3));
    for (std::size_t i = 0; i < count * masks; ++i) {
      auto const point = static_cast<std::size_t>(wanted[begin + i / masks]);
      float const iou = predictions[point * masks + i % masks];
      if (!passes(iou)) continue;
      float const* const values = logits.data_ptr<float>() + i * size;
      proposals.push_back({point, iou, {values, values + size}});
    }
  }
  return proposals;
}

std::vector<float> Embedding::values() const {
  return with_torch([&] { return values_of(data_->tokens.permute({2, 0, 1})); });
}

Model::Model(ModelOptions const& options)
    : state_(with_torch([&] {
        keep_freed_memory();
        at::Device const device = device_of(options.device);
        at::ScalarType const type =
            options.precision == Precision::bfloat16 ? at::kBFloat16 : at::kFloat;
        return std::make_unique<State const>(read_weights(options.checkpoint, type, device), device,
                                             options.batch);
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
                " (height x width), larger than the "
                "model's " +
                std::to_string(image_size()));
  }
  return with_torch([&] {
    at::Tensor const input = input_of(resized, image_size());
    at::Tensor const tokens =
        state_->device.is_cpu() ? state_->encode(input).select(0, 0) : state_->batched(input);
    return Embedding(std::make_shared<Embedding::Data const>(Embedding::Data{tokens}));
  });
}

std::vector<Proposal> Model::propose(Embedding const& embedding, std::span<Point const> points,
                                     std::optional<double> above) const {
  return with_torch([&] {
    std::size_t const together = state_->device.is_cpu() ? kPointsOnCpu : points.size();
    std::vector<Proposal> proposals;
    for (std::size_t begin = 0; begin < points.size(); begin += together) {
      std::size_t const count = std::min(together, points.size() - begin);
      for (Proposal& each : state_->propose(embedding, points.subspan(begin, count), above)) {
        each.point += begin;
        proposals.push_back(std::move(each));
      }
    }
    return proposals;
  });
}

void require_device(std::string const& device) {
  with_torch([&] { device_of(device); });
}

}  // namespace seplflow::sam
