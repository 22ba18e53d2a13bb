// Faults of masks and labels to order, and the outlines and pieces that they are made with.
#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "common/faults.hpp"
#include "common/mask_outline.hpp"
#include "dataset/stages.hpp"
#include "label/stages.hpp"
#include "masks/stages.hpp"
#include "support/catch.hpp"
#include "support/sepl_case.hpp"
#include "support/stage_driver.hpp"

using namespace seplflow;

namespace {

Pixels fault_bitmap(Mask const& mask) {
  Canvas canvas(mask.size());
  canvas.paint(mask, 1);
  auto const labels = canvas.labels();
  return {labels.pixels().begin(), labels.pixels().end()};
}

Mask random_fault_mask(std::mt19937& random) {
  Size const size{1 + below(random, 9), 1 + below(random, 9)};
  Pixels pixels(size.pixels());
  for (unsigned shapes = below(random, 4); shapes > 0; --shapes) draw(pixels, size, 1, random);
  return mask_of(LabelMap(size, pixels).runs(), 1);
}

// Whether a pixel of the bitmap is at most so far away.
bool is_near(Pixels const& pixels, Size size, std::size_t p, std::uint32_t radius, Label value) {
  for (std::size_t q = 0; q < pixels.size(); ++q) {
    double const dx = double(p % size.width) - double(q % size.width);
    double const dy = double(p / size.width) - double(q / size.width);
    if (pixels[q] == value && dx * dx + dy * dy <= double(radius) * radius) return true;
  }
  return false;
}

// Two cats and a dog on 40 x 60 pixels, a mask of each, of a part of one cat, and of background.
struct FaultScene {
  Size size{40, 60};
  LabelMap labels{Size{40, 60}};
  MaskSet masks{{}};

  FaultScene() {
    Canvas canvas(size);
    canvas.paint(box(5, 5, 15, 15), 8);
    canvas.paint(box(5, 35, 15, 45), 8);
    canvas.paint(box(25, 20, 35, 32), 12);
    labels = canvas.labels();
    masks = MaskSet({{box(5, 5, 15, 15), MaskInfo{0.9, 0.9}},
                     {box(5, 35, 15, 46), {}},
                     {box(25, 20, 35, 31), {}},
                     {box(5, 5, 9, 9), {}},
                     {box(16, 0, 24, 60), {}}});
  }
  Mask box(std::uint32_t top, std::uint32_t left, std::uint32_t bottom, std::uint32_t right) const {
    std::vector<Run> runs;
    for (std::uint32_t x = left; x < right; ++x) {
      runs.push_back({x * size.height + top, 0});
      runs.push_back({x * size.height + bottom, 1});
    }
    return Mask::from_runs(size, runs, 1);
  }
};

std::vector<Mask> faulty_masks(std::map<std::string, OptionValue> options,
                               FaultScene const& scene = {}) {
  StageDriver stage(masks::declare_faults, {std::move(options), {"masks", "labels"}, {}});
  auto const set = stage.run<MaskSet>(voc_sample("a"), scene.masks, scene.labels);
  std::vector<Mask> masks;
  for (std::size_t i = 0; i < set.count(); ++i) masks.push_back(set.mask(i));
  return masks;
}

LabelMap faulty_labels(std::map<std::string, OptionValue> options, LabelMap const& labels) {
  return StageDriver(label::declare_faults, {std::move(options), {}, {}})
      .run<LabelMap>(voc_sample("a"), labels);
}

std::vector<Mask> fault_masks_at(MaskSet const& set, std::vector<std::size_t> const& places) {
  std::vector<Mask> masks;
  for (std::size_t const i : places) masks.push_back(set.mask(i));
  return masks;
}

}  // namespace

TEST_CASE("masks grow and shrink by Euclidean distance and move as pixels do") {
  std::mt19937 random(3);
  for (int round = 0; round < 300; ++round) {
    Mask const mask = random_fault_mask(random);
    Size const size = mask.size();
    Pixels const pixels = fault_bitmap(mask);
    std::uint32_t const radius = below(random, 4);
    auto const dx = static_cast<int>(below(random, 9)) - 4;
    auto const dy = static_cast<int>(below(random, 9)) - 4;
    Pixels more(pixels.size()), less(pixels.size()), elsewhere(pixels.size());
    for (std::size_t p = 0; p < pixels.size(); ++p) {
      more[p] = is_near(pixels, size, p, radius, 1);
      less[p] = !is_near(pixels, size, p, radius, 0);
      auto const x = static_cast<int>(p % size.width) - dx;
      auto const y = static_cast<int>(p / size.width) - dy;
      bool const is_inside =
          x >= 0 && y >= 0 && x < static_cast<int>(size.width) && y < static_cast<int>(size.height);
      if (is_inside) elsewhere[p] = pixels[static_cast<std::size_t>(y) * size.width + x];
    }
    CHECK(fault_bitmap(grown(mask, radius)) == more);
    CHECK(fault_bitmap(shrunk(mask, radius)) == less);
    CHECK(fault_bitmap(moved(mask, dx, dy)) == elsewhere);
    Mask all(size);
    for (Mask const& piece : pieces_of(mask)) all = united(all, piece);
    CHECK(all == mask);
  }
}

