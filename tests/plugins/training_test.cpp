// Training as a fold, with a trainer that learns nothing but depends on everything that it was given.
#include "nets/training.hpp"

#include <cmath>
#include <fstream>
#include <set>

#include "nets/colour_jitter.hpp"
#include "nets/stages.hpp"
#include "support/catch.hpp"
#include "support/stage_driver.hpp"
#include "support/temp_folder.hpp"

using namespace seplflow;
using namespace seplflow::nets;

namespace {

class FakeTrainer final : public Trainer {
 public:
  explicit FakeTrainer(TrainerOptions const& options)
      : weight_(static_cast<double>(options.seed) + 1) {}

  NetworkShape const& shape() const override { return shape_; }
  std::int64_t iteration() const override { return iteration_; }
  void accumulate(TrainingBatch const& batch) override {
    REQUIRE(batch.count == 2);
    REQUIRE(batch.ids.size() == 2);
    REQUIRE(batch.images.size() == 2 * 3 * batch.size.pixels());
    for (float const value : batch.images) gradient_ = gradient_ * 1.25 + value;
  }
  void step() override {
    weight_ = std::fmod(weight_ * 3 + gradient_, 1000);
    gradient_ = 0;
    reports_.push_back({++iteration_, weight_, {weight_, 1, 2, gradient_}, 0.5});
  }
  std::vector<IterationReport> take_reports() override { return std::exchange(reports_, {}); }
  void add_to_mean_displacement(TrainingBatch const&) override {}
  LabelMap labels(Image const& image) const override { return LabelMap(image.size()); }
  double loss(TrainingBatch const&) const override { return 2 * weight_; }
  std::vector<std::uint8_t> encode_weights() const override {
    return encode_state("");
  }
  std::vector<std::uint8_t> encode_state(std::string const& place) const override {
    REQUIRE(gradient_ == 0);
    std::string const bytes = ByteWriter()
                                  .text(place)
                                  .number(weight_)
                                  .count(static_cast<std::uint64_t>(iteration_))
                                  .take();
    return {bytes.begin(), bytes.end()};
  }
  std::string restore(std::filesystem::path const& file) override {
    std::string const bytes = read_text(file);
    ByteReader reader(bytes);
    std::string place(reader.text());
    weight_ = reader.number();
    iteration_ = static_cast<std::int64_t>(reader.count());
    return place;
  }
  std::vector<NamedValues> weights() const override { return {}; }
  std::vector<NamedValues> gradients() const override { return {}; }
  std::vector<NamedValues> outputs(TrainingBatch const&) const override { return {}; }

 private:
  NetworkShape shape_;
  double weight_, gradient_ = 0;
  std::int64_t iteration_ = 0;
  std::vector<IterationReport> reports_;
};

struct FakeTraining : Training {
  FakeTraining() : Training(Network::deeplab) {
    batch = iter_size = 2;
    checkpoint_every = 3;
    validate_every = 4;
  }
  std::chrono::seconds period{3600};

 protected:
  std::chrono::seconds state_period() const override { return period; }
  std::unique_ptr<Trainer> make_trainer(TrainerOptions const& options) const override {
    return std::make_unique<FakeTrainer>(options);
  }
  std::string score_name() const override { return "miou"; }
  double score(Trainer const& trainer) const override { return trainer.loss({}); }
  bool is_validated(Sample const& sample) const override { return sample.id == "held out"; }
};

class WeightsFile final : public RunFile {
 public:
  void write(std::span<std::uint8_t const> added) override {
    bytes.insert(bytes.end(), added.begin(), added.end());
  }
  std::filesystem::path path() override { return {}; }
  RunFile& beside(std::filesystem::path const&) override { return *this; }
  std::vector<std::uint8_t> bytes;
};

// A run over samples of one pixel, and what a run folder keeps of it.
struct TrainingRun {
  static constexpr std::size_t kSamples = 43;  // 10 iterations, and 3 samples more
  TempFolder folder;
  std::vector<std::string> ledger;  // the records that are kept
  std::int64_t log_every = 1;
  std::vector<Row> rows;            // of the last attempt, without seconds

