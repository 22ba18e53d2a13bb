#include <algorithm>
#include <vector>

#include "cam/resize.hpp"
#include "nets/random_walk.hpp"
#include "nets/walk_stage.hpp"

namespace seplflow::nets {
namespace {

constexpr std::uint32_t kIrnStride = 4;

// The semantic labels of IRN: CAMs spread by a random walk that class boundaries stop.
struct LabelIrn : NetworkStage<ModelOptions, BoundaryNetwork> {
  double beta = 10;
  std::uint32_t exp_times = 8;
  double background = 0.25;

  void check(OptionCheck& check) {
    check_network(check, {nets::Network::irn},
                  "IRNet runs on the CPU, where an image takes seconds");
  }

  LabelMap operator()(Image const& image, ScoreMaps const& scores) const {
    Size const quarter = cam::strided_size(image.size(), kIrnStride);
    if (scores.size() != quarter) {
      throw Error("the scores are " + to_string(scores.size()) +
                  " (height x width), but a quarter of the image, rounded up, is " +
                  to_string(quarter) + "; connect strided scores, such as cam.classifier.strided");
    }
    require_foreground(scores);
    if (scores.classes().empty()) return LabelMap(image.size());
    Planes const boundaries = network(&Functions::open_irn).boundaries(image);
    std::vector<float> values = values_of_maps(scores);
    for (std::size_t i = 0; i < values.size(); ++i) {
      values[i] *= 1 - boundaries.values[i % quarter.pixels()];
    }
    values =
        random_walk(std::move(values), affinities_of_boundaries(boundaries.values, boundaries.size),
                    {beta, exp_times});
    return labels_of(values, scores.classes(), image.size());
  }

 private:
  // Background where no score, divided by the largest of all, is above `background`.
  LabelMap labels_of(std::vector<float> const& walked, std::span<Label const> classes,
                     Size size) const {
    std::size_t const pixels = size.pixels(), small = walked.size() / classes.size();
    std::vector<float> large(classes.size() * pixels);
    for (std::size_t k = 0; k < classes.size(); ++k) {
      cam::enlarge_strided(std::span(walked).subspan(k * small, small), size, kIrnStride,
                           std::span(large).subspan(k * pixels, pixels));
    }
    float const largest = std::ranges::max(large);
    if (!(largest > 0)) return LabelMap(size);
    for (float& value : large) value /= largest;
    return argmax(large, classes, std::vector<float>(pixels, static_cast<float>(background)), size);
  }
};

}  // namespace

void declare_label_irn(Plugin& plugin) {
  auto& stage =
      plugin.stage<LabelIrn>("label.irn", "Turns CAMs into labels by the random walk of IRNet");
  stage.inputs("image", "scores").output("labels");
  with_network_options(stage, "such as IRN's res50_irn.pth")
      .option("beta", &LabelIrn::beta,
              "power of the affinities; a higher one stops the walk earlier", at_least(0))
      .option("exp_times", &LabelIrn::exp_times, "the walk has 2^exp_times steps", in_range(0, 16))
      .option("background", &LabelIrn::background,
              "score of background, beside scores whose largest in the image is 1", in_range(0, 1))
      .details(
          std::string(
              "Runs IRNet (https://github.com/jiwoon-ahn/irn) as its `make_sem_seg_labels.py` "
              "does. The network finds class boundaries; the affinity of two pixels up to 5 apart "
              "is 1 minus the largest boundary between them, and the CAMs spread by a random walk "
              "along these affinities. `scores` are strided CAMs, a quarter of the image's size: "
              "the output `strided` of `cam.classifier`.\n\n"
              "IRNet pads each image to 512 x 512 pixels, and the padding changes the result "
              "everywhere, so the same is done here. A side of more than 512 pixels is padded to "
              "the next multiple of 16; the official code cuts such images. Memory is linear in "
              "the pixels: the matrix of all pairs of pixels is never stored. The walk itself "
              "always runs on the CPU.\n\n"
              "The displacement field of IRNet is not read; only instance labels need it.\n\n") +
          kNetworkDetails);
}

}  // namespace seplflow::nets
