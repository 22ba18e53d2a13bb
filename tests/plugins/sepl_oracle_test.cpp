// The best that a choice of masks could reach, against every choice on small pictures.
#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <vector>

#include "sepl/reference.hpp"
#include "sepl/stages.hpp"
#include "support/catch.hpp"
#include "support/sepl_case.hpp"
#include "support/stage_driver.hpp"

using namespace seplflow;
using sepl::Overlap;
using sepl::Select;

namespace {

Pixels best(Case const& c, Pixels const& truth) {
  StageDriver stage(sepl::declare_oracle);
  return pixels_of(stage.run<LabelMap>(voc_sample("a"), LabelMap(c.size, c.pseudo), masks_of(c),
                                       LabelMap(c.size, truth)));
}

int right_pixels(Pixels const& labels, Pixels const& truth) {
  int right = 0;
  for (std::size_t p = 0; p < truth.size(); ++p) right += truth[p] != 255 && labels[p] == truth[p];
  return right;
}

// The most right pixels of a cell over all its classes and all classes of the pseudo-label that may
// be kept in it.
int most_right(std::vector<std::size_t> const& cell, bool is_covered, Pixels const& pseudo,
               Pixels const& truth) {
  std::set<Label> classes = {0}, own;
  for (std::size_t const p : cell) {
    if (is_covered && truth[p] != 255) classes.insert(truth[p]);
    if (pseudo[p] != 255) own.insert(pseudo[p]);
  }
  std::vector<Label> const keepable(own.begin(), own.end());
  int most = 0;
  for (Label const of_cell : classes) {
    for (unsigned kept = 0; kept < 1u << keepable.size(); ++kept) {
      int right = 0;
      for (std::size_t const p : cell) {
        Label label = of_cell;
        for (std::size_t k = 0; k < keepable.size(); ++k) {
          if ((kept >> k & 1) != 0 && pseudo[p] == keepable[k]) label = pseudo[p];
        }
        right += truth[p] != 255 && label == truth[p];
      }
      most = std::max(most, right);
    }
  }
  return most;
}

int bound(Case const& c, Pixels const& truth) {
  std::map<std::vector<bool>, std::vector<std::size_t>> cells;
  for (std::size_t p = 0; p < truth.size(); ++p) {
    std::vector<bool> cover;
    for (Pixels const& mask : c.masks) cover.push_back(mask[p] == 1);
    cells[cover].push_back(p);
  }
  int sum = 0;
  for (auto const& [cover, cell] : cells) {
    bool const is_covered = std::ranges::find(cover, true) != cover.end();
    sum += most_right(cell, is_covered, c.pseudo, truth);
  }
  return sum;
}

// Some of the masks and of the classes of the pseudo-label, painted in some order.
Pixels painted_by_chance(Case const& c, std::mt19937& random) {
  struct Layer {
    Pixels where;
    Label label;
  };
  std::vector<Layer> layers;
  for (Pixels const& mask : c.masks) {
    Label const labels[] = {0, 1, 2, 3, 20};
    if (below(random, 3) > 0) layers.push_back({mask, labels[below(random, 5)]});
  }
  for (Label const label : std::set<Label>(c.pseudo.begin(), c.pseudo.end())) {
    Pixels own(c.pseudo.size());
    for (std::size_t p = 0; p < own.size(); ++p) own[p] = c.pseudo[p] == label;
    if (label != 255 && below(random, 2) > 0) layers.push_back({own, label});
  }
  std::ranges::shuffle(layers, random);
  Pixels labels(c.pseudo.size());
  for (Layer const& layer : layers) {
    for (std::size_t p = 0; p < labels.size(); ++p) {
      if (layer.where[p] == 1) labels[p] = layer.label;
    }
  }
  return labels;
}

}  // namespace

TEST_CASE("the oracle has as many right pixels as the best of all choices and no rule has more") {
  std::mt19937 random(5);
  for (int round = 0; round < random_cases(1500); ++round) {
    Case c = random_case(random);
    for (Label& label : c.pseudo) label = label == 254 ? 3 : label;
    Pixels truth = c.pseudo;
    for (unsigned shapes = below(random, 4); shapes > 0; --shapes) {
      Label const labels[] = {0, 1, 2, 20, 255};
      draw(truth, c.size, labels[below(random, 5)], random);
    }
    int const most = right_pixels(best(c, truth), truth);
    REQUIRE(most == bound(c, truth));

    LabelMap const pseudo(c.size, c.pseudo);
    MaskSet const masks = masks_of(c);
    OverlapTable const overlaps(pseudo, masks);
    for (Overlap const overlap : {Overlap::last, Overlap::support, Overlap::smallest}) {
      Select const select{below(random, 11) / 10.0, below(random, 11) / 10.0, overlap,
                          below(random, 2) == 0};
      REQUIRE(right_pixels(pixels_of(merged(select, pseudo, masks, overlaps)), truth) <= most);
    }
    for (auto const rule :
         {sepl::Rule::max_iou, sepl::Rule::max_iou_imp, sepl::Rule::max_iou_imp2}) {
      REQUIRE(right_pixels(pixels_of(sepl::Reference{rule}(pseudo, masks)), truth) <= most);
    }
    for (int i = 0; i < 5; ++i) {
      REQUIRE(right_pixels(painted_by_chance(c, random), truth) <= most);
    }
  }
}

TEST_CASE("the oracle on pictures made by hand") {
  struct Example {
    char const* what;
    Case c;
    Pixels truth, labels;
  };
  auto const example = GENERATE(
      Example{"one mask of a cat and a part of the carpet",
              {{1, 6}, {0, 8, 8, 0, 0, 0}, {{0, 1, 1, 1, 1, 1}}},
              {0, 8, 8, 8, 8, 0},
              {0, 8, 8, 8, 8, 8}},
      Example{"a second mask cuts off the carpet",
              {{1, 6}, {0, 8, 8, 0, 0, 0}, {{0, 1, 1, 1, 1, 1}, {0, 0, 0, 0, 0, 1}}},
              {0, 8, 8, 8, 8, 0},
              {0, 8, 8, 8, 8, 0}},
      Example{"what no mask covers keeps the pseudo-label or becomes background",
              {{1, 4}, {8, 8, 12, 0}, {}},
              {8, 8, 0, 15},
              {8, 8, 0, 0}},
      Example{"where choices are equal pixels keep the pseudo-label",
              {{1, 4}, {8, 0, 255, 12}, {{1, 1, 1, 1}}},
              {255, 255, 255, 255},
              {8, 0, 0, 12}},
      Example{
          "of equal classes the lowest is taken", {{1, 2}, {255, 255}, {{1, 1}}}, {12, 8}, {8, 8}});
  CAPTURE(example.what);
  CHECK(best(example.c, example.truth) == example.labels);
}

TEST_CASE("the oracle refuses inputs of different sizes") {
  LabelMap const labels(Size{2, 3}), turned(Size{3, 2});
  MaskSet const none({}), masks({{Mask(Size{3, 2}), std::nullopt}});
  StageDriver stage(sepl::declare_oracle);
  CHECK_THROWS_WITH(stage.run<LabelMap>(voc_sample("a"), labels, none, turned),
                    Contains("the ground truth is 3x2 but the pseudo-label is 2x3"));
  CHECK_THROWS_WITH(stage.run<LabelMap>(voc_sample("a"), labels, masks, labels),
                    Contains("the mask set is 3x2 but the pseudo-label is 2x3"));
}
