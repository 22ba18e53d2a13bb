#include <algorithm>
#include <limits>
#include <string>

#include "nets/psa_labels.hpp"
#include "nets/stages.hpp"
#include "nets/trainer.hpp"
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

Sample sample_of_coco() {
  Sample sample = voc_sample("a");
  sample.classes = coco14_classes();
  return sample;
}

// A small network with random weights, in a training of three iterations.
TrainerOptions small_training(nets::Network network) {
  TrainerOptions options;
  options.network = network;
  options.width = 8;
  options.blocks = {1, 1, 1, 1};
  options.device = "cpu";
  options.optimizer = published_optimizer(network);
  options.optimizer.iterations = 3;
  options.optimizer.iter_size = 1;
  if (network == nets::Network::deeplab) options.classes = 5;
  if (network == nets::Network::irn_cam) options.classes = 4;
  return options;
}

TrainingBatch small_batch(nets::Network network, std::uint8_t label = 1) {
  TrainingBatch batch;
  batch.count = 2;
  batch.size = batch.label_size = {96, 96};
  if (network == nets::Network::psa_affinity) batch.label_size = {12, 12};
  batch.images.resize(2 * 3 * batch.size.pixels());
  for (std::size_t i = 0; i < batch.images.size(); ++i) {
    batch.images[i] = static_cast<float>(i * i % 251) / 125 - 1;
  }
  batch.labels.assign(2 * batch.label_size.pixels(), label);
  for (std::size_t i = 0; i < batch.labels.size() && label < 255; i += 3) batch.labels[i] = 0;
  batch.classes = {1, 0, 0, 1, 0, 1, 0, 0};
  batch.ids = {"first", "second"};
  return batch;
}

double loss_of(Trainer& trainer, TrainingBatch const& batch) {
  trainer.accumulate(batch);
  trainer.step();
  return trainer.take_reports().at(0).loss;
}

