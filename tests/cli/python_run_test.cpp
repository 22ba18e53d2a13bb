// Runs with stages in Python files. SEPLFLOW_KILLS and SEPLFLOW_KILL_SEED ask for more kills and
// other moments (tests/bench/kill.sh).
#include <csignal>
#include <iostream>
#include <random>

#include "support/catch.hpp"
#include "support/held_run.hpp"
#include "support/python.hpp"

namespace fs = std::filesystem;
using Names = std::vector<std::string>;

namespace {

std::string const kStages = R"(import time
import numpy as np
from seplflow.plugin import *

@transform("lab.merge")
def merge(pseudo: LabelMap, masks: MaskSet, *, least: Annotated[float, in_range(0, 1)] = 0.5) -> LabelMap:
    "Gives each mask its most frequent class"
    labels = pseudo.copy()
    for mask in masks:
        areas = np.bincount(pseudo[mask], minlength=256)
        if areas.max() > least * mask.sum(): labels[mask] = areas.argmax()
    return labels

@observer("lab.share", columns=["share"], scores={"share": ""})
def share(labels: LabelMap) -> float:
    "Measures the share of the background"
    return float((labels == 0).mean())

@sink("lab.write")
def write(labels: LabelMap, context: Context):
    "Writes text"
    context.write(context.sample.id + ".txt", str(labels.sum()))

@source("lab.squares")
class Squares:
    "Generates squares"
    def __init__(self, *, count: int = 3): self.count = count
    def samples(self):
        for i in range(self.count): yield Sample(f"square{i}", ["background", "square"], (4, 4), note=i)
    def truth(self, sample: Sample) -> LabelMap:
        return np.tri(4, k=sample.note, dtype=int)
)";

std::string python_pipeline(int count, std::string const& more = "") {
  return "name = \"python\"\n"
         "[run]\non_error = \"skip\"\n"
         "[stages.scenes]\nuse = \"dataset.scenes\"\ncount = " +
         std::to_string(count) +
         "\nsize = [24, 32]\n"
         "[stages.merge]\nuse = \"lab.merge\"\n"
         "in = { pseudo = \"scenes.pseudo\", masks = \"scenes.masks\" }\n"
         "[stages.share]\nuse = \"lab.share\"\nin = \"merge\"\n"
         "[stages.write]\nuse = \"lab.write\"\nin = \"merge\"\n" +
         more;
}

class PythonWorkplace : public Workplace {
 public:
  explicit PythonWorkplace(std::string const& pipeline) : Workplace(pipeline) { stages(kStages); }

  void stages(std::string const& text) const {
    folder.write("stages/lab.py", "#!" + python() + "\nfrom typing import *\n" + text);
  }
  ProgramOptions options() const {
    ProgramOptions options;
    options.environment["SEPLFLOW_PLUGIN_PATH"] = (folder / "stages").string();
    options.environment["XDG_CACHE_HOME"] = (folder / "cache").string();
    return options;
  }
  ProgramResult run(std::string const& out, Names const& arguments = {}) const {
    return Workplace::run(out, arguments, options());
  }
};

// The processes whose parent this is, and whether one still runs.
std::vector<pid_t> children_of(pid_t parent) {
  std::vector<pid_t> children;
  for (auto const& entry : fs::directory_iterator("/proc")) {
    std::ifstream file(entry.path() / "stat");
    std::string stat;
    std::getline(file, stat);
    std::size_t const end = stat.rfind(") ");
    if (end == stat.npos || std::stol(stat.substr(end + 4)) != parent) continue;
    children.push_back(static_cast<pid_t>(std::stol(stat)));
  }
  return children;
}

bool runs(pid_t process) {
  std::ifstream file("/proc/" + std::to_string(process) + "/stat");
  std::string stat;
  std::getline(file, stat);
  std::size_t const end = stat.rfind(") ");
  return end != stat.npos && stat[end + 2] != 'Z' && stat[end + 2] != 'X';
}

unsigned long number_from(char const* variable, unsigned long otherwise) {
  char const* const text = std::getenv(variable);
  return text && *text ? std::stoul(text) : otherwise;
}

}  // namespace

