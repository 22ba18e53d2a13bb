#include "crf.hpp"

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include <seplflow/classes.hpp>
#include "label/crf_unary.hpp"
#include "label/score_arithmetic.hpp"
#include "stages.hpp"

namespace seplflow::label {
namespace {

constexpr double kGtProb = 0.7;

// Parameters in the order of PairwiseParameters.
PairwiseParameters published_parameters(CrfPreset preset) {
  if (preset == CrfPreset::psa) return {3, 3, 80, 13, 10};
  if (preset == CrfPreset::clipes) return {1, 3, 67, 3, 4};
  return {3, 3, 50, 5, 10};
}

void refuse_given(OptionCheck& check, std::vector<std::string> const& options,
                  std::string const& why) {
  for (std::string const& option : options) {
    if (check.given(option)) check.refuse(option, option + " " + why);
  }
}

// The result when it needs no CRF: if all evidence is for one label, that label wins everywhere.
std::optional<LabelMap> undisputed(LabelMap const& labels) {
  auto const& areas = label_areas(labels);
  std::size_t const pixels = labels.size().pixels();
  for (std::uint64_t const area : areas) {
    if (area == pixels) return labels;
  }
  if (areas[kBackground] + areas[kIgnore] == pixels) return LabelMap(labels.size());
  return std::nullopt;
}

// The number of classes in the labels and the image-level labels, background included.
std::int64_t number_of_labels(LabelMap const& labels, ImageLabels const& image_labels) {
  std::vector<Label> const present = image_labels_of(labels).classes;
  std::vector<Label> all;
  std::ranges::set_union(present, image_labels.classes, std::back_inserter(all));
  return static_cast<std::int64_t>(all.size() + 1);
}

LabelMap most_probable(LabelField const& marginals, std::vector<Label> const& labels,
                       double min_confidence) {
  auto const least = static_cast<float>(min_confidence);
  std::vector<Label> pixels(marginals.size().pixels());
  for (std::size_t i = 0; i < pixels.size(); ++i) {
    std::size_t best = 0;
    for (std::size_t k = 1; k < labels.size(); ++k) {
      if (marginals.at(k, i) > marginals.at(best, i)) best = k;
    }
    pixels[i] = marginals.at(best, i) < least ? kIgnore : labels[best];
  }
  return LabelMap(marginals.size(), std::move(pixels));
}

ScoreMaps no_scores(Size size) {
  return ScoreMaps(size, {}, std::vector<float>());
}

ScoreMaps scores_of(LabelField const& marginals, std::vector<Label> const& labels) {
  std::size_t const pixels = marginals.size().pixels();
  std::vector<float> values;
  values.reserve(labels.size() * pixels);
  for (std::size_t k = 0; k < labels.size(); ++k) {
    for (std::size_t i = 0; i < pixels; ++i) values.push_back(marginals.at(k, i));
  }
  return ScoreMaps(marginals.size(), labels, std::move(values));
}

}  // namespace

void Crf::check(OptionCheck& check) {
  with_scores_ = check.wanted("scores");
  bool const has_labels = check.connected("labels"), has_scores = check.connected("scores");
  if (has_labels == has_scores) {
    check.refuse("", has_labels ? "labels and scores are both connected; connect one of them"
                                : "neither labels nor scores is connected; connect one of them");
    return;
  }
  if (has_labels) {
    refuse_given(check, {"background", "alpha"}, "is for scores, but labels are connected");
    if (check.connected("image_labels")) {
      refuse_given(check, {"n_labels"},
                   "is set although image_labels are connected, which give the number; remove one "
                   "of the two");
    }
    if (!gt_prob) gt_prob = kGtProb;
    if (*gt_prob <= 0.5 || *gt_prob >= 1) {
      check.refuse("gt_prob",
                   "a label must be more probable than all others together, but not certain: set a "
                   "value above 0.5 and below 1");
    }
  } else {
    refuse_given(check, {"n_labels"}, "is for labels, but scores are connected");
    if (check.connected("image_labels")) {
      check.refuse("", "image_labels are for labels, but scores are connected; disconnect them");
    }
    if (background && alpha) {
      check.refuse("alpha", "background and alpha are alternative rules; remove one of them");
    }
  }
  if (!preset) preset = has_labels ? CrfPreset::irn : CrfPreset::psa;
  PairwiseParameters const used = pairwise();
  gaussian_sxy = used.gaussian_sxy;
  gaussian_compat = used.gaussian_compat;
  bilateral_sxy = used.bilateral_sxy;
  bilateral_srgb = used.bilateral_srgb;
  bilateral_compat = used.bilateral_compat;
}

PairwiseParameters Crf::pairwise() const {
  PairwiseParameters const p = published_parameters(preset.value_or(CrfPreset::irn));
  return {.gaussian_sxy = gaussian_sxy.value_or(p.gaussian_sxy),
          .gaussian_compat = gaussian_compat.value_or(p.gaussian_compat),
          .bilateral_sxy = bilateral_sxy.value_or(p.bilateral_sxy),
          .bilateral_srgb = bilateral_srgb.value_or(p.bilateral_srgb),
          .bilateral_compat = bilateral_compat.value_or(p.bilateral_compat)};
}

void Crf::require_fit(SampleContext const& context, Image const& image, LabelMap const* labels,
                      ScoreMaps const* scores) const {
  if (labels) {
    require_same_size(labels->size(), "the label map", image.size(), "the image");
    if (auto const& classes = context.sample().classes) {
      require_labels_in(*classes, *labels, "the label map");
    }
    return;
  }
  require_same_size(scores->size(), "the score map", image.size(), "the image");
  for (std::size_t k = 0; (background || alpha) && k < scores->classes().size(); ++k) {
    if (!scores->visit_plane(k, [](auto plane) { return beyond_range(plane); })) continue;
    warn_of_range(context);
    break;
  }
}

std::tuple<LabelMap, ScoreMaps> Crf::operator()(SampleContext const& context, Image const& image,
                                                LabelMap const* labels, ScoreMaps const* scores,
                                                ImageLabels const* image_labels) const {
  require_fit(context, image, labels, scores);
  std::optional<std::int64_t> count = n_labels;
  std::optional<LabelMap> settled;
  if (labels) {
    if (image_labels) count = number_of_labels(*labels, *image_labels);
    bool const says_nothing = label_areas(*labels)[kIgnore] == labels->size().pixels();
    if (says_nothing || min_confidence == 0) settled = undisputed(*labels);
    if (settled && !with_scores_) return {*settled, no_scores(image.size())};
  }
  Candidates candidates = labels ? candidates_of(*labels, gt_prob.value_or(kGtProb), count)
                                 : candidates_of(*scores, {background, alpha}, gt_prob);
  LabelField const marginals =
      mean_field(image, std::move(candidates.unary), pairwise(), iterations);
  return {settled ? *settled : most_probable(marginals, candidates.labels, min_confidence),
          with_scores_ ? scores_of(marginals, candidates.labels) : no_scores(image.size())};
}

void declare_crf(Plugin& plugin) {
  plugin
      .stage<Crf>("label.crf", "Aligns labels with the edges of the image by a fully connected CRF")
      .inputs("image", "labels", "scores", "image_labels")
      .outputs("labels", "scores")
      .on_request("scores")
      .option(
          "preset", &Crf::preset,
          "a published parameter set (default: \"irn\" for labels and \"psa\" for scores)",
          choices<CrfPreset>(
              {{"irn", CrfPreset::irn}, {"psa", CrfPreset::psa}, {"clipes", CrfPreset::clipes}}))
      .option("iterations", &Crf::iterations, "number of mean field steps", in_range(0, 1000))
      .option("gaussian_sxy", &Crf::gaussian_sxy,
              "standard deviation of the Gaussian kernel, which smooths regardless of colour",
              in_range(0.01, 1e6), unit("pixels"))
      .option("gaussian_compat", &Crf::gaussian_compat,
              "weight of the Gaussian kernel; 0 disables it", in_range(0, 1000))
      .option("bilateral_sxy", &Crf::bilateral_sxy,
              "standard deviation, in position, of the bilateral kernel, which connects pixels of "
              "similar colour",
              in_range(0.01, 1e6), unit("pixels"))
      .option("bilateral_srgb", &Crf::bilateral_srgb,
              "standard deviation of the bilateral kernel in each colour channel (0..255)",
              in_range(0.01, 1e6))
      .option("bilateral_compat", &Crf::bilateral_compat,
              "weight of the bilateral kernel; 0 disables it", in_range(0, 1000))
      .option("gt_prob", &Crf::gt_prob,
              "with labels: the probability of the given label (default: 0.7); with scores: the "
              "weight of the scores when mixed with the uniform distribution (default: no mixing)",
              in_range(0, 1))
      .option("n_labels", &Crf::n_labels,
              "with labels: number of classes, background included, that share the rest of gt_prob "
              "(default: those in the label map, and in image_labels if connected)",
              in_range(2, 255))
      .option("background", &Crf::background, "with scores: a constant score for background",
              in_range(0, 1))
      .option("alpha", &Crf::alpha,
              "with scores: background scores (1 - m)^alpha, where m is the highest score of a "
              "class",
              at_least(0))
      .option("min_confidence", &Crf::min_confidence,
              "pixels whose label has a smaller marginal become 255", in_range(0, 1))
      .details(
          "The CRF of Kraehenbuehl and Koltun, 2011: every pixel influences every other pixel "
          "through a Gaussian kernel of their distance and a bilateral kernel of distance and "
          "colour, in several iterations of mean field. Most methods post-process with it through "
          "pydensecrf, whose conventions are followed: both kernels are normalised symmetrically, "
          "and a pixel also influences itself.\n"
          "\n"
          "| `preset` | Used by | `gaussian_sxy`, `_compat` | `bilateral_sxy`, `_srgb`, `_compat` "
          "|\n"
          "|---|---|---|---|\n"
          "| `irn` | labels: IRN, TransCAM, PuzzleCAM | 3, 3 | 50, 5, 10 |\n"
          "| `psa` | scores: PSA, SEAM, the soft form of TransCAM and PuzzleCAM | 3, 3 | 80, 13, "
          "10 |\n"
          "| `clipes` | scores: CLIP-ES (which sets `alpha = 1`, and `min_confidence = 0.95` for "
          "training), RecurSeed (`alpha = 2`) | 1, 3 | 67, 3, 4 |\n"
          "\n"
          "All presets use 10 iterations. An option that is set overrides the preset.\n"
          "\n"
          "**Labels**: a pixel has its label with probability `gt_prob`; the other classes share "
          "the rest. The result contains only background and the classes of the label map. IRN and "
          "PuzzleCAM also count the classes of the image-level labels that the label map does not "
          "contain: connect `image_labels` for that. TransCAM always has `n_labels = 21`. A pixel "
          "of 255 favours no class and gets one from the other pixels; a map of nothing but 255 "
          "stays as it is.\n"
          "\n"
          "**Scores** are used as probabilities, whether or not they sum to one, limited to the "
          "range 1e-5 to 1. If they have no map for background, `background` or `alpha` must give "
          "its score: PSA uses alpha 4 to 32, SEAM 4 and 24, RecurSeed 2 and CLIP-ES 1 (both with "
          "`preset = \"clipes\"`). Arithmetic uses the type of the scores, float16 included. "
          "CLIP-ES subtracts the mean colour from the image in 8 bits, which wraps dark colours to "
          "bright ones; this is not reproduced.\n"
          "\n"
          "The output `scores` holds the marginals of background and the classes of the result. They "
          "take 4 bytes for each class and pixel, and are computed only if a stage uses them: "
          "`train.psa` learns from them.\n"
          "\n"
          "Images of up to 4096 pixels are filtered exactly. Larger images are filtered on "
          "permutohedral lattices (Adams, Baek, Davis, 2010) that equal those of pydensecrf, so "
          "that the labels are equal too. Lattices are an approximation: about one label in a "
          "hundred of a photograph, along weak edges, and up to three in a hundred of noise differ "
          "from exact filtering. Time and memory are linear in the pixels and classes of the "
          "image: with three classes, 0.1 to 0.5 seconds of one core for a photograph of 375 x "
          "500, and 19 seconds and 2 GB for one of 4000 x 4000 (3 minutes and 6 GB for noise, the "
          "worst case).");
}

}  // namespace seplflow::label
