#include "catalog/catalog.hpp"

#include <dlfcn.h>

#include <algorithm>
#include <cstdlib>
#include <map>

#include <seplflow/detail/descriptor.hpp>
#include "catalog/library_note.hpp"
#include "catalog/plugin_places.hpp"
#include "pipeline/pipeline.hpp"
#include "support/catch.hpp"
#include "support/temp_folder.hpp"

using namespace seplflow;
namespace fs = std::filesystem;

namespace {

fs::path library(std::string const& name) {
  return fs::path(SEPLFLOW_TEST_PLUGINS) / (name + ".so");
}

// Why the one library was not taken.
std::string reason(fs::path const& file, StageCatalog::Settings const& settings = {}) {
  StageCatalog const catalog({file}, {}, settings);
  REQUIRE(catalog.plugins().empty());
  REQUIRE(catalog.rejected().size() == 1);
  CHECK(catalog.rejected()[0].file == file);
  return catalog.rejected()[0].reason;
}

bool is_loaded(fs::path const& file) {
  void* const handle = ::dlopen(file.c_str(), RTLD_LAZY | RTLD_NOLOAD);
  if (handle) ::dlclose(handle);
  return handle != nullptr;
}

class Variable {
 public:
  Variable(char const* name, std::string const& value) : name_(name) {
    char const* const before = std::getenv(name);
    if (before) before_ = before;
    ::setenv(name, value.c_str(), 1);
  }
  ~Variable() { before_ ? ::setenv(name_, before_->c_str(), 1) : ::unsetenv(name_); }

 private:
  char const* name_;
  std::optional<std::string> before_;
};

}  // namespace

TEST_CASE("a library that is not a plugin is passed over but listed", "[catalog]") {
  StageCatalog const catalog({library("not_a_plugin"), library("other_abi")});
  REQUIRE(catalog.rejected().size() == 2);
  CHECK_THAT(catalog.rejected()[0].reason, Contains("not a seplflow plugin"));
  CHECK(catalog.rejected()[0].is_other);
  CHECK_FALSE(catalog.rejected()[1].is_other);
  CHECK_FALSE(is_loaded(library("not_a_plugin")));
}

TEST_CASE("a symbol with the right name but the wrong contents is rejected", "[catalog]") {
  CHECK_THAT(reason(library("other_symbol")), Contains("no valid seplflow descriptor"));
}

TEST_CASE("a plugin for another ABI is rejected with both versions, and its code is not called",
          "[catalog]") {
  CHECK_THAT(reason(library("other_abi")),
             Contains("ABI 99.7") &&
                 Contains("has " + std::to_string(kAbiMajor) + "." + std::to_string(kAbiMinor)));
}

TEST_CASE("a plugin of another toolchain is rejected with both toolchains before it is loaded",
          "[catalog]") {
  CHECK_THAT(reason(library("other_toolchain")),
             Contains("another compiler 1") && Contains(kToolchain));
}

TEST_CASE("a plugin with an undefined symbol is rejected with its name", "[catalog]") {
  CHECK_THAT(reason(library("undefined_symbol")), Contains("not_linked"));
}

