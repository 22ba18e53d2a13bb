#include <optional>
#include <tuple>

#include "nets/stages.hpp"

namespace seplflow::nets {
namespace {

// The class activation maps of a classifier, as IRN and PSA compute them.
struct CamClassifier : NetworkStage<ModelOptions, Classifier> {
  void check(OptionCheck& check) {
    // The input is optional only so that a sample without image-level labels can be reported.
    if (!check.connected("image_labels")) {
      check.refuse("",
                   "image_labels is not connected; connect the image-level labels of the source");
    }
    strided_ = check.wanted("strided");
    check.expect_some({"classes", "does the data set have image-level labels?"});
    bool const known =
        check_network(check, {nets::Network::irn_cam, nets::Network::psa_cam},
                      "the classifier runs on the CPU, where an image takes seconds");
    if (known && strided_ && shape().network == nets::Network::psa_cam) {
      check.refuse("checkpoint",
                   "this checkpoint is of PSA's ResNet-38, which has no strided scores, but the "
                   "output strided is connected; disconnect it, or use a checkpoint of IRN's "
                   "ResNet-50");
    }
  }

  void check_sample(Sample const& sample) const { require_classes(sample, 1); }

  std::tuple<ScoreMaps, ScoreMaps> operator()(SampleContext const& context, Image const& image,
                                              ImageLabels const* image_labels) const {
    require_classes(context.sample(), 1);
    if (!image_labels) {
      throw Error(
          "the data set does not say which classes the image shows, so there are no classes to "
          "compute CAMs for; give it image-level labels, for example by the option cls_labels of "
          "the source");
    }
    std::vector<Label> const& classes = image_labels->classes;
    context.count("classes", classes.size());
    for (Label const label : classes) {
      if (label >= 1 && label <= shape().classes) continue;
      throw Error("the image-level labels contain the class " + std::to_string(label) +
                  ", but the checkpoint " + checkpoint.string() + " predicts the classes 1.." +
                  std::to_string(shape().classes));
    }
    Cams cams = network(&Functions::open_classifier).cams(image, classes, strided_);
    ScoreMaps strided =
        cams.strided ? std::move(*cams.strided) : ScoreMaps({1, 1}, {}, std::vector<float>());
    return {std::move(cams.scores), std::move(strided)};
  }

 private:
  bool strided_ = false;
};

}  // namespace

void declare_cam_classifier(Plugin& plugin) {
  auto& stage = plugin.stage<CamClassifier>("cam.classifier",
                                            "Computes CAMs with the classifier of IRN or PSA");
  stage.inputs("image", "image_labels").outputs("scores", "strided").any_size();
  with_network_options(stage, "such as IRN's res50_cam.pth or PSA's res38_cls.pth")
      .details(
          std::string(
              "Runs the classifier of IRN (https://github.com/jiwoon-ahn/irn, ResNet-50) or PSA "
              "(https://github.com/jiwoon-ahn/psa, ResNet-38); the tensors of the checkpoint "
              "decide which. Both take the image at the scales 1, 0.5, 1.5 and 2, each with its "
              "mirror image, and add up the activations of the classes that `image_labels` name. "
              "Each map is divided by its maximum plus 1e-5. `image_labels` must be connected, and a "
              "sample without image-level labels fails. An image that shows no class has no maps; if "
              "no image has any, the run fails.\n\n"
              "| Checkpoint | `scores` | `strided` |\n"
              "|---|---|---|\n"
              "| IRN | `high_res` of its CAM files: the maps are enlarged to multiples of 16 and "
              "then cropped to the image, not scaled to it, as in IRN | `cam` of its CAM files, a "
              "quarter of the image's size, rounded up |\n"
              "| PSA | the maps of `infer_cls.py` | none: it is an error to connect it |\n\n"
              "`label.threshold` turns `scores` into labels by the rule of the method: background "
              "is 0.15 for IRN and 0.2 for PSA. `output.cams` writes the scores as IRN does. The "
              "image is resized in 8 bits, as Pillow does it.\n\n") +
          kNetworkDetails);
}

}  // namespace seplflow::nets