TEST_CASE("a run with Python stages has the same results for any number of threads", "[python]") {
  PythonWorkplace const place(python_pipeline(12, "[sweep]\n\"merge.least\" = [0.2, 0.9]\n"));
  auto const one = place.run("one", {"--jobs", "1"});
  INFO(one.err);
  REQUIRE(one.status == 0);
  CHECK_THAT(one.out, Contains("share"));
  REQUIRE(place.run("four", {"--jobs", "4"}).status == 0);
  CHECK(differences(place.folder / "four", place.folder / "one") == Names());
  CHECK_THAT(read_text(place.folder / "one/variants/merge.least=0.2/share.csv"),
             StartsWith("name,share\n"));
}

TEST_CASE("a Python file is the key of its results", "[python]") {
  PythonWorkplace const place(python_pipeline(6));
  REQUIRE(place.run("out").status == 0);
  // How its processes work does not matter.
  CHECK(reused(place.run("out", {"--resume", "--set", "merge.timeout=99", "--set",
                                 "merge.workers=1", "--set", "share.timeout=99"}).out,
               "merge") == 6);
  CHECK_THAT(read_text(place.folder / "out/pipeline.toml"), Contains("timeout = 99.0\n"));
  place.stages(kStages + "# other text\n");
  auto const again = place.run("out", {"--resume"});
  INFO(again.err);
  CHECK(reused(again.out, "merge") == 0);
  auto const record = json_in(place.folder / "out/run.json");
  CHECK_THAT(record["plugins"].dump(), Contains("lab.py"));
  // The resolved pipeline is the same pipeline.
  REQUIRE(
      place.program({"run", "out/pipeline.toml", "--out", "resolved"}, place.options()).status ==
      0);
  CHECK(read_text(place.folder / "resolved/share.csv") ==
        read_text(place.folder / "out/share.csv"));
}

TEST_CASE("a source in Python begins a pipeline, and wrong options are errors with their place",
          "[python]") {
  PythonWorkplace const place(
      "[stages.squares]\nuse = \"lab.squares\"\ncount = 4\n"
      "[stages.share]\nuse = \"lab.share\"\nin = \"squares.truth\"\n");
  auto const done = place.run("out");
  INFO(done.err);
  REQUIRE(done.status == 0);
  CHECK(read_text(place.folder / "out/share.csv") ==
        "name,share\nsquare0,0.375\nsquare1,0.1875\nsquare2,0.0625\nsquare3,0\n");
  auto const wrong =
      place.program({"check", "p.toml", "--set", "squares.count=many"}, place.options());
  CHECK(wrong.status == 2);
  CHECK_THAT(wrong.err, Contains("option \"count\": expected an integer"));
}

TEST_CASE("no process of a Python stage outlives its run, and killed ones fail single samples",
          "[python-kill]") {
  unsigned long const wanted = number_from("SEPLFLOW_KILLS", 4);
  unsigned long const seed = number_from("SEPLFLOW_KILL_SEED", 1);
  CAPTURE(seed);
  PythonWorkplace const place(python_pipeline(40));
  auto const begin = std::chrono::steady_clock::now();
  REQUIRE(place.run("clean").status == 0);
  auto const length = std::chrono::duration_cast<std::chrono::microseconds>(
                          std::chrono::steady_clock::now() - begin)
                          .count();
  std::mt19937_64 random(seed);
  unsigned long workers = 0;
  for (unsigned long kills = 0; kills < wanted; ++kills) {
    fs::remove_all(place.folder / "out");
    auto const after = static_cast<long>(random() % static_cast<unsigned long>(length));
    bool const kills_program = kills % 2 == 0;
    CAPTURE(after, kills_program);
    std::vector<pid_t> children;
    ProgramOptions options = place.options();
    options.while_running = [&](pid_t process) {
      wait_for(-1, process, after);
      children = children_of(process);
      if (kills_program) {
        ::kill(process, SIGKILL);
      } else if (!children.empty()) {
        ::kill(children[random() % children.size()], SIGKILL);
      }
    };
    auto const result = place.Workplace::run("out", {}, options);
    CAPTURE(result.err);
    if (!kills_program) REQUIRE(result.status <= 2);
    workers += children.size();
    for (pid_t const child : children) {
      for (int i = 0; i < 2000 && runs(child); ++i) wait_for(-1, ::getpid(), 1000);
      REQUIRE_FALSE(runs(child));
    }
    auto const resumed = place.run("out", {"--resume"});
    CAPTURE(resumed.err);
    REQUIRE(resumed.status == 0);
    REQUIRE(differences(place.folder / "out", place.folder / "clean") == Names());
  }
  CHECK(workers > 0);
  std::cout << "seed " << seed << ": " << wanted << " kills, " << workers
            << " Python processes, none left\n";
}
