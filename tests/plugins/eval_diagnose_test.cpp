// The causes of wrong pixels, against the table in the manual applied pixel by pixel, and on small
// pictures made by hand.
#include <algorithm>
#include <cmath>
#include <map>
#include <random>
#include <vector>

#include "eval/diagnose.hpp"
#include "eval/stages.hpp"
#include "support/catch.hpp"
#include "support/metrics_value.hpp"
#include "support/sepl_case.hpp"
#include "support/stage_driver.hpp"

using namespace seplflow;
using eval::Cause;
using sepl::Overlap;
using sepl::Select;

namespace {

constexpr double kT1 = 0.5, kT2 = 0.85;
constexpr std::size_t kFirstCause = 2;  // the column

struct Wrong : Case {
  Pixels truth, labels;
};

Row diagnosed(StageDriver& stage, Wrong const& c) {
  return stage.observe(voc_sample("a"), LabelMap(c.size, c.pseudo), masks_of(c),
                       LabelMap(c.size, c.labels), LabelMap(c.size, c.truth), std::nullopt);
}

// ---- The table, literally ----

struct Known {
  Pixels pixels;
  int area = 0, fits = -1, assigned = -1;
  double support = 0, coverage = 0;
  bool kept = false;
  std::map<int, bool> voices =
      {};  // the classes that it paints or speaks for: whether it is misled
};

int count_if(Pixels const& mask, auto const& holds) {
  int count = 0;
  for (std::size_t p = 0; p < mask.size(); ++p) count += mask[p] == 1 && holds(p);
  return count;
}

bool is_class(int label) {
  return label != 0 && label != 255;
}

// At most half of its pixels of the class have that in the truth.
bool is_misled(Wrong const& c, Pixels const& mask, int label) {
  int const of_class =
      count_if(mask, [&](std::size_t p) { return c.pseudo[p] == label && c.truth[p] != 255; });
  int const right =
      count_if(mask, [&](std::size_t p) { return c.pseudo[p] == label && c.truth[p] == label; });
  return 2 * right <= of_class;
}

std::vector<Known> known_of(Wrong const& c, double t1 = kT1, double t2 = kT2) {
  std::vector<Known> all;
  for (Pixels const& pixels : c.masks) {
    Known mask{pixels};
    mask.area = count_if(pixels, [](std::size_t) { return true; });
    int const known = count_if(pixels, [&](std::size_t p) { return c.truth[p] != 255; });
    int most = 0;
    for (int k = 0; k < 255; ++k) {
      if (2 * count_if(pixels, [&](std::size_t p) { return c.truth[p] == k; }) > known) {
        mask.fits = k;
      }
      int const common = count_if(pixels, [&](std::size_t p) { return c.pseudo[p] == k; });
      if (k > 0 && common > most) most = common, mask.assigned = k;
    }
    if (mask.assigned >= 0) {
      mask.support = static_cast<double>(most) / mask.area;
      mask.coverage = static_cast<double>(most) /
                      static_cast<double>(std::ranges::count(c.pseudo, mask.assigned));
      mask.kept = mask.support > t1 || mask.coverage > t2;
      if (mask.kept) mask.voices[mask.assigned] = is_misled(c, pixels, mask.assigned);
    }
    all.push_back(std::move(mask));
  }
  return all;
}

bool envelops(Known const& e, Known const& f) {
  int const common = count_if(f.pixels, [&](std::size_t p) { return e.pixels[p] == 1; });
  return f.area < e.area && 2 * common > f.area;
}

Cause expected(Wrong const& c, std::vector<Known> const& masks, std::size_t p,
               bool is_consensus = false) {
  int const t = c.truth[p], l = c.labels[p];
  auto const any = [&](auto const& holds) { return std::ranges::any_of(masks, holds); };
  auto const over = [&](Known const& m) { return m.pixels[p] == 1; };
  auto const has = [](Pixels const& labels, int k) {
    return std::ranges::find(labels, static_cast<Label>(k)) != labels.end();
  };
  auto const painter = [&](Known const& m) {
    return over(m) && m.voices.contains(l) && !m.voices.at(l);
  };
  auto const good = [&](Known const& m, int k) { return m.fits == k && m.assigned == k; };
  if (t != 0 && !has(c.pseudo, t)) return Cause::class_missing;
  if (is_class(l) && !has(c.truth, l)) return Cause::class_invented;
  bool const falls_back = t == 0 && is_class(l) && c.pseudo[p] == l &&
                          !any([&](Known const& m) { return m.voices.contains(l); });
  if (t != 0 && !any(over)) return Cause::no_mask;
  if (falls_back && !any([&](Known const& m) { return m.fits == l; })) return Cause::no_mask;
  bool const enveloping = any([&](Known const& e) {
    return is_class(l) && painter(e) && any([&](Known const& f) {
             return envelops(e, f) && ((over(f) && f.fits == t) ||
                                       (t == 0 && e.fits != l && f.fits == l && !over(f)));
           });
  });
  if (enveloping) return Cause::enveloping_mask;
  if (t != 0 && !any([&](Known const& m) { return over(m) && m.fits == t; })) {
    return Cause::spanning_mask;
  }
  if (t == 0 && is_class(l) && any(painter)) return Cause::spanning_mask;
  if (t != 0 && any([&](Known const& m) { return over(m) && good(m, t); })) {
    bool const kept =
        any([&](Known const& m) { return over(m) && good(m, t) && m.voices.contains(t); });
    if (!kept) return Cause::threshold;
    return is_class(l) || is_consensus ? Cause::overlap : Cause::other;
  }
  if (t != 0) return Cause::pseudo_label;
  if (falls_back) {
    bool const cut = any([&](Known const& m) { return !over(m) && good(m, l); });
    return cut ? Cause::threshold : Cause::pseudo_label;
  }
  if (is_class(l) && any([&](Known const& m) { return over(m) && m.voices.contains(l); })) {
    return Cause::pseudo_label;
  }
  if (is_consensus && l != c.pseudo[p] && !any(over)) return Cause::no_mask;
  bool const is_own =
      l == c.pseudo[p] && (l == 255 || (is_class(l) && (is_consensus || !any(over))));
  return is_own ? Cause::pseudo_label : Cause::other;
}

Wrong random_wrong(std::mt19937& random) {
  Wrong c{random_case(random), {}, {}};
  for (Label& label : c.pseudo) label = label == 254 ? 3 : label;
  c.truth = c.pseudo;
  Label const labels[] = {0, 0, 1, 2, 3, 20, 255};
  for (unsigned shapes = below(random, 4); shapes > 0; --shapes) {
    draw(c.truth, c.size, labels[below(random, 7)], random);
  }
  LabelMap const pseudo(c.size, c.pseudo);
  MaskSet const masks = masks_of(c);
  Overlap const overlaps[] = {Overlap::last, Overlap::support, Overlap::smallest};
  Select const select{kT1, kT2, overlaps[below(random, 3)], below(random, 2) == 0};
  LabelMap const enhanced = merged(select, pseudo, masks, OverlapTable(pseudo, masks));
  c.labels.assign(enhanced.pixels().begin(), enhanced.pixels().end());
  return c;
}

std::int64_t cell(Row const& row, std::size_t i) {
  return std::get<std::int64_t>(row[i]);
}

// Rows of labels, masks as rows of 0 and 1.
Wrong picture(Pixels truth, Pixels pseudo, Pixels labels, std::vector<Pixels> masks) {
  auto const width = static_cast<std::uint32_t>(truth.size());
  return {{{1, width}, std::move(pseudo), std::move(masks)}, std::move(truth), std::move(labels)};
}

}  // namespace

