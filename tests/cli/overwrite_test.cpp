// What a run does with a folder that already holds one, and what it never touches.
#include <sys/stat.h>

#include "support/catch.hpp"
#include "support/run_files.hpp"

namespace fs = std::filesystem;

TEST_CASE("a folder that is taken is refused with the three choices") {
  Workplace const place(scenes_pipeline(2));
  REQUIRE(place.program({"run", "p.toml"}).status == 0);
  auto const again = place.program({"run", "p.toml"});
  CHECK(again.status == 2);
  CHECK_THAT(again.err, Contains("runs/scenes already holds a run (status \"done\")") &&
                            Contains("--resume") && Contains("--overwrite") &&
                            Contains("--out OTHER"));
}

TEST_CASE("the option --overwrite removes what the run wrote, and nothing else") {
  Workplace const place(scenes_pipeline(6));
  REQUIRE(place.run("out", {"--sweep", "select.t1=0.2,0.4"}).status == 0);
  place.folder.write("out/write/notes.txt", "mine");
  place.folder.write("out/notes.txt", "mine");
  std::string other = scenes_pipeline(3);
  other.replace(other.find("\"scenes\""), 8, "\"others\"");
  place.pipeline_file(other);
  auto const result = place.run("out", {"--overwrite"});
  CHECK(result.status == 0);
  CHECK_THAT(result.err, Contains("removing the run in out (status \"done\")"));
  REQUIRE(place.run("clean").status == 0);
  CHECK(differences(place.folder / "out", place.folder / "clean") ==
        std::vector<std::string>{"stray notes.txt", "stray write/notes.txt"});
  CHECK_FALSE(fs::exists(place.folder / "out/variants"));
  auto const both = place.run("out", {"--overwrite", "--resume"});
  CHECK(both.status == 2);
  CHECK_THAT(both.err, Contains("choose one of them"));
}

TEST_CASE("the option --overwrite does not take a folder that is not a run") {
  Workplace const place(scenes_pipeline(1));
  place.folder.write("full/mine.txt", "mine");
  CHECK(place.run("full", {"--overwrite"}).status == 2);
  CHECK(files_in(place.folder / "full").size() == 1);
}

TEST_CASE("a run that failed before any sample was done does not block its folder") {
  std::string const faulty =
      "name = \"p\"\n[stages.scenes]\nuse = \"dataset.scenes\"\ncount = 5\nsize = [8, 8]\n"
      "[stages.faulty]\nuse = \"test.faulty\"\nin = \"scenes.pseudo\"\n"
      "[stages.write]\nuse = \"output.labels\"\nin = \"faulty\"\n[run]\njobs = 1\n";
  Workplace const place(faulty);
  REQUIRE(place.run("out", {"--set", "faulty.every=1"}, with_faulty()).status == 1);
  CHECK(place.run("out", {"--set", "faulty.every=10"}, with_faulty()).status == 0);
  REQUIRE(place.run("late", {"--set", "faulty.every=4", "--jobs", "1"}, with_faulty()).status == 1);
  CHECK(place.run("late", {"--set", "faulty.every=10"}, with_faulty()).status == 2);
}

TEST_CASE("results of samples that the data set no longer has are not removed without an option") {
  Workplace const place(scenes_pipeline(6));
  REQUIRE(place.run("out").status == 0);
  auto const before = files_in(place.folder / "out");
  place.pipeline_file(scenes_pipeline(2));
  auto const refused = place.run("out", {"--resume"});
  CHECK(refused.status == 2);
  CHECK_THAT(refused.err,
             Contains("at least 4 samples would be removed") && Contains("--remove-unlisted"));
  CHECK(files_in(place.folder / "out") == before);
  REQUIRE(place.run("out", {"--resume", "--remove-unlisted"}).status == 0);
  REQUIRE(place.run("clean").status == 0);
  CHECK(differences(place.folder / "out", place.folder / "clean").empty());
  CHECK(place.run("new", {"--remove-unlisted"}).status == 2);
}

TEST_CASE("a list with as many other samples removes nothing either") {
  Workplace const place(
      "[stages.scenes]\nuse = \"dataset.scenes\"\ncount = 4\nsize = [16, 16]\n"
      "[stages.truth]\nuse = \"output.labels\"\nin = \"scenes.truth\"\n");
  REQUIRE(place.run("data").status == 0);
  place.folder.write("list.txt", "scene_000000\nscene_000001\n");
  place.pipeline_file(
      "name = \"disk\"\n[stages.data]\nuse = \"dataset.folder\"\nlist = \"list.txt\"\n"
      "classes = \"voc12\"\ntruth = \"data/truth\"\n"
      "[stages.write]\nuse = \"output.labels\"\nin = \"data.truth\"\n");
  REQUIRE(place.run("out").status == 0);
  place.folder.write("list.txt", "scene_000000\nscene_000003\n");
  auto const refused = place.run("out", {"--resume"});
  CHECK(refused.status == 1);
  CHECK_THAT(refused.err, Contains("holds results of 1 sample that the data set does not have now: "
                                   "scene_000001") &&
                              Contains("nothing was removed"));
  CHECK(fs::exists(place.folder / "out/write/scene_000001.png"));
  CHECK(place.run("out", {"--resume", "--remove-unlisted"}).status == 0);
  CHECK_FALSE(fs::exists(place.folder / "out/write/scene_000001.png"));
}

