#include "nets/psa_labels.hpp"
#include "nets/stages.hpp"
#include "nets/training.hpp"

namespace seplflow::nets {
namespace {

// Trains PSA's AffinityNet, which finds what belongs together.
struct TrainPsa : Training {
  TrainPsa() : Training(Network::psa_affinity) { batch = 8; }

  void check(OptionCheck& check) { check_training(check); }

  TrainingRecord operator()(SampleContext const& context, Patch const& patch,
                            ScoreMaps const& objects, ScoreMaps const& background) const {
    require_multiple(patch.size, kPsaStride);
    Size const small{patch.size.height / kPsaStride, patch.size.width / kPsaStride};
    TrainingRecord record{patch.size, input_of(patch, network()), {}, {}};
    record.labels = affinity_labels(objects, background, patch.window, small);
    record.label_size = small;
    return counted_labels(context, std::move(record));
  }

 protected:
  std::int64_t classes_of(Classes const&) const override { return 0; }
};

}  // namespace

void declare_train_psa(Plugin& plugin) {
  auto& stage =
      plugin.stage<TrainPsa>("train.psa", "Trains PSA's AffinityNet on scores made of CAMs");
  stage.inputs("patch", "objects", "background");
  with_training_options(stage, "such as PSA's res38_cls.pth, for the backbone")
      .details(
          std::string(
              "Trains AffinityNet on ResNet-38 (https://github.com/jiwoon-ahn/psa) as "
              "`train_aff.py` does: affinities of pairs of pixels within a radius of 5, at an "
              "eighth of the size of the crops, and 10 times the learning rate for the layers on "
              "top of the backbone. `label.psa` walks along the affinities of the result. PSA "
              "trains for 8 epochs on crops of 448 pixels: `augment.colour`, `augment.scale` with "
              "`values = [1]`, `augment.crop` with `size = 448` and `placement = \"anywhere\"`, and "
              "`augment.flip`. The sides of the crops must be multiples of 8.\n\n"
              "The labels come from two sets of scores after a CRF, which PSA calls la and ha: the "
              "outputs `scores` of two `label.crf` over the CAMs, one with `alpha = 4` for "
              "`objects` and one with `alpha = 32` for `background`. Both are averaged over 8 x 8 "
              "pixels of the crop. A pixel is background if background has the highest score in "
              "`background`. Otherwise it has the class with the highest score in `objects`; it is "
              "not learned from if that is background.\n\n"
              "The momentum is 5e-4, as in the published training: its code gives the weight decay "
              "to the optimizer in the place of the momentum. What is outside of the image is black, "
              "not the mean colour, since PSA cuts crops before it subtracts the mean.\n\n") +
          kTrainingDetails);
}

}  // namespace seplflow::nets
