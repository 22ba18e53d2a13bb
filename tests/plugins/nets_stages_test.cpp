#include <string>

#include "nets/stages.hpp"
#include "support/catch.hpp"
#include "support/sam_checkpoint.hpp"
#include "support/stage_driver.hpp"
#include "support/temp_folder.hpp"

using namespace seplflow;
using namespace seplflow::nets;

namespace {

using Options = std::map<std::string, OptionValue>;
using Names = std::vector<std::string>;

// A network with the 21 classes of VOC, or the 20 without background.
TensorShapes tensors_of(nets::Network network) {
  NetworkShape shape;
  shape.network = network;
  shape.width = 4;
  shape.blocks = {1, 1, 1, 1};
  shape.classes = network == nets::Network::deeplab ? 21 : 20;
  shape.edge = 4;
  shape.levels = {4, 4, 4, 12};
  return expected_tensors(shape);
}

// A stage with a checkpoint, on the CPU.
struct SmallNetwork {
  SmallNetwork(void (*declare)(Plugin&), TensorShapes const& tensors, Names const& inputs,
               Names const& outputs, Options options = {})
      : file(folder.write("small.pth", sam_checkpoint(tensors))) {
    options.try_emplace("checkpoint", file.string());
    options.try_emplace("device", std::string("cpu"));
    stage.emplace(declare, StageSetup{std::move(options), inputs, outputs});
  }

  TempFolder folder;
  std::filesystem::path file;
  std::optional<StageDriver> stage;
};

SmallNetwork deeplab(Names const& outputs = {"labels"}, Options options = {}) {
  return {declare_label_deeplab,
          tensors_of(nets::Network::deeplab),
          {"image"},
          outputs,
          std::move(options)};
}

SmallNetwork classifier(nets::Network network, Names const& outputs = {"scores"},
                        Options options = {}) {
  return {declare_cam_classifier,
          tensors_of(network),
          {"image", "image_labels"},
          outputs,
          std::move(options)};
}

Image picture(Size size) {
  std::vector<std::uint8_t> rgb(3 * size.pixels());
  for (std::size_t i = 0; i < rgb.size(); ++i) rgb[i] = static_cast<std::uint8_t>(i * 7 % 251);
  return Image(size, std::move(rgb));
}

Sample sample_of_coco() {
  Sample sample = voc_sample("a");
  sample.classes = coco14_classes();
  return sample;
}

}  // namespace

TEST_CASE("images of any size get labels and scores of that size") {
  Size const size = GENERATE(Size{1, 1}, Size{1, 90}, Size{33, 20});
  INFO(to_string(size));
  SmallNetwork network = deeplab({"labels", "scores"});
  REQUIRE(network.stage->problems().empty());
  CHECK(network.stage->output<LabelMap>("labels", voc_sample("a"), picture(size)).size() == size);
  CHECK(network.stage->output<ScoreMaps>("scores", voc_sample("a"), picture(size)).size() == size);
  auto const cams = GENERATE(nets::Network::irn_cam, nets::Network::psa_cam);
  SmallNetwork other = classifier(cams);
  REQUIRE(other.stage->problems().empty());
  auto const scores = other.stage->output<ScoreMaps>("scores", voc_sample("a"), picture(size),
                                                     ImageLabels{{3, 20}});
  CHECK(scores.size() == size);
  CHECK(scores.classes().size() == 2);
}

TEST_CASE("walks give labels to images of any size, beyond IRN's crop of 512 as well") {
  Size const size = GENERATE(Size{1, 1}, Size{9, 530});
  INFO(to_string(size));
  Size const quarter{(size.height + 3) / 4, (size.width + 3) / 4};
  SmallNetwork irn(declare_label_irn, tensors_of(nets::Network::irn), {"image", "scores"},
                   {"labels"});
  REQUIRE(irn.stage->problems().empty());
  ScoreMaps const strided(quarter, {7}, std::vector<float>(quarter.pixels(), 1));
  CHECK(irn.stage->run<LabelMap>(voc_sample("a"), picture(size), strided).size() == size);
  SmallNetwork psa(declare_label_psa, tensors_of(nets::Network::psa_affinity), {"image", "scores"},
                   {"labels"});
  REQUIRE(psa.stage->problems().empty());
  ScoreMaps const scores(size, {7}, std::vector<float>(size.pixels(), 1));
  CHECK(psa.stage->run<LabelMap>(voc_sample("a"), picture(size), scores).size() == size);
  if (size.pixels() == 1) return;
  CHECK_THROWS_WITH(irn.stage->run<LabelMap>(voc_sample("a"), picture(size), scores),
                    Contains("a quarter of the image") && Contains("strided"));
  CHECK_THROWS_WITH(psa.stage->run<LabelMap>(voc_sample("a"), picture(size), strided),
                    Contains("scores of the image's size"));
}

