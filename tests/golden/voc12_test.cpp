// SEPL and its evaluators on 400 real pseudo-labels of TransCAM with simulated masks and truth:
// what the authors' script and independent programs made of them must come out.
#include <simdjson.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <seplflow/confusion_matrix.hpp>
#include <seplflow/formats/mask_json.hpp>
#include <seplflow/formats/png.hpp>
#include "eval/stages.hpp"
#include "masks/stages.hpp"
#include "sepl/consensus.hpp"
#include "sepl/reference.hpp"
#include "sepl/select.hpp"
#include "support/catch.hpp"
#include "support/metrics_value.hpp"
#include "support/sepl_case.hpp"
#include "support/stage_driver.hpp"
#include "support/test_data.hpp"

namespace fs = std::filesystem;
using namespace seplflow;
using sepl::Consensus;
using sepl::Overlap;
using sepl::Reference;
using sepl::Rule;
using sepl::Select;

namespace {

using Names = std::vector<std::string>;

fs::path voc() {
  return test_data() / "voc12-transcam";
}

Names names_in(char const* list) {
  std::ifstream stream(voc() / list);
  Names names;
  for (std::string name; stream >> name;) names.push_back(name);
  return names;
}

LabelMap labels_in(std::string const& folder, std::string const& name) {
  return read_label_png(voc() / folder / (name + ".png"));
}

MaskSet masks_of(std::string const& name) {
  return read_mask_json(voc() / "sam_json" / (name + ".json"));
}

std::vector<std::vector<std::string>> rows_of(fs::path const& csv) {
  std::ifstream stream(csv);
  std::vector<std::vector<std::string>> rows;
  for (std::string line; std::getline(stream, line);) {
    std::istringstream cells(line);
    auto& row = rows.emplace_back();
    for (std::string cell; std::getline(cells, cell, ',');) row.push_back(cell);
  }
  return rows;
}

// One side of metrics.json, the labels or the baseline.
void require_scores(Metrics const& metrics, simdjson::dom::element expected) {
  for (std::string const score : {"miou", "precision", "recall"}) {
    INFO(score);
    CHECK(std::get<double>(value_of(metrics, score)) ==
          Approx(double(expected[score])).epsilon(0).margin(1e-12));
  }
  auto const& classes = std::get<Metrics::List>(value_of(metrics, "classes"));
  REQUIRE(classes.size() == 21);
  for (std::size_t k = 0; k < classes.size(); ++k) {
    INFO("class " << k);
    Metrics const& entry = classes[k];
    for (std::string const count : {"tp", "fp", "fn"}) {
      CHECK(std::get<std::int64_t>(value_of(entry, count)) == std::int64_t(expected[count].at(k)));
    }
    CHECK(std::get<double>(value_of(entry, "iou")) ==
          Approx(double(expected["iou"].at(k))).epsilon(0).margin(1e-12));
  }
}

bool same_number(Cell const& cell, std::string const& expected) {
  double const a = std::get<double>(cell), b = std::stod(expected);
  return a == b || (std::isnan(a) && std::isnan(b));
}

}  // namespace

TEST_CASE("real labels, simulated masks: sepl.reference equals the authors' script",
          "[arithmetic]") {
  std::vector<std::pair<Rule, std::string>> const rules = {{Rule::max_iou, "max_iou"},
                                                           {Rule::max_iou_imp, "max_iou_imp"},
                                                           {Rule::max_iou_imp2, "max_iou_imp2"}};
  Names const names = names_in("with_masks.txt");
  CHECK(names.size() == 400);
  Names different;
  for (std::string const& name : names) {
    LabelMap const pseudo = labels_in("labels", name);
    MaskSet const masks = masks_of(name);
    for (auto const& [rule, folder] : rules) {
      if (Reference{rule}(pseudo, masks) == labels_in("expected/" + folder, name)) continue;
      different.push_back(folder + "/" + name);
    }
  }
  CHECK(different == Names{});
}

TEST_CASE("real labels, simulated masks: sepl.consensus equals an independent program") {
  Names different;
  int images = 0;
  for (auto const& entry : fs::directory_iterator(voc() / "expected/consensus")) {
    std::string const name = entry.path().stem().string();
    LabelMap const pseudo = labels_in("labels", name);
    MaskSet const masks = masks_of(name);
    auto const labels = Consensus::carry_out(Consensus().decide(pseudo, masks), pseudo, masks);
    if (!(std::get<0>(labels) == labels_in("expected/consensus", name))) different.push_back(name);
    ++images;
  }
  CHECK(images == 100);
  CHECK(different == Names{});
}

TEST_CASE("real labels, simulated masks: sepl.select equals an independent program") {
  std::vector<std::pair<Overlap, std::string>> const overlaps = {
      {Overlap::last, "paper_last"},
      {Overlap::support, "paper_support"},
      {Overlap::smallest, "paper_smallest"}};
  Names different;
  for (std::string const& name : names_in("with_masks.txt")) {
    LabelMap const pseudo = labels_in("labels", name);
    MaskSet const masks = masks_of(name);
    OverlapTable const table(pseudo, masks);
    for (auto const& [overlap, folder] : overlaps) {
      LabelMap const labels = merged(Select{.overlap = overlap}, pseudo, masks, table);
      if (labels == labels_in("expected/" + folder, name)) continue;
      different.push_back(folder + "/" + name);
    }
  }
  CHECK(different == Names{});
}

