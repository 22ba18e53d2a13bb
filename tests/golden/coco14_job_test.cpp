// The main job on COCO as a user runs it: pipelines/coco14 with the program, on real truth, with
// simulated pseudo-labels and masks.
#include <filesystem>

#include <seplflow/formats/png.hpp>
#include "support/catch.hpp"
#include "support/run_files.hpp"
#include "support/test_data.hpp"

using namespace seplflow;
namespace fs = std::filesystem;

namespace {

// The test data as COCO is unpacked, and as a method and SAM leave their files. Pseudo-labels and
// masks have other names than the images: the numbers alone, with and without leading zeros.
struct CocoLayout {
  CocoLayout() {
    fs::create_directories(folder / "coco/annotations");
    fs::create_symlink(coco() / "instances_val2014_100.json",
                       folder / "coco/annotations/instances_val2014.json");
    std::string names;
    for (auto const& entry : fs::directory_iterator(coco() / "pseudo")) {
      std::string const name = entry.path().stem().string();
      std::string const digits = name.substr(name.rfind('_') + 1);
      link(entry.path(), "labels/eps/" + digits + ".png");
      link(coco() / "sam_json" / (name + ".json"),
           "sam/" + std::to_string(std::stoul(digits)) + ".json");
      names += name + "\n";
    }
    folder.write("list.txt", names);
  }

  void link(fs::path const& file, fs::path const& name) const {
    fs::create_directories((folder / name).parent_path());
    fs::create_symlink(file, folder / name);
  }

  ProgramResult run(fs::path const& pipeline, std::string const& out,
                    std::vector<std::string> const& more) const {
    ProgramOptions options;
    options.folder = folder.path();
    options.environment = {{"COCO_ROOT", (folder / "coco").string()},
                           {"PSEUDO_LABELS", (folder / "labels").string()},
                           {"SAM_MASKS", (folder / "sam").string()}};
    std::vector<std::string> command = {"run", pipeline, "--out", out};
    command.insert(command.end(), more.begin(), more.end());
    return run_seplflow(command, options);
  }

  ProgramResult run_eps(std::string const& out, std::vector<std::string> more) const {
    for (char const* const change : {"coco.split=val2014", "coco.list=list.txt"}) {
      more.insert(more.end(), {"--set", change});
    }
    return run(SEPLFLOW_SOURCE_DIR "/pipelines/coco14/eps.toml", out, more);
  }

  TempFolder folder;
};

void require_scores(Json const& metrics, Json const& expected, std::string const& mean) {
  for (char const* const score : {"miou", "precision", "recall"}) {
    INFO(score);
    CHECK(metrics[score].get<double>() ==
          Approx(expected[score + ("_over_" + mean)].get<double>()).epsilon(0).margin(1e-12));
  }
}

int that_differ(fs::path const& folder, fs::path const& expected) {
  int differ = 0;
  for (auto const& entry : fs::directory_iterator(expected)) {
    fs::path const file = folder / entry.path().filename();
    if (!fs::exists(file) || read_label_png(file) != read_label_png(entry.path())) ++differ;
  }
  return differ;
}

}  // namespace

TEST_CASE(
    "real truth of COCO, simulated labels: coco14/eps.toml has the scores and labels of an "
    "independent program, before and after") {
  CocoLayout const layout;
  Json const expected = json_in(coco() / "expected/metrics.json");
  for (std::string const mean : {"union", "truth", "all"}) {
    INFO(mean);
    auto const result = layout.run_eps(mean, {"--set", "score.mean=" + mean});
    INFO(result.err);
    REQUIRE(result.status == 0);
    Json const score = json_in(layout.folder / mean / "metrics.json")["score"];
    CHECK(score["images"] == 60);
    require_scores(score, expected["paper_last"], mean);
    require_scores(score["baseline"], expected["baseline"], mean);
  }
  CHECK(that_differ(layout.folder / "union/write", coco() / "expected/paper_last") == 0);
}

TEST_CASE("real ground truth of COCO: written as PNG and read again, it gives the same scores") {
  CocoLayout const layout;
  layout.folder.write("truth.toml",
                      "[stages.coco]\nuse = \"dataset.coco\"\nroot = \"${COCO_ROOT}\"\n"
                      "split = \"val\"\n[stages.write]\nuse = \"output.labels\"\n"
                      "in = \"coco.truth\"\n");
  auto const written = layout.run(layout.folder / "truth.toml", "truth", {});
  INFO(written.err);
  REQUIRE(written.status == 0);
  CHECK(that_differ(layout.folder / "truth/write", coco() / "truth") == 0);
  REQUIRE(layout.run_eps("drawn", {}).status == 0);
  REQUIRE(layout.run_eps("read", {"--set", "coco.truth=truth/write"}).status == 0);
  CHECK(read_text(layout.folder / "read/metrics.json") ==
        read_text(layout.folder / "drawn/metrics.json"));
}

TEST_CASE("real annotations of COCO: the errors of the pipelines say which files to put where") {
  CocoLayout const layout;
  for (char const* const method : {"l2g", "sipe", "clipes"}) {
    auto const result = layout.run(
        SEPLFLOW_SOURCE_DIR "/pipelines/coco14/" + std::string(method) + ".toml", "out", {});
    CHECK(result.status == 2);
    CHECK_THAT(result.err,
               Contains("coco/annotations/instances_train2014.json do not exist; unpack") &&
                   Contains(std::string("labels/") + method));
  }
}
