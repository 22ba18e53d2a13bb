// Stages that crash, end the process or hang: what the program says, what it leaves, and how the
// run is completed.
#include <sys/resource.h>

#include <csignal>

#include "support/catch.hpp"
#include "support/held_run.hpp"

namespace fs = std::filesystem;

namespace {

std::string deadly_pipeline(std::string const& how, std::string const& more = "") {
  return "name = \"deadly\"\n"
         "[stages.scenes]\nuse = \"dataset.scenes\"\ncount = 12\nsize = [8, 8]\n"
         "[stages.deadly]\nuse = \"test.deadly\"\nin = \"scenes.pseudo\"\nat = 7\nhow = \"" +
         how +
         "\"\n[stages.write]\nuse = \"output.labels\"\nin = \"deadly\"\n"
         "[run]\njobs = 2\n" +
         more;
}

// Sanitizers turn a fault into an exit of their own.
bool died_of(ProgramResult const& result, int signal) {
#ifdef SEPLFLOW_SANITIZED
  return result.status != 0;
#else
  return result.status == 128 + signal;
#endif
}

}  // namespace

TEST_CASE("a crash names stage and library and sample, and run.json says failed") {
  std::pair<char const*, int> const deaths[] = {{"segfault", SIGSEGV},
                                                {"overflow", SIGSEGV},
                                                {"abort", SIGABRT},
                                                {"terminate", SIGABRT},
                                                {"divide", SIGFPE}};
  for (auto const& [how, signal] : deaths) {
    CAPTURE(how);
    Workplace const place(deadly_pipeline(how));
    auto const result = place.run("out", {}, with_faulty());
    CHECK(died_of(result, signal));
    CHECK(result.out.empty());
    CHECK_THAT(result.err, Contains("error: stage \"deadly\" of ") && Contains("/faulty.so") &&
                               Contains("crashed on sample \"scene_000007\""));
    CHECK_THAT(result.err, Contains("--out out --resume --skip scene_000007\n"));
    Json const run = json_in(place.folder / "out/run.json");
    CHECK(run["status"] == "failed");
    CHECK_THAT(run["error"].get<std::string>(), Contains("crashed on sample \"scene_000007\""));
    CHECK(run["crash"]["stage"] == "deadly");
    CHECK(run["crash"]["sample"] == "scene_000007");
    CHECK(run["plugins"].size() == 3);
  }
}

TEST_CASE("a crash in a thread of a stage's own names the stages that were at work") {
  Workplace const place(deadly_pipeline("in_thread"));
  auto const result = place.run("out", {}, with_faulty());
  CHECK(died_of(result, SIGSEGV));
  CHECK_THAT(result.err, Contains("outside of the calls of stages, while at work: ") &&
                             Contains("/faulty.so on sample \"scene_000007\""));
  CHECK(json_in(place.folder / "out/run.json")["status"] == "failed");
  CHECK_THAT(place.run("out", {"--resume"}, with_faulty()).err,
             Contains("the previous run died on ") && Contains("\"scene_000007\""));
}

TEST_CASE("a stage that calls exit() ends the program with a failure") {
  for (char const* const how : {"exit", "quick_exit"}) {
    CAPTURE(how);
    Workplace const place(deadly_pipeline(how));
    auto const result = place.run("out", {}, with_faulty());
    CHECK(result.status == 1);
    CHECK_THAT(result.err, Contains("ended the process with exit() on sample \"scene_000007\""));
    CHECK(json_in(place.folder / "out/run.json")["status"] == "failed");
  }
}

TEST_CASE("a crash while a pipeline is checked names stage and sample too") {
  Workplace const place(deadly_pipeline("in_files"));
  auto const result = place.program({"check", "p.toml"}, with_faulty());
  CHECK(died_of(result, SIGSEGV));
  CHECK_THAT(result.err, Contains("error: stage \"deadly\" of ") &&
                             Contains("crashed on sample \"scene_000007\""));
}

TEST_CASE("a process that a stage forks may exit") {
  Workplace const place(deadly_pipeline("fork"));
  CHECK(place.run("out", {}, with_faulty()).status == 0);
  CHECK(json_in(place.folder / "out/run.json")["status"] == "done");
}

TEST_CASE("after a crash the run is completed without the sample, which is counted and named") {
  Workplace const place(deadly_pipeline("segfault"));
  REQUIRE(died_of(place.run("out", {}, with_faulty()), SIGSEGV));
  auto const again = place.run("out", {"--resume"}, with_faulty());
  CHECK(died_of(again, SIGSEGV));
  CHECK_THAT(again.err, Contains("the previous run died on sample \"scene_000007\" in stage "
                                 "\"deadly\" (SIGSEGV)") &&
                            Contains("--resume --skip scene_000007"));
  auto const rest = place.run("out", {"--resume", "--skip", "scene_000007"}, with_faulty());
  CHECK(rest.status == 0);
  CHECK_THAT(rest.out, Contains("11 of 12 samples") && Contains("1 left out") &&
                           Contains("Left out by skip:\n  scene_000007\n"));
  Json const run = json_in(place.folder / "out/run.json");
  CHECK(run["status"] == "done");
  CHECK(run["left_out"] == Json({"scene_000007"}));
  CHECK(run["samples"]["left_out"] == 1);
  CHECK(ledger_in(place.folder / "out").size() == 11);
  CHECK_THAT(read_text(place.folder / "out/pipeline.toml"), Contains("skip = [\"scene_000007\"]"));

  place.pipeline_file(deadly_pipeline("segfault", "skip = [\"scene_000007\"]\n"));
  REQUIRE(place.run("whole", {}, with_faulty()).status == 0);
  CHECK(differences(place.folder / "out", place.folder / "whole").empty());
}

