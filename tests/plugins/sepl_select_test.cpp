// Mask selection and merge against an implementation pixel by pixel, written from the method's
// description alone, and on small pictures made by hand.
#include <algorithm>
#include <map>
#include <random>
#include <vector>

#include "sepl/select.hpp"
#include "sepl/stages.hpp"
#include "support/catch.hpp"
#include "support/sepl_case.hpp"
#include "support/stage_driver.hpp"

using namespace seplflow;
using sepl::Overlap;
using sepl::Select;
using sepl::T2Masks;
using sepl::Uncovered;

namespace {

Pixels enhanced(Select const& select, Case const& c) {
  LabelMap const pseudo(c.size, c.pseudo);
  MaskSet const masks = masks_of(c);
  LabelMap const labels = merged(select, pseudo, masks, OverlapTable(pseudo, masks));
  return {labels.pixels().begin(), labels.pixels().end()};
}

// ---- The description, literally ----

struct Kept {
  Pixels pixels;
  double support;  // o_s
  double area;
};

double common_pixels(Pixels const& mask, Pixels const& pseudo, int k) {
  double count = 0;
  for (std::size_t p = 0; p < mask.size(); ++p) count += mask[p] == 1 && pseudo[p] == k;
  return count;
}

std::map<int, std::vector<Kept>> kept_by_class(Select const& select, Case const& c) {
  std::map<int, std::vector<Kept>> kept;
  for (Label const label : c.pseudo) {
    if (label != 0 && label != 255) kept[label];
  }
  std::map<int, Kept> best_by_t2;
  for (Pixels const& mask : c.masks) {
    int best = 0;
    double most = 0;
    for (auto const& [k, none] : kept) {
      double const common = common_pixels(mask, c.pseudo, k);
      if (common > most) best = k, most = common;
    }
    if (best == 0) continue;
    auto const area = static_cast<double>(std::ranges::count(mask, 1));
    auto const class_area = static_cast<double>(std::ranges::count(c.pseudo, best));
    bool const supported = most / area > select.t1;
    bool const covering =
        most / class_area > select.t2 && most / area > select.t2_min_support;
    if (!supported && !covering) continue;
    Kept const one{mask, most / area, area};
    if (supported || select.t2_masks == T2Masks::all) {
      kept[best].push_back(one);
    } else if (!best_by_t2.contains(best) || one.support > best_by_t2[best].support) {
      best_by_t2[best] = one;
    }
  }
  for (auto const& [k, mask] : best_by_t2) kept[k].push_back(mask);
  for (auto& [k, masks] : kept) {
    if (!masks.empty()) continue;
    Pixels own(c.pseudo.size());
    for (std::size_t p = 0; p < own.size(); ++p) own[p] = c.pseudo[p] == k;
    auto const area = static_cast<double>(std::ranges::count(own, 1));
    masks.push_back({std::move(own), 1.0, area});
  }
  return kept;
}

// How strongly a class claims a pixel that one of its kept masks covers.
double claim(Overlap overlap, Kept const& mask) {
  if (overlap == Overlap::support) return mask.support;
  if (overlap == Overlap::smallest) return -mask.area;
  return 0;
}

Pixels described(Select const& select, Case const& c) {
  auto const kept = kept_by_class(select, c);
  Pixels labels(c.pseudo.size());
  for (std::size_t p = 0; p < labels.size(); ++p) {
    std::optional<double> winning;
    for (auto const& [k, masks] : kept) {  // ascending, so that a tie goes to the higher class
      std::optional<double> own;
      for (Kept const& mask : masks) {
        if (mask.pixels[p] == 1) own = std::max(own.value_or(-1e9), claim(select.overlap, mask));
      }
      if (!own || (winning && *own < *winning)) continue;
      winning = own;
      labels[p] = static_cast<Label>(k);
    }
    bool const covered =
        std::ranges::any_of(c.masks, [&](Pixels const& mask) { return mask[p] == 1; });
    bool const keeps = !covered && select.uncovered == Uncovered::keep && c.pseudo[p] != 255;
    if (!winning && keeps) labels[p] = c.pseudo[p];
    if (!winning && select.keep_ignore && c.pseudo[p] == 255) labels[p] = 255;
  }
  return labels;
}

// Thresholds that small pictures meet exactly.
double random_threshold(std::mt19937& random) {
  constexpr std::array kThresholds{0.0, 0.2, 0.25, 1.0 / 3, 0.5, 0.5, 2.0 / 3, 0.75, 0.85, 1.0};
  return kThresholds[below(random, kThresholds.size())];
}

Case const kTie{{1, 5},
                {1, 1, 2, 2, 0},
                {{1, 1, 1, 0, 0},    // 2 of its 3 pixels are class 1
                 {0, 1, 1, 1, 0}}};  // 2 of its 3 are class 2

}  // namespace

