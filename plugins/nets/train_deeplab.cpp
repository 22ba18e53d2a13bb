#include "nets/stages.hpp"
#include "nets/training.hpp"

namespace seplflow::nets {
namespace {

// Trains DeepLab V2 as deeplab-pytorch does.
struct TrainDeepLab : Training {
  TrainDeepLab() : Training(Network::deeplab) { batch = 5; }

  void check(OptionCheck& check) { check_training(check); }

  TrainingRecord operator()(Patch const& patch) const {
    if (patch.labels.empty()) {
      throw Error("the patch has no labels to learn; connect the input labels of augment.scale");
    }
    return {patch.size, input_of(patch, network()), patch.labels, {}};
  }
};

}  // namespace

void declare_train_deeplab(Plugin& plugin) {
  auto& stage = plugin.stage<TrainDeepLab>(
      "train.deeplab", "Trains DeepLab V2 (ResNet-101 with MSC) on labels");
  stage.inputs("patch");
  with_training_options(stage,
                        "such as deeplabv1_resnet101-coco.pth, whose last layer may be missing")
      .details(
          std::string(
              "Trains DeepLab V2 as `main.py train` of deeplab-pytorch "
              "(https://github.com/kazuto1011/deeplab-pytorch) does, with its defaults for VOC: "
              "batches of 5 crops, two of them for each change of the weights, the sum of the "
              "losses at the scales 1, 0.5 and 0.75 and of their maximum, SGD with a momentum of "
              "0.9, 10 times the learning rate for the last layer and 20 times for its biases, and "
              "batch normalisation as it came. Set `iterations = 20000` for the published training "
              "on VOC. Before it come `augment.scale`, `augment.crop` and `augment.flip`, whose "
              "defaults are those of deeplab-pytorch too.\n\n"
              "Pixels with the label 255 are not learned from. Crops of nothing else have no "
              "gradient (the loss of the published code is NaN then). The network has as many "
              "classes as the data set, background included; a checkpoint with another number in "
              "its last layer is an error.\n\n") +
          kTrainingDetails);
}

}  // namespace seplflow::nets
