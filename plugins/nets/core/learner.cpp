#include "nets/core/learner.hpp"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>

#include <seplflow/error.hpp>
#include "nets/base/resample.hpp"
#include "nets/network_tensors.hpp"

namespace seplflow::nets {
namespace {

bool is_statistic(std::string_view name) {
  return name.ends_with(".running_mean") || name.ends_with(".running_var");
}

template <class T>
at::Tensor copied(T const* values, std::vector<std::int64_t> const& shape, at::ScalarType type,
                  at::Device device) {
  // The copy from pinned memory does not wait, and torch keeps that memory until it is done.
  at::Tensor const here = at::empty(shape, at::TensorOptions(type).pinned_memory(!device.is_cpu()));
  std::memcpy(here.data_ptr(), values, here.nbytes());
  return device.is_cpu() ? here : here.to(device, type, /*non_blocking=*/true);
}

}  // namespace

std::optional<LearningGroup> learning_group(Network network, std::string const& name,
                                            bool is_random) {
  constexpr LearningGroup kPretrained{1, true}, kFresh{10, true};
  if (is_statistic(name)) return std::nullopt;
  if (network == Network::deeplab && name.starts_with("aspp.")) {
    return name.ends_with(".bias") ? LearningGroup{20, false} : kFresh;
  }
  if (network == Network::irn) {
    if (name.starts_with("fc_edge")) return kPretrained;
    return name.starts_with("fc_dp") ? std::optional(kFresh) : std::nullopt;
  }
  if (is_head(name, network)) return kFresh;
  if (network == Network::irn_cam) {
    bool const late = name.starts_with("resnet50.layer3.") || name.starts_with("resnet50.layer4.");
    return late || is_random ? std::optional(kPretrained) : std::nullopt;
  }
  // The normalisations of DeepLab and PSA stay as they are.
  if (network == Network::deeplab) {
    return name.ends_with(".conv.weight") ? std::optional(kPretrained) : std::nullopt;
  }
  bool const early =
      name.starts_with("conv1a.") || name.starts_with("b2.") || name.starts_with("b2_");
  bool const convolution = name.find("conv") != std::string::npos;
  return convolution && (!early || is_random) ? std::optional(kPretrained) : std::nullopt;
}

LabelMap Learner::labels(Image const&, at::Device, at::ScalarType) const {
  throw std::logic_error("only DeepLab has labels");
}

at::Tensor Learner::displacements(at::Tensor const&) const {
  throw std::logic_error("only IRNet has displacements");
}

at::Tensor uploaded(std::uint8_t const* values, std::vector<std::int64_t> const& shape,
                    at::Device device) {
  return copied(values, shape, at::kByte, device);
}

at::Tensor uploaded(float const* values, std::vector<std::int64_t> const& shape,
                    at::Device device) {
  return copied(values, shape, at::kFloat, device);
}

std::vector<std::uint8_t> labels_at(TrainingBatch const& batch, Size size) {
  auto const rows = nearest_as_pillow(batch.label_size.height, size.height);
  auto const columns = nearest_as_pillow(batch.label_size.width, size.width);
  std::vector<std::uint8_t> labels;
  labels.reserve(batch.count * size.pixels());
  for (std::size_t i = 0; i < batch.count; ++i) {
    std::uint8_t const* const map = batch.labels.data() + i * batch.label_size.pixels();
    for (std::uint32_t const y : rows) {
      std::uint8_t const* const row = map + std::size_t{y} * batch.label_size.width;
      for (std::uint32_t const x : columns) labels.push_back(row[x]);
    }
  }
  return labels;
}

void require_labels_below(TrainingBatch const& batch, std::int64_t classes) {
  constexpr std::uint8_t kUnlabelled = 255;
  std::size_t const pixels = batch.label_size.pixels();
  if (batch.labels.size() != batch.count * pixels) {
    throw Error("a batch of " + std::to_string(batch.count) + " images has " +
                std::to_string(batch.labels.size()) + " labels; expected " +
                std::to_string(pixels) + " for each image");
  }
  auto const wrong = std::ranges::find_if(
      batch.labels, [&](std::uint8_t label) { return label >= classes && label != kUnlabelled; });
  if (wrong == batch.labels.end()) return;
  auto const sample = static_cast<std::size_t>(wrong - batch.labels.begin()) / pixels;
  throw Error("the labels of " + (sample < batch.ids.size() ? batch.ids[sample] : "a sample") +
              " hold the class " + std::to_string(*wrong) +
              ", but the network learns the classes "
              "0 to " +
              std::to_string(classes - 1) + ", and 255 for pixels without a label");
}

}  // namespace seplflow::nets