TEST_CASE("selection and merging follow the description on random images") {
  auto const overlap = GENERATE(Overlap::last, Overlap::support, Overlap::smallest);
  bool const keep_ignore = GENERATE(false, true);
  std::mt19937 random(61);
  int changed = 0, fell_back = 0, contested = 0;
  for (int round = 0; round < random_cases(5000); ++round) {
    Case const c = random_case(random);
    Select const select{random_threshold(random), random_threshold(random), overlap, keep_ignore};
    Pixels const expected = described(select, c);
    INFO("round " << round << ", " << to_string(c.size) << ", t1 " << select.t1 << ", t2 "
                  << select.t2);
    REQUIRE(enhanced(select, c) == expected);
    changed += expected != c.pseudo;
    Select none{1, 1, overlap, keep_ignore};
    fell_back += described(none, c) == expected;
    contested += described({select.t1, select.t2, Overlap::last, keep_ignore}, c) != expected;
  }
  // The cases are about something.
  CHECK(changed > random_cases(1000));
  CHECK(fell_back > random_cases(100));
  CHECK((contested > random_cases(50)) == (overlap != Overlap::last));
}

TEST_CASE("the options that are not from the paper follow their description on random images") {
  std::mt19937 random(63);
  int best = 0, less = 0, uncovered = 0;
  for (int round = 0; round < random_cases(3000); ++round) {
    Case const c = random_case(random);
    Overlap const overlaps[] = {Overlap::last, Overlap::support, Overlap::smallest};
    Select select{random_threshold(random), random_threshold(random), overlaps[below(random, 3)],
                  below(random, 2) == 0};
    Pixels const paper = enhanced(select, c);
    auto const with = [&](auto Select::*option, auto value) {
      Select changed = select;
      changed.*option = value;
      return enhanced(changed, c) != paper;
    };
    less += with(&Select::t2_min_support, 0.5);
    best += with(&Select::t2_masks, T2Masks::best);
    uncovered += with(&Select::uncovered, Uncovered::keep);
    select.t2_min_support = random_threshold(random);
    select.t2_masks = below(random, 2) == 0 ? T2Masks::all : T2Masks::best;
    select.uncovered = below(random, 2) == 0 ? Uncovered::drop : Uncovered::keep;
    REQUIRE(enhanced(select, c) == described(select, c));
  }
  CHECK(less > random_cases(50));
  CHECK(best > random_cases(50));
  CHECK(uncovered > random_cases(50));
}

TEST_CASE("a mask that envelops an object is dropped by its support and by a better mask") {
  // The last pixel is a part of the object that no mask covers.
  Case const c{{1, 10},
               {8, 8, 8, 0, 0, 0, 0, 0, 0, 8},
               {{1, 1, 1, 1, 1, 1, 1, 1, 1, 0}, {1, 1, 1, 1, 1, 1, 1, 0, 0, 0}}};
  CHECK(enhanced({0.5, 0.7}, c) == Pixels{8, 8, 8, 8, 8, 8, 8, 8, 8, 0});
  CHECK(enhanced({.t1 = 0.5, .t2 = 0.7, .t2_masks = T2Masks::best}, c) ==
        Pixels{8, 8, 8, 8, 8, 8, 8, 0, 0, 0});
  CHECK(enhanced({.t1 = 0.5, .t2 = 0.7, .t2_min_support = 0.5}, c) == c.pseudo);
  CHECK(enhanced({.t1 = 0.5, .t2 = 0.7, .t2_masks = T2Masks::best, .uncovered = Uncovered::keep}, c) ==
        Pixels{8, 8, 8, 8, 8, 8, 8, 0, 0, 8});
}

TEST_CASE("a mask that the pseudo-label covers by exactly t1 is not kept") {
  Case const half{{1, 4}, {3, 3, 0, 3}, {{0, 1, 1, 0}}};
  CHECK(enhanced({0.5, 1}, half) == Pixels{3, 3, 0, 3});
  CHECK(enhanced({0.49, 1}, half) == Pixels{0, 3, 3, 0});
}

