#include <cmath>
#include <random>
#include <vector>

#include "label/crf.hpp"
#include "label/crf_unary.hpp"
#include "label/stages.hpp"
#include "support/brute_force_crf.hpp"
#include "support/catch.hpp"
#include "support/stage_driver.hpp"

using namespace seplflow;
using namespace seplflow::label;

namespace {

using Options = std::map<std::string, OptionValue>;

StageDriver over_labels(Options options = {}) {
  return StageDriver(declare_crf, {std::move(options), {"image", "labels"}, {}});
}
StageDriver over_scores(Options options = {}) {
  return StageDriver(declare_crf, {std::move(options), {"image", "scores"}, {}});
}

double number(StageDriver& stage, char const* option) {
  auto const place = find_option(stage.declaration(), option).value();
  return std::get<double>(stage.instance().option(place).value());
}
std::string text(StageDriver& stage, char const* option) {
  auto const place = find_option(stage.declaration(), option).value();
  return std::get<std::string>(stage.instance().option(place).value());
}

// Dark left of column `edge` and bright from there on, with a little noise.
Image two_regions(Size size, std::uint32_t edge) {
  std::mt19937 random(1);
  std::vector<std::uint8_t> rgb;
  for (std::size_t i = 0; i < 3 * size.pixels(); ++i) {
    unsigned const level = i / 3 % size.width < edge ? 60 : 180;
    rgb.push_back(static_cast<std::uint8_t>(level + random() % 4));
  }
  return Image(size, std::move(rgb));
}

// `left` before column `edge`, and `right` from there on.
LabelMap two_labels(Size size, std::uint32_t edge, Label left, Label right) {
  std::vector<Label> pixels;
  for (std::size_t i = 0; i < size.pixels(); ++i) {
    pixels.push_back(i % size.width < edge ? left : right);
  }
  return LabelMap(size, std::move(pixels));
}

LabelMap with(LabelMap const& labels, std::vector<std::size_t> const& pixels, Label label) {
  std::vector<Label> changed(labels.pixels().begin(), labels.pixels().end());
  for (std::size_t const pixel : pixels) changed[pixel] = label;
  return LabelMap(labels.size(), std::move(changed));
}

Crf crf_with(std::optional<double> background, std::optional<double> alpha) {
  Crf crf;
  crf.preset = CrfPreset::psa;
  crf.background = background;
  crf.alpha = alpha;
  return crf;
}

LabelMap over(Crf const& crf, Image const& image, ScoreMaps const& scores) {
  Sample const sample = voc_sample("a");
  return std::get<0>(crf(SampleContext(sample, nullptr), image, nullptr, &scores, nullptr));
}

}  // namespace

TEST_CASE("label.crf takes an image and labels or scores, and outputs labels") {
  StageDriver const stage = over_labels();
  auto const& declaration = stage.declaration();
  CHECK(declaration.kind == StageKind::transform);
  REQUIRE(declaration.inputs.size() == 4);
  CHECK(declaration.inputs[0].name == "image");
  CHECK_FALSE(declaration.inputs[0].optional);
  CHECK(declaration.inputs[1].name == "labels");
  CHECK(declaration.inputs[1].optional);
  CHECK(declaration.inputs[2].name == "scores");
  CHECK(declaration.inputs[2].optional);
  CHECK(declaration.inputs[3].name == "image_labels");
  CHECK(declaration.inputs[3].optional);
  CHECK(declaration.outputs.at(0).name == "labels");
  CHECK(declaration.outputs.at(1).name == "scores");
  CHECK(stage.problems().empty());
}

TEST_CASE("label.crf requires either labels or scores") {
  CHECK_THAT(StageDriver(declare_crf, {{}, {"image"}, {}}).problems(),
             Contains("neither labels nor scores is connected"));
  CHECK_THAT(StageDriver(declare_crf, {{}, {"image", "labels", "scores"}, {}}).problems(),
             Contains("labels and scores are both connected"));
}