TEST_CASE("strided scores of PSA's checkpoint are refused by the check") {
  CHECK_THAT(classifier(nets::Network::psa_cam, {"scores", "strided"}).stage->problems(),
             Contains("checkpoint: ") && Contains("PSA") && Contains("strided"));
  CHECK(classifier(nets::Network::irn_cam, {"scores", "strided"}).stage->problems().empty());
}

TEST_CASE("a checkpoint for other classes than those of the data set fails every sample") {
  CHECK_THROWS_WITH(deeplab().stage->output<LabelMap>("labels", sample_of_coco(), picture({8, 8})),
                    Contains("predicts 21 classes") && Contains("81"));
  CHECK_THROWS_WITH(
      classifier(nets::Network::irn_cam)
          .stage->output<ScoreMaps>("scores", sample_of_coco(), picture({8, 8}), ImageLabels{{1}}),
      Contains("predicts 20 classes") && Contains("81"));
}

TEST_CASE("image-level labels must be connected, and every sample must have them") {
  SmallNetwork const unconnected(declare_cam_classifier, tensors_of(nets::Network::irn_cam),
                                 {"image"}, {"scores"});
  CHECK_THAT(unconnected.stage->problems(), Contains("image_labels is not connected"));
  CHECK_THROWS_WITH(
      classifier(nets::Network::irn_cam)
          .stage->output<ScoreMaps>("scores", voc_sample("a"), picture({8, 9}), std::nullopt),
      Contains("does not say which classes"));
}

TEST_CASE("an image without classes has no CAMs") {
  SmallNetwork network = classifier(nets::Network::irn_cam);
  auto const scores =
      network.stage->output<ScoreMaps>("scores", voc_sample("a"), picture({8, 9}), ImageLabels{});
  CHECK(scores.classes().empty());
  CHECK(scores.size() == Size{8, 9});
}

TEST_CASE("a device or checkpoint that does not exist is refused by the check") {
  CHECK_THAT(deeplab({"labels"}, {{"device", std::string("gpu")}}).stage->problems(),
             Contains("device: ") && Contains("\"gpu\""));
  CHECK_THAT(deeplab({"labels"}, {{"device", std::string("cuda:98")}}).stage->problems(),
             Contains("device: ") && Contains("cuda:98"));
  SmallNetwork const other(declare_label_deeplab, tensors_of(nets::Network::irn), {"image"},
                           {"labels"});
  CHECK_THAT(other.stage->problems(), Contains("checkpoint: ") && Contains("IRNet"));
}

TEST_CASE("bfloat16 gives about the same scores") {
  Image const image = picture({40, 30});
  auto const best = [&](std::string const& precision) {
    SmallNetwork network =
        classifier(nets::Network::irn_cam, {"scores"}, {{"precision", precision}});
    return network.stage->output<ScoreMaps>("scores", voc_sample("a"), image, ImageLabels{{5}});
  };
  ScoreMaps const exact = best("float32"), rough = best("bfloat16");
  double difference = 0;
  for (std::size_t i = 0; i < exact.plane(0).size(); ++i) {
    difference += std::abs(double{exact.plane(0)[i]} - rough.plane(0)[i]);
  }
  CHECK(difference / static_cast<double>(exact.plane(0).size()) < 0.1);
}

TEST_CASE("a network that computes infinite values or NaN fails every sample") {
  SmallNetwork network = deeplab();
  network.folder.write("small.pth",
                       sam_checkpoint(tensors_of(nets::Network::deeplab), 1, {}, {}, 1e15F));
  CHECK_THROWS_WITH(network.stage->output<LabelMap>("labels", voc_sample("a"), picture({8, 8})),
                    Contains("infinite or NaN") && Contains("precision"));
}