TEST_CASE("a mask that covers exactly t2 of the pseudo-label is not kept") {
  Case const most{{1, 8}, {3, 3, 3, 3, 0, 0, 0, 0}, {{0, 1, 1, 1, 1, 1, 1, 1}}};
  CHECK(enhanced({0.5, 0.75}, most) == Pixels{3, 3, 3, 3, 0, 0, 0, 0});
  CHECK(enhanced({0.5, 0.74}, most) == Pixels{0, 3, 3, 3, 3, 3, 3, 3});
}

TEST_CASE("the thresholds are compared as doubles") {
  // 17 of 20 is the double nearest to 0.85, so it is not above it.
  Case c{{1, 40}, Pixels(40), {Pixels(40)}};
  std::fill_n(c.pseudo.begin(), 20, 3);
  std::fill_n(c.masks[0].begin() + 3, 37, 1);
  CHECK(enhanced({0.5, 0.85}, c) == c.pseudo);
  c.masks[0][2] = 1;
  CHECK(enhanced({0.5, 0.85}, c)[39] == 3);
}

TEST_CASE("one of the two thresholds is enough to keep a mask") {
  Case const inside{{1, 4}, {3, 3, 3, 3}, {{1, 0, 0, 0}}};
  CHECK(enhanced({0.5, 0.85}, inside) == Pixels{3, 0, 0, 0});
  Case const around{{1, 4}, {3, 0, 0, 0}, {{1, 1, 1, 1}}};
  CHECK(enhanced({0.5, 0.85}, around) == Pixels{3, 3, 3, 3});
}

TEST_CASE("with thresholds of 1 no mask is kept, and every class keeps its pseudo-label") {
  Case const c{{2, 2}, {5, 0, 255, 9}, {{1, 0, 0, 0}, {1, 1, 1, 1}}};
  CHECK(enhanced({1, 1}, c) == Pixels{5, 0, 0, 9});
}

TEST_CASE("a class with a kept mask loses the rest of its pseudo-label") {
  Case const c{{1, 4}, {3, 3, 0, 8}, {{1, 0, 0, 0}}};
  CHECK(enhanced({}, c) == Pixels{3, 0, 0, 8});
}

TEST_CASE("the kept masks of a class are united") {
  Case const c{{1, 4}, {3, 3, 3, 0}, {{1, 0, 0, 0}, {0, 0, 1, 0}}};
  CHECK(enhanced({}, c) == Pixels{3, 0, 3, 0});
}

TEST_CASE("masks that overlap no class change nothing") {
  Case const c{{1, 5}, {3, 0, 0, 255, 3}, {{0, 1, 1, 0, 0}, {0, 0, 1, 1, 0}, {0, 0, 0, 1, 0}}};
  CHECK(enhanced({0, 0}, c) == Pixels{3, 0, 0, 0, 3});
}

TEST_CASE("without masks the pseudo-label stays, except for its ignore pixels") {
  Case const c{{1, 4}, {0, 3, 255, 4}, {}};
  CHECK(enhanced({}, c) == Pixels{0, 3, 0, 4});
  CHECK(enhanced({.keep_ignore = true}, c) == c.pseudo);
}

TEST_CASE("empty masks change nothing") {
  Case const c{{1, 2}, {3, 0}, {{0, 0}}};
  CHECK(enhanced({0, 0}, c) == Pixels{3, 0});
}

TEST_CASE("an image without classes stays without classes") {
  CHECK(enhanced({0, 0}, {{1, 3}, {0, 0, 255}, {{1, 1, 1}}}) == Pixels{0, 0, 0});
}

TEST_CASE("ignore pixels count in the area of a mask but for no class") {
  Case const c{{1, 4}, {3, 255, 255, 3}, {{1, 1, 1, 0}}};  // a third of it is class 3
  CHECK(enhanced({0.3, 1}, c) == Pixels{3, 3, 3, 0});
  CHECK(enhanced({0.34, 1}, c) == Pixels{3, 0, 0, 3});
}

TEST_CASE("ignore pixels are restored only where no class is painted") {
  Case const c{{1, 5}, {3, 3, 255, 255, 0}, {{1, 1, 1, 0, 0}}};
  CHECK(enhanced({}, c) == Pixels{3, 3, 3, 0, 0});
  CHECK(enhanced({.keep_ignore = true}, c) == Pixels{3, 3, 3, 255, 0});
}

