#include "masks/stages.hpp"
#include "support/catch.hpp"
#include "support/stage_driver.hpp"

using namespace seplflow;

namespace {

using Areas = std::vector<std::uint64_t>;

Mask mask_of(std::uint32_t area) {
  return Mask::from_counts({10, 10}, std::vector<std::uint32_t>{0, area, 100 - area});
}

MaskSet three_masks() {
  return MaskSet({{mask_of(5), MaskInfo{0.9, 0.95}},
                  {mask_of(20), MaskInfo{0.8, 0.99}},
                  {mask_of(60), MaskInfo{0.95, 0.9}}});
}

StageDriver filtering(std::map<std::string, OptionValue> options) {
  return StageDriver(masks::declare_filter, {std::move(options), {}, {}});
}

Areas kept(std::map<std::string, OptionValue> options, MaskSet const& set = three_masks()) {
  auto const result = filtering(std::move(options)).run<MaskSet>(voc_sample("a"), set);
  Areas areas;
  for (std::size_t i = 0; i < result.count(); ++i) areas.push_back(result.mask(i).area());
  return areas;
}

}  // namespace

TEST_CASE("masks.filter keeps masks by area in pixels and by share of the image") {
  CHECK(kept({{"max_area", std::int64_t{20}}}) == Areas{5, 20});
  CHECK(kept({{"max_area", std::int64_t{19}}}) == Areas{5});
  CHECK(kept({{"max_share", 0.2}}) == Areas{5, 20});
  CHECK(kept({{"max_share", 0.199}}) == Areas{5});
  CHECK(kept({{"min_area", std::int64_t{20}}}) == Areas{20, 60});
  CHECK(kept({{"min_area", std::int64_t{6}}, {"max_share", 0.5}}) == Areas{20});
}

TEST_CASE("masks.filter keeps masks whose scores by SAM are at least a minimum") {
  CHECK(kept({{"min_predicted_iou", 0.9}}) == Areas{5, 60});
  CHECK(kept({{"min_stability", 0.95}}) == Areas{5, 20});
  CHECK(kept({{"min_predicted_iou", 0.9}, {"min_stability", 0.95}}) == Areas{5});
}

TEST_CASE("kept masks keep their scores and their order, and the size stays known without any") {
  auto const set =
      filtering({{"min_area", std::int64_t{10}}}).run<MaskSet>(voc_sample("a"), three_masks());
  CHECK(set.info(0) == MaskInfo{0.8, 0.99});
  auto const none =
      filtering({{"min_area", std::int64_t{90}}}).run<MaskSet>(voc_sample("a"), three_masks());
  CHECK(none.count() == 0);
  CHECK(none.size() == Size{10, 10});
}

TEST_CASE("masks without scores are an error, kept or dropped when scores are compared") {
  MaskSet const plain({{mask_of(5), std::nullopt}, {mask_of(20), MaskInfo{0.9, 0.9}}});
  CHECK_THROWS_WITH(kept({{"min_predicted_iou", 0.5}}, plain),
                    Contains("mask 0 (from 0) has no scores") && Contains("without_scores"));
  CHECK(kept({{"min_predicted_iou", 0.5}, {"without_scores", std::string("keep")}}, plain) ==
        Areas{5, 20});
  CHECK(kept({{"min_predicted_iou", 0.5}, {"without_scores", std::string("drop")}}, plain) ==
        Areas{20});
  CHECK(kept({{"max_area", std::int64_t{5}}}, plain) == Areas{5});
}

TEST_CASE("masks.filter without a condition or with conditions that no mask meets is refused") {
  CHECK_THAT(filtering({}).problems(), Contains("no condition is set"));
  CHECK_THAT(filtering({{"min_area", std::int64_t{9}}, {"max_area", std::int64_t{3}}}).problems(),
             Contains("max_area is less than min_area"));
  CHECK_THAT(filtering({{"max_area", std::int64_t{9}}, {"without_scores", std::string("keep")}})
                 .problems(),
             Contains("no score is compared"));
}