TEST_CASE("masks.faults drops the masks that each fault names") {
  FaultScene const scene;
  CHECK(faulty_masks({}) == fault_masks_at(scene.masks, {0, 1, 2, 3, 4}));
  CHECK(faulty_masks({{"missing", 1.0}}).empty());
  CHECK(faulty_masks({{"thin_background", 1.0}}) == fault_masks_at(scene.masks, {0, 1, 2, 3}));
  CHECK(faulty_masks({{"parts_only", 1.0}}) == fault_masks_at(scene.masks, {3, 4}));
}

TEST_CASE("masks.faults merges objects with the nearest other one") {
  FaultScene const scene;
  auto const masks = faulty_masks({{"merged", 1.0}});
  REQUIRE(masks.size() >= 3);
  CHECK(masks[0] == scene.masks.mask(3));
  CHECK(masks[1] == scene.masks.mask(4));
  for (std::size_t i = 2; i < masks.size(); ++i) {
    // Of two whole masks.
    CHECK(std::ranges::count_if(std::array{0, 1, 2}, [&](int whole) {
            return without(scene.masks.mask(static_cast<std::size_t>(whole)), masks[i]).area() == 0;
          }) == 2);
  }
}

TEST_CASE("an enveloping mask holds all objects of a class and much else") {
  FaultScene const scene;
  auto const masks = faulty_masks({{"enveloping", 1.0}});
  REQUIRE(masks.size() == 7);
  for (auto const& [mask, label] : {std::pair(masks[5], 8), {masks[6], 12}}) {
    Mask const objects = mask_of(scene.labels.runs(), static_cast<Label>(label));
    CHECK(without(objects, mask).area() == 0);
    CHECK(mask.area() > 3 * objects.area());
  }
}

TEST_CASE("jitter moves outlines within its share of the size") {
  FaultScene const scene;
  auto const masks = faulty_masks({{"jitter", 0.2}});
  REQUIRE(masks.size() == 5);
  for (std::size_t i = 0; i < 5; ++i) {
    Mask const& before = scene.masks.mask(i);
    auto const reach = 1 + static_cast<std::uint32_t>(0.2 * std::sqrt(double(before.area())));
    CHECK(without(masks[i], grown(before, 2 * reach)).area() == 0);
  }
  CHECK(masks != fault_masks_at(scene.masks, {0, 1, 2, 3, 4}));
}

TEST_CASE("what a strength chooses is also chosen by a larger one, and seeds differ") {
  std::vector<Mask> more = faulty_masks({{"missing", 0.3}});
  for (double const strength : {0.5, 0.7, 0.9}) {
    auto const less = faulty_masks({{"missing", strength}});
    for (Mask const& each : less) CHECK(std::ranges::find(more, each) != more.end());
    more = less;
  }
  CHECK(faulty_masks({{"jitter", 0.5}}) == faulty_masks({{"jitter", 0.5}}));
  CHECK(faulty_masks({{"jitter", 0.5}}) !=
        faulty_masks({{"jitter", 0.5}, {"seed", std::int64_t{1}}}));
}

TEST_CASE("masks.faults needs the labels for faults that concern objects only") {
  auto const problems = [](char const* fault) {
    return StageDriver(masks::declare_faults, {{{fault, 0.5}}, {"masks"}, {}}).problems();
  };
  CHECK(problems("missing").empty());
  CHECK(problems("jitter").empty());
  for (char const* const fault : {"enveloping", "merged", "parts_only", "thin_background"}) {
    CHECK_FALSE(problems(fault).empty());
  }
}

