// --resume after failures, and when it is refused.
#include "support/resumed_run.hpp"

TEST_CASE("samples that failed are tried again, and are done once the cause is fixed") {
  DiskData const data;
  REQUIRE(data.run("clean").status == 0);
  std::string const good = read_text(data.folder / "sam/scene_000002.json");
  data.folder.write("sam/scene_000002.json", "[{");
  fs::remove(data.folder / "sam/scene_000006.json");
  REQUIRE(data.run("out", {"--on-error", "skip"}).status == 1);
  auto const still = resume(data, "out", {"--on-error", "skip"});
  CHECK(still.status == 1);
  CHECK(reused_samples(data.folder / "out") == 6);
  CHECK(ledger_in(data.folder / "out").at(2)["outcome"] == "failed");
  REQUIRE(data.run("failed", {"--on-error", "skip"}).status == 1);
  CHECK(differences(data.folder / "out", data.folder / "failed") == kNone);
  data.folder.write("sam/scene_000002.json", good);
  data.folder.write("sam/scene_000006.json", good);
  auto const result = resume(data, "out");
  CHECK(result.status == 0);
  CHECK(reused_samples(data.folder / "out") == 6);
  REQUIRE(data.run("mended").status == 0);
  CHECK(differences(data.folder / "out", data.folder / "mended") == kNone);
}

TEST_CASE("samples that a stage skipped stay skipped, without running it again") {
  HeldRun const held(30,
                     "[stages.choosy]\nuse = \"test.faulty\"\nin = \"gate\"\nevery = 3\n"
                     "mode = \"declines\"\n"
                     "[stages.chosen]\nuse = \"output.labels\"\nin = \"choosy\"\n");
  REQUIRE(held.run_through("clean").status == 0);
  REQUIRE(ledger_in(held.folder / "clean").at(2)["outcome"] == "skipped");
  REQUIRE(held.run([&](pid_t process) { ::kill(process, SIGKILL); }).status == 128 + SIGKILL);
  CHECK(held.run_through("out", {"--resume"}).status == 0);
  CHECK(differences(held.out(), held.folder / "clean") == kNone);
  auto const again = resume(held, "out", {}, with_faulty());
  CHECK(again.status == 0);
  CHECK(reused_samples(held.out()) == 30);
  CHECK(reused(again.out, "choosy") == 30);
  CHECK(differences(held.out(), held.folder / "clean") == kNone);
}

TEST_CASE("a sample that fails now leaves nothing of an earlier success") {
  DiskData const data;
  REQUIRE(data.run("out").status == 0);
  data.folder.write("sam/scene_000002.json", "[{");
  REQUIRE(data.run("clean", {"--on-error", "skip"}).status == 1);
  CHECK(resume(data, "out", {"--on-error", "skip"}).status == 1);
  CHECK_FALSE(fs::exists(data.folder / "out/write/scene_000002.png"));
  CHECK(differences(data.folder / "out", data.folder / "clean") == kNone);
}

TEST_CASE("a run that a failure stopped can be resumed once the cause is fixed") {
  DiskData const data;
  std::string const good = read_text(data.folder / "sam/scene_000005.json");
  data.folder.write("sam/scene_000005.json", "[{");
  Names const one_by_one = {"--set", "run.in_flight=1"};
  REQUIRE(data.run("out", one_by_one).status == 1);
  REQUIRE(json_in(data.folder / "out/run.json")["status"] == "failed");
  REQUIRE(resume(data, "out", one_by_one).status == 1);
  data.folder.write("sam/scene_000005.json", good);
  CHECK(resume(data, "out").status == 0);
  CHECK(reused_samples(data.folder / "out") == 5);
  REQUIRE(data.run("clean").status == 0);
  CHECK(differences(data.folder / "out", data.folder / "clean") == kNone);
}

TEST_CASE("a run that filled the disk can be resumed once there is room") {
  Workplace const place(scenes_pipeline(60));
  REQUIRE(place.run("clean").status == 0);
  std::size_t largest = 0;
  for (auto const& [name, bytes] : files_in(place.folder / "clean")) {
    largest = std::max(largest, bytes.size());
  }
  for (std::size_t limit = 0; limit < largest; limit += largest / 12) {
    CAPTURE(limit);
    std::string const out = "out" + std::to_string(limit);
    CHECK(place.run(out, {"--quiet"}, files_of_at_most(limit)).status == 1);
    CHECK(resume(place, out, {"--quiet"}, files_of_at_most(limit)).status == 1);
    auto const result = resume(place, out);
    CHECK(result.status == 0);
    CHECK_THAT(result.err, !Contains("changed") && !Contains("damaged"));
    CHECK(differences(place.folder / out, place.folder / "clean") == kNone);
  }
}

TEST_CASE("the option --resume without a run starts one") {
  Workplace const place(scenes_pipeline(10));
  REQUIRE(place.run("clean").status == 0);
  fs::create_directories(place.folder / "empty");
  for (std::string const out : {"new", "empty"}) {
    CHECK(resume(place, out).status == 0);
    CHECK(differences(place.folder / out, place.folder / "clean") == kNone);
  }
}

