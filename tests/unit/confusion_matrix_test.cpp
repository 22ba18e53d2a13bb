#include <seplflow/confusion_matrix.hpp>

#include <random>
#include <vector>

#include <seplflow/error.hpp>
#include "support/catch.hpp"

using namespace seplflow;

namespace {

constexpr std::size_t kClasses = 5;

struct Picture {
  LabelMap truth, predicted;
};

// Stretches of the first `classes` labels and 255, truth and prediction often equal; the
// prediction is made of runs, as labels are that were painted.
Picture random_picture(std::mt19937& random, unsigned classes = kClasses) {
  Size const size{1 + static_cast<std::uint32_t>(random() % 12),
                  1 + static_cast<std::uint32_t>(random() % 12)};
  auto const label = [&] {
    auto const value = static_cast<Label>(random() % (classes + 1));
    return value == classes ? kIgnore : value;
  };
  std::vector<Label> truth(size.pixels()), predicted(size.pixels());
  for (std::size_t i = 0; i < truth.size(); ++i) {
    truth[i] = i > 0 && random() % 3 != 0 ? truth[i - 1] : label();
    predicted[i] = random() % 2 == 0 ? truth[i] : label();
  }
  return {LabelMap(size, truth), LabelMap(LabelMap(size, predicted).runs())};
}

struct Naive {
  std::uint64_t tp = 0, fp = 0, fn = 0;
  double iou() const { return divided(tp, tp + fp + fn); }
  double precision() const { return divided(tp, tp + fp); }
  double recall() const { return divided(tp, tp + fn); }
  static double divided(std::uint64_t part, std::uint64_t whole) {
    return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
  }
};

// Class by class, pixel by pixel.
std::vector<Naive> count(Picture const& picture, PredictedIgnore rule) {
  std::vector<Naive> counts(kClasses);
  for (std::size_t k = 0; k < kClasses; ++k) {
    for (std::size_t i = 0; i < picture.truth.pixels().size(); ++i) {
      Label const t = picture.truth.pixels()[i];
      Label p = picture.predicted.pixels()[i];
      if (t == kIgnore) continue;
      if (p == kIgnore && rule == PredictedIgnore::drop) continue;
      if (p == kIgnore && rule == PredictedIgnore::background) p = kBackground;
      if (t == k && p == k) ++counts[k].tp;
      if (t == k && p != k) ++counts[k].fn;
      if (t != k && p == k) ++counts[k].fp;
    }
  }
  return counts;
}

struct Means {
  double iou = 0, precision = 0, recall = 0;
  int classes = 0;
};

Means means_of(std::vector<Naive> const& counts, ClassMean over) {
  Means means;
  for (Naive const& c : counts) {
    if (over == ClassMean::with_union && c.tp + c.fp + c.fn == 0) continue;
    if (over == ClassMean::with_truth && c.tp + c.fn == 0) continue;
    means.iou += c.iou();
    means.precision += c.precision();
    means.recall += c.recall();
    ++means.classes;
  }
  return means;
}

ConfusionMatrix confusion_of(Picture const& picture, PredictedIgnore rule = PredictedIgnore::miss,
                             std::size_t classes = kClasses) {
  ConfusionMatrix confusion(classes);
  confusion.add(picture.truth, picture.predicted, rule);
  return confusion;
}

Picture row(std::vector<Label> const& truth, std::vector<Label> const& predicted) {
  Size const size{1, static_cast<std::uint32_t>(truth.size())};
  return {LabelMap(size, truth), LabelMap(size, predicted)};
}

}  // namespace

TEST_CASE("true and false positives and negatives equal those of a loop over the pixels") {
  auto const rule =
      GENERATE(PredictedIgnore::miss, PredictedIgnore::background, PredictedIgnore::drop);
  std::mt19937 random(51);
  for (int round = 0; round < 1000; ++round) {
    Picture const picture = random_picture(random);
    ConfusionMatrix const confusion = confusion_of(picture, rule);
    auto const expected = count(picture, rule);
    for (std::size_t k = 0; k < kClasses; ++k) {
      REQUIRE(confusion.true_positives(k) == expected[k].tp);
      REQUIRE(confusion.false_positives(k) == expected[k].fp);
      REQUIRE(confusion.false_negatives(k) == expected[k].fn);
    }
  }
}

