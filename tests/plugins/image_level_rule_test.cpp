#include "common/image_level_rule.hpp"

#include "support/catch.hpp"
#include "support/stage_driver.hpp"

using namespace seplflow;

namespace {

struct Context {
  Sample sample = voc_sample("a");
  Warnings warnings;
  SampleContext value{sample, nullptr, &warnings};
};

std::vector<float> plane_of(ScoreMaps const& scores, std::size_t i) {
  auto const plane = scores.plane(i);
  return {plane.begin(), plane.end()};
}

ImageLabels const kPerson{{15}};

}  // namespace

TEST_CASE("score maps lose the planes of classes that the image-level labels exclude") {
  Context context;
  ScoreMaps const scores({1, 2}, {7, 15, 0}, {1, 2, 3, 4, 5, 6}, Precision::half);
  ScoreMaps const kept = with_image_labels(context.value, scores, &kPerson, true, "score map");
  CHECK(classes_of(kept) == std::vector<Label>{15, 0});
  CHECK(plane_of(kept, 0) == std::vector<float>{3, 4});
  CHECK(plane_of(kept, 1) == std::vector<float>{5, 6});
  CHECK(kept.precision() == Precision::half);
  CHECK(context.warnings.take().empty());
}

TEST_CASE("score maps of full precision keep it, and may end up without a class") {
  Context context;
  ScoreMaps const scores({1, 1}, {7, 8}, std::vector<double>{0.1, 0.2});
  ScoreMaps const kept = with_image_labels(context.value, scores, &kPerson, true, "score map");
  CHECK(kept.classes().empty());
  CHECK(kept.precision() == Precision::full);
  CHECK(kept.size() == Size{1, 1});
}

TEST_CASE("denied score maps are kept with a warning, others without") {
  Context context;
  ScoreMaps const scores({1, 1}, {7, 15}, std::vector<float>{1, 2});
  CHECK(classes_of(with_image_labels(context.value, scores, &kPerson, false, "score map")) ==
        std::vector<Label>{7, 15});
  CHECK(context.warnings.take() ==
        std::vector<Warning>{
            {"the score map holds classes that the image-level labels exclude", "car"}});
  CHECK(classes_of(with_image_labels(context.value, scores, nullptr, false, "score map")) ==
        std::vector<Label>{7, 15});
  CHECK(context.warnings.take().empty());
}

TEST_CASE("another numbering of the classes that fits is named, and all that fit") {
  std::size_t const coco = 81;
  auto const fits = [&](std::vector<Label> const& shown, std::vector<Label> labels) {
    return numbering_that_fits(shown, ImageLabels{std::move(labels)}, coco);
  };
  CHECK_THAT(fits({27}, {25}), Contains("as COCO's category ids") && !Contains("shift"));
  CHECK_THAT(fits({13}, {12}), Contains("as COCO's category ids") && Contains("shift of -1"));
  CHECK_THAT(fits({27}, {26}), Contains("constant shift of -1") && !Contains("COCO"));
  CHECK_THAT(fits({27}, {28}), Contains("constant shift of +1"));
  CHECK(fits({27}, {30}).empty());
}

TEST_CASE("a warning names classes by number if the data set has no names") {
  Context context;
  context.sample.classes = nullptr;
  with_image_labels(context.value, LabelMap({1, 1}, {9}), &kPerson, false, "pseudo-label");
  CHECK(context.warnings.take().at(0).detail == "class 9");
}
