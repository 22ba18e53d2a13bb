// The authors' per-image table against a computation from its description alone: numbers of the
// published script itself are compared in the golden tests.
#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "eval/reference_csv.hpp"
#include "eval/stages.hpp"
#include "run/csv.hpp"
#include "run/json.hpp"
#include "support/catch.hpp"
#include "support/stage_driver.hpp"

using namespace seplflow;

namespace {

using Pixels = std::vector<Label>;
using Names = std::vector<std::string>;

LabelMap line_of(Pixels const& pixels) {
  return LabelMap({1, static_cast<std::uint32_t>(pixels.size())}, pixels);
}

std::vector<double> row(Pixels const& truth, Pixels const& pseudo, Pixels const& labels) {
  StageDriver stage(eval::declare_reference_csv);
  Row const cells = stage.observe(voc_sample("a"), line_of(truth), line_of(pseudo), line_of(labels));
  REQUIRE(cells.size() == 10);
  CHECK(cells[0] == Cell(std::string("a")));
  std::vector<double> numbers;
  for (std::size_t i = 1; i < cells.size(); ++i) numbers.push_back(std::get<double>(cells[i]));
  return numbers;
}

// The means of the running ratios, before they are rounded.
std::array<double, 3> described(Pixels const& truth, Pixels const& labels) {
  double tp = 0, p = 0, t = 0, classes = 0;
  std::array<double, 3> sums{};
  for (int k = 1; k < 255; ++k) {
    if (std::ranges::count(truth, k) == 0) continue;
    for (std::size_t i = 0; i < truth.size(); ++i) {
      if (truth[i] == 255) continue;
      tp += truth[i] == k && labels[i] == k;
      p += labels[i] == k;
      t += truth[i] == k;
    }
    sums[0] += tp / (t + p - tp);
    sums[1] += p == 0 ? 0 : tp / p;
    sums[2] += tp / t;
    ++classes;
  }
  return {sums[0] / classes, sums[1] / classes, sums[2] / classes};
}

bool is_rounded(double value, double exact) {
  if (std::isnan(exact)) return std::isnan(value);
  return std::abs(value - exact) <= 0.0005 + 1e-12 && std::round(value * 1000) / 1000 == value;
}

}  // namespace

TEST_CASE("eval.reference_csv has the script's columns") {
  StageDriver stage(eval::declare_reference_csv);
  CHECK(stage.declaration().name == "eval.reference_csv");
  CHECK(stage.declaration().kind == StageKind::observer);
  REQUIRE(stage.declaration().inputs.size() == 3);
  CHECK(stage.declaration().inputs[0].name == "truth");
  CHECK(stage.declaration().inputs[1].name == "pseudo");
  CHECK(stage.declaration().inputs[2].name == "labels");
  CHECK(stage.instance().columns() == Names{"name", "pseudo_mIoU", "pseudo_mprecision",
                                            "pseudo_mrecall", "after_sam_mIoU",
                                            "after_sam_mprecision", "after_sam_mrecall",
                                            "mIoU_delta", "mprecision_delta", "mrecall_delta"});
}

TEST_CASE("the counts of a class continue into the next") {
  // Class 1 alone: 2 hit, 2 predicted, 4 true. With class 2: 4 hit, 6 predicted, 6 true.
  Pixels const truth{1, 1, 1, 1, 2, 2, 0, 0}, labels{1, 1, 0, 0, 2, 2, 2, 2};
  auto const numbers = row(truth, truth, labels);
  CHECK(numbers[0] == 1);
  CHECK(numbers[3] == 0.5);                           // (2/4 + 4/8) / 2
  CHECK(numbers[4] == 0.833);                         // (2/2 + 4/6) / 2
  CHECK(numbers[5] == 0.583);                         // (2/4 + 4/6) / 2
  CHECK(numbers[7] == Approx(-0.167).margin(1e-12));  // of rounded values
}

TEST_CASE("background and classes missing from the ground truth are skipped") {
  // Class 3 is predicted only; predicted background where truth has it counts for nothing.
  CHECK(row({1, 0, 0, 0}, {1, 3, 3, 0}, {1, 0, 0, 0}) ==
        std::vector<double>{1, 1, 1, 1, 1, 1, 0, 0, 0});
}

