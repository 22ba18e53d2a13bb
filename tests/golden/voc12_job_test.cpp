// The main job as a user runs it: pipelines/voc12 with the program, on real labels.
#include <catch2/catch.hpp>
#include <filesystem>

#include "formats/png.hpp"
#include "support/run_files.hpp"
#include "support/test_data.hpp"

using namespace seplflow;
namespace fs = std::filesystem;
using Catch::Contains;

namespace {

// VOC's layout, made of links to the data.
struct Voc {
  explicit Voc(char const* list) {
    fs::path const data = test_data() / "voc12-transcam";
    fs::create_directories(folder / "voc/ImageSets/Segmentation");
    fs::create_directories(folder / "labels");
    fs::create_symlink(fs::canonical(data / list), folder / "voc/ImageSets/Segmentation/train.txt");
    fs::create_symlink(fs::canonical(data / "truth_synthetic"), folder / "voc/SegmentationClass");
    fs::create_symlink(fs::canonical(data / "labels"), folder / "labels/transcam");
    fs::create_symlink(fs::canonical(data / "labels"), folder / "all_labels");
  }

  ProgramResult run(char const* pipeline, char const* masks, std::vector<std::string> more = {}) {
    ProgramOptions options;
    options.environment = {{"VOC_ROOT", (folder / "voc").string()},
                           {"PSEUDO_LABELS", (folder / "labels").string()},
                           {"SAM_MASKS", fs::canonical(test_data() / "voc12-transcam" / masks)}};
    std::vector<std::string> command = {
        "run", std::string(SEPLFLOW_SOURCE_DIR "/pipelines/voc12/") + pipeline, "--out",
        (folder / "run").string()};
    command.insert(command.end(), more.begin(), more.end());
    return run_seplflow(command, options);
  }

  int labels_that_differ_from(char const* expected) const {
    int differ = 0;
    for (auto const& entry : fs::directory_iterator(folder / "run/write")) {
      fs::path const file =
          test_data() / "voc12-transcam/expected" / expected / entry.path().filename();
      if (read_label_png(entry.path()) != read_label_png(file)) ++differ;
    }
    return differ;
  }

  std::size_t labels_written() const {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator(folder / "run/write"), fs::directory_iterator()));
  }

  TempFolder folder;
};

}  // namespace

TEST_CASE("real labels, simulated masks: transcam.toml writes what is expected for all 400") {
  Voc voc("with_masks.txt");
  auto const result = voc.run("transcam.toml", "sam_json");
  INFO(result.err);
  REQUIRE(result.status == 0);
  CHECK(voc.labels_written() == 400);
  CHECK(voc.labels_that_differ_from("paper_last") == 0);
}

TEST_CASE("real labels: all 970 run, those without masks stay as they were") {
  Voc voc("all.txt");
  auto const result = voc.run("transcam.toml", "sam_json",
                              {"--set", "sam.on_missing=empty", "--set",
                               "voc.truth=" + (voc.folder / "all_labels").string()});
  INFO(result.err);
  REQUIRE(result.status == 0);
  CHECK(voc.labels_written() == 970);
  auto const json = json_in(voc.folder / "run/run.json");
  CHECK(json["samples"]["done"] == 970);
  auto const without = "2007_000333.png";
  CHECK(read_label_png(voc.folder / "run/write" / without) ==
        read_label_png(voc.folder / "all_labels" / without));
}

TEST_CASE("real labels: a label without masks is an error that names the file") {
  Voc voc("all.txt");
  auto const result = voc.run(
      "transcam.toml", "sam_json",
      {"--set", "voc.truth=" + (voc.folder / "all_labels").string(), "--jobs", "1"});
  CHECK(result.status == 1);
  CHECK_THAT(result.err, Contains("2007_000333") && Contains("there is no mask file") &&
                             Contains("on_missing = \"empty\""));
}

TEST_CASE("real labels, simulated masks: reference.toml writes what the authors' script wrote") {
  Voc voc("with_png_masks.txt");
  auto const result = voc.run("reference.toml", "sam_png");
  INFO(result.err);
  REQUIRE(result.status == 0);
  CHECK(voc.labels_written() == 40);
  CHECK(voc.labels_that_differ_from("max_iou_imp2") == 0);
}
