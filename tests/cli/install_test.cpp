// The install tree: it can be moved, plugins can be built against it, and it can carry its
// libraries.
#include <sstream>

#include "support/catch.hpp"
#include "support/program.hpp"
#include "support/temp_folder.hpp"

namespace {

namespace fs = std::filesystem;

void require_success(std::vector<std::string> const& command) {
  ProgramResult const result = run_program(command);
  INFO(result.out << result.err);
  REQUIRE(result.status == 0);
}

// Installs seplflow in a folder and moves it. Returns where it is now.
fs::path moved_install(TempFolder const& folder, std::vector<std::string> const& components) {
  fs::path const first = folder / "first", moved = folder / "moved";
  require_success({"cmake", "--install", SEPLFLOW_BUILD_DIR, "--prefix", first.string()});
  for (std::string const& component : components) {
    require_success({"cmake", "--install", SEPLFLOW_BUILD_DIR, "--prefix", first.string(),
                     "--component", component});
  }
  fs::rename(first, moved);
  return moved;
}

// Where the dynamic linker finds the libraries of a program or library, by their names.
std::map<std::string, fs::path> libraries_of(fs::path const& file) {
  ProgramResult const result = run_program({"ldd", file.string()});
  INFO(result.out << result.err);
  REQUIRE(result.status == 0);
  std::map<std::string, fs::path> found;
  std::istringstream lines(result.out);
  for (std::string name, arrow, path, line; std::getline(lines, line);) {
    if (std::istringstream(line) >> name >> arrow >> path && arrow == "=>") found[name] = path;
  }
  return found;
}

bool belongs_to_every_system(std::string const& library) {
  for (char const* const name : {"libc.so", "libm.so", "libgcc_s.so", "libstdc++.so"}) {
    if (library.starts_with(name)) return true;
  }
  return false;
}

}  // namespace

TEST_CASE("an install tree that was moved runs its own demo", "[install]") {
  TempFolder const folder;
  fs::path const prefix = moved_install(folder, {});
  fs::path const demo = prefix / "share/seplflow/pipelines/demo.toml";
  ProgramResult const run = run_program({(prefix / "bin/seplflow").string(), "run", demo.string(),
                                         "--out", (folder / "installed").string()});
  INFO(run.err);
  REQUIRE(run.status == 0);
  REQUIRE(run_seplflow({"run", demo.string(), "--out", (folder / "built").string()}).status == 0);
  CHECK(read_text(folder / "installed/metrics.json") == read_text(folder / "built/metrics.json"));
  CHECK(read_text(folder / "installed/run.json").find(SEPLFLOW_BUILD_DIR) == std::string::npos);
}

TEST_CASE("an install tree names neither the build folder nor its first prefix", "[install]") {
  TempFolder const folder;
  for (auto const& entry : fs::recursive_directory_iterator(moved_install(folder, {}))) {
    if (!entry.is_regular_file() || entry.is_symlink()) continue;
    CAPTURE(entry.path());
    std::string const bytes = read_text(entry.path());
    CHECK(bytes.find(SEPLFLOW_BUILD_DIR) == std::string::npos);
    CHECK(bytes.find((folder / "first").string()) == std::string::npos);
  }
}

TEST_CASE("with the bundle the program and its plugins need only the C and C++ runtime",
          "[install]") {
  TempFolder const folder;
  fs::path const prefix = moved_install(folder, {"bundle"});
  std::vector<fs::path> files = {prefix / "bin/seplflow"};
  for (auto const& plugin : fs::directory_iterator(prefix / "lib/seplflow/plugins")) {
    files.push_back(plugin.path());
  }
  CHECK(files.size() > 1);
  for (fs::path const& file : files) {
    for (auto const& [name, path] : libraries_of(file)) {
      if (belongs_to_every_system(name)) continue;
      CAPTURE(file, name, path);
      CHECK(path.lexically_normal().string().starts_with(prefix.string() + "/"));
    }
  }
}

TEST_CASE("a plugin builds out of tree against the installed package, and runs", "[install]") {
  TempFolder const folder;
  std::string const prefix = moved_install(folder, {}).string();
  std::string const build = (folder / "build").string();
  std::string const source = std::string(SEPLFLOW_SOURCE_DIR) + "/tests/data/third_party";
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