TEST_CASE("causes equal the table on random pictures and add up to the loss") {
  std::mt19937 random(9);
  std::map<std::size_t, int> images_with;
  for (int round = 0; round < random_cases(3000); ++round) {
    bool const is_selected = round % 3 != 0;
    Wrong c = random_wrong(random);
    if (!is_selected) {
      Label const labels[] = {0, 1, 2, 3, 20, 255};
      for (int shapes = 0; shapes < 3; ++shapes) {
        draw(c.labels, c.size, labels[below(random, 6)], random);
      }
    }
    auto const masks = known_of(c);
    std::vector<std::int64_t> causes(eval::kCauses.size());
    std::int64_t loss = 0;
    for (std::size_t p = 0; p < c.truth.size(); ++p) {
      if (c.truth[p] == 255 || c.labels[p] == c.truth[p]) continue;
      ++loss;
      ++causes[static_cast<std::size_t>(expected(c, masks, p))];
    }
    StageDriver stage(eval::declare_diagnose);
    Row const row = diagnosed(stage, c);
    REQUIRE(cell(row, 1) == loss);
    for (std::size_t i = 0; i < causes.size(); ++i) {
      CAPTURE(eval::kCauses[i]);
      REQUIRE(cell(row, kFirstCause + i) == causes[i]);
      loss -= causes[i];
      images_with[i] += causes[i] > 0;
    }
    REQUIRE(loss == 0);
    if (is_selected) {
      REQUIRE(causes.back() == 0);
      REQUIRE(stage.warned().empty());
    }
  }
  for (std::size_t i = 0; i < eval::kCauses.size(); ++i) {
    CAPTURE(eval::kCauses[i]);
    CHECK(images_with[i] >= random_cases(10));
  }
}

