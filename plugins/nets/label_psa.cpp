#include <algorithm>
#include <cmath>
#include <vector>

#include "cam/resize.hpp"
#include "nets/psa_labels.hpp"
#include "nets/random_walk.hpp"
#include "nets/walk_stage.hpp"

namespace seplflow::nets {
namespace {

// The labels of PSA: CAMs spread by a random walk along the affinities of AffinityNet.
struct LabelPsa : NetworkStage<ModelOptions, AffinityNetwork> {
  double alpha = 16, beta = 8;
  std::uint32_t logt = 8;

  void check(OptionCheck& check) {
    check_network(check, {nets::Network::psa_affinity},
                  "AffinityNet runs on the CPU, where an image takes seconds");
  }

  LabelMap operator()(Image const& image, ScoreMaps const& scores) const {
    if (scores.size() != image.size()) {
      throw Error("the scores are " + to_string(scores.size()) +
                  " (height x width), but the image is " + to_string(image.size()) +
                  "; connect scores of the image's size");
    }
    require_foreground(scores);
    if (scores.classes().empty()) return LabelMap(image.size());
    Affinities affinities = network(&Functions::open_affinity).affinities(image);
    Size const small = affinities.size;
    std::vector<float> const walked =
        random_walk(pooled_scores(scores, small), std::move(affinities), {beta, logt});
    return labels_of(walked, scores.classes(), small, image.size());
  }

 private:
  // Background, then the classes, at the size of the affinities.
  std::vector<float> pooled_scores(ScoreMaps const& scores, Size small) const {
    Size const size = scores.size();
    std::vector<float> const values = values_of_maps(scores);
    std::vector<float> background(size.pixels());
    for (std::size_t i = 0; i < values.size(); ++i) {
      float& highest = background[i % background.size()];
      highest = std::max(highest, values[i]);
    }
    for (float& score : background) score = std::pow(1 - score, static_cast<float>(alpha));
    std::vector<float> all = pooled(background, {size}, small);
    for (std::size_t k = 0; k < scores.classes().size(); ++k) {
      auto const plane = std::span(values).subspan(k * size.pixels(), size.pixels());
      for (float const value : pooled(plane, {size}, small)) all.push_back(value);
    }
    return all;
  }

  static LabelMap labels_of(std::vector<float> const& walked, std::span<Label const> classes,
                            Size small, Size size) {
    Size const padded{kPsaStride * small.height, kPsaStride * small.width};
    std::vector<float> large(padded.pixels()), background;
    std::vector<float> cropped;
    for (std::size_t k = 0; k <= classes.size(); ++k) {
      cam::resize_map(std::span(walked).subspan(k * small.pixels(), small.pixels()), small, padded,
                      cam::Resize::bilinear, false, std::span(large));
      auto& of = k == 0 ? background : cropped;
      for (std::size_t y = 0; y < size.height; ++y) {
        auto const row = large.begin() + static_cast<std::ptrdiff_t>(y * padded.width);
        of.insert(of.end(), row, row + size.width);
      }
    }
    return argmax(cropped, classes, std::move(background), size);
  }
};

}  // namespace

void declare_label_psa(Plugin& plugin) {
  auto& stage = plugin.stage<LabelPsa>("label.psa",
                                       "Turns CAMs into labels by the random walk of AffinityNet");
  stage.inputs("image", "scores").output("labels");
  with_network_options(stage, "such as PSA's res38_aff.pth")
      .option("alpha", &LabelPsa::alpha,
              "background scores (1 - m)^alpha, where m is the highest score of a class",
              at_least(0))
      .option("beta", &LabelPsa::beta,
              "power of the affinities; a higher one stops the walk earlier", at_least(0))
      .option("logt", &LabelPsa::logt, "the walk has 2^logt steps", in_range(0, 16))
      .details(
          std::string(
              "Runs AffinityNet (https://github.com/jiwoon-ahn/psa) as its `infer_aff.py` does. "
              "The network computes features at an eighth of the image's size; the affinity of two "
              "of them up to 5 apart is exp(-d), where d is the mean difference of their channels, "
              "and the scores spread by a random walk along these affinities. `scores` are CAMs of "
              "the image's size, such as the output `scores` of `cam.classifier`.\n\n"
              "As in PSA, no pair begins in the outermost four columns at either side or in the "
              "last four rows, so what is near the border spreads less, and pixels beyond the "
              "border have the score 0 in all classes, background included. (IRN changed both.) "
              "Memory is linear in the pixels: the matrix of all pairs of pixels is never stored. "
              "The walk itself always runs on the CPU.\n\n") +
          kNetworkDetails);
}

}  // namespace seplflow::nets
