// RUN/log.txt: everything that a run reports, whatever of it is on stderr.
#include <iomanip>
#include <regex>

#include <seplflow/version.hpp>
#include "support/catch.hpp"
#include "support/held_run.hpp"

namespace fs = std::filesystem;

namespace {

std::string log_of(fs::path const& run) {
  return read_text(run / "log.txt");
}

}  // namespace

TEST_CASE("log.txt has every message with its time in UTC and its level, on stderr or not") {
  Workplace const place(scenes_pipeline(20));
  ProgramOptions far_east;
  far_east.environment["TZ"] = "XYZ-14";
  auto const result = place.run("out", {"--quiet"}, far_east);
  CHECK(result.status == 0);
  CHECK(result.err.empty());
  std::vector<std::string> times;
  for (std::string const& line : lines_of(log_of(place.folder / "out"))) {
    CAPTURE(line);
    std::smatch parts;
    REQUIRE(std::regex_match(line, parts,
                             std::regex("(\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d)\\.\\d{3}Z "
                                        "(debug|info|warning|error): .+")));
    times.push_back(parts[1]);
  }
  CHECK_THAT(log_of(place.folder / "out"), Contains("info: running \"scenes\" into out\n"));
  REQUIRE(std::ranges::is_sorted(times));
  Json const run = json_in(place.folder / "out/run.json");
  CHECK(times.back() + "Z" >= run["started"].get<std::string>());
  CHECK(times.front() + "Z" <= run["finished"].get<std::string>());
}

TEST_CASE("a resumed run appends to log.txt, and a refused one leaves it alone") {
  Workplace const place(scenes_pipeline(10));
  REQUIRE(place.run("out").status == 0);
  std::string const first = log_of(place.folder / "out");
  REQUIRE(place.run("out").status == 2);
  CHECK(log_of(place.folder / "out") == first);
  REQUIRE(place.run("out", {"--resume", "--set", "select.t1=0.6"}).status == 0);
  std::string const both = log_of(place.folder / "out");
  CHECK(both.starts_with(first));
  CHECK_THAT(both.substr(first.size()),
             Contains("info: select: t1 changed from 0.5 to 0.6: 10 samples\n"));
}

TEST_CASE("log.txt has what went wrong: rejected plugins, interruptions, errors") {
  HeldRun const held(40);
  held.folder.write("plugins/broken.so", "not a library");
  ProgramOptions options = with_faulty();
  options.environment["SEPLFLOW_PLUGIN_PATH"] += ":" + (held.folder / "plugins").string();
  options.while_running = [&](pid_t process) {
    if (!held.wait_until_held(process)) return;
    send(process, SIGINT);
    held.let_go();
  };
  CHECK(held.Workplace::run("out", {"--quiet"}, options).status == 130);
  CHECK_THAT(log_of(held.out()), Contains("broken.so is rejected: ") &&
                                     Contains("warning: interrupted: finishing the samples"));

  Workplace const place(scenes_pipeline(
      10,
      "[stages.faulty]\nuse = \"test.faulty\"\nin = \"select\"\nmode = \"throw\"\nevery = 5\n"
      "[stages.more]\nuse = \"output.labels\"\nin = \"faulty\"\n"));
  auto const failed = place.run("out", {}, with_faulty());
  CHECK(failed.status == 1);
  CHECK_THAT(failed.err, Contains("error: stage \"faulty\" failed on sample "));
  CHECK(occurrences(log_of(place.folder / "out"), " error: stage \"faulty\" failed on sample ") ==
        1);
}

TEST_CASE("log.txt begins with the program and its command line, and ends with the scores") {
  Workplace const place(scenes_pipeline(4));
  REQUIRE(place.run("out", {"--set", "select.t1=0.6", "--set", "scenes.count=4"}).status == 0);
  std::string const log = log_of(place.folder / "out");
  CHECK_THAT(log, Contains("debug: seplflow " SEPLFLOW_VERSION ", started as: ") &&
                      Contains(" run p.toml --out out") && Contains(" --set select.t1=0.6 "));
  Json const scores = json_in(place.folder / "out/metrics.json")["score"];
  std::ostringstream miou;
  miou << "debug: score.miou = " << std::setprecision(3) << scores["miou"].get<double>();
  CHECK_THAT(log, Contains(miou.str().substr(0, miou.str().size() - 1)));
  CHECK_THAT(log, EndsWith(" s\n") && Contains("debug: done: 4 samples in "));
  auto const sweep = place.run("sweep", {"--sweep", "select.t1=0.3,0.5"});
  REQUIRE(sweep.status == 0);
  CHECK_THAT(log_of(place.folder / "sweep"), Contains("debug: the best variant is \"select.t1="));
}

