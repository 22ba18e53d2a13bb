// VOC 2012 as it is unpacked, and PuzzleCAM's predictions for it.
#include <simdjson.h>

#include <filesystem>
#include <string>
#include <vector>

#include "cam/stages.hpp"
#include "dataset/stages.hpp"
#include "eval/stages.hpp"
#include "support/catch.hpp"
#include "support/metrics_value.hpp"
#include "support/stage_driver.hpp"
#include "support/test_data.hpp"

namespace fs = std::filesystem;
using namespace seplflow;

namespace {

fs::path val22() {
  return test_data() / "voc12-val22";
}

StageDriver opening(std::vector<std::string> wanted) {
  return StageDriver(dataset::declare_voc,
                     {{{"root", (val22() / "VOC2012").string()}, {"split", std::string("val22")}},
                      {},
                      std::move(wanted)});
}

}  // namespace

TEST_CASE("real: dataset.voc reads VOC 2012's images and ground truth, of equal size") {
  StageDriver voc = opening({"image", "truth"});
  REQUIRE(voc.problems().empty());
  auto const samples = voc.samples();
  REQUIRE(samples.size() == 14);
  for (Sample const& sample : samples) {
    INFO(sample.id);
    REQUIRE(sample.size);
    CHECK(voc.produce<Image>("image", sample).size() == *sample.size);
    CHECK(voc.produce<LabelMap>("truth", sample).size() == *sample.size);
  }
}

TEST_CASE("real: eval.miou scores PuzzleCAM like an independent program") {
  simdjson::dom::parser parser;
  simdjson::dom::element const expected =
      parser.load((val22() / "expected_metrics.json").string())["puzzlecam"];
  std::string const mean = GENERATE("union", "truth", "all");
  INFO(mean);
  StageDriver voc = opening({"truth"});
  StageDriver labels(cam::declare_labels, {{{"dir", (val22() / "puzzlecam").string()}}, {}, {}});
  StageDriver score(eval::declare_miou, {{{"mean", mean}}, {"truth", "labels"}, {}});
  for (Sample const& sample : voc.samples()) {
    score.observe(sample, voc.produce<LabelMap>("truth", sample), labels.run<LabelMap>(sample));
  }
  Metrics const metrics = score.finish().metrics;
  CHECK(std::get<std::int64_t>(value_of(metrics, "images")) == 14);
  for (std::string const name : {"miou", "precision", "recall"}) {
    INFO(name);
    CHECK(std::get<double>(value_of(metrics, name)) ==
          Approx(double(expected[name + "_over_" + mean])).epsilon(0).margin(1e-12));
  }
  auto const& classes = std::get<Metrics::List>(value_of(metrics, "classes"));
  REQUIRE(classes.size() == 21);
  for (std::size_t k = 0; k < classes.size(); ++k) {
    INFO("class " << k);
    Metrics const& entry = classes[k];
    for (std::string const count : {"tp", "fp", "fn"}) {
      CHECK(std::get<std::int64_t>(value_of(entry, count)) == std::int64_t(expected[count].at(k)));
    }
  }
}