TEST_CASE("a stage with an invalid declaration is rejected alone, with all its errors",
          "[catalog]") {
  StageCatalog const catalog({library("wrong_declaration")});
  CHECK(catalog.names() == std::vector<std::string>{"test.right"});
  REQUIRE(catalog.plugins().size() == 1);
  CHECK(catalog.plugins()[0].version == "2.5");
  std::map<std::string, std::string> reasons;
  for (auto const& each : catalog.rejected()) reasons[each.stage] = each.reason;
  CHECK(reasons.size() == 15);
  CHECK_THAT(reasons["test.wrong"],
             Contains("stage test.wrong") && Contains("names 2 inputs, but its signature has 1") &&
                 Contains("must be declared serial()") &&
                 Contains("\"labels\" is not a later output of a transform") &&
                 Contains("option \"use\" has a name that every stage uses for itself"));
  CHECK_THAT(reasons["test.range"], Contains("the default of option \"a\" is outside its range"));
  CHECK_THAT(reasons["test.nan"], Contains("the default of option \"a\" is not a number"));
  CHECK_THAT(reasons["test.reversed"], Contains("has a range without numbers"));
  CHECK_THAT(reasons["test.none"], Contains("has no choices"));
  CHECK_THAT(reasons["test.twice"], Contains("has a choice twice"));
  CHECK_THAT(reasons["test.text"],
             Contains("the default of option \"a\" is not one of its choices"));
  CHECK_THAT(reasons["test.mode"], Contains("the default of option \"a\" cannot be read"));
  CHECK_THAT(reasons["test.flag"], Contains("has a range but holds no numbers"));
  CHECK_THAT(reasons["test.folder"], Contains("is not a path"));
  CHECK_THAT(reasons["test.numbers"], Contains("is outside its range"));
  CHECK_THAT(reasons["test.spaces"], Contains("needs a name of lower-case letters"));
  CHECK_THAT(reasons["test.silent"], Contains("has no help"));
  CHECK_THAT(reasons["test.unlicensed"], Contains("no licence found"));
  CHECK_THAT(reasons["test.mute"], Contains("has no summary"));
}

TEST_CASE("a plugin that ends its process is rejected with the way it ended", "[catalog]") {
  // A sanitizer turns the signal into an exit status.
  CHECK_THAT(reason(library("crashes")), Contains("it ended the process that loaded it, with ") &&
                                             (Contains("signal 11 (") || Contains("exit status")));
  CHECK_THAT(reason(library("exits")),
             Contains("with exit status 0; it printed: ") && EndsWith("no licence") &&
                 !Contains("first line") && !Contains("\033"));
}

TEST_CASE("a plugin that hangs is rejected after a time and its file is remembered", "[catalog]") {
  TempFolder const folder;
  std::vector<fs::path> waited_for;
  StageCatalog::Settings const settings{
      folder / "index.json", std::chrono::milliseconds(300),
      [&](fs::path const& plugin) { waited_for.push_back(plugin); }};
  std::string const expected = "it did not finish declaring its stages within 0.3 seconds";
  CHECK_THAT(reason(library("hangs"), settings), Contains(expected));
  CHECK(waited_for == std::vector{library("hangs")});
  auto const begin = std::chrono::steady_clock::now();
  CHECK_THAT(reason(library("hangs"), {settings.index}), Contains(expected));
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(10));
}

TEST_CASE("plugins that end their process do not affect the others", "[catalog]") {
  StageCatalog const catalog({library("crashes"), library("twin_a"), library("exits")});
  CHECK(catalog.names() == std::vector<std::string>{"test.twin"});
  CHECK(catalog.rejected().size() == 2);
  CHECK(catalog.find("test.twin").declaration);
  CHECK_FALSE(is_loaded(library("crashes")));
}

TEST_CASE("a library is loaded when one of its stages is asked for", "[catalog]") {
  StageCatalog const catalog({library("twin_a"), library("wrong_declaration")});
  CHECK(catalog.listed("test.twin").summary == "The same stage in two files");
  CHECK_FALSE(is_loaded(library("twin_a")));
  CHECK_FALSE(is_loaded(library("wrong_declaration")));
  CHECK(catalog.find("test.twin").declaration->library == library("twin_a"));
  CHECK(is_loaded(library("twin_a")));
  CHECK_FALSE(is_loaded(library("wrong_declaration")));
}

