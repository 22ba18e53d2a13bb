// --resume: processes what a run left unfinished or what has changed since, and nothing else. The
// folder then equals that of a run that was never interrupted.
#include "support/resumed_run.hpp"

TEST_CASE("a resumed run completes an interrupted one to the same bytes") {
  HeldRun const held(40);
  REQUIRE(held.run_through("clean").status == 0);
  REQUIRE(held.run([&](pid_t process) {
                send(process, SIGINT);
                held.let_go();
              })
              .status == 130);
  int const done = json_in(held.out() / "run.json")["samples"]["done"];
  REQUIRE(done < 40);
  auto const result = resume(held, "out", {}, with_faulty());
  CHECK(result.status == 0);
  CHECK_THAT(result.err, Contains(std::to_string(40 - done) + " of 40 samples needed work: " +
                                  std::to_string(40 - done) + " had not finished"));
  CHECK(reused_samples(held.out()) == done);
  CHECK(json_in(held.out() / "run.json")["status"] == "done");
  CHECK(differences(held.out(), held.folder / "clean") == kNone);
}

TEST_CASE("a resumed run completes a killed one and reuses the samples in its ledger") {
  HeldRun const held(40);
  REQUIRE(held.run_through("clean").status == 0);
  REQUIRE(held.run([&](pid_t process) { ::kill(process, SIGKILL); }).status == 128 + SIGKILL);
  CHECK(json_in(held.out() / "run.json")["status"] == "running");
  auto const known = static_cast<int>(ledger_in(held.out()).size());
  auto const result = held.run([&](pid_t) { held.let_go(); }, {"--resume"});
  CHECK(result.status == 0);
  CHECK(reused_samples(held.out()) >= known);
  CHECK(reused_samples(held.out()) <= HeldRun::kHeld);
  CHECK(differences(held.out(), held.folder / "clean") == kNone);
}

TEST_CASE("a resumed run that is killed, and one that is interrupted, can be resumed again") {
  HeldRun const held(40);
  REQUIRE(held.run_through("clean").status == 0);
  for (Names const& arguments : std::vector<Names>{{}, {"--resume"}, {"--resume"}}) {
    REQUIRE(held.run([&](pid_t process) { ::kill(process, SIGKILL); }, arguments).status ==
            128 + SIGKILL);
  }
  REQUIRE(held.run(
                  [&](pid_t process) {
                    send(process, SIGINT);
                    held.let_go();
                  },
                  {"--resume"})
              .status == 130);
  int const done = json_in(held.out() / "run.json")["samples"]["done"];
  CHECK(resume(held, "out", {}, with_faulty()).status == 0);
  CHECK(reused_samples(held.out()) == done);
  CHECK(differences(held.out(), held.folder / "clean") == kNone);
}

TEST_CASE("samples that a killed resume did not reach are still known to the next one") {
  HeldRun const held(40);
  REQUIRE(held.run_through("clean").status == 0);
  REQUIRE(held.run_through("out").status == 0);
  // A second evaluator, so that every sample needs work.
  held.pipeline_file(read_text(held.folder / "p.toml") +
                     "[stages.more]\nuse = \"eval.miou\"\nmean = \"all\"\n"
                     "in = { truth = \"scenes.truth\", labels = \"gate\" }\n");
  REQUIRE(held.run_through("more").status == 0);
  REQUIRE(held.run([&](pid_t process) { ::kill(process, SIGKILL); }, {"--resume"}).status ==
          128 + SIGKILL);
  auto const result = held.run([&](pid_t) { held.let_go(); }, {"--resume"});
  CHECK(result.status == 0);
  CHECK(reused(result.out, "score") == 40);
  CHECK(reused(result.out, "write") == 40);
  CHECK(reused(result.out, "more") <= HeldRun::kHeld);
  CHECK_THAT(result.err, !Contains("lists"));
  CHECK(differences(held.out(), held.folder / "more") == kNone);
}