TEST_CASE("last: the higher class wins where masks of two classes overlap") {
  CHECK(enhanced({}, kTie) == Pixels{1, 2, 2, 2, 0});
}

TEST_CASE("support: the class with the larger share in its mask wins") {
  // All of the mask of class 1 is class 1; three of the four pixels of the other are class 2.
  Case const c{{1, 5}, {1, 1, 2, 2, 2}, {{1, 1, 0, 0, 0}, {0, 1, 1, 1, 1}}};
  CHECK(enhanced({}, c) == Pixels{1, 2, 2, 2, 2});
  CHECK(enhanced({.overlap = Overlap::support}, c) == Pixels{1, 1, 2, 2, 2});
}

TEST_CASE("support: an exact tie goes to the higher class") {
  CHECK(enhanced({.overlap = Overlap::support}, kTie) == Pixels{1, 2, 2, 2, 0});
}

TEST_CASE("support: a class counts with the largest share among its masks that cover the pixel") {
  // Class 1 has a mask of 3/4 and one of 1 on the contested pixel 1; class 2 has 4/5.
  Case const c{
      {1, 6}, {1, 1, 1, 2, 2, 2}, {{1, 1, 1, 1, 0, 0}, {1, 1, 0, 0, 0, 0}, {0, 0, 1, 1, 1, 1}}};
  CHECK(enhanced({.overlap = Overlap::support}, c) == Pixels{1, 1, 2, 2, 2, 2});
  Case larger = c;
  larger.masks[1] = {0, 1, 1, 0, 0, 0};
  CHECK(enhanced({.overlap = Overlap::support}, larger) == Pixels{1, 1, 1, 2, 2, 2});
}

TEST_CASE("smallest: the class of the smallest covering mask wins") {
  Case const c{{1, 6}, {1, 1, 2, 2, 2, 2}, {{1, 1, 1, 0, 0, 0}, {0, 1, 1, 1, 1, 0}}};
  CHECK(enhanced({}, c) == Pixels{1, 2, 2, 2, 2, 0});
  CHECK(enhanced({.overlap = Overlap::smallest}, c) == Pixels{1, 1, 1, 2, 2, 0});
}

TEST_CASE("smallest: an exact tie goes to the higher class") {
  CHECK(enhanced({.overlap = Overlap::smallest}, kTie) == Pixels{1, 2, 2, 2, 0});
}

TEST_CASE("a kept pseudo-label has support 1 and its own area") {
  // Class 2 keeps its three pixels; the mask of class 1 has 3/4 support and area 4.
  Case const c{{1, 6}, {1, 1, 1, 2, 2, 2}, {{1, 1, 1, 1, 0, 0}}};
  CHECK(enhanced({}, c) == Pixels{1, 1, 1, 2, 2, 2});
  CHECK(enhanced({.overlap = Overlap::support}, c) == Pixels{1, 1, 1, 2, 2, 2});
  CHECK(enhanced({.overlap = Overlap::smallest}, c) == Pixels{1, 1, 1, 2, 2, 2});
  // With the classes exchanged, so that the tie rule does not decide.
  Case const lower{{1, 6}, {2, 2, 2, 1, 1, 1}, {{1, 1, 1, 1, 0, 0}}};
  CHECK(enhanced({}, lower) == Pixels{2, 2, 2, 2, 1, 1});
  CHECK(enhanced({.overlap = Overlap::support}, lower) == Pixels{2, 2, 2, 1, 1, 1});
  CHECK(enhanced({.overlap = Overlap::smallest}, lower) == Pixels{2, 2, 2, 1, 1, 1});
}

TEST_CASE("a kept pseudo-label that is larger than the mask loses to it under smallest") {
  Case const c{{1, 7}, {1, 1, 2, 2, 2, 2, 2}, {{1, 1, 1, 0, 0, 0, 0}}};
  CHECK(enhanced({.overlap = Overlap::smallest}, c) == Pixels{1, 1, 1, 2, 2, 2, 2});
}

TEST_CASE("the order of the masks does not matter") {
  auto const overlap = GENERATE(Overlap::last, Overlap::support, Overlap::smallest);
  std::mt19937 random(62);
  for (int round = 0; round < random_cases(500); ++round) {
    Case c = random_case(random);
    Select const select{random_threshold(random), random_threshold(random), overlap, false};
    Pixels const before = enhanced(select, c);
    std::ranges::shuffle(c.masks, random);
    REQUIRE(enhanced(select, c) == before);
  }
}