TEST_CASE("the index saves the examination of a plugin until its file changes", "[catalog]") {
  TempFolder const folder;
  StageCatalog::Settings const settings{folder / "cache/index.json"};
  fs::path const file = folder / "lab.so";
  auto const names = [&] { return StageCatalog({file}, {}, settings).names(); };
  using Names = std::vector<std::string>;
  fs::copy_file(library("twin_a"), file);
  CHECK(names() == Names{"test.twin"});
  std::string index = read_text(settings.index);
  index.replace(index.find("test.twin"), 9, "test.mine");
  folder.write("cache/index.json", index);
  CHECK(names() == Names{"test.mine"});

  // What the index promises and the library does not keep is an error of that stage.
  StageCatalog const catalog({file}, {}, settings);
  CHECK_FALSE(catalog.find("test.mine").declaration);
  REQUIRE(catalog.rejected().size() == 1);
  CHECK(catalog.rejected()[0].stage == "test.mine");
  CHECK_FALSE(catalog.find("test.mine").declaration);
  CHECK(catalog.rejected().size() == 1);

  // Another file of the same size and time.
  auto const time = fs::last_write_time(file);
  fs::remove(file);
  fs::copy_file(library("twin_a"), file);
  fs::last_write_time(file, time);
  CHECK(names() == Names{"test.twin"});
}

TEST_CASE("an index that cannot be read or written costs only time", "[catalog]") {
  TempFolder const folder;
  folder.write("file", "");
  folder.write("broken.json", R"({"/a": 1)");
  folder.write("other.json", R"([1, {"a": []}])");
  for (fs::path const& index : {folder / "file/index.json", folder / "broken.json",
                                folder / "other.json", fs::path("/proc/index.json")}) {
    CAPTURE(index);
    CHECK(StageCatalog({library("twin_a")}, {}, {index}).names().size() == 1);
  }
}

TEST_CASE("places that every user can write cause a warning", "[catalog]") {
  TempFolder const folder;
  fs::copy_file(library("twin_a"), folder / "lab.so");
  CHECK(StageCatalog({folder.path()}).warnings().empty());
  fs::permissions(folder.path(), fs::perms::others_write, fs::perm_options::add);
  StageCatalog const catalog({folder.path()});
  REQUIRE(catalog.warnings().size() == 1);
  CHECK_THAT(catalog.warnings()[0],
             Contains("every user of this machine can write \"" + folder.path().string()));
}

TEST_CASE("a plugin may throw anything while it declares its stages", "[catalog]") {
  CHECK_THAT(reason(library("throws_at_load")), Contains("not a std::exception"));
}

TEST_CASE("an empty file, a text file and a missing file are rejected", "[catalog]") {
  TempFolder const folder;
  CHECK_THAT(reason(folder.write("empty.so", "")), Contains("cannot be loaded"));
  CHECK_THAT(reason(folder.write("text.so", "not a library")), Contains("cannot be loaded"));
  CHECK_THAT(reason(folder / "nowhere"), Contains("no such folder"));
}

TEST_CASE("a truncated library is rejected before it is mapped, wherever it ends", "[catalog]") {
  TempFolder const folder;
  std::string const whole = read_text(library("twin_a"));
  for (std::size_t const part : {1, 2, 10, 30, 50, 80, 90}) {
    INFO(part << " percent of the file");
    auto const cut = folder.write("cut.so", whole.substr(0, whole.size() * part / 100));
    StageCatalog const catalog({cut});
    // Nothing is lost but the debug information at the file's end, or it is rejected.
    if (catalog.plugins().empty()) {
      REQUIRE(catalog.rejected().size() == 1);
      CHECK_THAT(catalog.rejected()[0].reason, Contains("truncated"));
    }
  }
}

TEST_CASE("a library with any damaged byte in its headers has a note or a reason", "[catalog]") {
  TempFolder const folder;
  std::string const whole = read_text(library("twin_a"));
  REQUIRE(read_library_note(library("twin_a")));
  CHECK(read_library_note(library("twin_a"))->toolchain == kToolchain);
  std::size_t notes = 0, refused = 0;
  for (std::size_t i = 0; i < 1024; ++i) {
    for (char const bits : {'\x01', '\xff'}) {
      std::string damaged = whole;
      damaged[i] = static_cast<char>(damaged[i] ^ bits);
      auto const file = folder.write("damaged.so", damaged);
      try {
        if (read_library_note(file)) ++notes;
      } catch (Error const&) {
        ++refused;
      }
    }
  }
  CHECK(notes > 1000);
  CHECK(refused > 10);
}