TEST_CASE("thresholds below the reported ones keep a good mask at every pixel that they lost") {
  std::mt19937 random(21);
  int images = 0;
  for (int round = 0; round < 1500; ++round) {
    Wrong const c = random_wrong(random);
    StageDriver stage(eval::declare_diagnose);
    Row const row = diagnosed(stage, c);
    auto const* const t1 = std::get_if<double>(&row[row.size() - 2]);
    auto const* const t2 = std::get_if<double>(&row[row.size() - 1]);
    auto const before = known_of(c);
    // Whether each pixel that the thresholds lost has a good mask with these instead.
    auto const all_kept = [&](double new_t1, double new_t2) {
      auto const after = known_of(c, new_t1, new_t2);
      for (std::size_t p = 0; p < c.truth.size(); ++p) {
        if (c.truth[p] == 255 || c.labels[p] == c.truth[p]) continue;
        if (expected(c, before, p) != Cause::threshold) continue;
        bool const inside = c.truth[p] != 0;
        int const k = inside ? c.truth[p] : c.labels[p];
        bool const kept = std::ranges::any_of(after, [&](Known const& m) {
          return (m.pixels[p] == 1) == inside && m.fits == k && m.assigned == k && m.kept;
        });
        if (!kept) return false;
      }
      return true;
    };
    REQUIRE((t1 == nullptr) == (cell(row, kFirstCause + 5) == 0));
    if (!t1) continue;
    ++images;
    REQUIRE(all_kept(std::nextafter(*t1, 0), kT2));
    REQUIRE_FALSE(all_kept(*t1, 1));
    REQUIRE(all_kept(kT1, std::nextafter(*t2, 0)));
    REQUIRE_FALSE(all_kept(1, *t2));
  }
  CHECK(images > 20);
}

