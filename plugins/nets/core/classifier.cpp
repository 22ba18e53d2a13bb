#include "nets/core/classifier.hpp"

#include <ATen/ops/cat.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/flip.h>
#include <ATen/ops/relu.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <seplflow/error.hpp>
#include "nets/base/device.hpp"
#include "nets/base/resample.hpp"
#include "nets/base/shared_model.hpp"
#include "nets/base/torch_call.hpp"
#include "nets/core/layers.hpp"
#include "nets/core/pictures.hpp"
#include "nets/core/resnet38.hpp"
#include "nets/core/resnet50.hpp"

namespace seplflow::nets {
namespace {

constexpr std::array<double, 4> kScales = {1, 0.5, 1.5, 2};

// A side times the scale, of two equally near numbers the even one, like numpy and Python round.
std::uint32_t scaled_side(std::uint32_t side, double scale) {
  return std::max(1U, static_cast<std::uint32_t>(std::nearbyint(side * scale)));
}

// The side of a map with a value for each `stride` pixels.
std::int64_t strided_side(std::uint32_t side, std::int64_t stride) {
  return (std::int64_t{side} + stride - 1) / stride;
}

// Each plane of (K, h, w) divided by its maximum.
at::Tensor normalised(at::Tensor const& planes) {
  constexpr double kLeast = 1e-5;
  return planes / (planes.flatten(1).amax(1).view({-1, 1, 1}) + kLeast);
}

class ClassifierNetwork final : public Classifier {
 public:
  explicit ClassifierNetwork(ModelOptions const& options)
      : ClassifierNetwork(options,
                          NetworkFile(options.checkpoint, {Network::irn_cam, Network::psa_cam})) {}

  Cams cams(Image const& image, std::span<Label const> classes, bool strided) const override {
    if (classes.empty()) return without_classes(image.size(), strided);
    return call_torch([&] {
      Cams cams = psa_ ? psa_cams(image, classes) : irn_cams(image, classes, strided);
      cams.scores = cams.scores.made_by(psa_ ? "psa" : "irn");
      if (cams.strided) cams.strided = cams.strided->made_by("irn");
      return cams;
    });
  }

 private:
  ClassifierNetwork(ModelOptions const& options, NetworkFile const& file)
      : psa_(file.shape().network == Network::psa_cam),
        type_(type_of(options.precision)),
        turns_(device_of(options.device)) {
    Weights const weights = read_network(file, type_, turns_.device());
    head_ = weights.at(psa_ ? "fc8.weight" : "classifier.weight");
    if (psa_) {
      resnet38_.emplace(weights, file.shape());
    } else {
      resnet50_.emplace(weights, file.shape());
    }
  }

  static Size strided_size(Size size) {
    return {static_cast<std::uint32_t>(strided_side(size.height, 4)),
            static_cast<std::uint32_t>(strided_side(size.width, 4))};
  }

  static Cams without_classes(Size size, bool strided) {
    Cams cams{ScoreMaps(size, {}, std::vector<float>()), std::nullopt};
    if (strided)
      cams.strided.emplace(strided_size(size), std::vector<Label>(), std::vector<float>());
    return cams;
  }

  // The activations (2, K, h, w) of some classes in the image and in its mirror image.
  at::Tensor activations(Image const& image, at::Tensor const& head) const {
    at::Tensor const one = tensor_of(image, imagenet_normalisation()).to(turns_.device(), type_);
    at::Tensor const both = at::cat({one, at::flip(one, {3})});
    at::Tensor const features = psa_ ? resnet38_->levels(both)[2] : (*resnet50_)(both);
    at::Tensor const values = at::relu(at::conv2d(features, head)).to(at::kFloat);
    require_finite(values);
    return values;
  }

  at::Tensor head_of(std::span<Label const> classes) const {
    std::vector<at::Tensor> rows;
    for (Label const label : classes) rows.push_back(head_.narrow(0, label - 1, 1));
    return at::cat(rows);
  }

  // Calls f(activations) for each scale of the image.
  void for_each_scale(Image const& image, std::span<Label const> classes,
                      std::function<void(at::Tensor const&)> const& f) const {
    at::Tensor const head = head_of(classes);
    for (double const scale : kScales) {
      Size const size{scaled_side(image.size().height, scale),
                      scaled_side(image.size().width, scale)};
      f(activations(resize_as_pillow(image, size, Filter::bicubic), head));
    }
  }

  Cams irn_cams(Image const& image, std::span<Label const> classes, bool with_strided) const {
    auto turn = turns_.take();
    Size const size = image.size(), quarter = strided_size(size);
    at::Tensor strided, high;
    auto const add = [](at::Tensor& sum, at::Tensor const& part) {
      sum = sum.defined() ? sum + part : part;
    };
    for_each_scale(image, classes, [&](at::Tensor const& both) {
      at::Tensor const cam = both.narrow(0, 0, 1) + at::flip(both.narrow(0, 1, 1), {3});
      // Multiples of 16, of which the beginning is used: this is how IRN does it.
      add(high,
          resized(cam, 16 * strided_side(size.height, 16), 16 * strided_side(size.width, 16)));
      if (with_strided) add(strided, resized(cam, quarter.height, quarter.width));
    });
    high = normalised(high.select(0, 0).narrow(1, 0, size.height).narrow(2, 0, size.width))
               .to(at::kCPU);
    if (with_strided) strided = normalised(strided.select(0, 0)).to(at::kCPU);
    turn = {};
    std::vector<Label> const labels(classes.begin(), classes.end());
    Cams cams{score_maps_of(high, labels), std::nullopt};
    if (with_strided) cams.strided = score_maps_of(strided, labels);
    return cams;
  }

  Cams psa_cams(Image const& image, std::span<Label const> classes) const {
    auto turn = turns_.take();
    Size const size = image.size();
    at::Tensor sum;
    for_each_scale(image, classes, [&](at::Tensor const& both) {
      at::Tensor const large = resized(both, size.height, size.width);
      at::Tensor const cam = large.select(0, 0) + at::flip(large.select(0, 1), {2});
      sum = sum.defined() ? sum + cam : cam;
    });
    sum = normalised(sum).to(at::kCPU);
    turn = {};
    return {score_maps_of(sum, {classes.begin(), classes.end()}), std::nullopt};
  }

  bool psa_;
  at::ScalarType type_;
  DeviceTurns turns_;
  at::Tensor head_;  // (classes, channels, 1, 1)
  std::optional<ResNet38> resnet38_;
  std::optional<ResNet50> resnet50_;
};

}  // namespace

std::shared_ptr<Classifier const> open_classifier(ModelOptions const& options) {
  return opened<ClassifierNetwork>(options);
}

}  // namespace seplflow::nets
