#include "catalog/catalog.hpp"

#include <algorithm>
#include <cstdlib>
#include <map>

#include <seplflow/detail/descriptor.hpp>
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
std::string reason(fs::path const& file) {
  StageCatalog const catalog({file});
  REQUIRE(catalog.plugins().empty());
  REQUIRE(catalog.rejected().size() == 1);
  CHECK(catalog.rejected()[0].file == file);
  return catalog.rejected()[0].reason;
}

}  // namespace

TEST_CASE("a library without the symbol of a plugin is rejected", "[catalog]") {
  CHECK_THAT(reason(library("not_a_plugin")), Contains("not a seplflow plugin"));
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

TEST_CASE("a plugin of another toolchain is rejected with both toolchains", "[catalog]") {
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
             Contains("stage test.wrong") &&
                 Contains("names 2 inputs, but its signature has 1") &&
                 Contains("must be declared serial()") &&
                 Contains("option \"use\" has a name that every stage uses for itself"));
  CHECK_THAT(reasons["test.range"], Contains("the default of option \"a\" is outside its range"));
  CHECK_THAT(reasons["test.nan"], Contains("the default of option \"a\" is not a number"));
  CHECK_THAT(reasons["test.reversed"], Contains("has a range without numbers"));
  CHECK_THAT(reasons["test.none"], Contains("has no choices"));
  CHECK_THAT(reasons["test.twice"], Contains("has a choice twice"));
  CHECK_THAT(reasons["test.text"], Contains("the default of option \"a\" is not one of its choices"));
  CHECK_THAT(reasons["test.mode"], Contains("the default of option \"a\" cannot be read"));
  CHECK_THAT(reasons["test.flag"], Contains("has a range but holds no numbers"));
  CHECK_THAT(reasons["test.folder"], Contains("is not a path"));
  CHECK_THAT(reasons["test.numbers"], Contains("is outside its range"));
  CHECK_THAT(reasons["test.spaces"], Contains("needs a name of lower-case letters"));
  CHECK_THAT(reasons["test.silent"], Contains("has no help"));
  CHECK_THAT(reasons["test.unlicensed"], Contains("no licence found"));
  CHECK_THAT(reasons["test.mute"], Contains("has no summary"));
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

TEST_CASE("SEPLFLOW_PLUGIN_PATH comes before the folder of the install", "[catalog]") {
  ::setenv("SEPLFLOW_PLUGIN_PATH", "/one::/two", 1);
  auto const places = default_plugin_places();
  ::unsetenv("SEPLFLOW_PLUGIN_PATH");
  REQUIRE(places.size() == 3);
  CHECK(places[0] == "/one");
  CHECK(places[1] == "/two");
  CHECK_THAT(places[2].string(), Contains("seplflow/plugins"));
}
