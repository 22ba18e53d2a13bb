// The script's three rules against an implementation pixel by pixel, written from their
// description alone, and on small pictures made by hand.
#include <algorithm>
#include <random>
#include <vector>

#include "sepl/reference.hpp"
#include "sepl/stages.hpp"
#include "support/catch.hpp"
#include "support/sepl_case.hpp"
#include "support/stage_driver.hpp"

using namespace seplflow;
using sepl::Reference;
using sepl::Rule;

namespace {

Pixels merged_by_rule(Rule rule, Case const& c) {
  LabelMap const labels = Reference{rule}(LabelMap(c.size, c.pseudo), masks_of(c));
  return {labels.pixels().begin(), labels.pixels().end()};
}

// The description, literally.
Pixels described(Rule rule, Case const& c) {
  std::size_t const pixels = c.pseudo.size();
  Pixels result(pixels);
  std::vector<bool> taken(c.masks.size());
  for (int i = 1; i < 255; ++i) {
    auto const class_area = std::ranges::count(c.pseudo, i);
    if (class_area == 0) continue;
    std::vector<bool> const taken_before = taken;
    std::vector<bool> painted(pixels);
    for (std::size_t m = 0; m < c.masks.size(); ++m) {
      if (taken_before[m]) continue;
      long area = 0, common = 0;
      for (std::size_t p = 0; p < pixels; ++p) {
        area += c.masks[m][p];
        common += c.masks[m][p] == 1 && c.pseudo[p] == i;
      }
      bool keep = 2 * common - area > 0;
      if (rule == Rule::max_iou_imp2) {
        keep = keep || static_cast<double>(common) / static_cast<double>(class_area) >= 0.85;
      }
      if (!keep) continue;
      taken[m] = true;
      for (std::size_t p = 0; p < pixels; ++p) painted[p] = painted[p] || c.masks[m][p] == 1;
    }
    for (std::size_t p = 0; p < pixels && rule != Rule::max_iou; ++p) {
      bool covered = false;
      for (std::size_t m = 0; m < c.masks.size(); ++m) {
        covered = covered || (!taken_before[m] && c.masks[m][p] == 1);
      }
      painted[p] = painted[p] || (c.pseudo[p] == i && !covered);
    }
    for (std::size_t p = 0; p < pixels; ++p) {
      if (painted[p]) result[p] = static_cast<Label>(i);
    }
  }
  return result;
}

constexpr std::array kRules{Rule::max_iou, Rule::max_iou_imp, Rule::max_iou_imp2};

}  // namespace

TEST_CASE("the script's rules follow the description on random images") {
  std::mt19937 random(71);
  int imp_differs = 0, imp2_differs = 0;
  for (int round = 0; round < random_cases(6000); ++round) {
    Case const c = random_case(random);
    INFO("round " << round << ", " << to_string(c.size));
    for (Rule const rule : kRules) REQUIRE(merged_by_rule(rule, c) == described(rule, c));
    imp_differs += described(Rule::max_iou, c) != described(Rule::max_iou_imp, c);
    imp2_differs += described(Rule::max_iou_imp, c) != described(Rule::max_iou_imp2, c);
  }
  // The cases are about something.
  CHECK(imp_differs > random_cases(500));
  CHECK(imp2_differs > random_cases(100));
}

TEST_CASE("max_iou: a mask is not taken if exactly half of it is the class") {
  CHECK(merged_by_rule(Rule::max_iou, {{1, 4}, {3, 3, 0, 0}, {{0, 1, 1, 0}}}) == Pixels{0, 0, 0, 0});
  CHECK(merged_by_rule(Rule::max_iou, {{1, 4}, {3, 3, 0, 0}, {{1, 1, 1, 0}}}) == Pixels{3, 3, 3, 0});
}

TEST_CASE("max_iou: a class that takes no mask disappears") {
  CHECK(merged_by_rule(Rule::max_iou, {{1, 3}, {3, 3, 0}, {}}) == Pixels{0, 0, 0});
}

TEST_CASE("max_iou_imp: a class keeps its pixels that no mask covers") {
  Case const c{{1, 5}, {3, 3, 3, 3, 0}, {{1, 0, 0, 0, 0}, {0, 1, 0, 0, 1}}};
  CHECK(merged_by_rule(Rule::max_iou, c) == Pixels{3, 0, 0, 0, 0});
  CHECK(merged_by_rule(Rule::max_iou_imp, c) == Pixels{3, 0, 3, 3, 0});
}

TEST_CASE("max_iou_imp: a mask that a lower class took no longer covers pixels") {
  // Class 1 takes the mask; the pixel of class 2 under it is uncovered when class 2 begins.
  Case const c{{1, 4}, {1, 1, 2, 0}, {{1, 1, 1, 0}}};
  CHECK(merged_by_rule(Rule::max_iou, c) == Pixels{1, 1, 1, 0});
  CHECK(merged_by_rule(Rule::max_iou_imp, c) == Pixels{1, 1, 2, 0});
}