TEST_CASE("label.crf fills in the published parameters") {
  StageDriver labels = over_labels();
  CHECK(text(labels, "preset") == "irn");
  CHECK(number(labels, "gaussian_sxy") == 3);
  CHECK(number(labels, "gaussian_compat") == 3);
  CHECK(number(labels, "bilateral_sxy") == 50);
  CHECK(number(labels, "bilateral_srgb") == 5);
  CHECK(number(labels, "bilateral_compat") == 10);
  CHECK(number(labels, "gt_prob") == 0.7);
  CHECK(std::get<std::int64_t>(labels.default_of("iterations").value()) == 10);
  StageDriver scores = over_scores();
  CHECK(text(scores, "preset") == "psa");
  CHECK(number(scores, "bilateral_sxy") == 80);
  CHECK(number(scores, "bilateral_srgb") == 13);
  CHECK(number(scores, "bilateral_compat") == 10);
  StageDriver clipes = over_scores({{"preset", "clipes"}, {"bilateral_srgb", 7.0}});
  CHECK(number(clipes, "gaussian_sxy") == 1);
  CHECK(number(clipes, "gaussian_compat") == 3);
  CHECK(number(clipes, "bilateral_sxy") == 67);
  CHECK(number(clipes, "bilateral_srgb") == 7);
  CHECK(number(clipes, "bilateral_compat") == 4);
}

TEST_CASE("label.crf refuses options for the other input, and contradictions") {
  CHECK_THAT(over_labels({{"alpha", 4.0}}).problems(),
             Contains("alpha is for scores, but labels are connected"));
  CHECK_THAT(over_labels({{"background", 0.4}}).problems(),
             Contains("background is for scores, but labels are connected"));
  CHECK_THAT(over_scores({{"n_labels", std::int64_t{21}}}).problems(),
             Contains("n_labels is for labels, but scores are connected"));
  CHECK_THAT(StageDriver(declare_crf, {{}, {"image", "scores", "image_labels"}, {}}).problems(),
             Contains("image_labels are for labels, but scores are connected"));
  CHECK_THAT(
      StageDriver(declare_crf,
                  {{{"n_labels", std::int64_t{21}}}, {"image", "labels", "image_labels"}, {}})
          .problems(),
      Contains("n_labels is set although image_labels are connected"));
  CHECK_THAT(over_scores({{"alpha", 4.0}, {"background", 0.4}}).problems(),
             Contains("background and alpha are alternative rules"));
  CHECK_THAT(over_labels({{"gt_prob", 1.0}}).problems(), Contains("above 0.5 and below 1"));
  CHECK_THAT(over_labels({{"gt_prob", 0.5}}).problems(), Contains("above 0.5 and below 1"));
}

TEST_CASE("label.crf moves the border of labels to the edge in the image",
          "[arithmetic]") {
  Size const size = GENERATE(Size{40, 60}, Size{90, 120});  // exact, approximate
  INFO(to_string(size));
  StageDriver stage = over_labels();
  auto const moved =
      stage.run<LabelMap>(voc_sample("a"), two_regions(size, 30), two_labels(size, 34, 0, 7));
  CHECK(moved == two_labels(size, 30, 0, 7));
  // Labels come back as they were called, in any order and without background.
  CHECK(stage.run<LabelMap>(voc_sample("a"), two_regions(size, 30), two_labels(size, 27, 20, 5)) ==
        two_labels(size, 30, 20, 5));
}

TEST_CASE("label.crf does not change a map of one label") {
  Size const size{9, 11};
  StageDriver stage = over_labels();
  Image const image = two_regions(size, 4);
  for (Label const label : {Label{0}, Label{15}, kIgnore}) {
    LabelMap const labels = two_labels(size, 0, 0, label);
    CHECK(stage.run<LabelMap>(voc_sample("a"), image, labels) == labels);
  }
  StageDriver computed = over_labels({{"min_confidence", 0.6}});
  for (Label const label : {Label{15}, kIgnore}) {
    LabelMap const labels = two_labels(size, 0, 0, label);
    CHECK(computed.run<LabelMap>(voc_sample("a"), image, labels) == labels);
  }
}