TEST_CASE("pixels whose ground truth is 255 do not count") {
  auto const numbers = row({1, 1, 255, 255}, {1, 1, 1, 0}, {1, 0, 255, 1});
  CHECK(numbers[0] == 1);
  CHECK(numbers[3] == 0.5);
  CHECK(numbers[4] == 1);
}

TEST_CASE("precision is 0 as long as nothing is predicted") {
  // Class 1: 0 of 0; with class 2: 1 of 2.
  auto const numbers = row({1, 2, 2, 0}, {1, 2, 2, 0}, {0, 2, 0, 2});
  CHECK(numbers[4] == 0.25);
  CHECK(numbers[7] == -0.75);
}

TEST_CASE("an image whose ground truth has no foreground has NaN in every column") {
  for (double const number : row({0, 255, 0}, {0, 1, 0}, {1, 1, 1})) CHECK(std::isnan(number));
}

TEST_CASE("the columns follow the description on random images") {
  std::mt19937 random(91);
  int without = 0;
  for (int round = 0; round < 2000; ++round) {
    std::array<Pixels, 3> maps;
    auto const size = 1 + random() % 60;
    unsigned const values = 1 + static_cast<unsigned>(random() % 6);
    for (std::size_t i = 0; i < size; ++i) {
      constexpr std::array<Label, 6> kLabels{0, 1, 2, 20, 255, 3};
      Label const truth = kLabels[random() % values];
      maps[0].push_back(truth);
      for (int m = 1; m < 3; ++m) {
        maps[m].push_back(random() % 2 == 0 ? truth : kLabels[random() % values]);
      }
    }
    auto const numbers = row(maps[0], maps[1], maps[2]);
    auto const before = described(maps[0], maps[1]), after = described(maps[0], maps[2]);
    for (std::size_t i = 0; i < 3; ++i) {
      INFO("round " << round << ", column " << i);
      REQUIRE(is_rounded(numbers[i], before[i]));
      REQUIRE(is_rounded(numbers[3 + i], after[i]));
      if (std::isnan(before[i]) || std::isnan(after[i])) {
        REQUIRE(std::isnan(numbers[6 + i]));
      } else {
        REQUIRE(numbers[6 + i] == numbers[3 + i] - numbers[i]);
      }
    }
    without += std::isnan(before[0]);
  }
  CHECK(without > 50);
  CHECK(without < 1000);
}

TEST_CASE("eval.reference_csv refuses maps of another size than the ground truth with both sizes") {
  StageDriver stage(eval::declare_reference_csv);
  LabelMap const truth(Size{2, 3}), turned(Size{3, 2});
  CHECK_THROWS_WITH(stage.observe(voc_sample("a"), truth, turned, truth),
                    Contains("the ground truth is 2x3 but the pseudo-label is 3x2"));
  CHECK_THROWS_WITH(stage.observe(voc_sample("a"), truth, truth, turned),
                    Contains("the ground truth is 2x3 but the enhanced label is 3x2"));
}

TEST_CASE("saved and loaded records of the table fold to the same rows and means") {
  std::mt19937 random(31);
  StageDriver first(eval::declare_reference_csv), second(eval::declare_reference_csv);
  auto const map = [&](bool background) {
    Pixels pixels(40);
    for (Label& pixel : pixels) pixel = static_cast<Label>(background ? 0 : random() % 4);
    return line_of(pixels);
  };
  for (int image = 0; image < 20; ++image) {
    Sample const sample = voc_sample(std::to_string(image));
    // Without a class in truth the scores are nan, which must come back as well.
    LabelMap const truth = map(image == 7), pseudo = map(false), labels = map(false);
    std::vector<void const*> const inputs = {&truth, &pseudo, &labels};
    auto const record = first.instance().run(SampleContext(sample, nullptr), inputs)->at(0);
    auto const bytes = first.instance().save(record.get());
    REQUIRE(bytes);
    auto const loaded = second.instance().load(*bytes);
    CHECK(csv_line(second.fold(sample, loaded.get())) ==
          csv_line(first.fold(sample, record.get())));
    CHECK_THROWS_AS(second.instance().load(bytes->substr(1)), Error);
    CHECK_THROWS_AS(second.instance().load(*bytes + "x"), Error);
    CHECK_THROWS_AS(second.instance().load(""), Error);
  }
  CHECK(to_json(first.finish().metrics) == to_json(second.finish().metrics));
}
