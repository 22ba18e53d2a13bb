// The CRF over PuzzleCAM's predictions for images of VOC 2012.
#include <filesystem>

#include "cam/stages.hpp"
#include "dataset/stages.hpp"
#include "eval/stages.hpp"
#include "label/stages.hpp"
#include "support/catch.hpp"
#include "support/metrics_value.hpp"
#include "support/stage_driver.hpp"
#include "support/test_data.hpp"

using namespace seplflow;

TEST_CASE("real: label.crf with IRN's parameters improves PuzzleCAM's labels", "[arithmetic]") {
  auto const val22 = test_data() / "voc12-val22";
  StageDriver voc(dataset::declare_voc,
                  {{{"root", (val22 / "VOC2012").string()}, {"split", std::string("val22")}},
                   {},
                   {"image", "truth"}});
  REQUIRE(voc.problems().empty());
  StageDriver labels(cam::declare_labels, {{{"dir", (val22 / "puzzlecam").string()}}, {}, {}});
  StageDriver crf(label::declare_crf, {{}, {"image", "labels"}, {}});
  StageDriver score(eval::declare_miou, {{}, {"truth", "labels", "baseline"}, {}});
  for (Sample const& sample : voc.samples()) {
    INFO(sample.id);
    auto const before = labels.run<LabelMap>(sample);
    auto const after = crf.run<LabelMap>(sample, voc.produce<Image>("image", sample), before);
    // No class comes that was not there, and where there was one there still is.
    auto const &areas = label_areas(after), &old_areas = label_areas(before);
    CHECK(areas[kIgnore] == 0);
    for (std::size_t k = 1; k < kIgnore; ++k) CHECK((old_areas[k] > 0 || areas[k] == 0));
    std::uint64_t changed = 0;
    for (std::size_t i = 0; i < after.size().pixels(); ++i) {
      changed += after.pixels()[i] != before.pixels()[i] ? 1 : 0;
    }
    CHECK(double(changed) < 0.15 * double(after.size().pixels()));
    score.observe(sample, voc.produce<LabelMap>("truth", sample), after, before);
  }
  Metrics const metrics = score.finish().metrics;
  CHECK(std::get<std::int64_t>(value_of(metrics, "images")) == 14);
  Metrics const& gain = std::get<Metrics>(value_of(metrics, "gain"));
  for (std::string const name : {"miou", "precision", "recall"}) {
    INFO(name);
    CHECK(std::get<double>(value_of(gain, name)) > 0.02);
  }
}