TEST_CASE("max_iou_imp2: a class takes masks that contain at least 0.85 of it") {
  Case c{{1, 60}, Pixels(60), {Pixels(60)}};
  std::fill_n(c.pseudo.begin(), 20, 3);
  std::fill_n(c.masks[0].begin() + 3, 57, 1);  // 17 of 20: exactly 0.85
  CHECK(merged_by_rule(Rule::max_iou_imp2, c)[59] == 3);
  CHECK(merged_by_rule(Rule::max_iou_imp, c)[59] == 0);
  c.masks[0][3] = 0;
  CHECK(merged_by_rule(Rule::max_iou_imp2, c)[59] == 0);
}

TEST_CASE("a mask that a lower class took is unavailable, however well it fits a higher one") {
  // All of class 9 is in the mask, which class 1 took.
  Case const c{{1, 6}, {1, 1, 1, 1, 9, 9}, {{1, 1, 1, 1, 1, 1}}};
  CHECK(merged_by_rule(Rule::max_iou, c) == Pixels{1, 1, 1, 1, 1, 1});
}

TEST_CASE("higher classes paint over lower ones") {
  Case const c{{1, 5}, {1, 1, 9, 9, 9}, {{1, 1, 1, 0, 0}, {0, 1, 1, 1, 1}}};
  CHECK(merged_by_rule(Rule::max_iou, c) == Pixels{1, 9, 9, 9, 9});
}

TEST_CASE("ignore pixels become background") {
  auto const rule = GENERATE(Rule::max_iou, Rule::max_iou_imp, Rule::max_iou_imp2);
  CHECK(merged_by_rule(rule, {{1, 3}, {255, 255, 0}, {{1, 1, 0}}}) == Pixels{0, 0, 0});
}

TEST_CASE("sepl.reference takes its rule from a pipeline") {
  Case const c{{1, 4}, {1, 1, 2, 0}, {{1, 1, 1, 0}}};
  auto const run = [&](std::string const& rule) {
    StageDriver stage(sepl::declare_reference, {{{"rule", rule}}, {}, {}});
    return stage.run<LabelMap>(voc_sample("a"), LabelMap(c.size, c.pseudo), masks_of(c));
  };
  CHECK(run("max_iou") == LabelMap(c.size, {1, 1, 1, 0}));
  CHECK(run("max_iou_imp") == LabelMap(c.size, {1, 1, 2, 0}));
  CHECK(run("max_iou_imp2") == LabelMap(c.size, described(Rule::max_iou_imp2, c)));
}

TEST_CASE("sepl.reference refuses masks of another size than the pseudo-label") {
  CHECK_THROWS_WITH(Reference()(LabelMap(Size{2, 3}), MaskSet({{Mask(Size{3, 2}), std::nullopt}})),
                    Contains("the mask set is 3x2 but the pseudo-label is 2x3"));
}

TEST_CASE("sepl.reference explains which class takes each mask, and why") {
  std::mt19937 random(6);
  int by_mask = 0, by_class = 0;
  for (int round = 0; round < random_cases(1500); ++round) {
    Case const c = random_case(random);
    for (Rule const rule : kRules) {
      Sample const sample = voc_sample("a");
      auto const explanation = Reference{rule}.explain(SampleContext(sample, nullptr),
                                                       LabelMap(c.size, c.pseudo), masks_of(c));
      REQUIRE(explanation.items.size() == c.masks.size());
      for (std::size_t m = 0; m < c.masks.size(); ++m) {
        INFO("round " << round << ", mask " << m);
        std::optional<int> taker;
        std::string reason;
        for (int i = 1; i < 255 && !taker; ++i) {
          auto const class_area = std::ranges::count(c.pseudo, i);
          long area = 0, common = 0;
          for (std::size_t p = 0; p < c.pseudo.size(); ++p) {
            area += c.masks[m][p];
            common += c.masks[m][p] == 1 && c.pseudo[p] == i;
          }
          if (class_area == 0) continue;
          double const share = static_cast<double>(common) / static_cast<double>(class_area);
          bool const fits = 2 * common > area, covers = rule == Rule::max_iou_imp2 && share >= 0.85;
          if (!fits && !covers) continue;
          taker = i;
          reason = fits ? "mask" : "class";
        }
        Explanation::Item const& item = explanation.items[m];
        CHECK(item.kept == taker.has_value());
        if (!taker) continue;
        CHECK(item.label == *taker);
        CHECK(item.facts[3] == Cell(reason));
        ++(reason == "mask" ? by_mask : by_class);
      }
    }
  }
  CHECK(by_mask > random_cases(500));
  CHECK(by_class > random_cases(100));
}
