// The support of all masks, against the description pixel by pixel with each mask as a bitmap.
#include <algorithm>
#include <array>
#include <cmath>
#include <random>
#include <set>
#include <vector>

#include "sepl/consensus.hpp"
#include "sepl/stages.hpp"
#include "support/catch.hpp"
#include "support/sepl_case.hpp"
#include "support/stage_driver.hpp"

using namespace seplflow;
using sepl::Consensus;

namespace {

Pixels agreed(Consensus const& consensus, Case const& c) {
  LabelMap const pseudo(c.size, c.pseudo);
  MaskSet const masks = masks_of(c);
  return pixels_of(
      std::get<0>(Consensus::carry_out(consensus.decide(pseudo, masks), pseudo, masks)));
}

// ---- The description, literally ----

// Bitmaps of the 4-connected pieces of what no mask covers.
std::vector<Pixels> pieces_of(Case const& c) {
  Pixels open(c.pseudo.size(), 1);
  for (Pixels const& mask : c.masks) {
    for (std::size_t p = 0; p < mask.size(); ++p) {
      if (mask[p] == 1) open[p] = 0;
    }
  }
  std::vector<Pixels> pieces;
  std::size_t const width = c.size.width;
  for (std::size_t start = 0; start < open.size(); ++start) {
    if (open[start] == 0) continue;
    Pixels& piece = pieces.emplace_back(open.size());
    std::vector<std::size_t> stack = {start};
    while (!stack.empty()) {
      std::size_t const p = stack.back();
      stack.pop_back();
      if (open[p] == 0) continue;
      open[p] = 0;
      piece[p] = 1;
      if (p % width > 0) stack.push_back(p - 1);
      if (p % width + 1 < width) stack.push_back(p + 1);
      if (p >= width) stack.push_back(p - width);
      if (p + width < open.size()) stack.push_back(p + width);
    }
  }
  return pieces;
}

double level(std::vector<double> const& values, double least) {
  std::vector<std::int64_t> histogram(256);
  for (double const value : values) {
    ++histogram[static_cast<std::size_t>(std::min(255.0, std::floor(256 * value)))];
  }
  std::int64_t weight = 0, moment = 0, w = 0, x = 0;
  for (std::int64_t i = 0; i < 256; ++i) {
    weight += histogram[i];
    moment += histogram[i] * i;
  }
  std::vector<double> variances;
  for (std::int64_t i = 0; i < 255; ++i) {
    w += histogram[i];
    x += histogram[i] * i;
    auto const d = static_cast<double>(moment * w - x * weight);
    bool const inside = w > 0 && w < weight;
    variances.push_back(inside ? d * d / (static_cast<double>(w) * static_cast<double>(weight - w))
                               : 0);
  }
  double const most = *std::ranges::max_element(variances);
  if (most == 0) return 0.5;
  double first = -1, last = -1;
  for (int i = 0; i < 255; ++i) {
    if (variances[i] != most) continue;
    if (first < 0) first = i;
    last = i;
  }
  return std::max(least, (first + last + 2) / 512);
}

struct Described {
  Pixels labels;
  std::vector<std::vector<double>> support;  // by class
};

Described described(Consensus const& consensus, Case const& c) {
  std::vector<Pixels> voters = c.masks;
  for (Pixels& piece : pieces_of(c)) voters.push_back(std::move(piece));
  std::set<Label> const all(c.pseudo.begin(), c.pseudo.end());
  std::size_t const pixels = c.pseudo.size();
  Described result{Pixels(pixels), {}};
  std::vector<double> best(pixels);
  for (Label const k : all) {
    if (k == 0 || k == 255) continue;
    auto const class_pixels = static_cast<double>(std::ranges::count(c.pseudo, k));
    std::vector<double> count(pixels), extra(pixels), total(pixels), support(pixels), positive;
    for (Pixels const& voter : voters) {
      double known = 0, common = 0;
      for (std::size_t p = 0; p < pixels; ++p) {
        known += voter[p] == 1 && c.pseudo[p] != 255;
        common += voter[p] == 1 && c.pseudo[p] == k;
      }
      if (known == 0) continue;
      double const v = std::sqrt(common / class_pixels);
      for (std::size_t p = 0; p < pixels; ++p) {
        if (voter[p] != 1) continue;
        count[p] += 1;
        if (common == 0) continue;
        extra[p] += v;
        total[p] += (consensus.base_weight + v) * (common / known);
      }
    }
    for (std::size_t p = 0; p < pixels; ++p) {
      double const own = c.pseudo[p] == k ? 1 : 0;
      support[p] = own;
      if (count[p] > 0) {
        support[p] = (total[p] / (consensus.base_weight * count[p] + extra[p]) +
                      consensus.pseudo_weight * own) /
                     (1 + consensus.pseudo_weight);
      }
      if (support[p] > 0) positive.push_back(support[p]);
    }
    double const threshold = level(positive, consensus.min_support);
    for (std::size_t p = 0; p < pixels; ++p) {
      if (support[p] > threshold && support[p] / threshold > best[p]) {
        result.labels[p] = k;
        best[p] = support[p] / threshold;
      }
    }
    result.support.push_back(support);
  }
  for (Label const k : all) {
    if (k == 0 || k == 255 || std::ranges::find(result.labels, k) != result.labels.end()) continue;
    for (std::size_t p = 0; p < pixels; ++p) {
      if (c.pseudo[p] == k && result.labels[p] == 0) result.labels[p] = k;
    }
  }
  for (std::size_t p = 0; consensus.keep_ignore && p < pixels; ++p) {
    if (c.pseudo[p] == 255 && result.labels[p] == 0) result.labels[p] = 255;
  }
  return result;
}

Consensus random_options(std::mt19937& random) {
  if (below(random, 2) == 0) return {};
  Consensus consensus;
  consensus.base_weight = (1 + below(random, 20)) / 10.0;
  consensus.pseudo_weight = below(random, 5) / 10.0;
  consensus.min_support = below(random, 10) / 10.0;
  consensus.keep_ignore = below(random, 2) == 0;
  return consensus;
}

}  // namespace