TEST_CASE("label.crf gives pixels of 255 the labels of their neighbours") {
  Size const size{20, 24};
  StageDriver stage = over_labels();
  LabelMap const labels = two_labels(size, 12, 3, 0);
  LabelMap const holes = with(labels, {0, 5, 30, 19 + 24 * 10, 479}, kIgnore);
  CHECK(stage.run<LabelMap>(voc_sample("a"), two_regions(size, 12), holes) == labels);
  CHECK(stage.run<LabelMap>(voc_sample("a"), two_regions(size, 12),
                            two_labels(size, 3, kIgnore, 0)) == LabelMap(size));
}

TEST_CASE("label.crf over labels equals brute force over pydensecrf's unary") {
  Size const size{32, 32};
  std::int64_t const n_labels = GENERATE(3, 21);
  StageDriver stage = over_labels({{"n_labels", n_labels}});
  std::mt19937 random(5);
  LabelMap labels = two_labels(size, 18, 0, 4);
  std::vector<std::size_t> other, unsure;
  for (int i = 0; i < 150; ++i) other.push_back(random() % size.pixels());
  for (int i = 0; i < 50; ++i) unsure.push_back(random() % size.pixels());
  labels = with(with(labels, other, 9), unsure, kIgnore);
  Image const image = two_regions(size, 14);

  auto const count = static_cast<std::size_t>(n_labels);
  std::vector<Label> const candidates = {0, 4, 9};
  BruteForceCrf::Planes energies(count, std::vector<double>(size.pixels()));
  for (std::size_t i = 0; i < size.pixels(); ++i) {
    Label const own = labels.pixels()[i];
    for (std::size_t k = 0; k < count; ++k) {
      bool const is_own = k < candidates.size() && candidates[k] == own;
      double const known = is_own ? 0.7 : 0.3 / double(count - 1);
      double const probability = own == kIgnore ? 1.0 / double(count) : known;
      energies[k][i] = -std::log(probability);
    }
  }
  auto const marginals = BruteForceCrf().marginals(image, energies);
  auto const result = stage.run<LabelMap>(voc_sample("a"), image, labels);
  for (std::size_t i = 0; i < size.pixels(); ++i) {
    std::size_t best = 0;
    for (std::size_t k = 1; k < count; ++k) best = marginals[k][i] > marginals[best][i] ? k : best;
    REQUIRE(best < 3);
    REQUIRE(result.pixels()[i] == candidates[best]);
  }
}

TEST_CASE("label.crf counts classes of image-level labels that the label map does not contain") {
  Size const size{32, 32};
  Image const image = two_regions(size, 14);
  LabelMap const labels = with(two_labels(size, 18, 0, 4), {3, 90, 500}, kIgnore);
  Crf crf;
  crf.iterations = 0;
  crf.min_confidence = 0.4;  // of a pixel of 255 each of two labels has 0.5, each of four 0.25
  Sample const sample = voc_sample("a");
  using ImageTags = std::vector<Label>;
  auto const result = [&](std::optional<ImageTags> tags) {
    ImageLabels const image_labels{tags.value_or(ImageTags())};
    return std::get<0>(crf(SampleContext(sample, nullptr), image, &labels, nullptr,
                           tags ? &image_labels : nullptr));
  };
  LabelMap const plain = result(std::nullopt);
  LabelMap const with_tags = result(ImageTags{4, 9, 20});
  CHECK(result(ImageTags{9, 20}) == with_tags);
  CHECK(result(ImageTags{4}) == plain);
  CHECK(result(ImageTags{}) == plain);
  crf.n_labels = 4;
  CHECK(result(std::nullopt) == with_tags);
  CHECK(with_tags != plain);
}