TEST_CASE("after a killed resume with other settings the run can be resumed with either") {
  HeldRun const held(40);
  auto const with = [](Names first, Names const& more) {
    first.insert(first.end(), more.begin(), more.end());
    return first;
  };
  Names const gray = {"--set", "write.palette=none"};
  REQUIRE(held.run_through("clean").status == 0);
  REQUIRE(held.run_through("gray", gray).status == 0);
  for (bool const is_gray : {true, false}) {
    CAPTURE(is_gray);
    fs::remove_all(held.out());
    REQUIRE(held.run_through("out").status == 0);
    REQUIRE(held.run([&](pid_t process) { ::kill(process, SIGKILL); }, with({"--resume"}, gray))
                .status == 128 + SIGKILL);
    auto const result = held.run_through("out", with({"--resume"}, is_gray ? gray : Names()));
    CHECK(result.status == 0);
    CHECK(reused(result.out, "score") == 40);
    CHECK(differences(held.out(), held.folder / (is_gray ? "gray" : "clean")) == kNone);
  }
}

TEST_CASE("resuming a finished run does no work and changes no byte") {
  Workplace const place(scenes_pipeline(30));
  REQUIRE(place.run("clean").status == 0);
  REQUIRE(place.run("out").status == 0);
  auto const labels = identities_in(place.folder / "out/write");
  auto const result = resume(place, "out", {"--jobs", "3"});
  CHECK(result.status == 0);
  CHECK_THAT(result.out, Contains("30 samples in ") && Contains(", 30 reused"));
  CHECK_THAT(result.err, !Contains("needed work") && !Contains("changed"));
  for (char const* const stage : {"scenes", "assign", "select", "score", "write"}) {
    CAPTURE(stage);
    CHECK(reused(result.out, stage) == 30);
  }
  CHECK(reused_samples(place.folder / "out") == 30);
  CHECK(json_in(place.folder / "out/run.json")["status"] == "done");
  CHECK(identities_in(place.folder / "out/write") == labels);
  CHECK(differences(place.folder / "out", place.folder / "clean") == kNone);
}

TEST_CASE("only files that were lost, truncated or altered are written again") {
  Workplace const place(scenes_pipeline(30));
  REQUIRE(place.run("clean").status == 0);
  REQUIRE(place.run("out").status == 0);
  fs::path const labels = place.folder / "out/write";
  auto const before = identities_in(labels);
  fs::remove(labels / "scene_000004.png");
  fs::resize_file(labels / "scene_000010.png", 40);
  std::string altered = read_text(labels / "scene_000020.png");
  altered[altered.size() / 2] ^= 1;
  place.folder.write("out/write/scene_000020.png", altered);

  auto const result = resume(place, "out");
  CHECK(result.status == 0);
  CHECK_THAT(result.err,
             Contains("3 of 30 samples needed work: 3 had missing or damaged files of \"write\""));
  CHECK(reused_samples(place.folder / "out") == 27);
  CHECK(reused(result.out, "select") == 27);
  CHECK(reused(result.out, "write") == 27);
  CHECK(reused(result.out, "score") == 30);
  CHECK(changed(before, identities_in(labels)) ==
        Names{"scene_000004.png", "scene_000010.png", "scene_000020.png"});
  CHECK(differences(place.folder / "out", place.folder / "clean") == kNone);
}

TEST_CASE("files that no run wrote stay where they are") {
  Workplace const place(scenes_pipeline(10));
  Names const sweep = {"--sweep", "select.t1=0.3,0.5"};
  REQUIRE(place.run("out", sweep).status == 0);
  for (char const* const file : {"out/notes.txt", "out/variants/mine/x", "out/write/precious",
                                 "out/variants/select.t1=0.3/notes.txt",
                                 "out/variants/select.t1=0.3/write/deep/thumbs.db"}) {
    place.folder.write(file, "mine");
  }
  auto const result = resume(place, "out", {"--sweep", "select.t1=0.4,0.5"});
  CHECK(result.status == 0);
  CHECK(fs::exists(place.folder / "out/notes.txt"));
  CHECK(fs::exists(place.folder / "out/variants/mine/x"));
  CHECK(fs::exists(place.folder / "out/write/precious"));
  CHECK(files_in(place.folder / "out/variants/select.t1=0.3").size() == 2);
}