TEST_CASE("counts of all pairs of classes equal those of a loop over the pixels") {
  std::mt19937 random(54);
  for (int round = 0; round < 500; ++round) {
    Picture const picture = random_picture(random);
    std::vector<std::uint64_t> expected(kClasses * (kClasses + 1));
    for (std::size_t i = 0; i < picture.truth.pixels().size(); ++i) {
      Label const t = picture.truth.pixels()[i], p = picture.predicted.pixels()[i];
      if (t != kIgnore) ++expected[t * (kClasses + 1) + (p == kIgnore ? kClasses : p)];
    }
    ConfusionMatrix const confusion = confusion_of(picture);
    for (std::size_t t = 0; t < kClasses; ++t) {
      for (std::size_t p = 0; p <= kClasses; ++p) {
        REQUIRE(confusion.count(t, p) == expected[t * (kClasses + 1) + p]);
      }
    }
  }
}

TEST_CASE("mean scores equal those of a loop over the classes") {
  auto const over = GENERATE(ClassMean::all, ClassMean::with_union, ClassMean::with_truth);
  std::mt19937 random(52);
  int empty = 0;
  for (int round = 0; round < 1000; ++round) {
    Picture const picture = random_picture(random, 1 + random() % kClasses);
    Means const expected = means_of(count(picture, PredictedIgnore::miss), over);
    Scores const scores = mean_scores(confusion_of(picture), over);
    REQUIRE(scores.iou.has_value() == (expected.classes > 0));
    empty += expected.classes == 0;
    if (expected.classes == 0) continue;
    REQUIRE(*scores.iou == Approx(expected.iou / expected.classes).margin(1e-12));
    REQUIRE(*scores.precision == Approx(expected.precision / expected.classes).margin(1e-12));
    REQUIRE(*scores.recall == Approx(expected.recall / expected.classes).margin(1e-12));
  }
  CHECK((empty > 0) == (over != ClassMean::all));
}

TEST_CASE("a predicted 255 is a miss, background, or ignored") {
  Picture const picture = row({1, 1, 0}, {1, 255, 255});
  ConfusionMatrix const miss = confusion_of(picture, PredictedIgnore::miss);
  CHECK(miss.missed(1) == 1);
  CHECK(miss.false_negatives(1) == 1);
  CHECK(miss.false_negatives(0) == 1);
  CHECK(miss.false_positives(0) == 0);
  ConfusionMatrix const background = confusion_of(picture, PredictedIgnore::background);
  CHECK(background.missed(1) == 0);
  CHECK(background.count(1, 0) == 1);
  CHECK(background.true_positives(0) == 1);
  ConfusionMatrix const drop = confusion_of(picture, PredictedIgnore::drop);
  CHECK(drop.false_negatives(1) == 0);
  CHECK(drop.true_positives(1) == 1);
  CHECK(drop.false_negatives(0) == 0);
}

TEST_CASE("pixels whose ground truth is 255 are never counted") {
  CHECK(confusion_of(row({255, 255, 255}, {1, 0, 255})) == ConfusionMatrix(kClasses));
}

TEST_CASE("a score that is 0/0 is undefined, and counts as 0 in a mean that includes its class") {
  // Class 0 is right, class 1 missed altogether, class 2 nowhere.
  ConfusionMatrix const confusion = confusion_of(row({0, 1}, {0, 255}), PredictedIgnore::miss, 3);
  Scores const one = class_scores(confusion, 1);
  CHECK(one.iou == 0.0);
  CHECK_FALSE(one.precision);
  CHECK(one.recall == 0.0);
  Scores const two = class_scores(confusion, 2);
  CHECK_FALSE(two.iou);
  CHECK_FALSE(two.recall);
  CHECK(mean_scores(confusion, ClassMean::with_union).precision == 0.5);
  CHECK(mean_scores(confusion, ClassMean::all).iou == Approx(1.0 / 3));
}