TEST_CASE("label.crf over scores equals brute force over pydensecrf's unary") {
  Size const size{32, 32};
  double const alpha = GENERATE(1, 4);
  std::mt19937 random(6);
  std::uniform_real_distribution<double> noise(-0.2, 0.2);
  std::vector<double> scores(2 * size.pixels());
  for (std::size_t i = 0; i < size.pixels(); ++i) {
    double const x = double(i % size.width) / size.width;
    scores[i] = 1.05 - x + noise(random);               // of class 8; up to 1.25
    scores[size.pixels() + i] = x / 3 + noise(random);  // of class 2; down to -0.2
  }
  Image const image = two_regions(size, 20);
  BruteForceCrf::Planes energies(3, std::vector<double>(size.pixels()));
  for (std::size_t i = 0; i < size.pixels(); ++i) {
    double const a = scores[i], b = scores[size.pixels() + i];
    double const probabilities[] = {std::pow(1 - std::max(a, b), alpha), a, b};
    for (std::size_t k = 0; k < 3; ++k) {
      energies[k][i] = -std::log(std::clamp(probabilities[k], 1e-5, 1.0));
    }
  }
  auto const marginals = BruteForceCrf{3, 3, 80, 13, 10, 10}.marginals(image, energies);
  auto const result = over(crf_with({}, alpha), image, ScoreMaps(size, {8, 2}, scores));
  std::vector<Label> const candidates = {0, 8, 2};
  for (std::size_t i = 0; i < size.pixels(); ++i) {
    std::size_t best = 0;
    for (std::size_t k = 1; k < 3; ++k) best = marginals[k][i] > marginals[best][i] ? k : best;
    REQUIRE(result.pixels()[i] == candidates[best]);
  }
  StageDriver stage(declare_crf, {{{"alpha", alpha}}, {"image", "scores"}, {"scores"}});
  auto const output = stage.output<ScoreMaps>("scores", voc_sample("a"), image, std::nullopt,
                                              ScoreMaps(size, {8, 2}, scores), std::nullopt);
  REQUIRE(classes_of(output) == candidates);
  for (std::size_t i = 0; i < size.pixels(); ++i) {
    for (std::size_t k = 0; k < 3; ++k) {
      REQUIRE(output.plane(k)[i] == Approx(marginals[k][i]).margin(1e-4));
    }
  }
}

TEST_CASE("label.crf uses the background map of scores that have one") {
  Size const size{12, 20};
  std::vector<float> scores;
  for (float const background : {0.9f, 0.2f}) {
    for (std::size_t i = 0; i < size.pixels(); ++i) {
      scores.push_back(i % size.width < 10 ? background : 1 - background);
    }
  }
  ScoreMaps const maps(size, {0, 6}, scores);
  CHECK(over({}, two_regions(size, 10), maps) == two_labels(size, 10, 0, 6));
  CHECK_THROWS_WITH(over(crf_with({}, 2), two_regions(size, 10), maps),
                    Contains("have a map for background; remove alpha"));
  ScoreMaps const foreground(size, {5, 6}, scores);
  CHECK(over(crf_with(0.1, {}), two_regions(size, 10), foreground) == two_labels(size, 10, 5, 6));
  CHECK_THROWS_WITH(over({}, two_regions(size, 10), foreground),
                    Contains("set background (a number) or alpha"));
}

TEST_CASE("label.crf turns scores without classes into background") {
  Size const size{3, 5};
  CHECK(over({}, two_regions(size, 2), ScoreMaps(size, {}, std::vector<float>())) ==
        LabelMap(size));
}