TEST_CASE("a resume that fails at once costs the complete run nothing") {
  Workplace const place(scenes_pipeline(30));
  REQUIRE(place.run("out").status == 0);
  REQUIRE(place.run("clean").status == 0);
  place.pipeline_file(scenes_pipeline(30));
  auto const failed = resume(place, "out", {"--set", "select.t1=0.6", "--trace", "/dev/full"});
  CHECK(failed.status != 0);
  CHECK(fs::exists(place.folder / "out/metrics.json"));
  CHECK(resume(place, "out").status == 0);
  CHECK(differences(place.folder / "out", place.folder / "clean") == kNone);
}

TEST_CASE("only the sample whose input file changed is processed again, and the stage is named") {
  struct Change {
    char const* file;
    char const* from;  // a file with other contents of the same kind
    char const* stage;
  };
  DiskData const data;
  data.folder.write("one.json",
                    R"([{"segmentation": {"size": [24, 32], "counts": [96, 600, 72]}}])");
  for (Change const& change :
       {Change{"sam/scene_000003.json", "one.json", "sam"},
        Change{"data/pseudo/scene_000003.png", "data/pseudo/scene_000004.png", "cam"},
        Change{"data/truth/scene_000003.png", "data/truth/scene_000004.png", "data"}}) {
    CAPTURE(change.file);
    std::string const was = read_text(data.folder / change.file);
    fs::remove_all(data.folder / "out");
    fs::remove_all(data.folder / "clean");
    REQUIRE(data.run("out").status == 0);
    data.folder.write(change.file, read_text(data.folder / change.from));
    REQUIRE(data.run("clean").status == 0);
    auto const result = resume(data, "out");
    CHECK(result.status == 0);
    CHECK_THAT(result.err, Contains("1 of 8 samples needed work: 1 had changed files for \"" +
                                    std::string(change.stage) + "\""));
    CHECK(reused_samples(data.folder / "out") == 7);
    // The labels do not depend on the truth.
    CHECK(reused(result.out, "write") == (std::string(change.stage) == "data" ? 8 : 7));
    CHECK(differences(data.folder / "out", data.folder / "clean") == kNone);
    data.folder.write(change.file, was);
  }
}

TEST_CASE("the input files of finished samples are not read again") {
  DiskData const data;
  REQUIRE(data.run("clean").status == 0);
  REQUIRE(data.run("out").status == 0);
  // Same size and time, other bytes: a stage that read it would fail.
  fs::path const file = data.folder / "sam/scene_000003.json";
  auto const time = fs::last_write_time(file);
  data.folder.write("sam/scene_000003.json", std::string(fs::file_size(file), '!'));
  fs::last_write_time(file, time);
  CHECK(resume(data, "out").status == 0);
  CHECK(reused_samples(data.folder / "out") == 8);
  CHECK(differences(data.folder / "out", data.folder / "clean") == kNone);
}

TEST_CASE("a changed option is reported, and the stages before it are not run again") {
  Workplace const place(scenes_pipeline(30));
  REQUIRE(place.run("out").status == 0);
  REQUIRE(place.run("clean", {"--set", "select.t1=0.6"}).status == 0);
  auto const result = resume(place, "out", {"--set", "select.t1=0.6"});
  CHECK(result.status == 0);
  auto const lines = lines_of(result.err);
  CHECK(std::ranges::count(lines, "info: select: t1 changed from 0.5 to 0.6: 30 samples") == 1);
  CHECK(differences(place.folder / "out", place.folder / "clean") == kNone);
  CHECK(json_in(place.folder / "out/metrics.json") == json_in(place.folder / "clean/metrics.json"));
}

TEST_CASE("an evaluator's results stay valid after a change that does not concern it") {
  Workplace const place(scenes_pipeline(30, kAgain));
  REQUIRE(place.run("out").status == 0);
  REQUIRE(place.run("clean", {"--set", "select.t1=0.6"}).status == 0);
  auto const result = resume(place, "out", {"--set", "select.t1=0.6"});
  CHECK(reused(result.out, "again") == 30);
  CHECK(reused(result.out, "score") == 0);
  CHECK(differences(place.folder / "out", place.folder / "clean") == kNone);
}