TEST_CASE("the examples of the manual have their causes") {
  struct Example {
    char const* what;
    Wrong c;
    char const* cause;
    std::int64_t pixels;
  };
  auto const example = GENERATE(
      Example{"a cat that the pseudo-label misses",
              picture({0, 8, 8}, {0, 0, 0}, {0, 0, 0}, {{0, 1, 1}}), "class_missing", 2},
      Example{"a dog instead of a cat", picture({0, 8, 8}, {0, 12, 12}, {0, 12, 12}, {{0, 1, 1}}),
              "class_missing", 2},
      Example{"a dog on the wall", picture({0, 8, 8}, {12, 8, 8}, {12, 8, 8}, {{0, 1, 1}}),
              "class_invented", 1},
      Example{"no mask over the tail",
              picture({8, 8, 8, 0}, {8, 8, 0, 0}, {8, 8, 0, 0}, {{1, 1, 0, 0}}), "no_mask", 1},
      Example{"a mask of cat and carpet although there is one of the cat",
              picture({8, 8, 0, 0, 0}, {8, 8, 0, 0, 0}, {8, 8, 8, 8, 8},
                      {{1, 1, 1, 1, 1}, {1, 1, 0, 0, 0}}),
              "enveloping_mask", 3},
      Example{"a mask of cat and carpet alone",
              picture({8, 8, 0, 0, 0}, {8, 8, 0, 0, 0}, {8, 8, 8, 8, 8}, {{1, 1, 1, 1, 1}}),
              "spanning_mask", 3},
      Example{
          "a mask of the cat that is cut",
          picture({8, 8, 8, 8, 0, 0}, {8, 0, 0, 0, 8, 0}, {8, 0, 0, 0, 8, 0}, {{1, 1, 1, 1, 0, 0}}),
          "threshold", 4},
      Example{"the foot of a person that became motorbike",
              picture({15, 15, 15, 14, 14, 14}, {15, 15, 0, 0, 14, 14}, {15, 15, 14, 14, 14, 14},
                      {{1, 1, 1, 0, 0, 0}, {0, 0, 1, 1, 1, 1}}),
              "overlap", 1},
      Example{"a lamp that the pseudo-label takes for a cat",
              picture({8, 8, 0, 0}, {8, 8, 8, 8}, {8, 8, 8, 8}, {{1, 1, 0, 0}, {0, 0, 1, 1}}),
              "pseudo_label", 2},
      Example{"a second cat that the pseudo-label misses",
              picture({8, 8, 0, 8, 8}, {8, 8, 0, 0, 0}, {8, 8, 0, 0, 0},
                      {{1, 1, 0, 0, 0}, {0, 0, 0, 1, 1}}),
              "pseudo_label", 2});
  CAPTURE(example.what);
  StageDriver stage(eval::declare_diagnose);
  Row const row = diagnosed(stage, example.c);
  auto const columns = stage.instance().columns();
  for (std::size_t i = kFirstCause; i + 2 < row.size(); ++i) {
    CAPTURE(columns[i]);
    CHECK(cell(row, i) == (columns[i] == example.cause ? example.pixels : 0));
  }
}

TEST_CASE("eval.diagnose has columns and totals by the same names") {
  StageDriver stage(eval::declare_diagnose);
  CHECK(stage.default_of("t1") == OptionValue(0.5));
  CHECK(stage.default_of("t2") == OptionValue(0.85));
  Wrong const cut =
      picture({8, 8, 8, 8, 255, 0}, {8, 0, 0, 0, 8, 0}, {8, 0, 0, 0, 8, 0}, {{1, 1, 1, 1, 0, 0}});
  Row const row = diagnosed(stage, cut);
  CHECK(row.front() == Cell("a"));
  CHECK(row[row.size() - 2] == Cell(0.25));
  CHECK(row.back() == Cell(0.5));
  diagnosed(stage, cut);
  Findings const findings = stage.finish();
  auto const columns = stage.instance().columns();
  for (std::size_t i = 1; i + 2 < columns.size(); ++i) {
    CAPTURE(columns[i]);
    CHECK(std::get<std::int64_t>(value_of(findings.metrics, columns[i])) == 2 * cell(row, i));
    CHECK(findings.scores[i - 1].metric == columns[i]);
    CHECK(findings.scores[i - 1].unit == "pixels");
    CHECK(findings.scores[i - 1].better == Better::less);
  }
  CHECK(std::get<std::int64_t>(value_of(findings.metrics, "pixels")) == 10);
}

TEST_CASE("labels that sepl.select cannot have made cause a warning") {
  Wrong c = picture({8, 8, 0}, {8, 8, 0}, {8, 8, 12}, {{1, 1, 0}});
  StageDriver stage(eval::declare_diagnose);
  diagnosed(stage, c);
  auto const warned = stage.warned();
  REQUIRE(warned.size() == 1);
  CHECK_THAT(warned[0].what, Contains("sepl.select") && Contains("t1 = 0.5 and t2 = 0.85"));
  CHECK(warned[0].detail == "1 pixel");
  c.labels = {8, 8, 0};
  diagnosed(stage, c);
  CHECK(stage.warned().empty());
}