TEST_CASE("the valid plugins of a folder are loaded despite the invalid ones", "[catalog]") {
  TempFolder const folder;
  fs::copy_file(library("twin_a"), folder / "good.so");
  fs::copy_file(library("other_abi"), folder / "bad.so");
  StageCatalog const catalog({folder.path()});
  CHECK(catalog.names() == std::vector<std::string>{"test.twin"});
  CHECK(catalog.plugins().size() == 1);
  CHECK(catalog.rejected().size() == 1);
}

TEST_CASE("a plugin that is found twice is loaded once", "[catalog]") {
  StageCatalog const catalog({library("twin_a"), library("twin_a")});
  CHECK(catalog.plugins().size() == 1);
  CHECK(catalog.find("test.twin").files.size() == 1);
}

TEST_CASE("using a stage that two plugins define is an error that names both files", "[catalog]") {
  StageCatalog const catalog({library("twin_a"), library("twin_b")});
  CHECK(catalog.plugins().size() == 2);
  PipelineRequest request;
  request.file = "twins.toml";
  try {
    parse_pipeline("[stages.t]\nuse = \"test.twin\"\nin = \"t\"\n", request, catalog);
    FAIL("it was taken");
  } catch (PipelineError const& error) {
    CHECK_THAT(error.what(), Contains("twins.toml:2:7") && Contains(library("twin_a").string()) &&
                                 Contains(library("twin_b").string()));
  }
}

TEST_CASE("two plugins that disagree about a type cannot be connected, and both are named",
          "[catalog]") {
  StageCatalog const catalog({library("skewed_a"), library("skewed_b")});
  PipelineRequest request;
  request.file = "skewed.toml";
  try {
    parse_pipeline(
        "[stages.find]\nuse = \"lab.find\"\nin = \"draw\"\n"
        "[stages.draw]\nuse = \"lab.draw\"\nin = \"find\"\n",
        request, catalog);
    FAIL("it was taken");
  } catch (PipelineError const& error) {
    CHECK_THAT(error.what(),
               Contains("type lab.Edges has size 32, alignment 8, version 0 in " +
                        library("skewed_b").string()) &&
                   Contains("but type lab.Edges has size 4, alignment 4, version 0 in " +
                            library("skewed_a").string()) &&
                   Contains("build both plugins with the same header"));
  }
}

TEST_CASE(
    "plugins are in SEPLFLOW_PLUGIN_PATH before the user's folder and the install",
    "[catalog]") {
  TempFolder const home;
  Variable const path("SEPLFLOW_PLUGIN_PATH", "/one::/two"), user("HOME", home.path().string()),
      data("XDG_DATA_HOME", "relative"), cache("XDG_CACHE_HOME", "");
  CHECK(default_plugin_places().size() == 3);  // there is no user's folder
  fs::create_directories(home / ".local/share/seplflow/plugins");
  fs::create_directories(home / "data/seplflow/plugins");
  auto const places = default_plugin_places();
  REQUIRE(places.size() == 4);
  CHECK(places[0] == "/one");
  CHECK(places[1] == "/two");
  CHECK(places[2] == home / ".local/share/seplflow/plugins");
  CHECK_THAT(places[3].string(), Contains("lib") && Contains("seplflow/plugins"));
  CHECK(default_plugin_index() == home / ".cache/seplflow/plugins.json");

  Variable const chosen("XDG_DATA_HOME", (home / "data").string()),
      elsewhere("XDG_CACHE_HOME", "/elsewhere");
  CHECK(default_plugin_places().at(2) == home / "data/seplflow/plugins");
  CHECK(default_plugin_index() == "/elsewhere/seplflow/plugins.json");
}