TEST_CASE("sepl.consensus equals the description on random pictures") {
  std::mt19937 random(13);
  for (int round = 0; round < random_cases(3000); ++round) {
    Case c = random_case(random);
    if (round % 7 == 0 && !c.masks.empty()) c.masks.push_back(c.masks.front());
    if (round % 50 == 0) c.pseudo.assign(c.pseudo.size(), 255);
    Consensus const consensus = random_options(random);
    REQUIRE(agreed(consensus, c) == described(consensus, c).labels);
  }
}

TEST_CASE("sepl.consensus with 5000 masks equals the description") {
  std::mt19937 random(14);
  Case c{{12, 15}, Pixels(180), {}};
  for (int shapes = 0; shapes < 6; ++shapes) {
    draw(c.pseudo, c.size, static_cast<Label>(1 + below(random, 4)), random);
  }
  c.masks.assign(5000, Pixels(c.pseudo.size()));
  for (Pixels& mask : c.masks) draw(mask, c.size, 1, random);
  CHECK(agreed({}, c) == described({}, c).labels);
}

TEST_CASE("sepl.consensus with more classes than most images have equals the description") {
  Case c{{16, 16}, Pixels(256), {Pixels(256, 1), Pixels(256)}};
  for (std::size_t p = 0; p < 256; ++p) c.pseudo[p] = static_cast<Label>(p);
  std::fill(c.masks[1].begin() + 20, c.masks[1].begin() + 60, Label{1});
  CHECK(agreed({}, c) == described({}, c).labels);
}