TEST_CASE("label.faults changes regions as each fault says") {
  LabelMap const labels = FaultScene().labels;
  auto const pixels = [&](LabelMap const& map, Label label) { return label_areas(map)[label]; };
  auto const mask = [](LabelMap const& map, Label label) { return mask_of(map.runs(), label); };
  CHECK(faulty_labels({}, labels) == labels);
  for (Label const label : {Label{8}, Label{12}}) {
    Mask const before = mask(labels, label);
    auto const after = [&](char const* fault, double strength) {
      return mask(faulty_labels({{fault, strength}}, labels), label);
    };
    // Squares of 10 x 10 and a box of 10 x 12 pixels.
    CHECK(after("eroded", 0.4) == shrunk(before, 2));
    CHECK(after("dilated", 0.4) == grown(before, 2));
    CHECK(without(before, after("halo", 0.6)).area() == 0);
    CHECK(after("halo", 0.6).area() > before.area());
    Mask const partial = after("partial", 0.25);
    CHECK(without(partial, before).area() == 0);
    CHECK(partial.area() >= 3 * before.area() / 4);
    CHECK(partial.area() < 8 * before.area() / 10 + 12);
    CHECK(without(before, after("blobs", 0.6)).area() == 0);
    CHECK(after("blobs", 0.6).area() > before.area());
    CHECK(after("shifted", 0.3) != before);
    CHECK(after("shifted", 0.3).area() == before.area());
  }
  LabelMap const swapped = faulty_labels({{"swapped", 1.0}}, labels);
  CHECK(mask(swapped, 8) == mask(labels, 12));
  CHECK(mask(swapped, 12) == mask(labels, 8));
  CHECK(pixels(faulty_labels({{"partial", 1.0}}, labels), 0) == labels.size().pixels());
}

TEST_CASE("label.faults keeps 255 and does not swap the only class") {
  std::mt19937 random(5);
  for (int round = 0; round < 200; ++round) {
    Case c = random_case(random);
    std::ranges::replace(c.pseudo, Label{254}, Label{3});
    LabelMap const labels(c.size, c.pseudo);
    for (char const* const fault :
         {"eroded", "dilated", "blobs", "swapped", "partial", "halo", "shifted"}) {
      CAPTURE(fault, round);
      LabelMap const faulty = faulty_labels({{fault, 0.1 * (1 + below(random, 10))}}, labels);
      Mask const before = mask_of(labels.runs(), kIgnore), after = mask_of(faulty.runs(), kIgnore);
      CHECK(without(after, before).area() == 0);
      if (fault != std::string("shifted")) CHECK(after == before);
      for (int label = 1; label < 255; ++label) {
        if (label_areas(labels)[label] == 0) CHECK(label_areas(faulty)[label] == 0);
      }
    }
  }
  LabelMap const one({1, 4}, {0, 8, 8, 0});
  CHECK(faulty_labels({{"swapped", 1.0}}, one) == one);
}

TEST_CASE("dataset.scenes has the faults of the two stages, and none by default") {
  auto const scenes = [](std::map<std::string, OptionValue> options) {
    options["count"] = std::int64_t{3};
    options["seed"] = std::int64_t{4};
    return StageDriver(dataset::declare_scenes, {std::move(options), {}, {}});
  };
  std::map<std::string, OptionValue> const mask_faults = {
      {"enveloping", 0.7}, {"missing", 0.3},         {"merged", 0.5},
      {"parts_only", 0.3}, {"thin_background", 0.4}, {"jitter", 0.1}};
  std::map<std::string, OptionValue> const label_faults = {
      {"eroded", 0.1},  {"dilated", 0.2}, {"shifted", 0.1}, {"blobs", 0.2},
      {"swapped", 0.5}, {"partial", 0.3}, {"halo", 0.2}};
  std::map<std::string, OptionValue> all;
  for (auto const& [name, value] : mask_faults) all["mask_faults." + name] = value;
  for (auto const& [name, value] : label_faults) all["label_faults." + name] = value;
  StageDriver plain = scenes({}), faulty = scenes(all);
  auto const with_seed = [](std::map<std::string, OptionValue> options) {
    options["seed"] = std::int64_t{4};
    return options;
  };
  StageDriver masks(masks::declare_faults, {with_seed(mask_faults), {"masks", "labels"}, {}});
  StageDriver labels(label::declare_faults, {with_seed(label_faults), {}, {}});
  auto const samples = plain.samples();
  auto const faulty_samples = faulty.samples();
  for (std::size_t i = 0; i < samples.size(); ++i) {
    auto const truth = plain.produce<LabelMap>("truth", samples[i]);
    auto const expected =
        masks.run<MaskSet>(samples[i], plain.produce<MaskSet>("masks", samples[i]), truth);
    auto const found = faulty.produce<MaskSet>("masks", faulty_samples[i]);
    REQUIRE(found.count() == expected.count());
    for (std::size_t m = 0; m < found.count(); ++m) CHECK(found.mask(m) == expected.mask(m));
    CHECK(faulty.produce<LabelMap>("pseudo", faulty_samples[i]) ==
          labels.run<LabelMap>(samples[i], plain.produce<LabelMap>("pseudo", samples[i])));
    CHECK(faulty.produce<LabelMap>("truth", faulty_samples[i]) == truth);
  }
}