TEST_CASE("a second evaluator is added to a finished run without scoring the first again") {
  Workplace const place(scenes_pipeline(30));
  REQUIRE(place.run("out").status == 0);
  place.pipeline_file(scenes_pipeline(30, kAgain));
  REQUIRE(place.run("clean").status == 0);
  auto const result = resume(place, "out");
  CHECK(result.status == 0);
  CHECK(reused(result.out, "score") == 30);
  CHECK(reused(result.out, "select") == 30);
  CHECK(reused(result.out, "write") == 30);
  CHECK(reused(result.out, "again") == 0);
  CHECK_THAT(result.err,
             Contains("30 of 30 samples needed work: 30 had no result for these settings"));
  CHECK(differences(place.folder / "out", place.folder / "clean") == kNone);
}

TEST_CASE("files of removed stages disappear, and no work is done") {
  Workplace const place(scenes_pipeline(30, kAgain));
  REQUIRE(place.run("out").status == 0);
  place.pipeline_file(without_write(scenes_pipeline(30)));
  REQUIRE(place.run("clean").status == 0);
  auto const result = resume(place, "out");
  CHECK(result.status == 0);
  CHECK_THAT(result.err, Contains("removed 30 files of the previous run from out/write"));
  CHECK_FALSE(fs::exists(place.folder / "out/again.csv"));
  CHECK(reused_samples(place.folder / "out") == 30);
  CHECK(differences(place.folder / "out", place.folder / "clean") == kNone);
}

TEST_CASE("nothing outside the run folder is removed, whatever its pipeline.toml says") {
  Workplace const place(scenes_pipeline(6));
  REQUIRE(place.run("clean").status == 0);
  REQUIRE(place.run("out").status == 0);
  place.folder.write("precious/thesis.tex", "x");
  place.folder.write("precious.csv", "x");
  fs::path const absolute = place.folder / "precious";
  place.folder.write("out/pipeline.toml", read_text(place.folder / "out/pipeline.toml") +
                                              "[stages.\"../precious\"]\nuse = \"output.labels\"\n"
                                              "[stages.\"" +
                                              absolute.string() + "\"]\nuse = \"output.labels\"\n");
  CHECK(resume(place, "out").status == 0);
  CHECK(fs::exists(place.folder / "precious/thesis.tex"));
  CHECK(fs::exists(place.folder / "precious.csv"));
  CHECK(differences(place.folder / "out", place.folder / "clean") == kNone);
}

TEST_CASE("a renamed stage leaves nothing under its old name") {
  Workplace const place(scenes_pipeline(10));
  REQUIRE(place.run("out").status == 0);
  std::string renamed = scenes_pipeline(10);
  renamed.replace(renamed.find("stages.write"), 12, "stages.paint");
  renamed.replace(renamed.find("stages.score"), 12, "stages.judge");
  place.pipeline_file(renamed);
  REQUIRE(place.run("clean").status == 0);
  CHECK(resume(place, "out").status == 0);
  CHECK(differences(place.folder / "out", place.folder / "clean") == kNone);
}

TEST_CASE("a run of the first samples can be resumed to a run of all") {
  Workplace const place(scenes_pipeline(30));
  REQUIRE(place.run("clean").status == 0);
  REQUIRE(place.run("out", {"--limit", "10"}).status == 0);
  auto const result = resume(place, "out");
  CHECK(result.status == 0);
  CHECK(reused_samples(place.folder / "out") == 10);
  CHECK_THAT(result.err, Contains("20 of 30 samples needed work: 20 had not finished"));
  CHECK(differences(place.folder / "out", place.folder / "clean") == kNone);
  auto const fewer = resume(place, "out", {"--limit", "10"});
  CHECK(fewer.status == 2);
  CHECK_THAT(fewer.err, Contains("out holds a run of all samples, but the limit is now 10"));
  CHECK(differences(place.folder / "out", place.folder / "clean") == kNone);
}