TEST_CASE("a folder whose run cannot be resumed is refused and left unchanged") {
  Workplace const place(scenes_pipeline(10));
  REQUIRE(place.run("out").status == 0);
  auto const refused = [&](std::string const& out, Names arguments = {}) {
    auto const before = files_in(place.folder / out);
    auto const result = resume(place, out, std::move(arguments));
    CHECK(result.status == 2);
    CHECK(result.out.empty());
    CHECK(files_in(place.folder / out) == before);
    return result.err;
  };
  SECTION("foreign files") {
    place.folder.write("foreign/thesis.tex", "x");
    CHECK_THAT(refused("foreign"), Contains("foreign holds files that are not a run of seplflow"));
  }
  SECTION("a newer format") {
    Json record = json_in(place.folder / "out/run.json");
    record["format"] = 99;
    place.folder.write("out/run.json", record.dump());
    CHECK_THAT(refused("out"), Contains("out/run.json has format 99") && Contains("up to 1"));
  }
  SECTION("another pipeline") {
    std::string other = scenes_pipeline(10);
    other.replace(other.find("scenes"), 6, "others");
    place.pipeline_file(other);
    CHECK_THAT(refused("out"),
               Contains("out holds a run of the pipeline \"scenes\", not of \"others\""));
  }
  SECTION("another data set") {
    place.folder.write("list.txt", "scene_000000\n");
    fs::create_directories(place.folder / "truth");
    place.pipeline_file(
        "name = \"scenes\"\n[stages.scenes]\nuse = \"dataset.folder\"\nlist = \"list.txt\"\n"
        "truth = \"truth\"\nclasses = \"voc12\"\n"
        "[stages.write]\nuse = \"output.labels\"\nin = \"scenes.truth\"\n");
    CHECK_THAT(refused("out"), Contains("another data set") && Contains("dataset.scenes") &&
                                   Contains("dataset.folder"));
  }
  SECTION("a damaged pipeline") {
    place.folder.write("out/pipeline.toml", "name = \"scenes\"\n[stages\n");
    CHECK_THAT(refused("out"), Contains("out/pipeline.toml:2"));
  }
}

TEST_CASE("a run whose run.json is damaged is resumed from its ledger") {
  Workplace const place(scenes_pipeline(10));
  REQUIRE(place.run("clean").status == 0);
  for (char const* const record : {"", "{\"sta", "[]", "{\"name\": 7, \"status\": []}"}) {
    CAPTURE(record);
    fs::remove_all(place.folder / "out");
    REQUIRE(place.run("out").status == 0);
    place.folder.write("out/run.json", record);
    auto const result = resume(place, "out");
    CHECK(result.status == 0);
    CHECK_THAT(result.err, Contains("out/run.json is damaged; resuming from ledger.records"));
    CHECK(reused_samples(place.folder / "out") == 10);
    CHECK(differences(place.folder / "out", place.folder / "clean") == kNone);
  }
}

TEST_CASE("a second run in the folder is refused while the first one lives, not after its death") {
  // On a file system without flock another file is the lock.
  bool const has_flock = GENERATE(true, false);
  CAPTURE(has_flock);
  auto const lose_flock = [&] {
    if (!has_flock) ::setenv("LD_PRELOAD", SEPLFLOW_TEST_PLUGINS "/libflock_fails.so", 1);
  };
  ProgramOptions options = with_faulty();
  options.before_exec = lose_flock;
  HeldRun const held(40);
  REQUIRE(held.run_through("clean").status == 0);
  std::string first;
  auto const result = held.run([&](pid_t process) {
    first = "process " + std::to_string(process) + " on ";
    // Labels behind the held one may still be written; this is not.
    auto const before = read_text(held.out() / "run.json");
    auto const second = resume(held, "out", {}, options);
    CHECK(second.status == 2);
    CHECK_THAT(second.err, Contains("out is being written by another run (" + first));
    auto const third = held.Workplace::run("out", {}, options);
    CHECK(third.status == 2);
    CHECK_THAT(third.err, Contains("is being written by another run (process "));
    CHECK(read_text(held.out() / "run.json") == before);
    ::kill(process, SIGKILL);
  }, {}, lose_flock);
  REQUIRE(result.status == 128 + SIGKILL);
  CHECK_THAT(read_text(held.out() / (has_flock ? ".lock" : ".lock-owner")), Contains(first));
  CHECK(held.run([&](pid_t) { held.let_go(); }, {"--resume"}, lose_flock).status == 0);
  CHECK(differences(held.out(), held.folder / "clean") == kNone);
}

TEST_CASE("refused runs do not disturb the run that owns the folder") {
  HeldRun const held(40);
  REQUIRE(held.run_through("clean").status == 0);
  auto const result = held.run([&](pid_t) {
    for (int i = 0; i < 3; ++i) CHECK(resume(held, "out", {}, with_faulty()).status == 2);
    held.let_go();
  });
  CHECK(result.status == 0);
  CHECK(differences(held.out(), held.folder / "clean") == kNone);
}
