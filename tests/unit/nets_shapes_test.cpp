#include <algorithm>
#include <string>

#include <seplflow/error.hpp>
#include "nets/random_walk.hpp"
#include "nets/shapes.hpp"
#include "support/catch.hpp"
#include "support/sam_checkpoint.hpp"
#include "support/temp_folder.hpp"

using namespace seplflow;
using namespace seplflow::nets;

namespace {

NetworkShape small(Network network) {
  NetworkShape shape;
  shape.network = network;
  shape.width = 8;
  shape.blocks = {1, 1, 2, 1};
  shape.classes = network == Network::deeplab ? 21 : 20;
  shape.edge = 4;
  shape.levels = {2, 3, 4, 9};
  if (network == Network::irn || network == Network::psa_affinity) shape.classes = 0;
  if (network != Network::irn) shape.edge = 0;
  if (network != Network::psa_affinity) shape.levels = {};
  return shape;
}

TensorShapes prefixed(TensorShapes const& tensors, std::string const& prefix) {
  TensorShapes named;
  for (auto const& [name, shape] : tensors) named.emplace(prefix + name, shape);
  return named;
}

// What is wrong with a checkpoint of these tensors; empty when nothing is.
std::string refusal(TensorShapes const& tensors, std::vector<Network> const& networks,
                    std::string const& integers = {}) {
  TempFolder const folder;
  auto const file = folder.write("a.pth", sam_checkpoint(tensors, 1, integers));
  try {
    NetworkFile const sound(file, networks);
    return {};
  } catch (Error const& error) {
    return error.what();
  }
}

}  // namespace

TEST_CASE("the sizes of every network are read from its tensors, under any prefix") {
  auto const network = GENERATE(Network::deeplab, Network::irn_cam, Network::irn, Network::psa_cam,
                                Network::psa_affinity);
  std::string const prefix = GENERATE("", "module.", "base.");
  INFO(name_of(network) << " " << prefix);
  NetworkShape const shape = small(network);
  TempFolder const folder;
  TensorShapes tensors = prefixed(expected_tensors(shape), prefix);
  tensors.emplace(prefix + "bn1.num_batches_tracked", Dims{});
  auto const file =
      folder.write("a.pth", sam_checkpoint(tensors, 1, prefix + "bn1.num_batches_tracked"));
  NetworkShape const found = NetworkFile(file, {network}).shape();
  CHECK(found.network == network);
  CHECK(found.width == shape.width);
  CHECK(found.blocks == shape.blocks);
  CHECK(found.classes == shape.classes);
  CHECK(found.edge == shape.edge);
  CHECK(found.levels == shape.levels);
}

TEST_CASE("missing, unknown and misshapen tensors of a network are named") {
  TensorShapes tensors = expected_tensors(small(Network::deeplab));
  tensors.erase("aspp.c2.bias");
  tensors["layer4.block2.conv3x3.bn.weight"] = {31};
  tensors["extra.weight"] = {2, 3};
  std::string const text =
      refusal(tensors, {Network::deeplab}, "layer3.block1.reduce.bn.running_var");
  INFO(text);
  CHECK_THAT(text, Contains("a.pth") && Contains("missing: aspp.c2.bias") &&
                       Contains("unknown: extra.weight (2, 3)") &&
                       Contains("layer4.block2.conv3x3.bn.weight is (31); the rest of the model "
                                "needs (32)") &&
                       Contains("layer3.block1.reduce.bn.running_var holds int64"));
}

TEST_CASE("at most ten differences of a network are listed") {
  TensorShapes tensors = expected_tensors(small(Network::psa_cam));
  std::erase_if(tensors, [](auto const& each) { return each.first.starts_with("b4"); });
  std::string const text = refusal(tensors, {Network::psa_cam});
  CHECK(std::count(text.begin(), text.end(), '\n') == 11);
  CHECK_THAT(text, Contains(" more"));
}

TEST_CASE("a group of layers of which every block is missing is named as a whole") {
  TensorShapes tensors = expected_tensors(small(Network::irn_cam));
  std::erase_if(tensors, [](auto const& each) { return each.first.find("layer3") < 20; });
  CHECK_THAT(refusal(tensors, {Network::irn_cam}),
             Contains("missing: resnet50.layer3.0 and all blocks after it"));
}

TEST_CASE("a checkpoint of another network is named as such") {
  auto const [network, text] = GENERATE(table<Network, std::string>({
      {Network::deeplab, "DeepLab V2"},
      {Network::irn, "IRNet"},
      {Network::psa_affinity, "AffinityNet"},
  }));
  INFO(text);
  CHECK_THAT(refusal(expected_tensors(small(network)), {Network::irn_cam, Network::psa_cam}),
             Contains("holds the tensors of " + text) && Contains("res50_cam.pth") &&
                 Contains("res38_cls.pth"));
}

TEST_CASE("torchvision's ResNet and SAM are named when another network is expected") {
  CHECK_THAT(
      refusal({{"conv1.weight", {64, 3, 7, 7}}, {"layer4.0.conv1.weight", {512, 1024, 1, 1}}},
              {Network::irn_cam}),
      Contains("torchvision's ResNet"));
  CHECK_THAT(refusal(sam::expected_tensors(small_sam()), {Network::deeplab}),
             Contains("Segment Anything") && Contains("masks.sam"));
}

TEST_CASE("IRN's other names of a tensor stand for it, unless its shape differs") {
  TensorShapes const official = expected_tensors(small(Network::irn_cam));
  TensorShapes tensors = official;
  tensors["stage1.4.0.conv1.weight"] = official.at("resnet50.layer1.0.conv1.weight");
  tensors["backbone.2.0.1.bn2.bias"] = official.at("resnet50.layer3.1.bn2.bias");
  tensors["newly_added.0.weight"] = official.at("classifier.weight");
  CHECK(refusal(tensors, {Network::irn_cam}).empty());
  tensors["backbone.0.0.weight"] = {8, 3, 3, 3};
  CHECK_THAT(refusal(tensors, {Network::irn_cam}), Contains("(8, 3, 3, 3)"));
}

TEST_CASE("pairs within a radius are those of IRN and PSA, and a path has both ends") {
  CHECK(pair_offsets(5).size() == 34);
  CHECK(pair_offsets(10).size() == 152);
  CHECK(pair_offsets(5).front() == Offset{0, 1});
  CHECK(path_to({0, 2}) == std::vector<Offset>{{0, 0}, {0, 1}, {0, 2}});
  CHECK(path_to({1, -1}) == std::vector<Offset>{{0, 0}, {0, -1}, {1, 0}, {1, -1}});
}

TEST_CASE("a random walk keeps the sum of the scores and does not cross a boundary") {
  Size const size{1, 7};
  std::vector<float> const boundaries = {0, 0, 0, 1, 0, 0, 0};
  auto const walked =
      random_walk({1, 0, 0, 0, 0, 0, 0}, affinities_of_boundaries(boundaries, size), {10, 6});
  CHECK(walked[0] + walked[1] + walked[2] == Approx(1));
  CHECK(walked[0] == Approx(1.0 / 3));
  for (std::size_t i = 3; i < walked.size(); ++i) CHECK(walked[i] == 0);
}