TEST_CASE(
    "real labels, simulated truth: eval.miou has the counts and scores of an independent program") {
  simdjson::dom::parser parser;
  simdjson::dom::element const expected = parser.load((voc() / "expected/metrics.json").string());
  Names const results = {"paper_last", "paper_support", "paper_smallest"};
  std::vector<StageDriver> stages;
  for (std::size_t i = 0; i < results.size(); ++i) {
    stages.emplace_back(eval::declare_miou, StageSetup{{}, {"truth", "labels", "baseline"}, {}});
  }
  for (std::string const& name : names_in("with_masks.txt")) {
    LabelMap const truth = labels_in("truth_synthetic", name), pseudo = labels_in("labels", name);
    for (std::size_t i = 0; i < results.size(); ++i) {
      stages[i].observe(voc_sample(name), truth, labels_in("expected/" + results[i], name), pseudo);
    }
  }
  for (std::size_t i = 0; i < results.size(); ++i) {
    INFO(results[i]);
    Metrics const metrics = stages[i].finish().metrics;
    CHECK(std::get<std::int64_t>(value_of(metrics, "images")) == 400);
    require_scores(metrics, expected[results[i]]);
    require_scores(std::get<Metrics>(value_of(metrics, "baseline")), expected["baseline"]);
  }
}

TEST_CASE(
    "real labels, simulated truth: eval.reference_csv has the numbers of the authors' script") {
  std::string const rule = GENERATE("max_iou", "max_iou_imp", "max_iou_imp2");
  INFO(rule);
  auto const rows = rows_of(voc() / "expected" / (rule + ".csv"));
  REQUIRE(rows.size() == 401);
  StageDriver stage(eval::declare_reference_csv);
  CHECK(stage.instance().columns() == rows[0]);
  Names different;
  for (std::size_t i = 1; i < rows.size(); ++i) {
    std::string const& name = rows[i][0];
    Row const row = stage.observe(voc_sample(name), labels_in("truth_synthetic", name),
                                  labels_in("labels", name), labels_in("expected/" + rule, name));
    REQUIRE(row.size() == rows[i].size());
    bool same = true;
    for (std::size_t c = 1; c < row.size(); ++c) same = same && same_number(row[c], rows[i][c]);
    if (!same) different.push_back(name);
  }
  CHECK(different == Names{});
}

TEST_CASE("real labels, simulated masks: masks.png and masks.json lead to the same labels") {
  Names const names = names_in("with_png_masks.txt");
  CHECK(names.size() == 40);
  StageDriver png(masks::declare_png, {{{"dir", (voc() / "sam_png").string()}}, {}, {}});
  StageDriver json(masks::declare_json, {{{"dir", (voc() / "sam_json").string()}}, {}, {}});
  for (std::string const& name : names) {
    INFO(name);
    LabelMap const pseudo = labels_in("labels", name);
    Sample const sample = voc_sample(name, pseudo.size());
    auto const from_png = png.run<MaskSet>(sample), from_json = json.run<MaskSet>(sample);
    REQUIRE(from_png.count() == from_json.count());
    for (std::size_t i = 0; i < from_png.count(); ++i) {
      REQUIRE(from_png.info(i).has_value());
      REQUIRE(from_png.info(i) == from_json.info(i));
    }
    REQUIRE(Reference{}(pseudo, from_png) == labels_in("expected/max_iou_imp2", name));
    REQUIRE(merged(Select{}, pseudo, from_png, OverlapTable(pseudo, from_png)) ==
            merged(Select{}, pseudo, from_json, OverlapTable(pseudo, from_json)));
  }
}

TEST_CASE(
    "real labels, simulated masks and truth: a sweep of t1 and t2 has an independent program's "
    "scores") {
  constexpr std::size_t kImages = 100;
  auto rows = rows_of(voc() / "expected/sweep_first100.csv");
  REQUIRE(rows.size() == 50);
  CHECK(rows[0] == Names{"t1", "t2", "miou", "precision", "recall"});
  rows.erase(rows.begin());
  std::vector<Select> selects;
  for (auto const& row : rows) selects.push_back({std::stod(row[0]), std::stod(row[1])});
  std::vector<ConfusionMatrix> confusions(rows.size(), ConfusionMatrix(21));
  Names names = names_in("with_masks.txt");
  REQUIRE(names.size() >= kImages);
  names.resize(kImages);
  for (std::string const& name : names) {
    LabelMap const pseudo = labels_in("labels", name), truth = labels_in("truth_synthetic", name);
    MaskSet const masks = masks_of(name);
    OverlapTable const table(pseudo, masks);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      confusions[i].add(truth, merged(selects[i], pseudo, masks, table), PredictedIgnore::miss);
    }
  }
  for (std::size_t i = 0; i < rows.size(); ++i) {
    INFO("t1 " << rows[i][0] << ", t2 " << rows[i][1]);
    Scores const scores = mean_scores(confusions[i], ClassMean::with_union);
    CHECK(scores.iou.value() == Approx(std::stod(rows[i][2])).epsilon(0).margin(1e-9));
    CHECK(scores.precision.value() == Approx(std::stod(rows[i][3])).epsilon(0).margin(1e-9));
    CHECK(scores.recall.value() == Approx(std::stod(rows[i][4])).epsilon(0).margin(1e-9));
  }
}