TEST_CASE("a class that is only predicted counts in the union, not in the ground truth") {
  ConfusionMatrix const confusion = confusion_of(row({0, 0}, {0, 2}), PredictedIgnore::miss, 3);
  CHECK(mean_scores(confusion, ClassMean::with_union).iou == 0.25);
  CHECK(mean_scores(confusion, ClassMean::with_truth).iou == 0.5);
}

TEST_CASE("means over no class are undefined") {
  ConfusionMatrix const nothing(3);
  CHECK_FALSE(mean_scores(nothing, ClassMean::with_union).iou);
  CHECK_FALSE(mean_scores(nothing, ClassMean::with_truth).recall);
  CHECK(mean_scores(nothing, ClassMean::all).iou == 0.0);
}

TEST_CASE("the sum of matrices is the matrix of all images, in any order") {
  std::mt19937 random(53);
  ConfusionMatrix all(kClasses), forwards(kClasses), backwards(kClasses);
  std::vector<ConfusionMatrix> each;
  for (int image = 0; image < 20; ++image) {
    Picture const picture = random_picture(random);
    all.add(picture.truth, picture.predicted, PredictedIgnore::miss);
    each.push_back(confusion_of(picture));
  }
  for (auto const& confusion : each) forwards += confusion.pairs();
  for (auto i = each.rbegin(); i != each.rend(); ++i) backwards += i->pairs();
  CHECK(forwards == all);
  CHECK(backwards == all);
}

TEST_CASE("counts can exceed 32 bits") {
  Size const size{256, 256};
  std::vector<Label> predicted(size.pixels(), 1);
  predicted[0] = 0;
  ConfusionMatrix confusion(2);
  confusion.add(LabelMap(size, std::vector<Label>(size.pixels(), 1)), LabelMap(size, predicted),
                PredictedIgnore::miss);
  constexpr int kDoublings = 20;
  for (int i = 0; i < kDoublings; ++i) confusion += confusion.pairs();
  CHECK(confusion.true_positives(1) == std::uint64_t{65535} << kDoublings);
  CHECK(confusion.false_negatives(1) == std::uint64_t{1} << kDoublings);
  CHECK(confusion.false_positives(0) == std::uint64_t{1} << kDoublings);
  CHECK(class_scores(confusion, 1).recall == 65535.0 / 65536);
}

TEST_CASE("ground truth and prediction of different sizes are refused with both sizes") {
  ConfusionMatrix confusion(2);
  CHECK_THROWS_WITH(
      confusion.add(LabelMap(Size{2, 3}), LabelMap(Size{3, 2}), PredictedIgnore::miss),
      Contains("the ground truth is 2x3 but the prediction is 3x2"));
}

TEST_CASE("a label that is not a class is refused with its map, and nothing is counted") {
  ConfusionMatrix confusion(3);
  LabelMap const good({1, 2}, {0, 2}), pixels({1, 2}, {0, 3});
  LabelMap const bad = GENERATE(false, true) ? LabelMap(pixels.runs()) : pixels;
  CHECK_THROWS_WITH(confusion.add(good, bad, PredictedIgnore::miss),
                    Contains("the prediction holds class 3, but the classes are 0..2"));
  CHECK_THROWS_WITH(confusion.add(bad, good, PredictedIgnore::miss),
                    Contains("the ground truth holds class 3, but the classes are 0..2"));
  CHECK(confusion == ConfusionMatrix(3));
}

TEST_CASE("a matrix is read back from its bytes") {
  std::mt19937 random(11);
  for (int round = 0; round < 200; ++round) {
    ConfusionMatrix matrix(kClasses);
    for (unsigned image = random() % 4; image > 0; --image) {
      Picture const picture = random_picture(random);
      matrix.add(picture.truth, picture.predicted, PredictedIgnore::miss);
    }
    for (unsigned doubling = random() % 50; doubling > 0; --doubling) {
      ConfusionMatrix const same = matrix;
      matrix += same.pairs();
    }
    ByteWriter writer;
    matrix.write(writer);
    std::string const bytes = writer.take();
    ByteReader reader(bytes);
    CHECK(ConfusionMatrix::read(reader) == matrix);
    CHECK_NOTHROW(reader.end());
  }
}

