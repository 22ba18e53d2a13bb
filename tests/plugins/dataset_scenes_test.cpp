#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include <seplflow/confusion_matrix.hpp>
#include <seplflow/error.hpp>
#include <seplflow/runs.hpp>
#include "scenes/scene.hpp"
#include "support/catch.hpp"

using namespace seplflow;
using scenes::Scene;
using scenes::SceneOptions;

namespace {

constexpr std::array<Size, 7> kSizes{
    {{1, 1}, {1, 4000}, {4000, 1}, {7, 5}, {32, 32}, {97, 203}, {375, 500}}};

// FNV-1a, for comparing everything that a scene renders.
class Digest {
 public:
  template <class T>
  void add(T const& values) {
    for (auto const& value : values) {
      auto const* const bytes = reinterpret_cast<unsigned char const*>(&value);
      for (std::size_t i = 0; i < sizeof value; ++i) state_ = (state_ ^ bytes[i]) * 0x100000001b3u;
    }
  }
  std::uint64_t value() const { return state_; }

 private:
  std::uint64_t state_ = 0xcbf29ce484222325u;
};

std::uint64_t digest_of(Scene const& scene) {
  Digest digest;
  digest.add(scene.image().rgb());
  digest.add(scene.truth().pixels());
  digest.add(scene.pseudo().pixels());
  ScoreMaps const scores = scene.scores();
  for (std::size_t i = 0; i < scores.classes().size(); ++i) digest.add(scores.plane(i));
  MaskSet const masks = scene.masks();
  for (std::size_t i = 0; i < masks.count(); ++i) {
    digest.add(masks.mask(i).bounds());
    digest.add(std::array{masks.info(i)->predicted_iou, masks.info(i)->stability_score});
    digest.add(masks.info(i)->point);
  }
  return digest.value();
}

bool holds(Mask const& mask, double x, double y) {
  auto const position =
      static_cast<std::uint32_t>(x) * mask.size().height + static_cast<std::uint32_t>(y);
  auto const bounds = mask.bounds();
  auto const behind = std::ranges::upper_bound(bounds, position) - bounds.begin();
  return behind % 2 == 1;
}

// IoU of the mask and the pixels of one class; pixels of 255 do not count.
double iou(Mask const& mask, LabelRuns const& truth, std::uint64_t class_area, Label label) {
  auto const histogram = overlap_histogram(mask, truth);
  auto const both = static_cast<double>(histogram[label]);
  auto const inside = static_cast<double>(mask.area() - histogram[kIgnore]);
  return both / (inside + static_cast<double>(class_area) - both);
}

}  // namespace

TEST_CASE("a scene has the same bytes in whatever order it is rendered") {
  SceneOptions const options{{48, 64}, 20, 5};
  std::vector<std::uint64_t> forwards;
  for (std::uint64_t index = 0; index < 12; ++index) {
    forwards.push_back(digest_of(Scene(options, index)));
  }
  for (std::uint64_t index = 12; index-- > 0;) {
    Scene const scene(options, index);
    MaskSet const masks_first = scene.masks();
    CHECK(digest_of(scene) == forwards[index]);
    CHECK(digest_of(Scene(scene)) == forwards[index]);
  }
}

TEST_CASE("scenes differ by index and by seed") {
  SceneOptions const options{{48, 64}, 20, 5};
  SceneOptions const other_seed{{48, 64}, 20, 6};
  std::vector<std::uint64_t> digests;
  for (std::uint64_t index = 0; index < 10; ++index) {
    digests.push_back(digest_of(Scene(options, index)));
    digests.push_back(digest_of(Scene(other_seed, index)));
  }
  digests.push_back(digest_of(Scene(options, ~std::uint64_t{0})));
  std::ranges::sort(digests);
  CHECK(std::ranges::adjacent_find(digests) == digests.end());
}

TEST_CASE("everything that a scene renders has its size") {
  for (Size const size : kSizes) {
    CAPTURE(to_string(size));
    Scene const scene({size, 20, 3}, 11);
    CHECK(scene.size() == size);
    CHECK(scene.image().size() == size);
    CHECK(scene.truth().size() == size);
    CHECK(scene.pseudo().size() == size);
    CHECK(scene.scores().size() == size);
    CHECK(scene.masks().size() == size);
  }
}

TEST_CASE("the ground truth has only classes of the set, and a ring only in large images") {
  for (Size const size : kSizes) {
    for (int const classes : {1, 3, 20, 254}) {
      CAPTURE(to_string(size), classes);
      auto const areas = label_areas(Scene({size, classes, 9}, 2).truth());
      for (int label = classes + 1; label < kIgnore; ++label) REQUIRE(areas[label] == 0);
      if (std::min(size.height, size.width) < 96) CHECK(areas[kIgnore] == 0);
    }
  }
  CHECK(label_areas(Scene({{375, 500}, 20, 9}, 2).truth())[kIgnore] > 0);
}

