// seplflow new: a folder with a plugin. install_test.cpp builds, tests and runs what it writes.
#include "support/catch.hpp"
#include "support/run_files.hpp"

namespace fs = std::filesystem;

namespace {

std::string error_of_new(Workplace const& place, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {"new", "plugin"});
  auto const result = place.program(arguments);
  CHECK(result.status == 2);
  CHECK(result.out.empty());
  return result.err;
}

}  // namespace

TEST_CASE("seplflow new plugin writes a plugin and says how to build it") {
  Workplace const place("");
  auto const result =
      place.program({"new", "plugin", "deep/mine", "--name", "lab.big_masks", "--kind", "sink"});
  CHECK(result.err.empty());
  REQUIRE(result.status == 0);
  CHECK_THAT(result.out, Contains("cd deep/mine\n") && Contains("-DCMAKE_PREFIX_PATH=PREFIX"));
  fs::path const folder = place.folder / "deep/mine";
  for (char const* const file :
       {"big_masks.cpp", "big_masks_test.cpp", "pipeline.toml", "README.md", "CMakeLists.txt",
        ".github/workflows/test.yml", ".gitlab-ci.yml"}) {
    CAPTURE(file);
    REQUIRE(fs::exists(folder / file));
    CHECK(read_text(folder / file).find('%') == std::string::npos);
  }
  CHECK_THAT(read_text(folder / "big_masks.cpp"),
             Contains("struct BigMasks {") && Contains("plugin.stage<BigMasks>(\"lab.big_masks\""));
  CHECK_THAT(read_text(folder / "CMakeLists.txt"),
             Contains("add_seplflow_plugin(lab_big_masks big_masks.cpp)"));
}

TEST_CASE("the commands that seplflow new prints can be pasted") {
  Workplace const place("");
  auto const result = place.program({"new", "plugin", "it's mine", "--name", "lab.sure"});
  CHECK_THAT(result.out, Contains("  cd 'it'\\''s mine'\n"));
}

TEST_CASE("a new plugin can be put into an empty folder but not over files") {
  Workplace const place("");
  fs::create_directory(place.folder / "empty");
  CHECK(place.program({"new", "plugin", "empty", "--name", "lab.sure"}).status == 0);
  std::string const before = read_text(place.folder / "empty/sure.cpp");
  CHECK(error_of_new(place, {"empty", "--name", "lab.sure"}) ==
        "error: the folder \"empty\" is not empty; choose a new one\n");
  place.folder.write("file", "text");
  CHECK_THAT(error_of_new(place, {"file", "--name", "lab.sure"}), Contains("\"file\" is a file"));
  CHECK(read_text(place.folder / "empty/sure.cpp") == before);
}

TEST_CASE("the name of a new stage has a family and is not taken") {
  Workplace const place("");
  for (char const* const name :
       {"sure", "Lab.sure", "lab.", "lab..sure", "lab.1", "lab.a-b", "../x.y", "lab.sure;rm"}) {
    CAPTURE(name);
    CHECK_THAT(error_of_new(place, {"mine", "--name", name}),
               Contains("expected a name of the form family.stage") && Contains(name));
  }
  CHECK_THAT(error_of_new(place, {"mine", "--name", "sepl.select"}),
             Contains("there is a stage \"sepl.select\" in ") && Contains("seplflow_sepl.so"));
  CHECK_THAT(error_of_new(place, {"mine"}), Contains("--name is missing"));
  CHECK_THAT(error_of_new(place, {"mine", "--name", "lab.a", "--kind", "filter"}),
             Contains("expected one of \"source\", \"transform\", \"observer\", \"sink\""));
  CHECK_FALSE(fs::exists(place.folder / "mine"));
}

TEST_CASE("seplflow new creates plugins and pipelines and reports a folder that cannot be written") {
  Workplace const place("");
  auto const other = place.program({"new", "plugins", "mine", "--name", "lab.sure"});
  CHECK(other.status == 2);
  CHECK_THAT(other.err, Contains("\"WHAT\": expected one of \"pipeline\", \"plugin\""));
  CHECK_THAT(error_of_new(place, {"mine", "--name", "lab.sure", "--data", "scenes"}),
             Contains("option \"--data\" is one of \"seplflow new pipeline\""));
  auto const locked = place.program({"new", "plugin", "/proc/mine", "--name", "lab.sure"});
  CHECK(locked.status == 1);
  CHECK_THAT(locked.err, Contains("cannot write \"/proc/mine/sure.cpp\""));
}
