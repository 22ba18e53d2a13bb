#include "nets/stages.hpp"
#include "nets/training.hpp"
#include "nets/validation.hpp"

namespace seplflow::nets {
namespace {

// Trains the classifier of IRN, whose activations are CAMs.
struct TrainClassifier : Training, Validation {
  TrainClassifier() : Training(Network::irn_cam) { batch = 16; }

  void check(OptionCheck& check) {
    check_validation(check, validate_every);
    check_training(check);
    check.expect_some({"classes", "their image-level labels are empty", false});
    // The input is optional only so that a sample without image-level labels can be reported.
    if (!check.connected("image_labels")) {
      check.refuse("",
                   "image_labels is not connected; connect the image-level labels of the source");
    }
  }

  void check_sample(Sample const& sample) const {
    Training::check_sample(sample);
    if (validates()) labels_to_validate(sample.classes);
  }

  void begin_fold(FoldStart const& start) {
    Training::begin_fold(start);
    if (validates()) validated_labels_ = labels_to_validate(classes());
  }

  TrainingRecord operator()(SampleContext const& context, Patch const& patch,
                            ImageLabels const* image_labels) const {
    if (!image_labels) {
      throw Error(
          "the data set does not say which classes the image shows, so there is nothing to learn; "
          "give it image-level labels, for example by the option cls_labels of the source");
    }
    TrainingRecord record{patch.size, input_of(patch, network()), {}, {}};
    record.classes = presences(*image_labels, *context.sample().classes);
    context.count("classes", image_labels->classes.size());
    return record;
  }

 protected:
  std::int64_t classes_of(Classes const& classes) const override {
    return static_cast<std::int64_t>(classes.count()) - 1;
  }

  std::string score_name() const override { return validates() ? "validation_loss" : ""; }
  bool is_validated(Sample const& sample) const override { return has(sample); }

  double score(Trainer const& trainer) const override {
    dataset::ListedSamples samples;
    samples.open(names(), classes(), validate_images, std::nullopt);
    samples.take_image_labels(validated_labels_);
    double sum = 0;
    for_each(std::move(samples), [&](auto const& of, SampleContext const& context) {
      Image const image = of.image(context);
      Patch const patch = scaled(image, nullptr, image.size(), Resampling::pillow_bicubic);
      TrainingBatch one;
      one.count = 1;
      one.size = one.label_size = patch.size;
      one.images = input_of(patch, network());
      one.classes = presences(*of.image_labels(context), *classes());
      one.ids = {context.sample().id};
      sum += trainer.loss(one);
    });
    return sum / static_cast<double>(names().size());
  }

 private:
  dataset::ImageLevelLabels labels_to_validate(ClassesPtr const& classes) const {
    try_some(classes, std::nullopt);
    return dataset::ImageLabelFile(*validate_labels, *classes).labels_of(names());
  }

  // 1 for each class that an image shows, 0 for the others.
  static std::vector<float> presences(ImageLabels const& image_labels, Classes const& classes) {
    std::vector<float> presences(classes.count() - 1);
    for (Label const label : image_labels.classes) presences.at(label - 1u) = 1;
    return presences;
  }

  dataset::ImageLevelLabels validated_labels_;
};

}  // namespace

void declare_train_classifier(Plugin& plugin) {
  auto& stage = plugin.stage<TrainClassifier>(
      "train.classifier", "Trains IRN's classifier on image-level labels, for CAMs");
  stage.inputs("patch", "image_labels");
  with_training_options(stage, "such as torchvision's resnet50");
  with_validation_options(
      stage,
      "file of the image-level labels of these images by name: cls_labels.npy, CSV or JSON, as in "
      "dataset.folder",
      existing_file(), "the loss of the weights");
  stage.details(
      std::string(
          "Trains the ResNet-50 of IRN (https://github.com/jiwoon-ahn/irn) as its "
          "`step/train_cam.py` does: a multilabel soft margin loss, 10 times the learning rate "
          "for the classifier, and no gradient below stage 3. `cam.classifier` computes CAMs "
          "with the result. IRN trains for 5 epochs on crops of 512 pixels: `[run] epochs = 5`, "
          "`augment.scale` with `by = \"longest_side\"`, `values = [320, 640]` and `resampling "
          "= \"pillow_bicubic\"`, then `augment.flip`, and `augment.crop` with `size = 512` and "
          "`placement = \"anywhere\"`.\n\n"
          "The momentum is 1e-4, as in the published training: its code gives the weight decay "
          "to the optimizer in the place of the momentum.\n\n") +
      kValidationDetails +
      "The column `validation_loss` is their mean loss; each image is taken whole, at its own "
      "size.\n\n" +
      kTrainingDetails);
}

}  // namespace seplflow::nets