TEST_CASE("a run does not read from its own folder") {
  Workplace const place(
      "[stages.scenes]\nuse = \"dataset.scenes\"\ncount = 2\nsize = [16, 16]\n"
      "[stages.truth]\nuse = \"output.labels\"\nin = \"scenes.truth\"\n");
  REQUIRE(place.run("data").status == 0);
  place.folder.write("list.txt", "scene_000000\n");
  place.pipeline_file(
      "name = \"p\"\n[stages.data]\nuse = \"dataset.folder\"\nlist = \"list.txt\"\n"
      "classes = \"voc12\"\ntruth = \"data/truth\"\n"
      "[stages.write]\nuse = \"output.labels\"\nin = \"data.truth\"\n");
  auto const before = files_in(place.folder / "data");
  auto const result = place.run("data", {"--resume"});
  CHECK(result.status == 2);
  CHECK_THAT(result.err, Contains("stage \"data\" (dataset.folder): option \"truth\" is ") &&
                             Contains("which is inside the run folder data"));
  CHECK(files_in(place.folder / "data") == before);
  fs::create_directories(place.folder / "runs");
  fs::rename(place.folder / "data", place.folder / "runs/p");
  auto const checked = place.program({"check", "p.toml", "--set", "data.truth=runs/p/truth"});
  CHECK(checked.status == 2);
  CHECK_THAT(checked.err, Contains("which is inside the run folder runs/p"));
  // A folder elsewhere whose files lead into it.
  fs::create_directories(place.folder / "links");
  fs::create_symlink("../runs/p/truth/scene_000000.png", place.folder / "links/scene_000000.png");
  std::string const links = "data.truth=links";
  auto const linked = place.program({"check", "p.toml", "--set", links});
  CHECK(linked.status == 2);
  CHECK_THAT(linked.err, Contains("stage \"data\" (dataset.folder): it reads ") &&
                             Contains("links/scene_000000.png, which is inside the run folder"));
  auto const refused = place.run("runs/p", {"--set", links, "--overwrite"});
  CHECK(refused.status != 0);
}

TEST_CASE("a merge does not end when the reader of its output is gone") {
  Workplace const place(scenes_pipeline(6));
  for (char const* const shard : {"0/2", "1/2"}) {
    REQUIRE(place.run(std::string(1, shard[0]), {"--shard", shard}).status == 0);
  }
  ProgramOptions options;
  options.folder = place.folder.path();
  options.environment["SEPLFLOW_PLUGIN_PATH"] = "";
  auto const result = run_program(
      {"/bin/bash", "-c", SEPLFLOW_PROGRAM " merge all 0 1 2>&1 | true; exit ${PIPESTATUS[0]}"},
      options);
  CHECK(result.status <= 1);
  CHECK(json_in(place.folder / "all/run.json")["status"] == "done");
}

TEST_CASE("the option --trace does not overwrite a file") {
  Workplace const place(scenes_pipeline(1));
  std::string const pipeline = read_text(place.folder / "p.toml");
  auto const result = place.run("out", {"--trace", "p.toml"});
  CHECK(result.status == 2);
  CHECK_THAT(result.err, Contains("cannot write the trace to p.toml: it exists"));
  CHECK(read_text(place.folder / "p.toml") == pipeline);
}

TEST_CASE("symbolic links and pipes in a run folder are refused by name") {
  Workplace const place(scenes_pipeline(2));
  REQUIRE(place.run("out").status == 0);
  REQUIRE(place.run("other").status == 0);
  auto const foreign = place.folder.write("foreign.txt", "mine");
  auto const in_place_of = [&](char const* name, bool pipe, std::vector<std::string> command) {
    fs::rename(place.folder / "out" / name, place.folder / "kept");
    if (pipe) {
      REQUIRE(::mkfifo((place.folder / "out" / name).c_str(), 0666) == 0);
    } else {
      fs::create_symlink(foreign, place.folder / "out" / name);
    }
    auto const result = place.program(command);
    fs::remove_all(place.folder / "out" / name);
    fs::rename(place.folder / "kept", place.folder / "out" / name);
    CHECK(read_text(foreign) == "mine");
    return result;
  };
  for (bool const pipe : {false, true}) {
    for (char const* const name : {"run.json", "pipeline.toml", "ledger.jsonl", "ledger.records"}) {
      CAPTURE(pipe, name);
      auto const resumed = in_place_of(name, pipe, {"run", "p.toml", "--out", "out", "--resume"});
      CHECK(resumed.status != 0);
      CHECK_THAT(resumed.err, Contains(name) && (Contains("symbolic link") || Contains("regular")));
    }
    for (char const* const name : {"run.json", "pipeline.toml", "metrics.json", "score.csv"}) {
      CAPTURE(pipe, name);
      auto const compared = in_place_of(name, pipe, {"compare", "other", "out"});
      CHECK(compared.status == 2);
      CHECK_THAT(compared.err, Contains(name));
    }
  }
  CHECK(place.run("out", {"--resume"}).status == 0);
}

TEST_CASE("a sink's folder that is a symbolic link is not written to") {
  Workplace const place(scenes_pipeline(2));
  REQUIRE(place.run("out").status == 0);
  fs::create_directory(place.folder / "foreign");
  fs::remove_all(place.folder / "out/write");
  fs::create_directory_symlink(place.folder / "foreign", place.folder / "out/write");
  auto const result = place.run("out", {"--resume"});
  CHECK(result.status == 1);
  CHECK_THAT(result.err, Contains("out/write: it is a symbolic link, which is not followed"));
  CHECK(fs::is_empty(place.folder / "foreign"));
}