TEST_CASE("the output scores is the support of each class of the pseudo-label") {
  std::mt19937 random(15);
  for (int round = 0; round < random_cases(200); ++round) {
    Case c = random_case(random);
    for (Label& label : c.pseudo) label = label == 254 ? 3 : label;
    StageDriver stage(sepl::declare_consensus, {{}, {"pseudo", "masks"}, {"labels", "scores"}});
    auto const scores =
        stage.output<ScoreMaps>("scores", voc_sample("a"), LabelMap(c.size, c.pseudo), masks_of(c));
    auto const expected = described({}, c).support;
    REQUIRE(scores.classes().size() == expected.size());
    for (std::size_t k = 0; k < expected.size(); ++k) {
      scores.visit_plane(k, [&](auto plane) { REQUIRE(std::ranges::equal(plane, expected[k])); });
    }
  }
}

TEST_CASE("a large mask that t2 keeps is outvoted by the masks in it") {
  // The pseudo-label shows most of a cat; a mask of the whole picture contains it.
  Case const c{{1, 8},
               {0, 8, 8, 8, 0, 0, 0, 0},
               {{1, 1, 1, 1, 1, 1, 1, 1}, {0, 1, 1, 1, 1, 0, 0, 0}, {0, 0, 0, 0, 0, 1, 1, 1}}};
  LabelMap const pseudo(c.size, c.pseudo);
  MaskSet const masks = masks_of(c);
  CHECK(pixels_of(merged(sepl::Select(), pseudo, masks, OverlapTable(pseudo, masks))) ==
        Pixels(8, 8));
  CHECK(agreed({}, c) == Pixels{0, 8, 8, 8, 8, 0, 0, 0});
}

TEST_CASE("settings that decide alike share their result and refuse masks of another size") {
  Case const c{{1, 4}, {8, 8, 0, 0}, {{1, 1, 0, 0}}};
  LabelMap const pseudo(c.size, c.pseudo);
  Consensus other;
  other.base_weight = 0.5;
  CHECK(Consensus().decide(pseudo, masks_of(c)) == other.decide(pseudo, masks_of(c)));
  MaskSet const turned({{Mask(Size{4, 1}), std::nullopt}});
  CHECK_THROWS_WITH(Consensus().decide(pseudo, turned),
                    Contains("the mask set is 4x1 but the pseudo-label is 1x4"));
}

TEST_CASE("sepl.consensus explains which masks speak for and against each class") {
  std::mt19937 random(17);
  for (int round = 0; round < 500; ++round) {
    Case c = random_case(random);
    for (Label& label : c.pseudo) label = label == 254 ? 3 : label;
    LabelMap const pseudo(c.size, c.pseudo);
    MaskSet const masks = masks_of(c);
    Explanation const explanation =
        Consensus().explain(SampleContext(voc_sample("a"), nullptr), pseudo, masks);
    Described const expected = described({}, c);
    REQUIRE(explanation.items.size() == masks.count());
    REQUIRE(explanation.notes.size() == expected.support.size());
    for (std::size_t m = 0; m < masks.count(); ++m) {
      bool is_for = false;
      std::set<Label> const all(c.pseudo.begin(), c.pseudo.end());
      std::size_t k = 0;
      for (Label const label : all) {
        if (label == 0 || label == 255) continue;
        double known = 0, common = 0;
        for (std::size_t p = 0; p < c.pseudo.size(); ++p) {
          known += c.masks[m][p] == 1 && c.pseudo[p] != 255;
          common += c.masks[m][p] == 1 && c.pseudo[p] == label;
        }
        std::vector<double> positive = expected.support[k++];
        std::erase_if(positive, [](double value) { return value <= 0; });
        is_for = is_for || (known > 0 && common / known > level(positive, 0.15));
      }
      REQUIRE(explanation.items[m].kept == is_for);
      REQUIRE(explanation.items[m].facts.size() == explanation.columns.size());
      REQUIRE(std::get<std::string>(explanation.items[m].facts[2]).empty() == !is_for);
    }
  }
}
