// Published networks at reduced width beside the outputs of their official code.
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

#include <simdjson.h>

#include <seplflow/formats/image_file.hpp>
#include <seplflow/formats/npy.hpp>
#include <seplflow/formats/png.hpp>
#include "nets/base/resample.hpp"
#include "nets/patch.hpp"
#include "nets/stages.hpp"
#include "support/catch.hpp"
#include "support/relative_difference.hpp"
#include "support/stage_driver.hpp"
#include "support/test_data.hpp"

namespace fs = std::filesystem;
using namespace seplflow;
using namespace seplflow::nets;

namespace {

using Options = std::map<std::string, OptionValue>;

fs::path data() {
  return test_data() / "nets-tiny";
}

std::string an_image() {
  return GENERATE("2007_000001", "2007_000999");
}

Image image_of(std::string const& name) {
  return read_image(data() / "images" / (name + ".png"));
}

std::vector<float> values_in(std::string const& file) {
  return read_npy(data() / file).root().array().to_vector<float>();
}

std::vector<float> values_of_maps(ScoreMaps const& scores) {
  std::vector<float> values;
  for (std::size_t k = 0; k < scores.classes().size(); ++k) {
    auto const plane = scores.plane(k);
    values.insert(values.end(), plane.begin(), plane.end());
  }
  return values;
}

// How many pixels of a label file another label map has differently.
std::size_t differing(LabelMap const& labels, std::string const& file) {
  LabelMap const expected = read_label_png(data() / file);
  REQUIRE(labels.size() == expected.size());
  std::size_t count = 0;
  for (std::size_t i = 0; i < labels.pixels().size(); ++i) {
    count += labels.pixels()[i] != expected.pixels()[i] ? 1 : 0;
  }
  return count;
}

// The classes of an image, counted from 1.
ImageLabels image_labels_of_cams(std::string const& network, std::string const& name) {
  ImageLabels labels;
  for (float const key : values_in(network + "/" + name + "_cam_keys.npy")) {
    labels.classes.push_back(static_cast<Label>(key + 1));
  }
  return labels;
}

StageDriver stage_of(void (*declare)(Plugin&), std::string const& checkpoint, Options options,
                     std::vector<std::string> const& inputs,
                     std::vector<std::string> const& outputs) {
  options["checkpoint"] = (data() / checkpoint).string();
  options["device"] = std::string("cpu");
  StageDriver stage(declare, StageSetup{std::move(options), inputs, outputs});
  REQUIRE(stage.problems().empty());
  return stage;
}

}  // namespace

TEST_CASE("real: the logits of DeepLab V2 are the official ones, with torch before 1.6 as well") {
  auto const interpolation = GENERATE(Interpolation::torch16, Interpolation::torch15);
  bool const old = interpolation == Interpolation::torch15;
  std::string const name = an_image();
  INFO(name << (old ? " with torch 1.5" : ""));
  DeepLabOptions options;
  options.checkpoint = data() / "deeplab/init.pth";
  options.device = "cpu";
  options.interpolation = interpolation;
  Planes const logits = functions().open_deeplab(options)->logits(image_of(name));
  std::string const file = "deeplab/logits_" + name + (old ? "_torch15.npy" : ".npy");
  CHECK(relative_difference(logits.values, values_in(file)) < 1e-4);
}

TEST_CASE("real: label.deeplab labels images as the official evaluation does") {
  std::string const name = an_image();
  std::string const step = GENERATE("", "step4_");
  INFO(name << " " << step);
  StageDriver stage =
      stage_of(declare_label_deeplab, step.empty() ? "deeplab/init.pth" : "deeplab/step4.pth", {},
               {"image"}, {"labels", "scores"});
  Image const image = image_of(name);
  auto const labels = stage.output<LabelMap>("labels", voc_sample(name), image);
  CHECK(differing(labels, "deeplab/label_" + step + name + ".png") <= 5);
  auto const scores = stage.output<ScoreMaps>("scores", voc_sample(name), image);
  REQUIRE(scores.classes().size() == 21);
  for (std::size_t i = 0; i < labels.pixels().size(); i += 97) {
    double sum = 0;
    for (std::size_t k = 0; k < scores.classes().size(); ++k) sum += scores.plane(k)[i];
    CHECK(sum == Approx(1).margin(1e-5));
    CHECK(scores.plane(labels.pixels()[i])[i] >= 1.0F / 21);
  }
}

TEST_CASE("real: images are resized bicubically like Pillow, byte for byte") {
  std::string const name = an_image();
  std::string const scale = GENERATE("0.5", "1.5", "2.0");
  INFO(name << " " << scale);
  Image const expected = read_image(data() / ("irn/" + name + "_scale_" + scale + ".png"));
  Image const found = resize_as_pillow(image_of(name), expected.size(), Filter::bicubic);
  CHECK(std::ranges::equal(found.rgb(), expected.rgb()));
}

TEST_CASE("real: cam.classifier computes the CAMs of IRN, at both sizes") {
  std::string const name = an_image();
  INFO(name);
  StageDriver stage = stage_of(declare_cam_classifier, "irn/cam.pth", {}, {"image", "image_labels"},
                               {"scores", "strided"});
  Image const image = image_of(name);
  ImageLabels const labels = image_labels_of_cams("irn", name);
  auto const scores = stage.output<ScoreMaps>("scores", voc_sample(name), image, labels);
  auto const strided = stage.output<ScoreMaps>("strided", voc_sample(name), image, labels);
  CHECK(std::ranges::equal(scores.classes(), labels.classes));
  CHECK(scores.size() == image.size());
  CHECK(scores.method() == "irn");
  std::string const stem = "irn/" + name + "_cam_";
  CHECK(relative_difference(values_of_maps(scores), values_in(stem + "highres.npy")) < 1e-4);
  CHECK(relative_difference(values_of_maps(strided), values_in(stem + "strided.npy")) < 1e-4);
}