TEST_CASE("log.txt has every failed sample, and its last lines agree with the summary") {
  Workplace const place(scenes_pipeline(
      40,
      "[stages.faulty]\nuse = \"test.faulty\"\nin = \"select\"\nmode = \"throw\"\nevery = 5\n"
      "[stages.more]\nuse = \"output.labels\"\nin = \"faulty\"\n"));
  auto const skipped = place.run("skip", {"--on-error", "skip"}, with_faulty());
  CHECK(skipped.status == 1);
  CHECK(
      occurrences(log_of(place.folder / "skip"), "failed in stage \"faulty\": faulty by intent") ==
      occurrences(read_text(place.folder / "skip/ledger.jsonl"), "\"outcome\": \"failed\""));
  CHECK_THAT(log_of(place.folder / "skip"), Contains("done_with_failures: 40 samples in "));
  auto const stopped = place.run("stop", {"--jobs", "1"}, with_faulty());
  CHECK(stopped.status == 1);
  auto const lines = lines_of(log_of(place.folder / "stop"));
  REQUIRE(lines.size() > 2);
  CHECK_THAT(lines[lines.size() - 2], Contains("error: stage \"faulty\" failed on sample "));
  auto const begin = lines.back().find("failed: ") + 8;
  std::string const counts = lines.back().substr(begin, lines.back().find(" in ") - begin);
  CHECK_THAT(counts, EndsWith(" of 40 samples"));
  CHECK_THAT(stopped.out, StartsWith("scenes: failed, " + counts + " in "));
}

TEST_CASE("reused samples count neither in the rate of a merge nor in that of a resumed run") {
  Workplace const place(scenes_pipeline(6));
  REQUIRE(place.run("0", {"--shard", "0/2"}).status == 0);
  REQUIRE(place.run("1", {"--shard", "1/2"}).status == 0);
  auto const merged = place.program({"merge", "merged", "0", "1"});
  REQUIRE(merged.status == 0);
  CHECK_THAT(log_of(place.folder / "merged"),
             Contains("1 of 6 samples, 16 %, 0/s, 1 reused\n") &&
                 Contains("6 of 6 samples, 100 %, 0/s, 6 reused\n"));
  CHECK_THAT(merged.out, Contains(" s, 6 reused\n"));
  CHECK_THAT(place.run("merged", {"--resume"}).out, Contains(" s, 6 reused\n"));
}

TEST_CASE("the summary lists only what exists in the folder") {
  Workplace const place(scenes_pipeline(
      4,
      "[stages.faulty]\nuse = \"test.faulty\"\nin = \"select\"\nmode = \"throw\"\nevery = 1\n"
      "[stages.more]\nuse = \"output.labels\"\nin = \"faulty\"\n"));
  auto const result = place.run("out", {"--on-error", "skip"}, with_faulty());
  CHECK(result.status == 1);
  CHECK_FALSE(fs::exists(place.folder / "out/more"));
  CHECK_THAT(result.out, Contains("\n  write/ (files of output.labels)\n") && !Contains("more/"));
  CHECK_THAT(result.out, Contains("\n  ledger.jsonl, log.txt, run.json, pipeline.toml\n"));
}

TEST_CASE("a run that finds no folder leaves no log.txt") {
  Workplace const place(scenes_pipeline(4));
  place.folder.write("file", "");
  CHECK(place.run("file/out").status == 2);
  CHECK(place.run("out", {"--set", "select.t1=high"}).status == 2);
  CHECK_FALSE(fs::exists(place.folder / "out"));
}

TEST_CASE("a sweep, and a run that joins shards, have one log.txt each") {
  Workplace const place(scenes_pipeline(6));
  REQUIRE(place.run("sweep", {"--sweep", "select.t1=0.3,0.5"}).status == 0);
  std::size_t logs = 0;
  for (auto const& [name, bytes] : files_in(place.folder / "sweep")) {
    if (name.ends_with("log.txt")) ++logs;
  }
  CHECK(logs == 1);
  CHECK(fs::exists(place.folder / "sweep/log.txt"));
  REQUIRE(place.run("0", {"--shard", "0/2"}).status == 0);
  REQUIRE(place.run("1", {"--shard", "1/2"}).status == 0);
  std::string const shard = log_of(place.folder / "0");
  REQUIRE(place.program({"merge", "merged", "0", "1"}).status == 0);
  CHECK_THAT(log_of(place.folder / "merged"), Contains("info: running \"scenes\" into merged"));
  CHECK(log_of(place.folder / "0") == shard);
}

TEST_CASE("a log that cannot be written ends no run, and is reported once") {
  Workplace const place(scenes_pipeline(10));
  REQUIRE(place.run("clean").status == 0);
  REQUIRE(place.run("out").status == 0);
  fs::remove(place.folder / "out/log.txt");
  auto const foreign = place.folder.write("foreign.txt", "mine");
  fs::create_symlink(foreign, place.folder / "out/log.txt");
  auto const result = place.run("out", {"--resume", "--set", "select.t1=0.6"});
  CHECK(result.status == 0);
  CHECK(occurrences(result.err,
                    "/out/log.txt: it is a symbolic link, which is not "
                    "followed; remove it; the run continues without its log\n") == 1);
  CHECK(read_text(foreign) == "mine");
  fs::remove(place.folder / "out/log.txt");
  CHECK(place.run("out", {"--resume"}).status == 0);
  CHECK(differences(place.folder / "out", place.folder / "clean").empty());
}
