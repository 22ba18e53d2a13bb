// The main job as a user runs it: pipelines/voc12 with the program, on real labels.
#include <filesystem>

#include <seplflow/formats/png.hpp>
#include "support/catch.hpp"
#include "support/voc_layout.hpp"

using namespace seplflow;
namespace fs = std::filesystem;

namespace {

int labels_that_differ(VocLayout const& voc, char const* expected) {
  int differ = 0;
  for (auto const& entry : fs::directory_iterator(voc.folder / "run/write")) {
    fs::path const file =
        test_data() / "voc12-transcam/expected" / expected / entry.path().filename();
    if (read_label_png(entry.path()) != read_label_png(file)) ++differ;
  }
  return differ;
}

std::size_t labels_written(VocLayout const& voc) {
  return static_cast<std::size_t>(
      std::distance(fs::directory_iterator(voc.folder / "run/write"), fs::directory_iterator()));
}

}  // namespace

TEST_CASE("real labels, simulated masks: transcam.toml writes the expected labels for all 400") {
  VocLayout voc("with_masks.txt");
  auto const result = voc.run("voc12/transcam.toml", "sam_json");
  INFO(result.err);
  REQUIRE(result.status == 0);
  CHECK(labels_written(voc) == 400);
  CHECK(labels_that_differ(voc, "paper_last") == 0);
}

TEST_CASE("real labels: all 970 run, and labels without masks do not change") {
  VocLayout voc("all.txt");
  auto const result = voc.run("voc12/transcam.toml", "sam_json",
                              {"--set", "sam.on_missing=empty", "--set",
                               "voc.truth=" + (voc.folder / "all_labels").string()});
  INFO(result.err);
  REQUIRE(result.status == 0);
  CHECK(labels_written(voc) == 970);
  auto const json = json_in(voc.folder / "run/run.json");
  CHECK(json["samples"]["done"] == 970);
  auto const without = "2007_000333.png";
  CHECK(read_label_png(voc.folder / "run/write" / without) ==
        read_label_png(voc.folder / "all_labels" / without));
}

TEST_CASE("real labels: a label without masks is an error that names the file") {
  VocLayout voc("all.txt");
  auto const result =
      voc.run("voc12/transcam.toml", "sam_json",
              {"--set", "voc.truth=" + (voc.folder / "all_labels").string(), "--jobs", "1"});
  CHECK(result.status == 1);
  CHECK_THAT(result.err, Contains("2007_000063") && Contains("there is no mask file") &&
                             Contains("on_missing = \"empty\""));
}

TEST_CASE("real labels, simulated masks: reference.toml writes the output of the authors' script") {
  VocLayout voc("with_png_masks.txt");
  auto const result = voc.run("voc12/reference.toml", "sam_png");
  INFO(result.err);
  REQUIRE(result.status == 0);
  CHECK(labels_written(voc) == 40);
  CHECK(labels_that_differ(voc, "max_iou_imp2") == 0);
}
