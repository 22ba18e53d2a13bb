// What an image costs in SAM's encoder, beside the same operations written down plainly, as the
// official Python code has them; see README.md.
//   seplflow_bench_sam make FILE tiny|vit_b|vit_l|vit_h   a checkpoint with random weights
//   seplflow_bench_sam ours|plain|generate FILE [IMAGES [THREADS [DEVICE [PRECISION [WIDTH]]]]]
// `generate` makes the masks of images of 768 x 1024 (or another WIDTH), with the official settings.
#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>
#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <fstream>
#include <functional>
#include <map>
#include <thread>
#include <vector>

#include "core/mask_generator.hpp"
#include "core/model.hpp"
#include "nets/base/torch_call.hpp"
#include "core/weights.hpp"
#include "support/sam_checkpoint.hpp"

using namespace seplflow;
using namespace seplflow::sam;

namespace {

using Clock = std::chrono::steady_clock;

double seconds_of(std::function<void()> const& f) {
  auto const begin = Clock::now();
  f();
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

// The encoder as a module of Python would run it: an operation after the other on whole tensors.
class PlainEncoder {
 public:
  PlainEncoder(std::string const& file, at::Device device, at::ScalarType type)
      : weights_(read_weights(file, type, device)) {}

  // Of the images that it takes.
  std::int64_t side() const {
    auto const& shape = weights_.shape().encoder;
    return shape.grid * shape.patch;
  }

  at::Tensor operator()(at::Tensor const& images) const {
    auto const& shape = weights_.shape().encoder;
    at::Tensor x =
        at::conv2d(images, w("patch_embed.proj.weight"), w("patch_embed.proj.bias"), shape.patch)
            .permute({0, 2, 3, 1});
    x = x + w("pos_embed");
    for (std::size_t i = 0; i < shape.attends_to.size(); ++i) x = block(x, i);
    x = at::conv2d(x.permute({0, 3, 1, 2}), w("neck.0.weight"));
    x = norm2d(x, "neck.1");
    x = at::conv2d(x, w("neck.2.weight"), {}, 1, 1);
    return norm2d(x, "neck.3");
  }

 private:
  at::Tensor const& w(std::string const& name) const {
    return weights_.at("image_encoder." + name);
  }
  at::Tensor linear(at::Tensor const& x, std::string const& name) const {
    return at::linear(x, w(name + ".weight"), w(name + ".bias"));
  }
  at::Tensor norm(at::Tensor const& x, std::string const& name) const {
    return at::layer_norm(x, {x.size(-1)}, w(name + ".weight"), w(name + ".bias"), 1e-6);
  }
  at::Tensor norm2d(at::Tensor const& x, std::string const& name) const {
    at::Tensor const mean = x.mean(1, true);
    at::Tensor const variance = (x - mean).pow(2).mean(1, true);
    at::Tensor const y = (x - mean) / at::sqrt(variance + 1e-6);
    return w(name + ".weight").view({-1, 1, 1}) * y + w(name + ".bias").view({-1, 1, 1});
  }
  at::Tensor block(at::Tensor const& tokens, std::size_t i) const {
    std::string const name = "blocks." + std::to_string(i);
    std::int64_t const n = tokens.size(1), span = weights_.shape().encoder.attends_to[i];
    at::Tensor x = norm(tokens, name + ".norm1");
    std::int64_t const padding = (span - n % span) % span, across = (n + padding) / span;
    x = at::constant_pad_nd(x, {0, 0, 0, padding, 0, padding});
    x = x.view({1, across, span, across, span, -1}).permute({0, 1, 3, 2, 4, 5}).contiguous();
    x = attention(x.view({across * across, span, span, -1}), name + ".attn");
    x = x.view({1, across, across, span, span, -1}).permute({0, 1, 3, 2, 4, 5}).contiguous();
    x = x.view({1, across * span, across * span, -1}).slice(1, 0, n).slice(2, 0, n).contiguous();
    x = tokens + x;
    return x + linear(at::gelu(linear(norm(x, name + ".norm2"), name + ".mlp.lin1")),
                      name + ".mlp.lin2");
  }
  at::Tensor attention(at::Tensor const& x, std::string const& name) const {
    std::int64_t const groups = x.size(0), n = x.size(1), heads = weights_.shape().encoder.heads();
    at::Tensor const qkv =
        linear(x, name + ".qkv").reshape({groups, n * n, 3, heads, -1}).permute({2, 0, 3, 1, 4});
    at::Tensor const all = qkv.reshape({3, groups * heads, n * n, -1});
    at::Tensor const q = all[0], k = all[1], v = all[2];
    auto const d = static_cast<double>(q.size(2));
    at::Tensor scores = at::matmul(q * (1 / std::sqrt(d)), k.transpose(1, 2));
    at::Tensor const place = at::arange(n, x.device());
    at::Tensor const apart = place.unsqueeze(1) - place.unsqueeze(0) + (n - 1);
    at::Tensor const by_place = q.reshape({groups * heads, n, n, -1});
    at::Tensor const rows =
        at::einsum("bhwc,hkc->bhwk", {by_place, w(name + ".rel_pos_h").index({apart})});
    at::Tensor const columns =
        at::einsum("bhwc,wkc->bhwk", {by_place, w(name + ".rel_pos_w").index({apart})});
    scores =
        (scores.view({groups * heads, n, n, n, n}) + rows.unsqueeze(-1) + columns.unsqueeze(-2))
            .view({groups * heads, n * n, n * n});
    at::Tensor const out = at::matmul(scores.softmax(-1), v).view({groups, heads, n, n, -1});
    return linear(out.permute({0, 2, 3, 1, 4}).reshape({groups, n, n, -1}), name + ".proj");
  }

  Weights weights_;
};

int make(std::string const& file, std::string const& name) {
  std::map<std::string, ModelShape> const shapes = {{"tiny", small_sam()},
                                                    {"vit_b", official_sam(768, 12, 12)},
                                                    {"vit_l", official_sam(1024, 24, 16)},
                                                    {"vit_h", official_sam(1280, 32, 16)}};
  std::ofstream stream(file, std::ios::binary);
  stream << sam_checkpoint(shapes.at(name));
  return stream.flush() ? 0 : 1;
}

// What is timed for each image.
std::function<void()> encoding(std::string const& mode, std::string const& file,
                               std::string const& device, bool half, std::uint32_t width) {
  if (mode == "plain") {
    at::ScalarType const type = half ? at::kBFloat16 : at::kFloat;
    auto const encoder = std::make_shared<PlainEncoder>(file, at::Device(device), type);
    return [encoder, device, type] {
      c10::InferenceMode const without_gradients;
      auto const options = at::TensorOptions(at::Device(device)).dtype(type);
      std::int64_t const side = encoder->side();
      (*encoder)(at::zeros({1, 3, side, side}, options)).sum().item();  // waits for the device
    };
  }
  ModelOptions options;
  options.checkpoint = file;
  options.device = device;
  options.precision = half ? nets::Precision::bfloat16 : nets::Precision::float32;
  Size const size{width * 3 / 4, width};
  auto const image =
      std::make_shared<Image>(size, std::vector<std::uint8_t>(3 * size.pixels(), 100));
  if (mode == "generate") {
    auto const model = core().open(options);
    return [model, image] { model->generate(*image, GeneratorOptions()); };
  }
  auto const model = std::make_shared<Model>(options);
  return [model, image, device] {
    Embedding const embedding = model->encode(*image);
    if (device != "cpu") embedding.values();  // waits for the device
  };
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> const arguments(argv + 1, argv + argc);
  if (arguments.size() < 2) return 2;
  if (arguments[0] == "make") return make(arguments[1], arguments.at(2));
  int const images = arguments.size() > 2 ? std::stoi(arguments[2]) : 1;
  int const threads = arguments.size() > 3 ? std::stoi(arguments[3]) : 1;
  nets::use_one_thread();
  std::string const device = arguments.size() > 4 ? arguments[4] : "cpu";
  bool const half = arguments.size() > 5 && arguments[5] == "bfloat16";
  auto const width =
      static_cast<std::uint32_t>(arguments.size() > 6 ? std::stoul(arguments[6]) : 1024);
  std::function<void()> encode;
  double const loading = seconds_of([&] {
    encode = encoding(arguments[0], arguments[1], device, half, width);
    if (device != "cpu") encode();  // starts the device
  });
  double const all = seconds_of([&] {
    std::vector<std::jthread> workers;
    for (int i = 0; i < threads; ++i) {
      workers.emplace_back([&] {
        for (int k = 0; k < images; ++k) encode();
      });
    }
  });
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  double const user = static_cast<double>(usage.ru_utime.tv_sec) +
                      1e-6 * static_cast<double>(usage.ru_utime.tv_usec);
  double const system = static_cast<double>(usage.ru_stime.tv_sec) +
                        1e-6 * static_cast<double>(usage.ru_stime.tv_usec);
  double const seconds = all / (images * threads);
  std::printf(
      "seplflow %s %s %s: %.4f s, %.2f images/s, %d images by %d threads; load %.2f s; user %.2f s, "
      "system %.2f s; peak %.2f GB\n",
      arguments[0].c_str(), device.c_str(), half ? "bfloat16" : "float32", seconds, 1 / seconds,
      images * threads, threads, loading, user, system,
      static_cast<double>(usage.ru_maxrss) / 1e6);
}
