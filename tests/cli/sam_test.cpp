// From images and a checkpoint to masks on disk, by the program.

#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <fstream>

#include <seplflow/formats/png.hpp>
#include "support/catch.hpp"
#include "support/held_run.hpp"
#include "support/run_files.hpp"
#include "support/sam_checkpoint.hpp"

namespace fs = std::filesystem;

namespace {

#ifdef SEPLFLOW_WITHOUT_CAIRO
std::string const kFigures;
#else
std::string const kFigures =
    "[stages.figures]\nuse = \"output.panels\"\n"
    "in = { image = \"images.image\", masks = \"sam\" }\n";
#endif

// Images of different sizes, masks made of them with few points, written and drawn.
std::string masks_pipeline(std::string const& more = "") {
  return "name = \"sam\"\n"
         "[stages.images]\nuse = \"dataset.folder\"\nimages = \"images\"\nclasses = \"voc12\"\n"
         "[stages.sam]\nuse = \"masks.sam\"\nin = \"images.image\"\ncheckpoint = \"small.pth\"\n"
         "device = \"cpu\"\npoints_per_side = 3\npred_iou_thresh = -100\n"
         "stability_score_thresh = -1\n" +
         more +
         "[stages.masks]\nuse = \"output.masks\"\nin = \"sam\"\n" +
         kFigures;
}

void write_image(TempFolder const& folder, std::string const& name, seplflow::Size size) {
  auto const png = seplflow::encode_image_png(picture(size));
  folder.write("images/" + name + ".png", {reinterpret_cast<char const*>(png.data()), png.size()});
}

struct SamPlace : Workplace {
  explicit SamPlace(std::string const& pipeline) : Workplace(pipeline) {
    folder.write("small.pth", sam_checkpoint(small_sam()));
    write_image(folder, "a", {40, 60});
    write_image(folder, "b", {1, 500});
    write_image(folder, "c", {33, 20});
  }
};

}  // namespace

#ifdef SEPLFLOW_WITHOUT_TORCH

TEST_CASE("masks.sam is listed as not built without libtorch, and refused by check") {
  SamPlace const place(masks_pipeline());
  CHECK_THAT(place.program({"stages"}).out, Contains("not built: needs libtorch"));
  auto const refused = place.program({"check", "p.toml"});
  CHECK(refused.status == 2);
  CHECK_THAT(refused.err,
             Contains("p.toml:7:7") &&
                 Contains("\"masks.sam\" cannot run: seplflow was built without libtorch"));
}

#else

TEST_CASE("masks.sam is listed as any other stage") {
  SamPlace const place(masks_pipeline());
  CHECK_THAT(place.program({"stages"}).out, Contains("masks.sam") && !Contains("not built"));
  auto const checked = place.program({"check", "p.toml"});
  CHECK(checked.status == 0);
  CHECK(checked.err.empty());
}

TEST_CASE("a CPU that was not asked for is reported before hours are spent on it") {
  SamPlace const place(masks_pipeline());
  auto const checked = place.program({"check", "p.toml", "--set", "sam.device=auto"});
  CHECK(checked.status == 0);
  bool const has_gpu = place.program({"check", "p.toml", "--set", "sam.device=cuda"}).status == 0;
  CHECK(occurrences(checked.err, "SAM runs on the CPU") == (has_gpu ? 0 : 1));
}

TEST_CASE("a run makes the masks of images once, the same for any number of jobs") {
  SamPlace const place(masks_pipeline());
  auto const one = place.program({"run", "p.toml", "--out", "one", "--jobs", "1"});
  INFO(one.err);
  REQUIRE(one.status == 0);
  REQUIRE(place.program({"run", "p.toml", "--out", "two", "--jobs", "2"}).status == 0);
  CHECK(differences(place.folder / "one", place.folder / "two").empty());
  CHECK(json_in(place.folder / "one/masks/a.json").size() > 0);
  CHECK((kFigures.empty() || files_in(place.folder / "one").contains("figures/c.png")));
  auto const again = place.program({"run", "p.toml", "--out", "one", "--resume"});
  CHECK(again.status == 0);
  CHECK(reused(again.out, "sam") == 3);
}

TEST_CASE("a run in which no mask passes is clean, with crops as well") {
  SamPlace const place(masks_pipeline("crop_n_layers = 1\nbox_nms_thresh = 0.5\n"));
  auto const result =
      place.program({"run", "p.toml", "--out", "r", "--set", "sam.pred_iou_thresh=1000"});
  INFO(result.err);
  CHECK(result.status == 0);
  CHECK(json_in(place.folder / "r/masks/b.json") == Json::array());
}

TEST_CASE("every thread of the program leaves signals to the one that waits for them") {
  SamPlace const place(masks_pipeline());
  for (int i = 0; i < 300; ++i) write_image(place.folder, "many" + std::to_string(i), {40, 60});
  fs::create_directory(place.folder / "out");
  int const changes = ::inotify_init1(IN_CLOEXEC);
  ::inotify_add_watch(changes, (place.folder / "out").c_str(), IN_MODIFY);
  ProgramOptions options;
  std::vector<std::string> unblocked;
  options.while_running = [&](pid_t process) {
    std::array<char, 4096> events;
    std::error_code none;
    while (fs::file_size(place.folder / "out/ledger.jsonl", none) == 0 || none) {
      if (!wait_for(changes, process)) return;
      if (::read(changes, events.data(), events.size()) < 0) return;
    }
    for (auto const& task : fs::directory_iterator("/proc/" + std::to_string(process) + "/task")) {
      std::ifstream status(task.path() / "status");
      for (std::string line; std::getline(status, line);) {
        if (!line.starts_with("SigBlk:")) continue;
        auto const blocked = std::stoull(line.substr(7), nullptr, 16);
        if ((blocked >> (SIGTERM - 1) & 1) == 0) unblocked.push_back(task.path());
      }
    }
    ::kill(process, SIGTERM);
  };
  auto const result = place.run("out", {"--jobs", "2"}, options);
  ::close(changes);
  CHECK(unblocked.empty());
  CHECK(result.status == 130);
  CHECK(json_in(place.folder / "out/run.json")["status"] == "interrupted");
}

TEST_CASE("a checkpoint that is none is refused at its place in the file") {
  SamPlace const place(masks_pipeline());
  place.folder.write("small.pth", "no checkpoint");
  auto const result = place.program({"check", "p.toml"});
  CHECK(result.status == 2);
  CHECK_THAT(result.err, Contains("p.toml:9:14") && Contains("small.pth"));
}

#endif