  // Ends before this sample is folded, or afterwards, before it is in the ledger.
  std::vector<std::uint8_t> attempt(std::size_t end, bool folds_last = false) {
    FakeTraining training;
    training.log_every = log_every;
    training.begin_fold({folder.path(), kSamples, voc12_classes()});
    CHECK(training.columns() ==
          std::vector<std::string>{"iteration", "loss", "rate", "seconds", "loss_100", "loss_050",
                                   "loss_075", "loss_max", "miou"});
    rows.clear();
    WeightsFile weights;
    for (std::size_t i = 0; i < kSamples; ++i) {
      Sample const sample = voc_sample(std::to_string(i));
      TrainingRecord record{{1, 1}, {float(i), 1, float(i % 7)}, {0}, {}};
      if (i < ledger.size()) {
        try {
          record = training.load(ledger[i]);
        } catch (Error const&) {
          // The sample is worked on again.
        }
      }
      if (i == end && !folds_last) return {};
      Row row = training.fold(sample, record, weights);
      if (i == end) return {};
      if (!row.empty()) {
        row[3] = 0;
        rows.push_back(row);
      }
      ledger.resize(std::max(ledger.size(), i + 1));
      ledger[i] = training.save(record);
    }
    CHECK(training.finish(weights).warnings.empty());
    return weights.bytes;
  }
};

Patch dark(Size size) {
  return scaled(Image(size, std::vector<std::uint8_t>(3 * size.pixels())), nullptr, size,
                Resampling::opencv_bilinear);
}

}  // namespace

TEST_CASE("a training that is killed before or after any sample ends in the same weights") {
  auto const log_every = GENERATE(1, 2);
  TrainingRun whole;
  whole.log_every = log_every;
  auto const weights = whole.attempt(TrainingRun::kSamples);
  auto const rows = whole.rows;
  REQUIRE(rows.size() == static_cast<std::size_t>(10 / log_every));
  for (Row const& row : rows) {
    auto const iteration = std::get<std::int64_t>(row[0]);
    bool const is_scored = iteration % 4 == 0 || iteration == 10;
    CHECK(row[5] == Cell(1.0));
    CHECK(std::holds_alternative<double>(row[8]) == is_scored);
    if (log_every == 1 && is_scored) CHECK(row[8] == Cell(2 * std::get<double>(row[4])));
  }
  for (std::size_t kill = 0; kill <= TrainingRun::kSamples; ++kill) {
    TrainingRun run;
    run.log_every = log_every;
    run.attempt(kill);
    run.attempt(std::min(kill + 5, TrainingRun::kSamples), true);
    INFO("killed at sample " << kill);
    CHECK(run.attempt(TrainingRun::kSamples) == weights);
    CHECK(run.rows == rows);
  }
  // A run that is complete is restored from its state.
  CHECK(whole.attempt(TrainingRun::kSamples) == weights);
}

TEST_CASE("the state of a training is written in time however large checkpoint_every is") {
  for (auto const period : {3600, 0}) {
    TempFolder const folder;
    FakeTraining training;
    training.checkpoint_every = 1000;
    training.period = std::chrono::seconds(period);
    training.begin_fold({folder.path(), TrainingRun::kSamples, voc12_classes()});
    WeightsFile file;
    for (std::size_t i = 0; i < 5; ++i) {  // one more than an iteration
      training.fold(voc_sample(std::to_string(i)), {{1, 1}, {1, 2, 3}, {0}, {}}, file);
    }
    CHECK(std::filesystem::exists(folder / "state.pth") == (period == 0));
  }
}

TEST_CASE("a checkpoint that contains other samples is not trained on") {
  TrainingRun run;
  run.attempt(30);
  TrainingRun other;
  other.attempt(30);
  SECTION("all samples changed: the training begins anew") {
    run.ledger.clear();
    auto const weights = [&] {
      FakeTraining training;
      training.begin_fold({run.folder.path(), TrainingRun::kSamples, voc12_classes()});
      WeightsFile file;
      for (std::size_t i = 0; i < TrainingRun::kSamples; ++i) {
        training.fold(voc_sample(std::to_string(i)), {{1, 1}, {1, 2, 3}, {0}, {}}, file);
      }
      CHECK_THAT(training.finish(file).warnings.at(0), Contains("was not used"));
      return file.bytes;
    }();
    CHECK_FALSE(weights.empty());
  }
  SECTION("one sample of those in the checkpoint changed") {
    run.ledger[7] = "";
    CHECK_THROWS_WITH(run.attempt(TrainingRun::kSamples),
                      Contains("\"7\" now comes after 7 others") && Contains("--overwrite"));
  }
  SECTION("their order changed") {
    std::swap(run.ledger[3], run.ledger[4]);
    CHECK_THROWS_WITH(run.attempt(TrainingRun::kSamples), Contains("changed"));
  }
}

