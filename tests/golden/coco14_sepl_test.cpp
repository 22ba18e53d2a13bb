// SEPL and its evaluator on 60 COCO images with real truth and simulated pseudo-labels and masks.
#include <simdjson.h>

#include <filesystem>
#include <string>
#include <vector>

#include "cam/stages.hpp"
#include "dataset/stages.hpp"
#include "eval/stages.hpp"
#include "masks/stages.hpp"
#include "sepl/stages.hpp"
#include "support/catch.hpp"
#include "support/metrics_value.hpp"
#include "support/stage_driver.hpp"
#include "support/temp_folder.hpp"
#include "support/test_data.hpp"

namespace fs = std::filesystem;
using namespace seplflow;

namespace {

using Names = std::vector<std::string>;

// The images with pseudo-labels, of those that are annotated.
StageDriver opening(TempFolder const& folder) {
  std::string names;
  for (auto const& entry : fs::directory_iterator(coco() / "pseudo")) {
    names += entry.path().stem().string() + "\n";
  }
  return StageDriver(dataset::declare_coco,
                     {{{"annotations", (coco() / "instances_val2014_100.json").string()},
                       {"list", folder.write("list.txt", names).string()}},
                      {},
                      {"truth"}});
}

StageDriver reading_labels(fs::path const& folder) {
  return StageDriver(cam::declare_labels, {{{"dir", (coco() / folder).string()}}, {}, {}});
}

void require_scores(Metrics const& metrics, simdjson::dom::element expected,
                    std::string const& mean) {
  for (std::string const score : {"miou", "precision", "recall"}) {
    INFO(score);
    CHECK(std::get<double>(value_of(metrics, score)) ==
          Approx(double(expected[score + "_over_" + mean])).epsilon(0).margin(1e-12));
  }
  auto const& classes = std::get<Metrics::List>(value_of(metrics, "classes"));
  REQUIRE(classes.size() == 81);
  for (std::size_t k = 0; k < classes.size(); ++k) {
    INFO("class " << k);
    Metrics const& entry = classes[k];
    for (std::string const count : {"tp", "fp", "fn"}) {
      CHECK(std::get<std::int64_t>(value_of(entry, count)) == std::int64_t(expected[count].at(k)));
    }
  }
}

}  // namespace

TEST_CASE(
    "simulated labels and masks of COCO images: sepl.select paints what an independent program "
    "painted") {
  StageDriver pseudos = reading_labels("pseudo"), expected = reading_labels("expected/paper_last");
  StageDriver masks(masks::declare_json, {{{"dir", (coco() / "sam_json").string()}}, {}, {}});
  StageDriver assign(sepl::declare_assign), select(sepl::declare_select);
  Names different;
  TempFolder const folder;
  auto const all = opening(folder).samples();
  CHECK(all.size() == 60);
  for (Sample const& sample : all) {
    auto const pseudo = pseudos.run<LabelMap>(sample);
    auto const set = masks.run<MaskSet>(sample);
    auto const overlaps = assign.run<OverlapTable>(sample, pseudo, set);
    auto const labels = select.run<LabelMap>(sample, pseudo, set, overlaps);
    if (!(labels == expected.run<LabelMap>(sample))) different.push_back(sample.id);
  }
  CHECK(different == Names{});
}

TEST_CASE(
    "simulated labels and masks of COCO images: sepl.consensus equals an independent program") {
  StageDriver pseudos = reading_labels("pseudo"), expected = reading_labels("expected/consensus");
  StageDriver masks(masks::declare_json, {{{"dir", (coco() / "sam_json").string()}}, {}, {}});
  StageDriver consensus(sepl::declare_consensus);
  Names different;
  TempFolder const folder;
  for (Sample const& sample : opening(folder).samples()) {
    auto const labels = consensus.run<LabelMap>(sample, pseudos.run<LabelMap>(sample),
                                                masks.run<MaskSet>(sample));
    if (!(labels == expected.run<LabelMap>(sample))) different.push_back(sample.id);
  }
  CHECK(different == Names{});
}

TEST_CASE(
    "real truth of COCO, simulated labels: eval.miou has the scores of an independent program") {
  simdjson::dom::parser parser;
  simdjson::dom::element const expected = parser.load((coco() / "expected/metrics.json").string());
  Names const means = {"union", "truth", "all"};
  std::vector<StageDriver> scores;
  for (std::string const& mean : means) {
    scores.emplace_back(eval::declare_miou,
                        StageSetup{{{"mean", mean}}, {"truth", "labels", "baseline"}, {}});
  }
  TempFolder const folder;
  StageDriver data = opening(folder), pseudos = reading_labels("pseudo"),
              enhanced = reading_labels("expected/paper_last");
  for (Sample const& sample : data.samples()) {
    auto const truth = data.produce<LabelMap>("truth", sample);
    auto const pseudo = pseudos.run<LabelMap>(sample), labels = enhanced.run<LabelMap>(sample);
    for (StageDriver& each : scores) each.observe(sample, truth, labels, pseudo);
  }
  for (std::size_t i = 0; i < means.size(); ++i) {
    INFO(means[i]);
    Metrics const metrics = scores[i].finish().metrics;
    CHECK(std::get<std::int64_t>(value_of(metrics, "images")) == 60);
    require_scores(metrics, expected["paper_last"], means[i]);
    require_scores(std::get<Metrics>(value_of(metrics, "baseline")), expected["baseline"],
                   means[i]);
  }
}
