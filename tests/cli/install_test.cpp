// The install tree: it can be moved, plugins can be built against it, and it can carry its
// libraries.
#include <algorithm>
#include <fstream>
#include <sstream>

#include "support/catch.hpp"
#include "support/markdown.hpp"
#include "support/program.hpp"
#include "support/temp_folder.hpp"

namespace {

namespace fs = std::filesystem;

// Without optimisation, or with a sanitizer, the compiler does less.
#if defined(NDEBUG) && !defined(SEPLFLOW_SANITIZED)
constexpr bool kIsHardened = true;
#else
constexpr bool kIsHardened = false;
#endif

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

// What readelf prints about a file.
std::string readelf(std::string const& what, fs::path const& file) {
  ProgramResult const result = run_program({"readelf", "-W", what, file.string()});
  INFO(result.out << result.err);
  REQUIRE(result.status == 0);
  return result.out;
}

// Whether it is a program or a library that the dynamic linker loads.
bool is_dynamic_elf(fs::path const& file) {
  if (!fs::is_regular_file(file) || fs::is_symlink(file)) return false;
  std::ifstream stream(file, std::ios::binary);
  char header[18] = {};
  stream.read(header, sizeof header);
  bool const is_elf = std::string_view(header, 4) ==
                      "\x7f"
                      "ELF";
  return is_elf && (header[16] == 2 || header[16] == 3);  // ET_EXEC, ET_DYN
}

// The elements of its run path.
std::vector<std::string> run_path(fs::path const& file) {
  std::string const text = readelf("-d", file);
  std::vector<std::string> elements;
  for (std::size_t at = 0; (at = text.find("path: [", at)) != std::string::npos;) {
    at += 7;
    std::istringstream path(text.substr(at, text.find(']', at) - at) + ":");
    for (std::string element; std::getline(path, element, ':');) elements.push_back(element);
  }
  return elements;
}

std::vector<fs::path> elf_files(fs::path const& folder) {
  std::vector<fs::path> files;
  for (auto const& entry : fs::recursive_directory_iterator(folder)) {
    if (is_dynamic_elf(entry.path())) files.push_back(entry.path());
  }
  return files;
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
  for (char const* const file :
       {"man/man1/seplflow.1", "man/man1/seplflow-run.1", "zsh/site-functions/_seplflow",
        "bash-completion/completions/seplflow", "fish/vendor_completions.d/seplflow.fish"}) {
    CHECK(fs::is_regular_file(prefix / "share" / file));
  }
  // The schema that a new pipeline names moved too.
  fs::path const pipeline = folder / "new.toml";
  ProgramResult const made = run_program({(prefix / "bin/seplflow").string(), "new", "pipeline",
                                          pipeline.string(), "--data", "scenes"});
  INFO(made.err);
  CHECK(made.status == 0);
  fs::path const schema = prefix / "share/seplflow/pipelines/pipeline.schema.json";
  CHECK_THAT(read_text(pipeline), StartsWith("#:schema " + schema.string() + "\n"));
  CHECK(fs::is_regular_file(schema));
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

TEST_CASE("a plugin builds out of tree against the installed package and runs", "[install]") {
  TempFolder const folder;
  std::string const prefix = moved_install(folder, {}).string();
  std::string const build = (folder / "build").string();
  std::string const source = std::string(SEPLFLOW_SOURCE_DIR) + "/tests/data/third_party";
  require_success({"cmake", "-G", "Ninja", "-S", source, "-B", build,
                   "-DCMAKE_PREFIX_PATH=" + prefix, "-DCMAKE_CXX_COMPILER=" SEPLFLOW_CXX});
  require_success({"cmake", "--build", build});
  require_success({"ctest", "--test-dir", build, "--output-on-failure"});

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

namespace {

// Whether it looks for libraries only in absolute folders, or relative to itself.
void require_safe_run_path(fs::path const& file) {
  for (std::string const& element : run_path(file)) {
    CAPTURE(file, element);
    CHECK((element.starts_with("/") || element == "$ORIGIN" || element.starts_with("$ORIGIN/")));
  }
}

}  // namespace

TEST_CASE("no file that is built or installed looks for libraries in the current folder",
          "[install]") {
  TempFolder const folder;
  std::vector<fs::path> files = elf_files(moved_install(folder, {}));
  CHECK(files.size() > 10);
  for (char const* const built : {"/bin", "/lib", "/test-plugins"}) {
    auto const more = elf_files(SEPLFLOW_BUILD_DIR + std::string(built));
    files.insert(files.end(), more.begin(), more.end());
  }
  for (fs::path const& file : files) require_safe_run_path(file);
}

TEST_CASE("what is installed is hardened", "[install]") {
  TempFolder const folder;
  for (fs::path const& file : elf_files(moved_install(folder, {}))) {
    CAPTURE(file);
    CHECK_THAT(readelf("-d", file), Contains("NOW"));
    CHECK_THAT(readelf("-l", file), Contains("GNU_RELRO"));
    if (!kIsHardened) continue;
    std::string const symbols = readelf("--dyn-syms", file);
    CHECK_THAT(symbols, Contains("__stack_chk_fail"));
    if (file.filename() == "seplflow") CHECK_THAT(symbols, Contains("_chk@"));
  }
}

namespace {

// Creates, builds, tests and runs a plugin as its README says.
void follow_new_plugin(std::string const& kind) {
  TempFolder const folder;
  std::string const prefix = moved_install(folder, {}).string();
  std::string const program = prefix + "/bin/seplflow", name = "lab.my_" + kind;
  ProgramOptions options;
  options.folder = folder.path();
  options.environment = {{"SEPLFLOW_PLUGIN_PATH", ""},
                         {"XDG_DATA_HOME", (folder / "home/share").string()},
                         {"XDG_CACHE_HOME", (folder / "cache").string()}};
  auto const require_success = [&](std::vector<std::string> const& command) {
    ProgramResult const result = run_program(command, options);
    INFO(result.out << result.err);
    REQUIRE(result.status == 0);
    return result.out;
  };
  CHECK_THAT(require_success({program, "new", "plugin", "mine", "--name", name, "--kind", kind}),
             Contains("-DCMAKE_PREFIX_PATH=" + prefix + "\n"));
  options.folder = folder / "mine";
  require_success({"cmake", "-G", "Ninja", "-S", ".", "-B", "build",
                   "-DCMAKE_PREFIX_PATH=" + prefix, "-DCMAKE_CXX_COMPILER=" SEPLFLOW_CXX});
  CHECK_THAT(read_text(folder / "mine/build/build.ninja"), Contains("-O3"));
  require_success({"cmake", "--build", "build"});
  require_success({"ctest", "--test-dir", "build", "--output-on-failure"});
  require_success({"cmake", "--install", "build", "--prefix", (folder / "home").string()});
  CHECK(elf_files(folder / "home").size() == 1);
  for (char const* const place : {"mine/build", "home"}) {
    for (fs::path const& file : elf_files(folder / place)) require_safe_run_path(file);
  }
  CHECK_THAT(require_success({program, "stages", name}), StartsWith(name + " (" + kind + ")"));
  CHECK_THAT(require_success({program, "run", "pipeline.toml"}), Contains("mine (" + name + ")"));
}

}  // namespace

TEST_CASE("a new source builds optimised and its test and pipeline run", "[install]") {
  follow_new_plugin("source");
}
TEST_CASE("a new transform builds optimised and its test and pipeline run", "[install]") {
  follow_new_plugin("transform");
}
TEST_CASE("a new observer builds optimised and its test and pipeline run", "[install]") {
  follow_new_plugin("observer");
}
TEST_CASE("a new sink builds optimised and its test and pipeline run", "[install]") {
  follow_new_plugin("sink");
}

TEST_CASE("a plugin with a reader of masks builds against the installed formats", "[install]") {
  TempFolder const folder;
  std::string const prefix = moved_install(folder, {}).string();
  std::string const build = (folder / "build").string();
  std::string const source = std::string(SEPLFLOW_SOURCE_DIR) + "/tests/data/third_party_formats";
  require_success({"cmake", "-G", "Ninja", "-S", source, "-B", build,
                   "-DCMAKE_PREFIX_PATH=" + prefix, "-DCMAKE_CXX_COMPILER=" SEPLFLOW_CXX});
  require_success({"cmake", "--build", build});
  require_success({"ctest", "--test-dir", build, "--output-on-failure"});
  ProgramOptions options;
  options.environment = {{"SEPLFLOW_PLUGIN_PATH", build}};
  CHECK_THAT(run_program({prefix + "/bin/seplflow", "stages", "lab.reader"}, options).out,
             StartsWith("lab.reader (transform, loads files)"));
}

TEST_CASE("the tutorial of docs/plugins.md works word for word", "[install]") {
  TempFolder const folder;
  fs::rename(moved_install(folder, {}), folder / "seplflow");
  std::string script = "set -e\n";
  std::size_t lines = 0;
  for (MarkdownBlock const& block : blocks_of(read_text(SEPLFLOW_SOURCE_DIR "/docs/plugins.md"))) {
    std::string const file = block.tag("file");
    if (block.tag("needs") == "an installed seplflow") script += block.text;
    if (file.empty()) continue;
    script += "cat > ~/" + file + " <<'END OF FILE'\n" + block.text + "END OF FILE\n";
    if (block.language == "cpp") {
      lines += static_cast<std::size_t>(std::count(block.text.begin(), block.text.end(), '\n'));
    }
  }
  CHECK(lines > 40);
  CHECK(lines < 60);
  ProgramOptions options;
  options.folder = folder.path();
  options.environment = {{"HOME", folder.path().string()},
                         {"PATH", (folder / "seplflow/bin").string() + ":" + std::getenv("PATH")},
                         {"CXX", SEPLFLOW_CXX},
                         {"CMAKE_GENERATOR", "Ninja"},
                         {"XDG_DATA_HOME", ""},
                         {"XDG_CACHE_HOME", ""},
                         {"SEPLFLOW_PLUGIN_PATH", ""}};
  ProgramResult const result = run_program({"bash", "-c", script}, options);
  INFO(result.out << result.err);
  REQUIRE(result.status == 0);
  CHECK_THAT(result.out, Contains("100% tests passed") && Contains("merge=sepl") &&
                             Contains("merge=vote") && Contains("lab.vote (transform)"));
  CHECK(fs::exists(folder / ".local/share/seplflow/plugins/lab_vote.so"));
}
