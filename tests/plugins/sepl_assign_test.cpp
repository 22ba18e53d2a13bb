#include <vector>

#include "sepl/stages.hpp"
#include "support/catch.hpp"
#include "support/stage_driver.hpp"

using namespace seplflow;

namespace {

MaskSet masks_of(Size size, std::vector<std::vector<Label>> const& masks) {
  std::vector<MaskSet::Entry> entries;
  for (auto const& inside : masks) {
    entries.push_back({mask_of(LabelMap(size, inside).runs(), 1), std::nullopt});
  }
  return MaskSet(std::move(entries));
}

}  // namespace

TEST_CASE("sepl.assign takes a pseudo-label and masks and outputs overlaps") {
  StageDriver const stage(sepl::declare_assign);
  auto const& declaration = stage.declaration();
  CHECK(declaration.name == "sepl.assign");
  CHECK(declaration.kind == StageKind::transform);
  REQUIRE(declaration.inputs.size() == 2);
  CHECK(declaration.inputs[0].name == "pseudo");
  CHECK(declaration.inputs[1].name == "masks");
  REQUIRE(declaration.outputs.size() == 1);
  CHECK(declaration.outputs[0].name == "overlaps");
  CHECK(declaration.options.empty());
}

TEST_CASE("sepl.assign counts the overlaps of masks and classes and assigns masks to classes") {
  LabelMap const pseudo({1, 6}, {0, 3, 3, 7, 7, 255});
  MaskSet const masks = masks_of({1, 6}, {{1, 1, 0, 0, 0, 0},    // one pixel of 3
                                          {0, 0, 1, 1, 1, 1},    // one of 3, two of 7
                                          {0, 0, 1, 1, 0, 0},    // a tie: 3
                                          {1, 0, 0, 0, 0, 1}});  // none
  StageDriver stage(sepl::declare_assign);
  auto const table = stage.run<OverlapTable>(voc_sample("a"), pseudo, masks);
  auto const row = [&](std::size_t mask) {
    return std::vector(table.overlaps(mask).begin(), table.overlaps(mask).end());
  };
  CHECK(std::vector(table.classes().begin(), table.classes().end()) == std::vector<Label>{3, 7});
  CHECK(row(0) == std::vector<std::uint64_t>{1, 0});
  CHECK(row(1) == std::vector<std::uint64_t>{1, 2});
  CHECK(table.assigned(0) == 0u);
  CHECK(table.assigned(1) == 1u);
  CHECK(table.assigned(2) == 0u);
  CHECK_FALSE(table.assigned(3));

  Explanation const explanation = stage.explain(voc_sample("a"), pseudo, masks);
  REQUIRE(explanation.items.size() == 4);
  CHECK(explanation.items[1].label == Label{7});
  CHECK(explanation.items[1].facts == Row{2, 0.5, 1.0, "bird", 1});
  CHECK(explanation.items[2].facts == Row{1, 0.5, 0.5, "car", 1});
  CHECK_FALSE(explanation.items[3].kept);
}

TEST_CASE("sepl.assign refuses masks of another size than the pseudo-label") {
  StageDriver stage(sepl::declare_assign);
  CHECK_THROWS_WITH(stage.run<OverlapTable>(voc_sample("a"), LabelMap(Size{2, 3}),
                                            MaskSet({{Mask(Size{3, 2}), std::nullopt}})),
                    Contains("the mask set is 3x2 but the pseudo-label is 2x3"));
}
