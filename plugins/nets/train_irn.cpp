#include "nets/base/resample.hpp"
#include "nets/stages.hpp"
#include "nets/training.hpp"

namespace seplflow::nets {
namespace {

// Trains IRN's IRNet, which finds where classes meet.
struct TrainIrn : Training {
  std::int64_t mean_samples = 1000;

  TrainIrn() : Training(Network::irn) { batch = 32; }

  void check(OptionCheck& check) { check_training(check); }

  TrainingRecord operator()(SampleContext const& context, Patch const& patch,
                            Image const& image) const {
    if (patch.labels.empty()) {
      throw Error("the patch has no labels to learn; connect the input labels of augment.scale");
    }
    require_multiple(patch.size, 4);
    TrainingRecord record{patch.size, input_of(patch, network()), patch.labels, {}};
    if (mean_samples > 0) {
      record.corner = cropped(image, 0, 0, std::min(patch.size.width, image.size().width),
                              std::min(patch.size.height, image.size().height));
    }
    return counted_labels(context, std::move(record));
  }

 protected:
  std::int64_t classes_of(Classes const&) const override { return 0; }
  std::int64_t samples_afterwards() const override { return mean_samples; }

  void fold_afterwards(Trainer& trainer, Sample const& sample,
                       TrainingRecord const& record) override {
    if (!record.corner) return;
    Image const& corner = *record.corner;
    auto const input =
        input_of(cut_out(scaled(corner, nullptr, corner.size(), Resampling::pillow_bicubic),
                         record.size, 0, 0),
                 network());
    corners_.size = corners_.label_size = record.size;
    corners_.images.insert(corners_.images.end(), input.begin(), input.end());
    corners_.ids.push_back(sample.id);
    // As in the published code, the last batch that is not full is left out.
    if (static_cast<std::int64_t>(++corners_.count) < batch) return;
    trainer.add_to_mean_displacement(corners_);
    corners_ = {};
  }

 private:
  TrainingBatch corners_;
};

}  // namespace

void declare_train_irn(Plugin& plugin) {
  auto& stage = plugin.stage<TrainIrn>("train.irn", "Trains IRN's IRNet on labels made of CAMs");
  stage.inputs("patch", "image");
  with_training_options(stage, "such as torchvision's resnet50, for the backbone")
      .option("mean_samples", &TrainIrn::mean_samples,
              "samples after the last iteration over which the displacement is averaged; the mean is "
              "part of the weights",
              at_least(0))
      .details(
          std::string(
              "Trains IRNet (https://github.com/jiwoon-ahn/irn) as `step/train_irn.py` does: "
              "affinities and displacements of pairs of pixels within a radius of 10, learned from "
              "labels of a quarter of the size. Only the heads are trained; those of the "
              "displacement have 10 times the learning rate. The labels come from CAMs: "
              "`label.certain` describes how. IRN trains for 3 epochs on crops of 512 pixels: "
              "`augment.scale` with `by = \"range\"`, `values = [0.5, 1.5]` and `resampling = "
              "\"pillow_bicubic\"`, then `augment.flip`, and `augment.crop` with `size = 512` and "
              "`placement = \"anywhere\"`.\n\n"
              "After the last iteration, the mean displacement is computed from the upper left "
              "corners of `image`, in the size of the crops. IRN takes all images of the data set "
              "for it: set `mean_samples` to their number. The momentum is 1e-4, as in the published "
              "training: its code gives the weight decay to the optimizer in the place of the "
              "momentum.\n\n") +
          kTrainingDetails);
}

}  // namespace seplflow::nets
