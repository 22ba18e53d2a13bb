#include <tuple>

#include "nets/stages.hpp"

namespace seplflow::nets {
namespace {

// DeepLab V2, as deeplab-pytorch evaluates it.
struct LabelDeepLab : NetworkStage<DeepLabOptions, DeepLab> {
  void check(OptionCheck& check) {
    with_scores_ = check.wanted("scores");
    check_network(check, {nets::Network::deeplab},
                  "DeepLab runs on the CPU, where an image takes seconds");
  }

  void check_sample(Sample const& sample) const { require_classes(sample, 0); }

  std::tuple<LabelMap, ScoreMaps> operator()(SampleContext const& context,
                                             Image const& image) const {
    require_classes(context.sample(), 0);
    DeepLabResult result = network(&Functions::open_deeplab).label(image, with_scores_);
    return {std::move(result.labels), std::move(result.scores)};
  }

 private:
  bool with_scores_ = false;
};

}  // namespace

void declare_label_deeplab(Plugin& plugin) {
  auto& stage = plugin.stage<LabelDeepLab>(
      "label.deeplab", "Labels images with a trained DeepLab V2 (ResNet-101 with MSC)");
  stage.inputs("image").outputs("labels", "scores");
  with_network_options(stage, "such as deeplabv2_resnet101_msc-vocaug-20000.pth")
      .option(
          "interpolation", &LabelDeepLab::interpolation,
          "how the image is made smaller for the other scales: as torch 1.6 and later do it, or as "
          "torch 1.5 and earlier",
          choices<Interpolation>(
              {{"torch16", Interpolation::torch16}, {"torch15", Interpolation::torch15}}))
      .details(
          std::string(
              "Runs DeepLab V2 from a checkpoint of deeplab-pytorch "
              "(https://github.com/kazuto1011/deeplab-pytorch), with any number of classes, as its "
              "`main.py test` does: the whole image at its own size and at 0.5 and 0.75 of it, the "
              "pixel-wise maximum of the three logits, bilinear interpolation to the size of the "
              "image, softmax, and the most probable class. A checkpoint of the network without "
              "MSC is read too, and runs with MSC.\n\n"
              "`scores` are the probabilities of all classes, background included. They take 4 "
              "bytes for each class and pixel, and are computed only if a stage uses them. "
              "`label.crf` with `preset = \"clipes\"` has the parameters of deeplab-pytorch's CRF. "
              "(The published CRF is given the image minus the mean colour in 8 bits, which wraps "
              "dark colours to bright ones; `label.crf` is given the image.)\n\n"
              "`torch.nn.functional.interpolate` changed in torch 1.6: it maps coordinates by the "
              "scale instead of by the ratio of the sizes, which differs where a side times 0.5 or "
              "0.75 is not a whole number. The published scores are older than torch 1.6: "
              "`interpolation = \"torch15\"` reproduces them.\n\n"
              "One result exists where the official code fails: a smaller image has at least one "
              "pixel a side.\n\n") +
          kNetworkDetails);
}

}  // namespace seplflow::nets