TEST_CASE("the input kept tells which masks were kept whatever the options of sepl.select") {
  std::mt19937 random(23);
  for (int round = 0; round < random_cases(1000); ++round) {
    Wrong c = random_wrong(random);
    LabelMap const pseudo(c.size, c.pseudo);
    MaskSet const masks = masks_of(c);
    Select select{below(random, 10) / 10.0, below(random, 10) / 10.0, Overlap::support, true, true};
    select.t2_min_support = below(random, 5) / 10.0;
    select.t2_masks = below(random, 2) == 0 ? sepl::T2Masks::all : sepl::T2Masks::best;
    select.uncovered = below(random, 2) == 0 ? sepl::Uncovered::drop : sepl::Uncovered::keep;
    OverlapTable const overlaps(pseudo, masks);
    auto const [labels, kept] =
        select.carry_out(select.decide(pseudo, masks, overlaps), pseudo, masks, overlaps);
    StageDriver stage(eval::declare_diagnose);
    Row const row =
        stage.observe(voc_sample("a"), pseudo, masks, labels, LabelMap(c.size, c.truth), kept);
    REQUIRE(cell(row, kFirstCause + static_cast<std::size_t>(Cause::other)) == 0);
    REQUIRE(stage.warned().empty());
    std::int64_t sum = 0;
    for (std::size_t i = 0; i < eval::kCauses.size(); ++i) sum += cell(row, kFirstCause + i);
    REQUIRE(sum == cell(row, 1));
  }
}

TEST_CASE("causes of the labels of sepl.consensus equal the table and add up to the loss") {
  std::mt19937 random(31);
  std::map<std::size_t, int> images_with;
  for (int round = 0; round < random_cases(3000); ++round) {
    Wrong c = random_wrong(random);
    SupportOptions options;
    options.keep_ignore = below(random, 2) == 0;
    options.min_support = below(random, 6) / 10.0;
    options.pseudo_weight = below(random, 8) / 10.0;
    PixelGroups const groups(LabelMap(c.size, c.pseudo), masks_of(c));
    SupportedLabels const decided = labels_by_support(groups, options, false);
    auto const map = label_map_of(groups, decided.labels);
    c.labels.assign(map.pixels().begin(), map.pixels().end());
    bool const is_consensus = round % 3 != 0;
    if (!is_consensus) draw(c.labels, c.size, static_cast<Label>(below(random, 4)), random);
    bool const is_same = std::ranges::equal(c.labels, map.pixels());
    auto masks = known_of(c);
    std::int64_t masks_for = 0;
    for (Known& mask : masks) {
      mask.voices.clear();
      int const known = count_if(mask.pixels, [&](std::size_t p) { return c.pseudo[p] != 255; });
      for (std::size_t k = 0; k < groups.classes.size(); ++k) {
        int const label = groups.classes[k];
        int const common =
            count_if(mask.pixels, [&](std::size_t p) { return c.pseudo[p] == label; });
        bool const is_for = known > 0 && double(common) / known > decided.thresholds[k];
        if (is_for) mask.voices[label] = is_misled(c, mask.pixels, label);
      }
      masks_for += mask.voices.empty() ? 0 : 1;
    }
    StageDriver stage(eval::declare_diagnose, {{{"rule", std::string("consensus")},
                                                {"keep_ignore", options.keep_ignore},
                                                {"min_support", options.min_support},
                                                {"pseudo_weight", options.pseudo_weight}},
                                               {},
                                               {}});
    Row const row = diagnosed(stage, c);
    std::vector<std::int64_t> causes(eval::kCauses.size());
    for (std::size_t p = 0; p < c.truth.size(); ++p) {
      if (c.truth[p] == 255 || c.labels[p] == c.truth[p]) continue;
      ++causes[static_cast<std::size_t>(expected(c, masks, p, true))];
    }
    std::int64_t loss = cell(row, 1);
    for (std::size_t i = 0; i < causes.size(); ++i) {
      CAPTURE(eval::kCauses[i], round);
      REQUIRE(cell(row, kFirstCause + i) == causes[i]);
      loss -= causes[i];
      images_with[i] += causes[i] > 0;
    }
    REQUIRE(loss == 0);
    REQUIRE(cell(row, kFirstCause + causes.size()) == masks_for);
    REQUIRE(stage.warned().empty() == is_same);
    if (is_consensus) REQUIRE(causes.back() == 0);
  }
  for (std::size_t i = 0; i + 1 < eval::kCauses.size(); ++i) {
    CAPTURE(eval::kCauses[i]);
    CHECK(images_with[i] >= random_cases(10));
  }
}

