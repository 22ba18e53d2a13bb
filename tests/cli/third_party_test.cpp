
#include "support/catch.hpp"
#include "support/program.hpp"
#include "support/temp_folder.hpp"

namespace {

void require_success(std::vector<std::string> const& command) {
  ProgramResult const result = run_program(command);
  INFO(result.out << result.err);
  REQUIRE(result.status == 0);
}

}  // namespace

TEST_CASE("a plugin builds out of tree against the installed package, and runs", "[install]") {
  TempFolder const folder;
  std::string const prefix = (folder / "prefix").string(), build = (folder / "build").string();
  std::string const source = std::string(SEPLFLOW_SOURCE_DIR) + "/tests/data/third_party";
  require_success({"cmake", "--install", SEPLFLOW_BUILD_DIR, "--prefix", prefix});
  require_success(
      {"cmake", "-G", "Ninja", "-S", source, "-B", build, "-DCMAKE_PREFIX_PATH=" + prefix});
  require_success({"cmake", "--build", build});

  auto const pipeline = folder.write("lab.toml", R"(
[stages.scenes]
use = "dataset.scenes"
count = 5
size = 64

[stages.uncertain]
use = "lab.uncertain"
in = "scenes.truth"
width = 2

[stages.score]
use = "eval.miou"
in = { truth = "scenes.truth", labels = "uncertain" }
)");
  std::string const program = prefix + "/bin/seplflow";
  ProgramOptions options;
  options.environment = {{"SEPLFLOW_PLUGIN_PATH", build}};
  ProgramResult const run =
      run_program({program, "run", pipeline.string(), "--out", (folder / "run").string()}, options);
  INFO(run.err);
  CHECK(run.status == 0);
  CHECK_THAT(run.out, Contains("uncertain (lab.uncertain)"));
  CHECK_THAT(read_text(folder / "run/pipeline.toml"), Contains("width = 2"));

  // Without the path the stage is unknown, and the installed program still has its own.
  ProgramResult const without = run_program({program, "check", pipeline.string()});
  CHECK(without.status == 2);
  CHECK_THAT(without.err, Contains("there is no stage \"lab.uncertain\""));
  CHECK_THAT(run_program({program, "stages"}).out, Contains("sepl.select"));
}