TEST_CASE("a training says how many samples it wants, and what it has done") {
  FakeTraining training;
  CHECK(training.wanted_samples() == 0);
  training.iterations = 5;
  CHECK(training.wanted_samples() == 20);
  training.iterations.reset();
  TempFolder const folder;
  CHECK_THROWS_WITH(training.begin_fold({folder.path(), 3, voc12_classes()}),
                    Contains("an iteration needs 4 samples, but the run has only 3"));
  training.begin_fold({folder.path(), 9, voc12_classes()});
  WeightsFile weights;
  for (int i = 0; i < 4; ++i) {
    CHECK(training.progress().empty());
    training.fold(voc_sample("a"), {{1, 1}, {1, 2, 3}, {0}, {}}, weights);
  }
  CHECK_THAT(training.progress(), Contains("iteration 1 of 2, loss ") && Contains("rate 0.5") &&
                                      Contains(", 050 1, 075 2, max "));
  CHECK_THAT(training.finish(weights).warnings.at(0), Contains("ended after 1 of 2 iterations"));
  CHECK_THROWS_WITH(
      [&] {
        training.fold(voc_sample("a"), {{1, 1}, {1, 2, 3}, {0}, {}}, weights);
        training.fold(voc_sample("b"), {{1, 2}, {1, 2, 3, 4, 5, 6}, {0, 0}, {}}, weights);
      }(),
      Contains("its patch is 1x2, but the others of its batch are 1x1"));
}

TEST_CASE("a training that learns from validation images says so") {
  FakeTraining training;
  TempFolder const folder;
  training.begin_fold({folder.path(), 9, voc12_classes()});
  WeightsFile weights;
  for (int i = 0; i < 8; ++i) {
    training.fold(voc_sample(i == 3 ? "held out" : "a"), {{1, 1}, {1, 2, 3}, {0}, {}}, weights);
  }
  Findings const findings = training.finish(weights);
  CHECK(findings.metrics.entries().back().first == "miou");
  CHECK_THAT(findings.warnings.at(0), Contains("1 sample") && Contains("miou does not say"));
}

TEST_CASE("a validation needs images, and what is true of each") {
  TempFolder const folder;
  folder.write("images/a.png", "");
  folder.write("images/b.png", "");
  folder.write("labels/a.png", "");
  auto const problems = [&](std::string const& options) {
    return testing::StageKit(declare_train_deeplab, "train.deeplab",
                             testing::Setup{"device = \"cpu\"\n" + options})
        .problems();
  };
  auto const at = [&](char const* name) { return "\"" + (folder.path() / name).string() + "\"\n"; };
  std::string const images = "validate_images = " + at("images");
  std::string const labels = "validate_labels = " + at("labels");
  CHECK_THAT(problems("validate_every = 5"), Contains("set validate_images and validate_labels"));
  CHECK_THAT(problems(images), Contains("set validate_labels, too"));
  CHECK_THAT(problems(images + labels), Contains("no label file") && Contains("b.png"));
  folder.write("list.txt", "a\n");
  std::string const list = "validate_list = " + at("list.txt");
  CHECK(problems(images + labels + list).empty());
  CHECK_THAT(problems(images + labels + list + "log_every = 3"), Contains("a multiple of that"));
  folder.write("list.txt", "c\n");
  CHECK_THAT(problems(images + labels + list), Contains("no image") && Contains("images/c"));
}

TEST_CASE("a window says where each pixel of a patch comes from") {
  Size const size{3, 5};
  std::vector<std::uint8_t> rgb;
  for (std::size_t i = 0; i < size.pixels(); ++i) rgb.insert(rgb.end(), 3, std::uint8_t(i + 1));
  Patch const whole = scaled(Image(size, rgb), nullptr, size, Resampling::pillow_bicubic);
  std::vector<Patch> const patches = {
      cut_out(mirrored(cut_out(whole, {4, 4}, -1, 2)), {2, 3}, 1, -1),
      mirrored(cut_out(mirrored(whole), {5, 3}, 1, 3)),
  };
  for (Patch const& patch : patches) {
    for (std::int64_t y = 0; y < patch.size.height; ++y) {
      for (std::int64_t x = 0; x < patch.size.width; ++x) {
        Window const& window = patch.window;
        std::int64_t const row = window.top + y;
        std::int64_t const column =
            window.left + (window.is_mirrored ? patch.size.width - 1 - x : x);
        bool const inside = row >= 0 && row < 3 && column >= 0 && column < 5;
        CHECK(patch.rgb[static_cast<std::size_t>(3 * (y * patch.size.width + x))] ==
              (inside ? static_cast<float>(row * 5 + column + 1) : 0));
      }
    }
  }
}