TEST_CASE("sepl.select has the paper's thresholds and the script's overlap by default") {
  StageDriver const stage(sepl::declare_select);
  CHECK(stage.declaration().name == "sepl.select");
  CHECK(stage.default_of("t1") == OptionValue(0.5));
  CHECK(stage.default_of("t2") == OptionValue(0.85));
  CHECK(stage.default_of("overlap") == OptionValue(std::string("last")));
  CHECK(stage.default_of("keep_ignore") == OptionValue(false));
  CHECK(stage.default_of("t2_min_support") == OptionValue(0.0));
  CHECK(stage.default_of("t2_masks") == OptionValue(std::string("all")));
  CHECK(stage.default_of("uncovered") == OptionValue(std::string("drop")));
}

TEST_CASE("sepl.select reads its options from a pipeline") {
  Case const c{{1, 7}, {1, 1, 2, 2, 2, 2, 255}, {{1, 1, 1, 0, 0, 0, 0}, {0, 1, 1, 1, 1, 0, 0}}};
  LabelMap const pseudo(c.size, c.pseudo);
  MaskSet const masks = masks_of(c);
  StageDriver stage(
      sepl::declare_select,
      {{{"overlap", std::string("smallest")}, {"t1", 0.5}, {"t2", 0.75}, {"keep_ignore", true}},
       {},
       {}});
  auto const labels =
      stage.run<LabelMap>(voc_sample("a"), pseudo, masks, OverlapTable(pseudo, masks));
  CHECK(labels == LabelMap(c.size, {1, 1, 1, 2, 2, 0, 255}));
}

TEST_CASE("sepl.select refuses masks of another size, and overlaps of other masks") {
  LabelMap const pseudo(Size{2, 3});
  MaskSet const none({}), one({{Mask(Size{2, 3}), std::nullopt}}),
      turned({{Mask(Size{3, 2}), std::nullopt}});
  CHECK_THROWS_WITH(merged(Select(), pseudo, turned, OverlapTable(LabelMap(Size{3, 2}), turned)),
                    Contains("the mask set is 3x2 but the pseudo-label is 2x3"));
  CHECK_THROWS_WITH(
      merged(Select(), pseudo, one, OverlapTable(pseudo, none)),
      Contains("the overlaps were computed from other masks (0) than the input has (1)"));
  LabelMap const other(Size{2, 3}, {0, 0, 1, 0, 0, 0});
  CHECK_THROWS_WITH(merged(Select(), pseudo, one, OverlapTable(other, one)),
                    Contains("the overlaps were computed from another pseudo-label"));
  MaskSet const full({{Mask::from_counts(Size{2, 3}, std::vector<std::uint32_t>{0, 6}), {}}});
  CHECK_THROWS_WITH(
      merged(Select(), pseudo, one, OverlapTable(pseudo, full)),
      Contains("the overlaps were computed from other masks (1) than the input has (1)"));
}

TEST_CASE("the kept masks are an output, in their order, if a stage uses them") {
  Size const size{1, 6};
  LabelMap const pseudo(size, {1, 1, 1, 0, 2, 2});
  auto const mask = [&](std::uint32_t first, std::uint32_t length) {
    return Mask::from_counts(size, std::vector<std::uint32_t>{first, length, 6 - first - length});
  };
  MaskInfo info;
  info.predicted_iou = 0.5;
  MaskSet const masks({{mask(4, 2), info}, {mask(2, 2), {}}, {mask(0, 2), {}}});
  OverlapTable const overlaps(pseudo, masks);
  StageDriver used(sepl::declare_select, {{}, {}, {"labels", "kept"}});
  auto const kept = used.output<MaskSet>("kept", voc_sample("a"), pseudo, masks, overlaps);
  REQUIRE(kept.count() == 2);
  CHECK(kept.mask(0) == masks.mask(0));
  CHECK(kept.info(0) == info);
  CHECK(kept.mask(1) == masks.mask(2));
  StageDriver unused(sepl::declare_select, {{}, {}, {"labels"}});
  CHECK(unused.output<MaskSet>("kept", voc_sample("a"), pseudo, masks, overlaps).count() == 0);
}