TEST_CASE(
    "eval.diagnose names outvoted masks and thresholds and refuses options of the other rule") {
  // The mask of the cat speaks for it and is outvoted by masks of parts that do not.
  Wrong const c = picture({0, 8, 8, 8, 8, 0}, {0, 8, 8, 8, 0, 0}, {0, 8, 8, 8, 0, 0},
                          {{0, 1, 1, 1, 1, 0}, {0, 0, 0, 0, 1, 1}, {0, 0, 0, 0, 1, 0}});
  StageDriver stage(eval::declare_diagnose, {{{"rule", std::string("consensus")}}, {}, {}});
  Row const row = diagnosed(stage, c);
  auto const columns = stage.instance().columns();
  REQUIRE(columns.size() == row.size());
  auto const at = [&](char const* name) {
    return row[static_cast<std::size_t>(std::ranges::find(columns, name) - columns.begin())];
  };
  CHECK(at("outvoted") == Cell(1));
  CHECK(at("masks_for") == Cell(1));
  CHECK(at("masks_against") == Cell(2));
  CHECK_THAT(std::get<std::string>(at("thresholds")), StartsWith("cat 0."));
  auto const problems = [](std::map<std::string, OptionValue> options, bool kept = false) {
    std::vector<std::string> inputs = {"pseudo", "masks", "labels", "truth"};
    if (kept) inputs.push_back("kept");
    return StageDriver(eval::declare_diagnose, {std::move(options), inputs, {}}).problems();
  };
  OptionValue const rule = std::string("consensus");
  CHECK_THAT(problems({{"rule", rule}, {"t1", 0.3}}),
             Contains("t1: this is an option of sepl.select"));
  CHECK_THAT(problems({{"min_support", 0.3}}), Contains("set rule = \"consensus\" too"));
  CHECK_THAT(problems({{"rule", rule}}, true), Contains("keeps no masks"));
  CHECK(problems({{"rule", rule}, {"t1", 0.5}, {"t2", 0.85}, {"base_weight", 1.0}}).empty());
}

TEST_CASE("kept masks that are not among the masks are refused and so are thresholds beside them") {
  Wrong const c = picture({8, 8, 0}, {8, 8, 0}, {8, 8, 0}, {{1, 1, 0}});
  StageDriver stage(eval::declare_diagnose);
  LabelMap const labels(c.size, c.labels);
  MaskSet const other({{Mask::from_counts(c.size, std::vector<std::uint32_t>{0, 3}), {}}});
  CHECK_THROWS_WITH(stage.observe(voc_sample("a"), labels, masks_of(c), labels, labels, other),
                    Contains("mask 0 of \"kept\" is not one of \"masks\""));
  StageDriver const both(eval::declare_diagnose,
                         {{{"t1", 0.3}}, {"pseudo", "masks", "labels", "truth", "kept"}, {}});
  CHECK_THAT(both.problems(), Contains("t1: the input \"kept\" tells which masks were kept"));
  // A resolved pipeline has the defaults.
  StageDriver const resolved(
      eval::declare_diagnose,
      {{{"t1", 0.5}, {"t2", 0.85}}, {"pseudo", "masks", "labels", "truth", "kept"}, {}});
  CHECK(resolved.problems().empty());
}
