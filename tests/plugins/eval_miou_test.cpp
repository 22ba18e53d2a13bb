#include <random>
#include <string>
#include <vector>

#include "eval/miou.hpp"
#include "eval/stages.hpp"
#include "run/json.hpp"
#include "support/catch.hpp"
#include "support/metrics_value.hpp"
#include "support/stage_driver.hpp"

using namespace seplflow;

namespace {

using Options = std::map<std::string, OptionValue>;

struct Picture {
  LabelMap truth, labels, baseline;
};

Sample sample_of(std::size_t classes, std::string id = "a") {
  std::vector<std::string> names;
  for (std::size_t k = 0; k < classes; ++k) names.push_back("class " + std::to_string(k));
  Sample sample;
  sample.id = std::move(id);
  sample.classes = std::make_shared<Classes const>(names);
  return sample;
}

StageDriver miou(Options options = {}, bool baseline = false) {
  StageSetup setup{std::move(options), {"truth", "labels"}, {}};
  if (baseline) setup.connected_inputs.push_back("baseline");
  return StageDriver(eval::declare_miou, setup);
}

LabelMap row_of(std::vector<Label> pixels) {
  return LabelMap({1, static_cast<std::uint32_t>(pixels.size())}, pixels);
}

Metrics const& tree(Metrics const& metrics, std::string_view name) {
  return std::get<Metrics>(value_of(metrics, name));
}

Metrics const& class_of(Metrics const& metrics, std::size_t k) {
  return std::get<Metrics::List>(value_of(metrics, "classes")).at(k);
}

bool is_null(Metrics const& metrics, std::string const& name) {
  return std::holds_alternative<std::nullptr_t>(value_of(metrics, name));
}

double number(Metrics const& metrics, std::string const& name) {
  return std::get<double>(value_of(metrics, name));
}

std::int64_t integer(Metrics const& metrics, std::string const& name) {
  return std::get<std::int64_t>(value_of(metrics, name));
}

std::vector<std::string> names_of(Metrics const& metrics) {
  std::vector<std::string> names;
  for (auto const& [name, value] : metrics.entries()) names.push_back(name);
  return names;
}

// The mIoU of one picture of three classes under the options.
double miou_of(Options const& options, LabelMap const& truth, LabelMap const& labels) {
  StageDriver stage = miou(options);
  stage.observe(sample_of(3), truth, labels);
  return number(stage.finish().metrics, "miou");
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("eval.miou takes ground truth and labels, and optionally a baseline") {
  StageDriver const stage = miou();
  auto const& declaration = stage.declaration();
  CHECK(declaration.name == "eval.miou");
  CHECK(declaration.kind == StageKind::observer);
  REQUIRE(declaration.inputs.size() == 4);
  CHECK(declaration.inputs[0].name == "truth");
  CHECK(declaration.inputs[1].name == "labels");
  CHECK(declaration.inputs[2].name == "baseline");
  CHECK_FALSE(declaration.inputs[1].optional);
  CHECK(declaration.inputs[2].optional);
  CHECK(declaration.inputs[3].name == "image_labels");
  CHECK(declaration.inputs[3].optional);
  CHECK(stage.default_of("predicted_255") == OptionValue(std::string("miss")));
  CHECK(stage.default_of("mean") == OptionValue(std::string("union")));
  CHECK_FALSE(stage.default_of("convention"));
}

TEST_CASE(
    "the columns are the name and three scores, and with a baseline its scores and the gain") {
  CHECK(miou().instance().columns() == Names{"name", "miou", "precision", "recall"});
  CHECK(miou({}, true).instance().columns() ==
        Names{"name", "miou", "precision", "recall", "baseline_miou", "baseline_precision",
              "baseline_recall", "gain_miou", "gain_precision", "gain_recall"});
}

TEST_CASE("ground truth without any class but with 255 is an error") {
  StageDriver stage = miou();
  LabelMap const truth = row_of({0, 0, 0, 255});
  stage.observe(sample_of(2), truth, row_of({0, 0, 0, 0}));
  CHECK_THROWS_WITH(stage.finish(),
                    Contains("the ground truth has no pixel of any class but background") &&
                        Contains("25.00 % of its pixels are 255") &&
                        Contains("relabel = [\"255=1\"]"));
  stage.observe(sample_of(2), row_of({0, 1, 0, 0}), row_of({0, 0, 0, 0}));
  CHECK_NOTHROW(stage.finish());
  StageDriver of_three = miou();
  of_three.observe(sample_of(3), truth, row_of({0, 0, 0, 0}));
  CHECK_THROWS_WITH(of_three.finish(), Contains("relabel = [\"255=ID\"]"));
}

TEST_CASE("classes that no ground truth shows are named") {
  StageDriver stage = miou();
  stage.observe(sample_of(4), row_of({0, 2}), row_of({0, 1}));
  auto const warnings = stage.finish().warnings;
  REQUIRE(warnings.size() == 1);
  CHECK_THAT(warnings[0], Contains("the ground truth of 1 sample never shows 2 of 3 classes"));
  stage.observe(sample_of(4), row_of({1, 3}), row_of({0, 1}));
  CHECK(stage.finish().warnings.empty());
}

TEST_CASE("ground truth that the image-level labels deny causes a warning") {
  StageDriver stage = miou();
  Sample const sample = voc_sample("a");
  LabelMap const truth = row_of({0, 13, 255});
  stage.observe(sample, truth, truth, truth, ImageLabels{{12}});
  auto const warned = stage.warned();
  REQUIRE(warned.size() == 1);
  CHECK_THAT(warned[0].what, Contains("the ground truth shows classes that the image-level labels "
                                      "exclude") &&
                                 Contains("a constant shift of -1"));
  CHECK(warned[0].detail == "horse");
  stage.observe(sample, truth, truth, truth, ImageLabels{{13}});
  CHECK(stage.warned().empty());
}

TEST_CASE("a row holds the scores of one image") {
  StageDriver stage = miou({}, true);
  LabelMap const truth = row_of({0, 0, 1, 1});
  stage.observe(sample_of(2, "first"), truth, row_of({1, 1, 0, 0}), truth);
  Row const row =
      stage.observe(sample_of(2, "second"), truth, row_of({0, 0, 1, 1}), row_of({0, 0, 0, 1}));
  // Background 2/3 and class 1 1/2; precision 2/3 and 1; recall 1 and 1/2.
  double const before = (2.0 / 3 + 0.5) / 2, precision = (2.0 / 3 + 1) / 2;
  REQUIRE(row.size() == 10);
  CHECK(row[0] == Cell(std::string("second")));
  for (int i = 1; i <= 3; ++i) CHECK(row[i] == Cell(1.0));
  CHECK(std::get<double>(row[4]) == Approx(before));
  CHECK(std::get<double>(row[5]) == Approx(precision));
  CHECK(std::get<double>(row[6]) == Approx(0.75));
  CHECK(std::get<double>(row[7]) == Approx(1 - before));
  CHECK(std::get<double>(row[8]) == Approx(1 - precision));
  CHECK(std::get<double>(row[9]) == Approx(0.25));
}

TEST_CASE("counts and means are over the whole data set, image_mean is over the images") {
  StageDriver stage = miou();
  stage.observe(sample_of(2), row_of({0, 1, 1, 1}), row_of({0, 1, 1, 1}));
  stage.observe(sample_of(2), row_of({0, 1}), row_of({1, 1}));
  Metrics const metrics = stage.finish().metrics;
  CHECK(integer(metrics, "images") == 2);
  CHECK(integer(class_of(metrics, 1), "tp") == 4);
  CHECK(integer(class_of(metrics, 1), "fp") == 1);
  CHECK(integer(class_of(metrics, 0), "fn") == 1);
  CHECK(number(class_of(metrics, 1), "iou") == 0.8);
  CHECK(number(metrics, "miou") == Approx((0.5 + 0.8) / 2));
  CHECK(number(tree(metrics, "image_mean"), "miou") == Approx((1 + (0 + 0.5) / 2) / 2));
}

TEST_CASE("metrics come in the documented order") {
  StageDriver stage = miou({}, true);
  LabelMap const labels = row_of({0, 1});
  stage.observe(sample_of(2), labels, labels, labels);
  Metrics const metrics = stage.finish().metrics;
  CHECK(names_of(metrics) == Names{"images", "miou", "precision", "recall", "classes", "confusion",
                                   "image_mean", "baseline", "gain"});
  CHECK(names_of(class_of(metrics, 1)) ==
        Names{"id", "name", "iou", "precision", "recall", "tp", "fp", "fn"});
  CHECK(names_of(tree(metrics, "image_mean")) == Names{"miou", "precision", "recall"});
  CHECK(names_of(tree(metrics, "gain")) == Names{"miou", "precision", "recall"});
  CHECK(integer(class_of(metrics, 1), "id") == 1);
  CHECK(std::get<std::string>(value_of(class_of(metrics, 1), "name")) == "class 1");
}

TEST_CASE("without a baseline the metrics have neither baseline nor gain") {
  StageDriver stage = miou();
  stage.observe(sample_of(2), row_of({0, 1}), row_of({0, 1}));
  CHECK(names_of(stage.finish().metrics) ==
        Names{"images", "miou", "precision", "recall", "classes", "confusion", "image_mean"});
}

TEST_CASE("the confusion matrix has the pixels of each true class by what was predicted") {
  using PixelCounts = std::map<std::string, std::int64_t>;
  auto const predicted = [](Metrics const& side) {
    std::map<std::string, PixelCounts> matrix;
    for (Metrics const& row : std::get<Metrics::List>(value_of(side, "confusion"))) {
      auto const& name = std::get<std::string>(value_of(row, "name"));
      CHECK(name == "class " + std::to_string(integer(row, "id")));
      for (auto const& [id, pixels] : tree(row, "predicted").entries()) {
        matrix[name][id] = std::get<std::int64_t>(pixels);
      }
    }
    return matrix;
  };
  LabelMap const truth = row_of({0, 0, 1, 1, 2, 255}), labels = row_of({0, 2, 1, 255, 2, 1});
  struct Way {
    std::string predicted_255;
    PixelCounts of_class_1;
  };
  for (Way const& way :
       {Way{"miss", {{"1", 2}, {"255", 2}}}, Way{"background", {{"0", 2}, {"1", 2}}},
        Way{"drop", {{"1", 2}}}}) {
    CAPTURE(way.predicted_255);
    StageDriver stage = miou({{"predicted_255", way.predicted_255}}, true);
    for (int image = 0; image < 2; ++image) stage.observe(sample_of(4), truth, labels, truth);
    Metrics const metrics = stage.finish().metrics;
    CHECK(predicted(metrics) ==
          std::map<std::string, PixelCounts>{{"class 0", {{"0", 2}, {"2", 2}}},
                                        {"class 1", way.of_class_1},
                                        {"class 2", {{"2", 2}}}});
    CHECK(predicted(tree(metrics, "baseline")) ==
          std::map<std::string, PixelCounts>{
              {"class 0", {{"0", 4}}}, {"class 1", {{"1", 4}}}, {"class 2", {{"2", 2}}}});
  }
}

TEST_CASE("the baseline is scored like the labels, and the gain is the difference") {
  LabelMap const truth = row_of({0, 0, 1, 2, 255}), labels = row_of({0, 1, 1, 2, 0}),
                 baseline = row_of({0, 0, 255, 1, 1});
  StageDriver both = miou({}, true), alone = miou();
  both.observe(sample_of(3), truth, labels, baseline);
  alone.observe(sample_of(3), truth, baseline);
  Metrics const metrics = both.finish().metrics;
  Metrics const expected = alone.finish().metrics;
  Metrics const& before = tree(metrics, "baseline");
  for (std::string const score : {"miou", "precision", "recall"}) {
    CHECK(number(before, score) == number(expected, score));
    CHECK(number(tree(before, "image_mean"), score) == number(tree(expected, "image_mean"), score));
    CHECK(number(tree(metrics, "gain"), score) == number(metrics, score) - number(before, score));
  }
  for (std::size_t k = 0; k < 3; ++k) {
    for (std::string const count : {"tp", "fp", "fn"}) {
      CHECK(integer(class_of(before, k), count) == integer(class_of(expected, k), count));
    }
  }
}

TEST_CASE("a score that is 0/0 is null among the classes") {
  StageDriver stage = miou();
  stage.observe(sample_of(3), row_of({0, 1}), row_of({0, 255}));
  Metrics const metrics = stage.finish().metrics;
  CHECK(is_null(class_of(metrics, 1), "precision"));
  CHECK(number(class_of(metrics, 1), "recall") == 0);
  CHECK(is_null(class_of(metrics, 2), "iou"));
  CHECK(is_null(class_of(metrics, 2), "recall"));
  CHECK(integer(class_of(metrics, 2), "fn") == 0);
  CHECK(number(metrics, "precision") == 0.5);
}

TEST_CASE("a mean over no classes is null, an empty cell, and not part of image_mean") {
  StageDriver stage = miou({}, true);
  LabelMap const ignored = row_of({255, 255}), labels = row_of({0, 1});
  Row const row = stage.observe(sample_of(3), ignored, labels, labels);
  REQUIRE(row.size() == 10);
  for (std::size_t i = 1; i < row.size(); ++i) CHECK(row[i] == Cell());
  Metrics const nothing = stage.finish().metrics;
  CHECK(is_null(nothing, "miou"));
  CHECK(is_null(tree(nothing, "gain"), "recall"));
  CHECK(is_null(tree(nothing, "image_mean"), "precision"));

  stage.observe(sample_of(3), labels, labels, labels);
  Metrics const metrics = stage.finish().metrics;
  CHECK(integer(metrics, "images") == 2);
  CHECK(number(tree(metrics, "image_mean"), "miou") == 1);
}

TEST_CASE("without images every score is null") {
  StageDriver stage = miou({}, true);
  Metrics const metrics = stage.finish().metrics;
  CHECK(integer(metrics, "images") == 0);
  CHECK(is_null(metrics, "miou"));
  CHECK(is_null(tree(metrics, "baseline"), "recall"));
}

TEST_CASE("mean selects the classes of all three means") {
  // Class 1 is right, class 2 only predicted, class 3 nowhere; background half missed.
  LabelMap const truth = row_of({0, 0, 1}), labels = row_of({0, 2, 1});
  auto const scores = [&](std::string const& mean) {
    StageDriver stage = miou({{"mean", mean}});
    stage.observe(sample_of(4), truth, labels);
    Metrics const metrics = stage.finish().metrics;
    return std::vector{number(metrics, "miou"), number(metrics, "precision"),
                       number(metrics, "recall")};
  };
  CHECK(scores("truth") == std::vector{0.75, 1.0, 0.75});
  CHECK(scores("union") == std::vector{1.5 / 3, 2.0 / 3, 1.5 / 3});
  CHECK(scores("all") == std::vector{1.5 / 4, 2.0 / 4, 1.5 / 4});
}

TEST_CASE("predicted_255 decides how a predicted 255 counts") {
  LabelMap const truth = row_of({0, 1, 1, 1}), labels = row_of({0, 1, 1, 255});
  CHECK(miou_of({{"predicted_255", std::string("miss")}}, truth, labels) ==
        Approx((1 + 2.0 / 3) / 2));
  CHECK(miou_of({{"predicted_255", std::string("background")}}, truth, labels) ==
        Approx((0.5 + 2.0 / 3) / 2));
  CHECK(miou_of({{"predicted_255", std::string("drop")}}, truth, labels) == 1);
  CHECK(miou_of({}, truth, labels) == Approx((1 + 2.0 / 3) / 2));
}

TEST_CASE("a convention sets predicted_255 and mean") {
  struct Named {
    std::string convention, predicted_255, mean;
  };
  auto const named =
      GENERATE(Named{"seam", "miss", "all"}, Named{"irn", "background", "union"},
               Named{"sipe", "drop", "union"}, Named{"eps", "drop", "union"},
               Named{"deeplab", "drop", "truth"}, Named{"recurseed", "miss", "union"});
  // Every one of the nine pairs scores this differently.
  LabelMap const truth = row_of({0, 0, 0, 1, 1, 1, 1}), labels = row_of({0, 0, 2, 1, 1, 255, 0});
  auto const score = [&](Options const& options) {
    StageDriver stage = miou(options);
    REQUIRE(stage.problems().empty());
    stage.observe(sample_of(4), truth, labels);
    return number(stage.finish().metrics, "miou");
  };
  INFO(named.convention);
  int equal = 0;
  for (std::string const predicted_255 : {"miss", "background", "drop"}) {
    for (std::string const mean : {"all", "union", "truth"}) {
      bool const same = score({{"predicted_255", predicted_255}, {"mean", mean}}) ==
                        score({{"convention", named.convention}});
      CHECK(same == (predicted_255 == named.predicted_255 && mean == named.mean));
      equal += same;
    }
  }
  CHECK(equal == 1);
}

TEST_CASE("each convention gives the result of its evaluator, computed by hand") {
  // Four classes, of which 2 is only predicted and 3 is nowhere; a 255 on class 1.
  LabelMap const truth = row_of({0, 0, 0, 1, 1, 1, 1}), labels = row_of({0, 0, 2, 1, 1, 255, 0});
  struct Named {
    std::string name;
    double miou, precision, recall;
  };
  auto const named = GENERATE(
      // A miss: class 0 has tp 2, fp 1, fn 1; class 1 has tp 2, fp 0, fn 2; class 2 has fp 1.
      Named{"seam", (2 / 4. + 2 / 4.) / 4, (2 / 3. + 1) / 4, (2 / 3. + 2 / 4.) / 4},
      Named{"recurseed", (2 / 4. + 2 / 4.) / 3, (2 / 3. + 1) / 3, (2 / 3. + 2 / 4.) / 3},
      // Background: one more false positive of class 0.
      Named{"irn", (2 / 5. + 2 / 4.) / 3, (2 / 4. + 1) / 3, (2 / 3. + 2 / 4.) / 3},
      // Dropped: one false negative of class 1 less.
      Named{"sipe", (2 / 4. + 2 / 3.) / 3, (2 / 3. + 1) / 3, (2 / 3. + 2 / 3.) / 3},
      Named{"eps", (2 / 4. + 2 / 3.) / 3, (2 / 3. + 1) / 3, (2 / 3. + 2 / 3.) / 3},
      Named{"deeplab", (2 / 4. + 2 / 3.) / 2, (2 / 3. + 1) / 2, (2 / 3. + 2 / 3.) / 2});
  INFO(named.name);
  StageDriver stage = miou({{"convention", named.name}});
  stage.observe(sample_of(4), truth, labels);
  Findings const findings = stage.finish();
  CHECK(number(findings.metrics, "miou") == Approx(named.miou));
  CHECK(number(findings.metrics, "precision") == Approx(named.precision));
  CHECK(number(findings.metrics, "recall") == Approx(named.recall));
  CHECK_THAT(findings.summary.at(0).title, Contains("convention " + named.name + ", "));
}

TEST_CASE("pixels with ground truth 255 never count") {
  auto const name = GENERATE("seam", "irn", "sipe", "eps", "deeplab", "recurseed");
  LabelMap const truth = row_of({0, 1, 255, 255, 255}), labels = row_of({0, 1, 0, 1, 255});
  StageDriver stage = miou({{"convention", std::string(name)}});
  stage.observe(sample_of(2), truth, labels);
  Findings const findings = stage.finish();
  CHECK(number(findings.metrics, "miou") == 1);
  CHECK_THAT(findings.summary.at(0).title, Contains(" 0.00 % of the pixels)"));
}

TEST_CASE("the summary shows the share of 255 in the labels and in the baseline") {
  LabelMap const truth = row_of({0, 0, 1, 255}), labels = row_of({0, 0, 255, 255});
  auto const title = [&](std::string const& predicted_255, LabelMap const* baseline) {
    StageDriver stage = miou({{"predicted_255", predicted_255}}, baseline != nullptr);
    if (baseline) {
      stage.observe(sample_of(2), truth, labels, *baseline);
    } else {
      stage.observe(sample_of(2), truth, labels);
    }
    return stage.finish().summary.at(0).title;
  };
  for (char const* const predicted_255 : {"miss", "background", "drop"}) {
    CHECK_THAT(title(predicted_255, nullptr), Contains(std::string("255 in the labels: ") +
                                                       predicted_255 + ", 33.33 % of the pixels)"));
  }
  LabelMap const other = row_of({255, 255, 1, 0}), full = row_of({0, 0, 1, 1});
  CHECK_THAT(title("drop", &other), Contains("33.33 % of the pixels, before 66.67 %)"));
  CHECK_THAT(title("drop", &full), Contains("33.33 % of the pixels)"));
}

TEST_CASE("a convention that contradicts another option is refused at that option") {
  CHECK_THAT(miou({{"convention", std::string("seam")}, {"predicted_255", std::string("drop")}})
                 .problems(),
             Contains("predicted_255: ") && Contains("\"miss\"") && !Contains("mean: "));
  CHECK_THAT(miou({{"convention", std::string("seam")}, {"mean", std::string("union")}}).problems(),
             Contains("mean: ") && Contains("\"all\"") && !Contains("predicted_255: "));
  CHECK_THAT(miou({{"convention", std::string("irn")},
                   {"mean", std::string("truth")},
                   {"predicted_255", std::string("miss")}})
                 .problems(),
             Contains("mean: ") && Contains("predicted_255: "));
}

TEST_CASE("a convention together with its own values is accepted") {
  CHECK(miou({{"convention", std::string("irn")},
              {"mean", std::string("union")},
              {"predicted_255", std::string("background")}})
            .problems()
            .empty());
}

TEST_CASE("the order of the images does not change the counts or the means over the data set") {
  std::mt19937 random(81);
  auto const picture = [&random] {
    std::vector<Label> pixels(40);
    for (Label& pixel : pixels) pixel = random() % 6 == 0 ? kIgnore : random() % 3;
    return row_of(pixels);
  };
  StageDriver forwards = miou(), backwards = miou();
  std::vector<std::pair<LabelMap, LabelMap>> images;
  for (int i = 0; i < 30; ++i) images.emplace_back(picture(), picture());
  for (auto const& [truth, labels] : images) forwards.observe(sample_of(3), truth, labels);
  for (auto i = images.rbegin(); i != images.rend(); ++i) {
    backwards.observe(sample_of(3), i->first, i->second);
  }
  Metrics const a = forwards.finish().metrics, b = backwards.finish().metrics;
  CHECK(number(a, "miou") == number(b, "miou"));
  CHECK(number(a, "recall") == number(b, "recall"));
  CHECK(number(a, "miou") > 0.1);
  for (std::size_t k = 0; k < 3; ++k) {
    CHECK(integer(class_of(a, k), "tp") == integer(class_of(b, k), "tp"));
    CHECK(integer(class_of(a, k), "fp") == integer(class_of(b, k), "fp"));
  }
}

TEST_CASE("labels of another size than the ground truth are refused with both sizes") {
  StageDriver stage = miou({}, true);
  LabelMap const truth(Size{2, 3}), turned(Size{3, 2});
  CHECK_THROWS_WITH(stage.observe(sample_of(2), truth, turned, truth),
                    Contains("the ground truth is 2x3") && Contains("3x2"));
  CHECK_THROWS_WITH(stage.observe(sample_of(2), truth, truth, turned),
                    Contains("the ground truth is 2x3") && Contains("3x2"));
}

TEST_CASE("a label that the data set does not have is refused") {
  StageDriver stage = miou();
  CHECK_THROWS_WITH(stage.observe(sample_of(3), row_of({0}), row_of({3})),
                    Contains("holds class 3"));
  CHECK(integer(stage.finish().metrics, "images") == 0);
}

TEST_CASE("a data set without classes cannot be scored") {
  StageDriver stage = miou();
  CHECK_THROWS_WITH(stage.observe(Sample{}, row_of({0}), row_of({0})), Contains("classes"));
}

TEST_CASE("saved and loaded records fold to the same rows and metrics") {
  std::mt19937 random(21);
  auto const options = GENERATE(values<Options>({{},
                                                 {{"convention", std::string("seam")}},
                                                 {{"convention", std::string("irn")}},
                                                 {{"convention", std::string("deeplab")}},
                                                 {{"mean", std::string("truth")}}}));
  auto const with_baseline = GENERATE(false, true);
  StageDriver first = miou(options, with_baseline), second = miou(options, with_baseline);
  auto const map = [&](Size size) {
    std::vector<Label> pixels(size.pixels());
    for (Label& pixel : pixels) pixel = static_cast<Label>(random() % 5 == 0 ? 255 : random() % 4);
    return LabelMap(size, pixels);
  };
  for (int image = 0; image < 20; ++image) {
    Size const size{1 + static_cast<std::uint32_t>(random() % 9), 7};
    LabelMap const truth = map(size), labels = map(size), baseline = map(size);
    Sample const sample = sample_of(4, std::to_string(image));
    std::vector<void const*> const inputs = {&truth, &labels, with_baseline ? &baseline : nullptr,
                                             nullptr};
    auto const record = first.instance().run(SampleContext(sample, nullptr), inputs)->at(0);
    auto const bytes = first.instance().save(record.get());
    REQUIRE(bytes);
    auto const loaded = second.instance().load(*bytes);
    CHECK(second.instance().save(loaded.get()) == bytes);
    CHECK(second.fold(sample, loaded.get()) ==
          first.fold(sample, record.get()));
    for (std::size_t end = 0; end < bytes->size(); ++end) {
      CHECK_THROWS_AS(second.instance().load(bytes->substr(0, end)), Error);
    }
    CHECK_THROWS_AS(second.instance().load(*bytes + "x"), Error);
  }
  Findings const a = first.finish(), b = second.finish();
  CHECK(to_json(a.metrics) == to_json(b.metrics));
  CHECK(a.summary.at(0).title == b.summary.at(0).title);
  CHECK(a.summary.at(0).rows == b.summary.at(0).rows);
  REQUIRE(a.scores.size() == b.scores.size());
  for (std::size_t i = 0; i < a.scores.size(); ++i) CHECK(a.scores[i].value == b.scores[i].value);
}