TEST_CASE("sepl.select explains what it keeps, and where a threshold would change that") {
  std::mt19937 random(5);
  int kept = 0, limited = 0, decided_by_both = 0;
  for (int round = 0; round < random_cases(1500); ++round) {
    Case const c = random_case(random);
    Select const select{random_threshold(random), random_threshold(random)};
    LabelMap const pseudo(c.size, c.pseudo);
    MaskSet const masks = masks_of(c);
    OverlapTable const overlaps(pseudo, masks);
    Sample const sample = voc_sample("a");
    auto const explained = [&](Select const& other) {
      return other.explain(SampleContext(sample, nullptr), pseudo, masks, overlaps);
    };
    Explanation const explanation = explained(select);
    REQUIRE(explanation.items.size() == c.masks.size());
    auto const described_masks = kept_by_class(select, c);
    for (std::size_t i = 0; i < c.masks.size(); ++i) {
      INFO("round " << round << ", mask " << i);
      Explanation::Item const& item = explanation.items[i];
      CHECK(item.region == masks.mask(i));
      bool found = false;
      for (auto const& [k, each] : described_masks) {
        for (Kept const& mask : each) found = found || (mask.pixels == c.masks[i] && item.label == k);
      }
      CHECK(item.kept <= found);
      if (!item.label) continue;
      double const common = common_pixels(c.masks[i], c.pseudo, *item.label);
      double const o_s = common / static_cast<double>(std::ranges::count(c.masks[i], 1));
      double const o_p = common / static_cast<double>(std::ranges::count(c.pseudo, *item.label));
      CHECK(item.facts == Row{static_cast<std::int64_t>(common), o_s, o_p, o_s > select.t1 ? "yes" : "no",
                              o_p > select.t2 ? "yes" : "no"});
      CHECK(item.kept == (o_s > select.t1 || o_p > select.t2));
      for (auto const& [option, value, kept_below] : item.limits) {
        Select at = select, below = select;
        (option == "t1" ? at.t1 : at.t2) = value;
        (option == "t1" ? below.t1 : below.t2) = value - 1e-9;
        CHECK(explained(below).items[i].kept == kept_below);
        CHECK(explained(at).items[i].kept != kept_below);
        ++limited;
      }
      // Without a limit, no value of either option alone changes the decision.
      for (double const value : {0.0, 0.3, 0.6, 1.0}) {
        if (!item.limits.empty()) break;
        CHECK(explained({value, select.t2}).items[i].kept == item.kept);
        CHECK(explained({select.t1, value}).items[i].kept == item.kept);
        ++decided_by_both;
      }
      kept += item.kept;
    }
  }
  CHECK(kept > random_cases(500));
  CHECK(limited > random_cases(500));
  CHECK(decided_by_both > random_cases(100));
}

TEST_CASE("selections that are carried out together are as those that are carried out alone") {
  std::mt19937 random(67);
  Overlap const overlaps[] = {Overlap::last, Overlap::last, Overlap::support, Overlap::smallest};
  for (int round = 0; round < random_cases(300); ++round) {
    Case const c = random_case(random);
    LabelMap const pseudo(c.size, c.pseudo);
    MaskSet const masks = masks_of(c);
    OverlapTable const table(pseudo, masks);
    std::vector<Select::Selection> selections;
    for (int i = 0; i < 12; ++i) {
      Select select{random_threshold(random), random_threshold(random),
                    overlaps[below(random, 4)], below(random, 3) == 0};
      select.lists_kept = below(random, 2) == 0;
      select.uncovered = below(random, 3) == 0 ? Uncovered::keep : Uncovered::drop;
      selections.push_back(select.decide(pseudo, masks, table));
    }
    std::vector<Select::Selection const*> all;
    for (auto const& each : selections) all.push_back(&each);
    auto const together = Select::carry_out_all(all, pseudo, masks, table);
    REQUIRE(together.size() == all.size());
    for (std::size_t i = 0; i < all.size(); ++i) {
      auto const [labels, kept] = Select::carry_out(*all[i], pseudo, masks, table);
      REQUIRE(std::get<0>(together[i]) == labels);
      MaskSet const& kept_together = std::get<1>(together[i]);
      REQUIRE(kept_together.count() == kept.count());
      for (std::size_t m = 0; m < kept.count(); ++m) CHECK(kept_together.mask(m) == kept.mask(m));
    }
  }
}