std::string as_text(std::vector<std::uint8_t> const& bytes) {
  return {bytes.begin(), bytes.end()};
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

TEST_CASE("networks with random weights learn, and begin again with what they wrote") {
  auto const network = GENERATE(nets::Network::deeplab, nets::Network::irn_cam, nets::Network::irn,
                                nets::Network::psa_affinity);
  INFO(name_of(network));
  TrainerOptions options = small_training(network);
  options.dropout = 0;
  options.optimizer.rate /= 10;
  auto const trainer = functions().make_trainer(options);
  TrainingBatch const batch = small_batch(network);
  double const first = loss_of(*trainer, batch);
  double const second = loss_of(*trainer, batch);
  CHECK(second < first);
  TempFolder folder;
  options.checkpoint = folder.write("weights.pth", as_text(trainer->encode_weights()));
  auto const again = functions().make_trainer(options);
  CHECK(again->encode_weights() == trainer->encode_weights());
  options.classes = 3;
  if (network == nets::Network::deeplab) {
    CHECK_THROWS_WITH(shape_to_train(options), Contains("predicts 5 classes") && Contains("3"));
  }
}

TEST_CASE("a training that goes on from its state ends with the same bits, dropout included") {
  auto const network = GENERATE(nets::Network::deeplab, nets::Network::psa_affinity);
  TrainerOptions options = small_training(network);
  auto const whole = functions().make_trainer(options), part = functions().make_trainer(options);
  TrainingBatch const batch = small_batch(network);
  loss_of(*whole, batch);
  loss_of(*part, batch);
  TempFolder folder;
  auto const file = folder.write("state", as_text(part->encode_state("here")));
  auto const next = functions().make_trainer(options);
  CHECK(next->restore(file) == "here");
  CHECK(next->iteration() == 1);
  CHECK(loss_of(*next, batch) == loss_of(*whole, batch));
  CHECK(next->encode_state("") == whole->encode_state(""));
  options.optimizer.rate *= 2;
  CHECK_THROWS_WITH(functions().make_trainer(options)->restore(file), Contains("another training"));
}

TEST_CASE("a validation uses the present weights and changes nothing") {
  TempFolder folder;
  TrainerOptions const options = small_training(nets::Network::deeplab);
  auto const trainer = functions().make_trainer(options), other = functions().make_trainer(options);
  TrainingBatch const batch = small_batch(nets::Network::deeplab);
  loss_of(*trainer, batch);
  loss_of(*other, batch);
  double const loss = trainer->loss(batch);
  DeepLabOptions written;
  written.checkpoint = folder.write("weights.pth", as_text(trainer->encode_weights()));
  written.device = "cpu";
  Image const image = picture({40, 30});
  CHECK(trainer->labels(image) == functions().open_deeplab(written)->label(image, false).labels);
  CHECK(loss_of(*trainer, batch) == Approx(loss));
  loss_of(*other, batch);
  CHECK(trainer->encode_state("") == other->encode_state(""));
}

TEST_CASE("AffinityNet's labels need scores of the image with a map for background") {
  auto const problem = [](ScoreMaps const& objects, Size image) {
    ScoreMaps const background({8, 16}, {0, 5}, std::vector<float>(256, 0.5F));
    return [=] { return affinity_labels(objects, background, {image}, {1, 2}); };
  };
  std::vector<float> scores(256, 0.25F);
  std::fill_n(scores.begin() + 128 + 6, 8, 1.F);
  ScoreMaps const objects({8, 16}, {0, 5}, scores);
  CHECK_THROWS_WITH(problem(objects, {16, 16})(), Contains("set values = [1] in augment.scale"));
  CHECK_THROWS_WITH(problem(ScoreMaps({8, 16}, {5}, std::vector<float>(128)), {8, 16})(),
                    Contains("no map for background") && Contains("label.crf"));
  CHECK(problem(objects, {8, 16})() == std::vector<std::uint8_t>{0, 0});
  // Where background is not the best of the generous scores, nor of the careful ones.
  ScoreMaps const generous({8, 16}, {5, 0}, std::vector<float>(256, 0.5F));
  CHECK(affinity_labels(objects, generous, {{8, 16}}, {1, 2}) == std::vector<std::uint8_t>{5, 5});
  CHECK(affinity_labels(objects, generous, {{8, 16}, 8, 0}, {1, 2}) ==
        std::vector<std::uint8_t>{255, 255});
}

TEST_CASE("a batch without labels gives no gradient and no NaN") {
  auto const network =
      GENERATE(nets::Network::deeplab, nets::Network::irn, nets::Network::psa_affinity);
  auto const trainer = functions().make_trainer(small_training(network));
  trainer->accumulate(small_batch(network, 255));
  for (NamedValues const& gradient : trainer->gradients()) {
    INFO(gradient.name);
    CHECK(std::ranges::all_of(gradient.values, [](float value) { return value == 0; }));
  }
  trainer->step();
  CHECK(trainer->take_reports().at(0).loss == 0);
}

TEST_CASE("a loss that becomes NaN names the iteration and the samples") {
  auto const trainer = functions().make_trainer(small_training(nets::Network::deeplab));
  TrainingBatch batch = small_batch(nets::Network::deeplab);
  loss_of(*trainer, batch);
  batch.images[5] = std::numeric_limits<float>::quiet_NaN();
  trainer->accumulate(batch);
  trainer->step();
  CHECK_THROWS_WITH(trainer->encode_weights(),
                    Contains("NaN") && Contains("iteration 2") && Contains("first, second"));
}

TEST_CASE("labels beyond the classes of the network name the sample") {
  auto const trainer = functions().make_trainer(small_training(nets::Network::deeplab));
  TrainingBatch batch = small_batch(nets::Network::deeplab);
  batch.labels.back() = 5;
  CHECK_THROWS_WITH(trainer->accumulate(batch),
                    Contains("second") && Contains("class 5") && Contains("0 to 4"));
}

TEST_CASE("a training begins with the backbone of another network") {
  TempFolder folder;
  auto const shape_from = [&](nets::Network from, nets::Network to, std::string const& cut) {
    TensorShapes tensors;
    for (auto const& [name, dims] : tensors_of(from)) {
      std::string const stored = name.starts_with(cut) ? name.substr(cut.size()) : name;
      bool const head =
          stored.starts_with("aspp.") || (!cut.empty() && stored.starts_with("classifier."));
      if (!head) tensors.emplace(stored, dims);
    }
    TrainerOptions options = small_training(to);
    options.checkpoint = folder.write("backbone.pth", sam_checkpoint(tensors));
    return shape_to_train(options);
  };
  using enum nets::Network;
  CHECK(shape_from(deeplab, deeplab, "").classes == 5);
  CHECK(shape_from(irn_cam, irn, "").displacement == 64);
  CHECK(shape_from(irn_cam, irn, "resnet50.").edge == 32);
  CHECK(shape_from(psa_cam, psa_affinity, "").levels[3] == 448);
  CHECK_THROWS_WITH(shape_from(psa_cam, deeplab, ""),
                    Contains("PSA's classifier") && Contains("weights of its backbone"));
}