TEST_CASE("real: cam.classifier computes the CAMs of PSA") {
  std::string const name = an_image();
  INFO(name);
  StageDriver stage =
      stage_of(declare_cam_classifier, "psa/cls.pth", {}, {"image", "image_labels"}, {"scores"});
  ImageLabels const labels = image_labels_of_cams("psa", name);
  auto const scores = stage.output<ScoreMaps>("scores", voc_sample(name), image_of(name), labels);
  CHECK(scores.method() == "psa");
  CHECK(relative_difference(values_of_maps(scores), values_in("psa/" + name + "_cam.npy")) < 1e-4);
}

TEST_CASE("real: the random walk of IRN is the official one, without a matrix of all pixels") {
  auto const [beta, times] = GENERATE(table<double, std::uint32_t>({{10, 8}, {4, 2}, {1, 0}}));
  std::string const run = "beta" + std::to_string(int(beta)) + "_times" + std::to_string(times);
  INFO(run);
  std::vector<float> const edge = values_in("irn/walk_edge.npy");
  std::vector<float> scores = values_in("irn/walk_x.npy");
  for (std::size_t i = 0; i < scores.size(); ++i) scores[i] *= 1 - edge[i % edge.size()];
  auto const walked = random_walk(scores, affinities_of_boundaries(edge, {7, 9}), {beta, times});
  CHECK(relative_difference(walked, values_in("irn/walk_" + run + ".npy")) < 1e-4);
}

TEST_CASE("real: label.irn finds the boundaries and the labels of IRN") {
  std::string const name = an_image();
  INFO(name);
  Image const image = image_of(name);
  ModelOptions options;
  options.checkpoint = data() / "irn/irn.pth";
  options.device = "cpu";
  Planes const boundaries = functions().open_irn(options)->boundaries(image);
  CHECK(relative_difference(boundaries.values, values_in("irn/" + name + "_edge.npy")) < 1e-4);

  StageDriver stage =
      stage_of(declare_label_irn, "irn/irn.pth", {}, {"image", "scores"}, {"labels"});
  ScoreMaps const strided(boundaries.size, image_labels_of_cams("irn", name).classes,
                          values_in("irn/" + name + "_cam_strided.npy"));
  auto const labels = stage.run<LabelMap>(voc_sample(name), image, strided);
  CHECK(differing(labels, "irn/" + name + "_sem_seg.png") <= 5);
}

TEST_CASE("real: label.psa finds the affinities and the labels of PSA") {
  std::string const name = an_image();
  std::int64_t const alpha = GENERATE(4, 16);
  INFO(name << " alpha " << alpha);
  Image const image = image_of(name);
  ModelOptions options;
  options.checkpoint = data() / "psa/aff.pth";
  options.device = "cpu";
  Affinities affinities = functions().open_affinity(options)->affinities(image);
  auto const from = read_npy(data() / ("psa/" + name + "_pairs_from.npy"));
  std::vector<float> found;
  for (std::size_t k = 0; k < affinities.offsets.size(); ++k) {
    for (auto const pixel : from.root().array().to_vector<double>()) {
      found.push_back(affinities.plane(k)[static_cast<std::size_t>(pixel)]);
    }
  }
  CHECK(relative_difference(found, values_in("psa/" + name + "_affinity_sparse.npy")) < 1e-4);

  StageDriver stage =
      stage_of(declare_label_psa, "psa/aff.pth", {{"alpha", static_cast<double>(alpha)}},
               {"image", "scores"}, {"labels"});
  ScoreMaps const scores(image.size(), image_labels_of_cams("psa", name).classes,
                         values_in("psa/" + name + "_cam.npy"));
  auto const labels = stage.run<LabelMap>(voc_sample(name), image, scores);
  CHECK(differing(labels, "psa/" + name + "_label_alpha" + std::to_string(alpha) + ".png") <= 5);
}

TEST_CASE("augmented crops are those of deeplab-pytorch bit for bit") {
  simdjson::dom::parser parser;
  auto const draws = parser.load((data() / "deeplab/train_draws.json").string());
  auto const images = values_in("deeplab/train_images.npy");
  auto const labels = values_in("deeplab/train_labels.npy");
  constexpr std::uint32_t kSide = 97;
  constexpr std::size_t kPixels = std::size_t{kSide} * kSide;
  std::size_t crop = 0;
  for (auto const& draw : draws.get_array()) {
    std::string const name{draw["name"].get_c_str().value()};
    double const scale = draw["scale"].get_double().value();
    Image const image = image_of(name);
    LabelMap const truth = read_label_png(data() / "labels" / (name + ".png"));
    Size const to{static_cast<std::uint32_t>(image.size().height * scale),
                  static_cast<std::uint32_t>(image.size().width * scale)};
    Patch patch = cut_out(scaled(image, &truth, to, Resampling::opencv_bilinear), {kSide, kSide},
                          draw["start_h"].get_int64().value(), draw["start_w"].get_int64().value());
    if (draw["flip"].get_bool().value()) patch = mirrored(patch);
    INFO(name << ", crop " << crop);
    auto const input = input_of(patch, Network::deeplab);
    CHECK(std::equal(input.begin(), input.end(), images.begin() + 3 * kPixels * crop));
    CHECK(std::equal(patch.labels.begin(), patch.labels.end(), labels.begin() + kPixels * crop));
    ++crop;
  }
  CHECK(crop == 16);
}