TEST_CASE("label.crf turns uncertain pixels into 255") {
  Size const size{30, 30};
  Image const flat(size, std::vector<std::uint8_t>(3 * size.pixels(), 90));
  StageDriver stage =
      over_labels({{"min_confidence", 0.95}, {"gaussian_compat", 1.0}, {"bilateral_compat", 0.0}});
  auto const labels = stage.run<LabelMap>(voc_sample("a"), flat, two_labels(size, 15, 0, 1));
  CHECK(labels.at(10, 0) == kIgnore);  // 0.86: one kernel adds e to odds of 7 to 3
  StageDriver sure = over_labels({{"min_confidence", 0.95}});
  auto const both =
      sure.run<LabelMap>(voc_sample("a"), two_regions(size, 15), two_labels(size, 15, 0, 1));
  CHECK(both == two_labels(size, 15, 0, 1));
}

TEST_CASE("label.crf refuses labels and scores that do not fit the image") {
  Size const size{8, 9};
  StageDriver stage = over_labels();
  CHECK_THROWS_WITH(
      stage.run<LabelMap>(voc_sample("a"), two_regions({9, 8}, 4), two_labels(size, 4, 0, 1)),
      Contains("the label map is 8x9 but the image is 9x8"));
  CHECK_THROWS_WITH(
      stage.run<LabelMap>(voc_sample("a"), two_regions(size, 4), two_labels(size, 4, 0, 21)),
      Contains("21"));
  CHECK_THROWS_WITH(
      over(crf_with({}, 1), two_regions({9, 8}, 4), ScoreMaps(size, {1}, std::vector<float>(72))),
      Contains("the score map is 8x9 but the image is 9x8"));
  StageDriver few = over_labels({{"n_labels", std::int64_t{2}}});
  CHECK_THROWS_WITH(
      few.run<LabelMap>(voc_sample("a"), two_regions(size, 4), two_labels(size, 4, 1, 2)),
      Contains("the label map contains 3 classes, background included, but n_labels is 2"));
}

TEST_CASE("the unary of scores is computed in their own precision") {
  Size const size{1, 2};
  auto const energy = [&](ScoreMaps const& scores, std::size_t label, std::size_t pixel) {
    return candidates_of(scores, {.constant = {}, .alpha = 1}, std::nullopt)
        .unary.energies.at(label, pixel);
  };
  ScoreMaps const half(size, {3}, std::vector<float>{0.5f, 0.f}, Precision::half);
  CHECK(energy(half, 1, 0) == 0.693359375f);  // log 2, to 11 bits
  CHECK(energy(half, 1, 1) == 11.5078125f);   // of 1e-5 as float16 has it
  CHECK(energy(half, 0, 1) == 0);
  // numpy rounds 0.7 to float16 before it multiplies; the uniform share is of float64.
  ScoreMaps const odd({1, 1}, {3}, std::vector<float>{0.501953125f}, Precision::half);
  auto const share = candidates_of(odd, {.constant = 0.25, .alpha = {}}, 0.7);
  CHECK(share.unary.energies.at(1, 0) == static_cast<float>(-std::log(0.3515625 + (1 - 0.7) / 2)));
  ScoreMaps const single(size, {3}, std::vector<float>{0.5f, 0.f});
  CHECK(energy(single, 1, 0) == std::log(2.f));
  CHECK(energy(single, 1, 1) == Approx(-std::log(1e-5)).epsilon(1e-7));
  auto const mixed = candidates_of(single, {.constant = 0.25, .alpha = {}}, 0.6);
  CHECK(mixed.unary.energies.at(1, 0) == Approx(-std::log(0.6 * 0.5 + 0.4 / 2)));
  CHECK(mixed.unary.energies.at(0, 1) == Approx(-std::log(0.6 * 0.25 + 0.4 / 2)));
}

TEST_CASE("scores whose power is NaN are no evidence") {
  ScoreMaps const above({1, 1}, {3}, std::vector<float>{1.5f});
  auto const candidates = candidates_of(above, {.constant = {}, .alpha = 0.5}, std::nullopt);
  CHECK(candidates.unary.energies.at(0, 0) == Approx(-std::log(1e-5)));
  CHECK(candidates.unary.energies.at(1, 0) == 0);
}
