#include <seplflow/confusion_matrix.hpp>
#include "common/label_options.hpp"
#include "nets/stages.hpp"
#include "nets/training.hpp"
#include "nets/validation.hpp"

namespace seplflow::nets {
namespace {

// Trains DeepLab V2 as deeplab-pytorch does.
struct TrainDeepLab : Training, Validation {
  TrainDeepLab() : Training(Network::deeplab) { batch = 5; }

  void check(OptionCheck& check) {
    check_validation(check, validate_every, [&](std::string const& name) {
      Sample sample;
      sample.id = name;
      return label_file(*validate_labels, sample);
    });
    check_training(check);
  }

  void check_sample(Sample const& sample) const {
    Training::check_sample(sample);
    try_some(sample.classes, validate_labels);
  }

  void begin_fold(FoldStart const& start) {
    Training::begin_fold(start);
    try_some(classes(), validate_labels);
  }

  TrainingRecord operator()(SampleContext const& context, Patch const& patch) const {
    if (patch.labels.empty()) {
      throw Error("the patch has no labels to learn; connect the input labels of augment.scale");
    }
    return counted_labels(context, {patch.size, input_of(patch, network()), patch.labels, {}});
  }

 protected:
  std::string score_name() const override { return validates() ? "miou" : ""; }
  bool is_validated(Sample const& sample) const override { return has(sample); }

  double score(Trainer const& trainer) const override {
    dataset::ListedSamples samples;
    samples.open(names(), classes(), validate_images, validate_labels);
    ConfusionMatrix confusion(static_cast<std::size_t>(trainer.shape().classes));
    for_each(std::move(samples), [&](auto const& of, SampleContext const& context) {
      confusion.add(*of.truth(context), trainer.labels(of.image(context)), PredictedIgnore::miss);
    });
    auto const miou = mean_scores(confusion, ClassMean::with_union).iou;
    if (!miou) throw Error("the labels of the validation images are 255 everywhere");
    return *miou;
  }
};

}  // namespace

void declare_train_deeplab(Plugin& plugin) {
  auto& stage = plugin.stage<TrainDeepLab>(
      "train.deeplab", "Trains DeepLab V2 (ResNet-101 with MSC) on labels");
  stage.inputs("patch");
  with_training_options(stage,
                        "such as deeplabv1_resnet101-coco.pth, whose last layer may be missing");
  with_validation_options(stage,
                          "folder of the ground truth of these images: NAME.png or NAME.npy",
                          existing_folder(), "the mIoU of the weights");
  stage.details(
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
      kValidationDetails +
      "They are labelled as by `label.deeplab`, whole and at all scales; the column `miou` is "
      "the mean IoU over the classes in the ground truth or the labels, as in `eval.miou`.\n\n" +
      kTrainingDetails);
}

}  // namespace seplflow::nets