TEST_CASE("after a kill the samples at work are named when the run is resumed") {
  HeldRun const held(12);
  REQUIRE(held.run([](pid_t process) { ::kill(process, SIGKILL); }).status == 128 + SIGKILL);
  auto const result = held.run_through("out", {"--resume"});
  CHECK(result.status == 0);
  CHECK_THAT(result.err, Contains("the previous run was killed while it worked on ") &&
                             Contains("\"scene_000006\"") && Contains(" --skip scene_00000"));
}

#ifndef SEPLFLOW_SANITIZED
TEST_CASE("without memory or threads the run fails with a reason or uses fewer threads") {
  Workplace const place(scenes_pipeline(20));
  for (rlim_t megabytes = 24; megabytes < 80; megabytes += 5) {
    for (char const* const jobs : {"2", "64"}) {
      CAPTURE(megabytes, jobs);
      ProgramOptions options;
      options.before_exec = [megabytes] {
        rlimit const limit{megabytes << 20, megabytes << 20};
        ::setrlimit(RLIMIT_AS, &limit);
      };
      std::string const out = std::to_string(megabytes) + "-" + jobs;
      auto const result = place.run(out, {"--jobs", jobs}, options);
      CHECK(result.status < 127);
      CHECK((result.status == 0 || result.err.find("error: ") != std::string::npos));
      if (!fs::exists(place.folder / out / "run.json")) continue;
      CHECK(json_in(place.folder / out / "run.json")["status"] ==
            (result.status == 0 ? "done" : "failed"));
    }
  }
}
#endif

TEST_CASE("a sample to skip that is not there is reported") {
  Workplace const place(scenes_pipeline(2));
  auto const result = place.run("out", {"--skip", "scene_7"});
  CHECK(result.status == 0);
  CHECK_THAT(result.err, Contains("skip names the sample \"scene_7\", which is not among"));
}

TEST_CASE("a merged run leaves out what its shards left out") {
  Workplace const place(scenes_pipeline(6));
  REQUIRE(place.run("0", {"--shard", "0/2", "--skip", "scene_000002"}).status == 0);
  REQUIRE(place.run("1", {"--shard", "1/2", "--skip", "scene_000002"}).status == 0);
  REQUIRE(place.program({"merge", "all", "0", "1"}).status == 0);
  CHECK(json_in(place.folder / "all/run.json")["left_out"] == Json({"scene_000002"}));
  REQUIRE(place.run("whole", {"--skip", "scene_000002"}).status == 0);
  CHECK(differences(place.folder / "all", place.folder / "whole").empty());
}

TEST_CASE(
    "a stage that works on one sample for long is named, and a second interrupt ends the run") {
  HeldRun const held(100);
  int const errors = held.make_pipe("errors");
  std::string err;
  auto const read_more = [&](pid_t process) {
    char bytes[4096];
    if (!wait_for(errors, process)) return false;
    err.append(bytes, static_cast<std::size_t>(::read(errors, bytes, sizeof bytes)));
    return true;
  };
  auto const result = held.run(
      [&](pid_t process) {
        while (err.find("has worked on") == std::string::npos && read_more(process)) {
        }
        send(process, SIGTERM);
        send(process, SIGTERM);  // the gate is never opened
        while (read_more(process)) {
        }
      },
      {"--progress", "plain", "--slow-after", "1"}, [errors] { ::dup2(errors, STDERR_FILENO); });
  ::close(errors);
  CHECK(result.status == 130);
  CHECK_THAT(err, Contains(" samples, ") &&
                      Contains("; \"gate\" has worked on sample \"scene_000006\" for "));
  CHECK_THAT(err, Contains("again to quit immediately); \"gate\" has worked on") ||
                      Contains("while at work: stage \"gate\""));
  CHECK(json_in(held.out() / "run.json")["status"] == "interrupted");
}

TEST_CASE("a stage that moves to another folder does not move the run") {
  Workplace const place(deadly_pipeline("other_folder"));
  auto const result = place.run("out", {}, with_faulty());
  CHECK(result.status == 0);
  place.pipeline_file(deadly_pipeline("fork"));
  REQUIRE(place.run("still", {}, with_faulty()).status == 0);
  CHECK(files_in(place.folder / "out/write") == files_in(place.folder / "still/write"));
  CHECK(json_in(place.folder / "out/run.json")["status"] == "done");
  CHECK_FALSE(fs::exists("/out"));
}