TEST_CASE("pseudo-labels and scores have only classes that the image shows") {
  for (Size const size : kSizes) {
    for (std::uint64_t index = 0; index < 12; ++index) {
      CAPTURE(to_string(size), index);
      Scene const scene({size, 20, 1}, index);
      ImageLabels const shown = scene.image_labels();
      CHECK(shown == image_labels_of(scene.truth()));
      CHECK(std::ranges::includes(shown.classes, image_labels_of(scene.pseudo()).classes));
      CHECK(label_areas(scene.pseudo())[kIgnore] == 0);
      CHECK(std::ranges::equal(scene.scores().classes(), shown.classes));
    }
  }
}

TEST_CASE("the scores of each class lie in 0..1 and reach 1") {
  for (Size const size : kSizes) {
    Scene const scene({size, 20, 1}, 4);
    ScoreMaps const scores = scene.scores();
    for (std::size_t i = 0; i < scores.classes().size(); ++i) {
      CAPTURE(to_string(size), i);
      auto const [least, most] = std::ranges::minmax(scores.plane(i));
      CHECK(least >= 0);
      CHECK(most == 1);
    }
  }
}

TEST_CASE("masks are not empty, contain their point, and have scores like SAM's") {
  for (Size const size : kSizes) {
    for (std::uint64_t index = 0; index < 6; ++index) {
      CAPTURE(to_string(size), index);
      MaskSet const masks = Scene({size, 20, 8}, index).masks();
      CHECK(masks.count() >= 1);
      CHECK(masks.count() <= 80);
      for (std::size_t i = 0; i < masks.count(); ++i) {
        REQUIRE(masks.mask(i).size() == size);
        REQUIRE(masks.mask(i).area() > 0);
        REQUIRE(masks.info(i).has_value());
        MaskInfo const& info = *masks.info(i);
        REQUIRE(info.point[0] < size.width);
        REQUIRE(info.point[1] < size.height);
        REQUIRE(holds(masks.mask(i), info.point[0], info.point[1]));
        REQUIRE((info.predicted_iou >= 0.86 && info.predicted_iou <= 1));
        REQUIRE((info.stability_score >= 0.92 && info.stability_score <= 1));
        REQUIRE(info.crop_box ==
                std::array<double, 4>{0, 0, double(size.width), double(size.height)});
      }
    }
  }
}

TEST_CASE("images that are large enough show objects") {
  int without = 0;
  for (std::uint64_t index = 0; index < 200; ++index) {
    without += Scene({{64, 80}, 20, 2}, index).image_labels().classes.empty();
  }
  CHECK(without == 0);
}

TEST_CASE("masks follow the objects better than the pseudo-label") {
  constexpr int kScenes = 50;
  ConfusionMatrix confusion(21);
  double best_sum = 0;
  int objects = 0;
  for (std::uint64_t index = 0; index < kScenes; ++index) {
    Scene const scene({{160, 240}, 20, 77}, index);
    LabelMap const truth = scene.truth();
    confusion.add(truth, scene.pseudo(), PredictedIgnore::miss);
    LabelRuns const& runs = truth.runs();
    auto const areas = label_areas(truth);
    MaskSet const masks = scene.masks();
    for (Label const label : scene.image_labels().classes) {
      double best = 0;
      for (std::size_t i = 0; i < masks.count(); ++i) {
        best = std::max(best, iou(masks.mask(i), runs, areas[label], label));
      }
      best_sum += best;
      ++objects;
    }
  }
  Scores const pseudo = mean_scores(confusion, ClassMean::with_union);
  CHECK(objects >= kScenes);
  // Over the classes of each picture; two objects of a class seldom share a mask.
  CHECK(best_sum / objects > 0.7);
  CHECK(best_sum / objects > *pseudo.iou + 0.05);
  CHECK(*pseudo.iou > 0.45);
  CHECK(*pseudo.iou < 0.75);
  CHECK(*pseudo.precision > 0.55);
  CHECK(*pseudo.precision < 0.9);
  CHECK(*pseudo.recall > 0.6);
  CHECK(*pseudo.recall < 0.95);
}

TEST_CASE("a scene without pixels or classes is refused") {
  CHECK_THROWS_AS(Scene({{0, 5}, 20, 1}, 0), Error);
  CHECK_THROWS_AS(Scene({{1u << 20, 1u << 20}, 20, 1}, 0), Error);
  CHECK_THROWS_AS(Scene({{32, 32}, 0, 1}, 0), Error);
  CHECK_THROWS_AS(Scene({{32, 32}, 255, 1}, 0), Error);
}