TEST_CASE("padding has the label 255 and the colour of the published training") {
  Patch patch = scaled(Image({1, 2}, {10, 20, 30, 40, 50, 60}), nullptr, {1, 2},
                       Resampling::opencv_bilinear);
  patch.labels = {1, 2};
  Patch const padded = cut_out(patch, {2, 3}, -1, -1);
  CHECK(padded.labels == std::vector<Label>{255, 255, 255, 255, 1, 2});
  Patch const mirror = mirrored(padded);
  CHECK(mirror.labels == std::vector<Label>{255, 255, 255, 2, 1, 255});
  auto const blue = input_of(mirror, Network::deeplab);
  CHECK(blue[3] == static_cast<float>(60 - 104.008));
  CHECK(std::abs(blue[5]) < 1e-5F);
  CHECK(input_of(mirror, Network::irn_cam)[5] == 0);
  CHECK(input_of(mirror, Network::psa_affinity)[5] == static_cast<float>(-0.485 / 0.229));
  CHECK(input_of(cut_out(patch, {1, 1}, 5, 5), Network::irn)[0] == 0);
}

TEST_CASE("what augmentation draws follows from seed and sample") {
  auto const widths = [](std::string const& options, std::uint64_t repetition) {
    testing::StageKit stage(declare_augment, "augment.scale", testing::Setup{options});
    std::string texts;
    for (std::uint64_t i = 0; i < 30; ++i) {
      Sample sample = voc_sample("a");
      sample.index = i;
      sample.repetition = repetition;
      texts += to_string(stage.run<Patch>(sample, Image({3, 40}, std::vector<std::uint8_t>(360)))
                             .size) +
               " ";
    }
    return texts;
  };
  CHECK(widths("seed = 1", 0) == widths("seed = 1", 0));
  CHECK(widths("seed = 1", 0) != widths("seed = 2", 0));
  CHECK(widths("seed = 1", 0) != widths("seed = 1", 1));
  for (std::string const size : {"1x20 ", "2x30 ", "3x40 ", "3x50 ", "4x60 "}) {
    CHECK_THAT(widths("", 0), Contains(size));
  }
  CHECK_THAT(widths("by = \"longest_side\"\nvalues = [80, 80]", 0), Contains("6x80 "));
  testing::StageKit crop(declare_augment, "augment.crop", testing::Setup{"size = 5"});
  Patch const small = crop.run<Patch>(voc_sample("a"), dark({3, 9}));
  CHECK(small.size == Size{5, 5});
  CHECK((small.bottom == 3 && small.right == 5 && small.left == 0));
}

TEST_CASE("colours change as torchvision's ColorJitter changes them") {
  using Bytes = std::vector<std::uint8_t>;
  Image const image(
      {2, 3}, {250, 3, 20, 10, 200, 30, 90, 80, 255, 0, 0, 0, 128, 128, 127, 255, 254, 1});
  struct {
    Adjustment adjustment;
    double factor;
    Bytes expected;  // by torchvision 0.14 and Pillow 9.4
  } const cases[] = {
      {Adjustment::brightness, 1.3,
       {255, 3, 26, 13, 255, 39, 116, 104, 255, 0, 0, 0, 166, 166, 165, 255, 255, 1}},
      {Adjustment::contrast, 0.7,
       {208, 35, 47, 40, 173, 54, 96, 89, 211, 33, 33, 33, 122, 122, 121, 211, 210, 33}},
      {Adjustment::saturation, 1.25,
       {255, 0, 5, 0, 219, 6, 86, 74, 255, 0, 0, 0, 128, 128, 126, 255, 255, 0}},
      {Adjustment::hue, -0.1,
       {250, 4, 166, 104, 200, 10, 80, 175, 255, 0, 0, 0, 128, 128, 127, 255, 103, 1}},
      {Adjustment::hue, 0.08,
       {250, 97, 4, 10, 200, 117, 171, 80, 255, 0, 0, 0, 128, 128, 127, 138, 255, 1}}};
  for (auto const& [adjustment, factor, expected] : cases) {
    INFO(factor);
    Image const changed = adjusted(image, adjustment, factor);
    CHECK(Bytes(changed.rgb().begin(), changed.rgb().end()) == expected);
  }
  auto const drawn = [&](std::string const& options, std::uint64_t index, std::uint64_t repetition) {
    testing::StageKit stage(declare_augment, "augment.colour", testing::Setup{options});
    Sample sample = voc_sample("a");
    sample.size = image.size();
    sample.index = index;
    sample.repetition = repetition;
    Image const changed = stage.run<Image>(sample, image);
    return Bytes(changed.rgb().begin(), changed.rgb().end());
  };
  Bytes const first = drawn("", 0, 0);
  CHECK(first == drawn("seed = 0", 0, 0));
  CHECK(std::set{first, drawn("", 1, 0), drawn("", 0, 1), drawn("seed = 1", 0, 0)}.size() == 4);
  std::string const none = "brightness = 0\ncontrast = 0\nsaturation = 0\nhue = 0";
  CHECK(drawn(none, 0, 0) == Bytes(image.rgb().begin(), image.rgb().end()));
}