TEST_CASE("an image with few classes takes few bytes") {
  ConfusionMatrix matrix(81);
  matrix.add(LabelMap({1, 4}, std::vector<Label>{0, 0, 80, 255}),
             LabelMap({1, 4}, std::vector<Label>{0, 80, 80, 0}), PredictedIgnore::miss);
  ByteWriter writer;
  matrix.write(writer);
  CHECK(writer.take().size() <= 12);
}

TEST_CASE("damaged bytes give another matrix or an error, and reserve little memory") {
  std::mt19937 random(12);
  ConfusionMatrix matrix(kClasses);
  Picture const picture = random_picture(random);
  matrix.add(picture.truth, picture.predicted, PredictedIgnore::miss);
  ByteWriter writer;
  matrix.write(writer);
  std::string const bytes = writer.take();
  for (int round = 0; round < 20000; ++round) {
    std::string damaged = bytes.substr(0, random() % (bytes.size() + 1));
    for (unsigned changes = 1 + random() % 4; changes > 0 && !damaged.empty(); --changes) {
      damaged[random() % damaged.size()] = static_cast<char>(random());
    }
    ByteReader reader(damaged);
    std::size_t classes = 0;
    try {
      classes = ConfusionMatrix::read(reader).classes();
    } catch (Error const&) {
      continue;
    }
    REQUIRE(classes <= 255);
  }
  auto const refused = [](ByteWriter& from) {
    std::string const each = from.take();
    ByteReader reader(each);
    CHECK_THROWS_AS(ConfusionMatrix::read(reader), Error);
  };
  refused(ByteWriter().count(256).count(0));
  refused(ByteWriter().count(~std::uint64_t{0}).count(0));
  refused(ByteWriter().count(2).count(~std::uint64_t{0}));
  refused(ByteWriter().count(2).count(1).count(6).count(1));  // of 2 x 3 pairs
  refused(ByteWriter().count(2).count(2).count(5).count(1).count(~std::uint64_t{0}).count(1));
  refused(ByteWriter().count(0).count(1).count(0).count(1));
  refused(ByteWriter().count(2).count(1).count(0));
}

TEST_CASE("a prediction that replaces another is counted as if it were the only one") {
  std::mt19937 random(78);
  for (int round = 0; round < 300; ++round) {
    Picture const picture = random_picture(random);
    Size const size = picture.truth.size();
    // Some pixels of the other prediction are changed; sometimes none.
    std::span<Label const> const pixels = picture.predicted.pixels();
    std::vector<Label> changed(pixels.begin(), pixels.end());
    for (unsigned left = random() % 4; left > 0; --left) {
      changed[random() % changed.size()] = random() % 5 == 0 ? kIgnore : random() % kClasses;
    }
    LabelMap const now(size, changed);
    for (auto const rule : {PredictedIgnore::miss, PredictedIgnore::background,
                            PredictedIgnore::drop}) {
      ConfusionMatrix replaced(kClasses), anew(kClasses);
      replaced.add(picture.truth, picture.predicted, rule);
      replaced.replace(picture.truth, picture.predicted, now, rule);
      anew.add(picture.truth, now, rule);
      REQUIRE(replaced == anew);
      // What cannot be counted leaves the matrix as it was.
      CHECK_THROWS_AS(replaced.replace(picture.truth, now, LabelMap(Size{13, 1}), rule), Error);
      std::vector<Label> const wrong(size.pixels(), kClasses);
      CHECK_THROWS_AS(replaced.replace(picture.truth, now, LabelMap(size, wrong), rule), Error);
      REQUIRE(replaced == anew);
    }
  }
}
