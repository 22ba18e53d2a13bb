#include "nets/core/deeplab.hpp"

#include <numeric>
#include <utility>
#include <vector>

#include "nets/base/device.hpp"
#include "nets/base/shared_model.hpp"
#include "nets/base/torch_call.hpp"
#include "nets/core/deeplab_network.hpp"
#include "nets/core/pictures.hpp"

namespace seplflow::nets {
namespace {

class DeepLabNetwork final : public DeepLab {
 public:
  explicit DeepLabNetwork(DeepLabOptions const& options)
      : DeepLabNetwork(options, NetworkFile(options.checkpoint, {Network::deeplab})) {}

  Planes logits(Image const& image) const override {
    return call_torch([&] {
      auto const turn = turns_.take();
      at::Tensor const maximum = msc(image);
      return Planes{{static_cast<std::uint32_t>(maximum.size(2)),
                     static_cast<std::uint32_t>(maximum.size(3))},
                    finite_values_of(maximum)};
    });
  }

  DeepLabResult label(Image const& image, bool with_scores) const override {
    return call_torch([&] {
      auto turn = turns_.take();
      at::Tensor const probabilities = probabilities_of(msc(image), image.size());
      LabelMap labels = labels_of(probabilities);
      at::Tensor const here = with_scores ? probabilities.to(at::kCPU) : at::Tensor();
      turn = {};
      std::vector<Label> classes(with_scores ? static_cast<std::size_t>(classes_) : 0);
      std::iota(classes.begin(), classes.end(), Label{0});
      return DeepLabResult{std::move(labels),
                           with_scores ? score_maps_of(here, std::move(classes))
                                       : ScoreMaps(image.size(), {}, std::vector<float>())};
    });
  }

 private:
  DeepLabNetwork(DeepLabOptions const& options, NetworkFile const& file)
      : interpolation_(options.interpolation),
        type_(type_of(options.precision)),
        classes_(file.shape().classes),
        turns_(device_of(options.device)),
        backbone_(read_network(file, type_, turns_.device()), file.shape()) {}

  at::Tensor msc(Image const& image) const {
    return msc_logits(backbone_, image, turns_.device(), type_, interpolation_);
  }

  Interpolation interpolation_;
  at::ScalarType type_;
  std::int64_t classes_;
  DeviceTurns turns_;
  DeepLabBackbone backbone_;
};

}  // namespace

std::shared_ptr<DeepLab const> open_deeplab(DeepLabOptions const& options) {
  return opened<DeepLabNetwork>(options);
}

}  // namespace seplflow::nets
