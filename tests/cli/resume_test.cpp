// --resume: what a run left unfinished, or what changed since, is done, and nothing else; the
// folder is then that of a run that was never interrupted.
#include <sys/resource.h>
#include <sys/stat.h>

#include <catch2/catch.hpp>

#include "support/disk_data.hpp"
#include "support/held_run.hpp"

using Catch::Matchers::Contains;
namespace fs = std::filesystem;
using Names = std::vector<std::string>;

namespace {

Names const kNone;

ProgramResult resume(Workplace const& place, std::string const& out, Names arguments = {},
                     ProgramOptions options = {}) {
  arguments.insert(arguments.begin(), "--resume");
  return place.run(out, std::move(arguments), std::move(options));
}

int reused_samples(fs::path const& run) {
  return json_in(run / "run.json")["samples"]["reused"];
}

// Which file it is, and when it was written.
std::string identity_of(fs::path const& file) {
  struct stat status {};
  if (::stat(file.c_str(), &status) != 0) throw std::runtime_error("no file " + file.string());
  return std::to_string(status.st_ino) + " " + std::to_string(status.st_mtim.tv_sec) + "." +
         std::to_string(status.st_mtim.tv_nsec);
}

std::map<std::string, std::string> identities_in(fs::path const& folder) {
  std::map<std::string, std::string> identities;
  for (auto const& [name, bytes] : files_in(folder)) identities[name] = identity_of(folder / name);
  return identities;
}

Names changed(std::map<std::string, std::string> const& before,
              std::map<std::string, std::string> const& after) {
  Names names;
  for (auto const& [name, identity] : after) {
    auto const found = before.find(name);
    if (found == before.end() || found->second != identity) names.push_back(name);
  }
  return names;
}

ProgramOptions files_of_at_most(std::size_t bytes) {
  ProgramOptions options;
  options.before_exec = [bytes] {
    rlimit const limit{bytes, bytes};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  };
  return options;
}

std::string const kAgain =
    "[stages.again]\nuse = \"eval.miou\"\n"
    "in = { truth = \"scenes.truth\", labels = \"scenes.pseudo\" }\n";

// SEPL over scenes without labels written, so that a removed stage can be told.
std::string without_write(std::string const& pipeline) {
  auto const at = pipeline.find("[stages.write]");
  auto const end = pipeline.find("in = \"select\"\n", at) + 14;
  return pipeline.substr(0, at) + pipeline.substr(end);
}

}  // namespace

TEST_CASE("an interrupted run is completed, and its folder is that of one that was not") {
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
  CHECK_THAT(result.err, Contains(std::to_string(40 - done) +
                                  " of 40 samples had something left "
                                  "to do: " +
                                  std::to_string(40 - done) + " had not finished"));
  CHECK(reused_samples(held.out()) == done);
  CHECK(json_in(held.out() / "run.json")["status"] == "done");
  CHECK(differences(held.out(), held.folder / "clean") == kNone);
}

TEST_CASE("a killed run is completed, and what its ledger lists is not done again") {
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

TEST_CASE("samples that a killed resume did not come to are still known to the next") {
  HeldRun const held(40);
  REQUIRE(held.run_through("clean").status == 0);
  REQUIRE(held.run_through("out").status == 0);
  // A second evaluator, so that every sample has something left to do.
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

TEST_CASE("after a killed resume with other settings the folder can go on with either") {
  HeldRun const held(40);
  auto const with = [](Names first, Names const& more) {
    first.insert(first.end(), more.begin(), more.end());
    return first;
  };
  Names const gray = {"--set", "write.palette=none"};
  REQUIRE(held.run_through("clean").status == 0);
  REQUIRE(held.run_through("gray", gray).status == 0);
  for (bool const go_on : {true, false}) {
    CAPTURE(go_on);
    fs::remove_all(held.out());
    REQUIRE(held.run_through("out").status == 0);
    REQUIRE(held.run([&](pid_t process) { ::kill(process, SIGKILL); }, with({"--resume"}, gray))
                .status == 128 + SIGKILL);
    auto const result = held.run_through("out", with({"--resume"}, go_on ? gray : Names()));
    CHECK(result.status == 0);
    CHECK(reused(result.out, "score") == 40);
    CHECK(differences(held.out(), held.folder / (go_on ? "gray" : "clean")) == kNone);
  }
}

TEST_CASE("resuming a finished run does no work and leaves every byte as it was") {
  Workplace const place(scenes_pipeline(30));
  REQUIRE(place.run("clean").status == 0);
  REQUIRE(place.run("out").status == 0);
  auto const labels = identities_in(place.folder / "out/write");
  auto const result = resume(place, "out", {"--jobs", "3"});
  CHECK(result.status == 0);
  CHECK_THAT(result.out, Contains("30 samples in ") && Contains(", 30 reused"));
  CHECK_THAT(result.err, !Contains("had something left") && !Contains("changed"));
  for (char const* const stage : {"scenes", "assign", "select", "score", "write"}) {
    CAPTURE(stage);
    CHECK(reused(result.out, stage) == 30);
  }
  CHECK(reused_samples(place.folder / "out") == 30);
  CHECK(json_in(place.folder / "out/run.json")["status"] == "done");
  CHECK(identities_in(place.folder / "out/write") == labels);
  CHECK(differences(place.folder / "out", place.folder / "clean") == kNone);
}

TEST_CASE("files that were lost, cut or altered are made again, they alone") {
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
             Contains("3 of 30 samples had something left to do: 3 whose files of \"write\" are "
                      "missing or damaged"));
  CHECK(reused_samples(place.folder / "out") == 27);
  CHECK(reused(result.out, "select") == 27);
  CHECK(reused(result.out, "write") == 27);
  CHECK(reused(result.out, "score") == 30);
  CHECK(changed(before, identities_in(labels)) ==
        Names{"scene_000004.png", "scene_000010.png", "scene_000020.png"});
  CHECK(differences(place.folder / "out", place.folder / "clean") == kNone);
}

TEST_CASE("files that no run made stay where they are") {
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

TEST_CASE("a resume that is interrupted at once has cost the complete run nothing") {
  Workplace const place(scenes_pipeline(30));
  REQUIRE(place.run("out").status == 0);
  REQUIRE(place.run("clean").status == 0);
  // The data set's first sample cannot be had, so nothing is done.
  place.pipeline_file(scenes_pipeline(30));
  auto const failed = resume(place, "out", {"--set", "select.t1=0.6", "--trace", "/dev/full"});
  CHECK(failed.status != 0);
  CHECK(fs::exists(place.folder / "out/metrics.json"));
  CHECK(resume(place, "out").status == 0);
  CHECK(differences(place.folder / "out", place.folder / "clean") == kNone);
}

TEST_CASE("a sample whose input file changed is done again, it alone, and the stage is named") {
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
    CHECK_THAT(result.err,
               Contains("1 of 8 samples had something left to do: 1 whose files for \"" +
                        std::string(change.stage) + "\" changed"));
    CHECK(reused_samples(data.folder / "out") == 7);
    // The labels do not depend on the truth.
    CHECK(reused(result.out, "write") == (std::string(change.stage) == "data" ? 8 : 7));
    CHECK(differences(data.folder / "out", data.folder / "clean") == kNone);
    data.folder.write(change.file, was);
  }
}

TEST_CASE("finished samples need no input file to be read again") {
  DiskData const data;
  REQUIRE(data.run("clean").status == 0);
  REQUIRE(data.run("out").status == 0);
  // Same size and time, other bytes: who read it would fail.
  fs::path const file = data.folder / "sam/scene_000003.json";
  auto const time = fs::last_write_time(file);
  data.folder.write("sam/scene_000003.json", std::string(fs::file_size(file), '!'));
  fs::last_write_time(file, time);
  CHECK(resume(data, "out").status == 0);
  CHECK(reused_samples(data.folder / "out") == 8);
  CHECK(differences(data.folder / "out", data.folder / "clean") == kNone);
}

TEST_CASE("a changed option is said, and what comes before it is not done again") {
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

TEST_CASE("an evaluator's records outlive a change that does not concern it") {
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
  CHECK_THAT(result.err, Contains("30 of 30 samples had something left to do: 30 lacked a result"));
  CHECK(differences(place.folder / "out", place.folder / "clean") == kNone);
}

TEST_CASE("what belongs to stages that are no more disappears, and nothing else is done") {
  Workplace const place(scenes_pipeline(30, kAgain));
  REQUIRE(place.run("out").status == 0);
  place.pipeline_file(without_write(scenes_pipeline(30)));
  REQUIRE(place.run("clean").status == 0);
  auto const result = resume(place, "out");
  CHECK(result.status == 0);
  CHECK_THAT(result.err, Contains("removed 30 files of the run before from out/write"));
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

TEST_CASE("a stage that gets another name keeps nothing under the old one") {
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

TEST_CASE("a value added to a sweep leaves the variants that were there alone") {
  Workplace const place(scenes_pipeline(20));
  REQUIRE(place.run("out", {"--sweep", "select.t1=0.3,0.5"}).status == 0);
  REQUIRE(place.run("clean", {"--sweep", "select.t1=0.3,0.4,0.5"}).status == 0);
  auto const before = identities_in(place.folder / "out/variants/select.t1=0.5/write");
  auto const result = resume(place, "out", {"--sweep", "select.t1=0.3,0.4,0.5"});
  CHECK(result.status == 0);
  CHECK_THAT(result.err, Contains("sweep: select.t1 changed from [0.3, 0.5] to [0.3, 0.4, 0.5]"));
  CHECK(reused(result.out, "select") == 40);
  CHECK(reused(result.out, "score") == 40);
  CHECK(reused(result.out, "write") == 40);
  CHECK(identities_in(place.folder / "out/variants/select.t1=0.5/write") == before);
  CHECK(differences(place.folder / "out", place.folder / "clean") == kNone);
}

TEST_CASE("files that several variants share come to one that is added") {
  Workplace const place(scenes_pipeline(20));
  auto const sweep = [](std::string const& means) {
    return Names{"--sweep", "select.t1=0.3,0.5", "--sweep", "score.mean=" + means};
  };
  REQUIRE(place.run("two", sweep("union,truth")).status == 0);
  REQUIRE(place.run("three", sweep("union,all,truth")).status == 0);
  REQUIRE(place.run("out", sweep("union,truth")).status == 0);
  CHECK(resume(place, "out", sweep("union,all,truth")).status == 0);
  CHECK(differences(place.folder / "out", place.folder / "three") == kNone);
  auto const result = resume(place, "out", sweep("union,truth"));
  CHECK(result.status == 0);
  CHECK(reused_samples(place.folder / "out") == 20);
  CHECK(differences(place.folder / "out", place.folder / "two") == kNone);
}

TEST_CASE("a variant that is no more disappears, and its neighbours stay") {
  Workplace const place(scenes_pipeline(20));
  REQUIRE(place.run("out", {"--sweep", "select.t1=0.3,0.4,0.5"}).status == 0);
  REQUIRE(place.run("clean", {"--sweep", "select.t1=0.3,0.5"}).status == 0);
  auto const result = resume(place, "out", {"--sweep", "select.t1=0.3,0.5"});
  CHECK(result.status == 0);
  CHECK_THAT(result.err,
             Contains("removed 20 files of the run before from out/variants/select.t1=0.4/write"));
  CHECK(reused_samples(place.folder / "out") == 20);
  CHECK(differences(place.folder / "out", place.folder / "clean") == kNone);
}

TEST_CASE("a run becomes a sweep, and a sweep no run") {
  Workplace const place(scenes_pipeline(20));
  Names const sweep = {"--sweep", "select.t1=0.3,0.5"};
  REQUIRE(place.run("one").status == 0);
  REQUIRE(place.run("many", sweep).status == 0);
  REQUIRE(place.run("out").status == 0);
  auto const widened = resume(place, "out", sweep);
  CHECK(widened.status == 0);
  CHECK(reused(widened.out, "score") == 20);
  CHECK(differences(place.folder / "out", place.folder / "many") == kNone);
  auto const narrowed = resume(place, "out");
  CHECK(narrowed.status == 2);
  CHECK_THAT(narrowed.err, Contains("out holds a sweep, and this pipeline has no variants"));
  CHECK(differences(place.folder / "out", place.folder / "many") == kNone);
}

TEST_CASE("a sweep's labels are those of keep, whatever was kept before") {
  Workplace const place(scenes_pipeline(20));
  auto const sweep = [](std::string const& keep, std::string const& values = "0.3,0.5,0.7") {
    return Names{"--sweep", "select.t1=" + values, "--keep", keep};
  };
  for (std::string const keep : {"all", "best", "none"}) {
    REQUIRE(place.run("clean-" + keep, sweep(keep)).status == 0);
  }
  REQUIRE(place.run("out", sweep("best")).status == 0);
  for (std::string const keep : {"best", "all", "best", "none", "all", "none", "best"}) {
    CAPTURE(keep);
    CHECK(resume(place, "out", sweep(keep)).status == 0);
    CHECK(differences(place.folder / "out", place.folder / ("clean-" + keep)) == kNone);
  }
  auto const again = resume(place, "out", sweep("best"));
  CHECK(reused(again.out, "write") == 20);
  CHECK(reused(again.out, "select") == 60);
}

TEST_CASE("another best variant takes the place of the former") {
  Workplace const place(scenes_pipeline(20));
  auto const sweep = [](std::string const& values) {
    return Names{"--sweep", "select.t1=" + values, "--keep", "best"};
  };
  REQUIRE(place.run("clean", sweep("0.3,0.5,0.9")).status == 0);
  REQUIRE(place.run("out", sweep("0.3,0.9")).status == 0);
  CHECK(resume(place, "out", sweep("0.3,0.5,0.9")).status == 0);
  CHECK(differences(place.folder / "out", place.folder / "clean") == kNone);
}

TEST_CASE("nothing is left of the best variant's files when nothing writes files any more") {
  Names const sweep = {"--sweep", "select.t1=0.3,0.5", "--keep", "best"};
  Workplace const place(scenes_pipeline(20));
  REQUIRE(place.run("out", sweep).status == 0);
  place.pipeline_file(without_write(scenes_pipeline(20)));
  REQUIRE(place.run("clean", sweep).status == 0);
  CHECK(resume(place, "out", sweep).status == 0);
  CHECK(differences(place.folder / "out", place.folder / "clean") == kNone);
}

TEST_CASE("a sweep that is killed while the best variant is written is completed") {
  std::string const tail =
      "[stages.sharper]\nuse = \"sepl.select\"\n"
      "in = { pseudo = \"gate\", masks = \"scenes.masks\", overlaps = \"assign\" }\n"
      "[stages.assign]\nuse = \"sepl.assign\"\n"
      "in = { pseudo = \"gate\", masks = \"scenes.masks\" }\n"
      "[stages.judge]\nuse = \"eval.miou\"\n"
      "in = { truth = \"scenes.truth\", labels = \"sharper\" }\n"
      "[stages.paint]\nuse = \"output.labels\"\nin = \"sharper\"\n";
  HeldRun const held(30, tail);
  Names const best = {"--sweep", "sharper.t1=0.3,0.5", "--keep", "best"};
  auto const resumed = [](Names arguments) {
    arguments.insert(arguments.begin(), "--resume");
    return arguments;
  };
  REQUIRE(held.run_through("clean", best).status == 0);
  REQUIRE(fs::exists(held.folder / "clean/best.records"));
  auto const kill_in_second_pass = [&](pid_t process) {
    held.let_go();
    if (held.wait_until_held(process)) ::kill(process, SIGKILL);
  };
  REQUIRE(held.run(kill_in_second_pass, best).status == 128 + SIGKILL);
  // What the first pass found is known; the second begins anew or goes on.
  REQUIRE(held.run([](pid_t process) { ::kill(process, SIGKILL); }, resumed(best)).status ==
          128 + SIGKILL);
  auto const result = held.run_through("out", resumed(best));
  CHECK(result.status == 0);
  CHECK(reused_samples(held.out()) == 30);
  CHECK(differences(held.out(), held.folder / "clean") == kNone);

  // One that is killed there while resuming can become one without files.
  fs::remove_all(held.out() / "variants");
  REQUIRE(held.run([](pid_t process) { ::kill(process, SIGKILL); }, resumed(best)).status ==
          128 + SIGKILL);
  Names const none = {"--sweep", "sharper.t1=0.3,0.5", "--keep", "none"};
  REQUIRE(held.run_through("none", none).status == 0);
  CHECK(held.run_through("out", resumed(none)).status == 0);
  CHECK(differences(held.out(), held.folder / "none") == kNone);
}

TEST_CASE("a run of the first samples is a beginning of the whole") {
  Workplace const place(scenes_pipeline(30));
  REQUIRE(place.run("clean").status == 0);
  REQUIRE(place.run("out", {"--limit", "10"}).status == 0);
  auto const result = resume(place, "out");
  CHECK(result.status == 0);
  CHECK(reused_samples(place.folder / "out") == 10);
  CHECK_THAT(result.err,
             Contains("20 of 30 samples had something left to do: 20 had not finished"));
  CHECK(differences(place.folder / "out", place.folder / "clean") == kNone);
  auto const fewer = resume(place, "out", {"--limit", "10"});
  CHECK(fewer.status == 2);
  CHECK_THAT(fewer.err,
             Contains("out holds a run of all samples, which limit = 10 would cut down"));
  CHECK(differences(place.folder / "out", place.folder / "clean") == kNone);
}

TEST_CASE("samples that failed are tried again, and done when the cause is mended") {
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

TEST_CASE("samples that a stage declined stay declined, without being asked again") {
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

TEST_CASE("a sample that fails now leaves nothing of when it did not") {
  DiskData const data;
  REQUIRE(data.run("out").status == 0);
  data.folder.write("sam/scene_000002.json", "[{");
  REQUIRE(data.run("clean", {"--on-error", "skip"}).status == 1);
  CHECK(resume(data, "out", {"--on-error", "skip"}).status == 1);
  CHECK_FALSE(fs::exists(data.folder / "out/write/scene_000002.png"));
  CHECK(differences(data.folder / "out", data.folder / "clean") == kNone);
}

TEST_CASE("a run that a failure stopped goes on when the cause is mended") {
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

TEST_CASE("a run that filled the disk goes on when there is room") {
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

TEST_CASE("without a run to go on with, one begins") {
  Workplace const place(scenes_pipeline(10));
  REQUIRE(place.run("clean").status == 0);
  fs::create_directories(place.folder / "empty");
  for (std::string const out : {"new", "empty"}) {
    CHECK(resume(place, out).status == 0);
    CHECK(differences(place.folder / out, place.folder / "clean") == kNone);
  }
}

TEST_CASE("a folder that cannot be gone on with is refused and left as it is") {
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
    CHECK_THAT(refused("out"), Contains("out/run.json is of format 99") && Contains("up to 1"));
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

TEST_CASE("a run whose record is damaged goes on from what it remembers") {
  Workplace const place(scenes_pipeline(10));
  REQUIRE(place.run("clean").status == 0);
  for (char const* const record : {"", "{\"sta", "[]", "{\"name\": 7, \"status\": []}"}) {
    CAPTURE(record);
    fs::remove_all(place.folder / "out");
    REQUIRE(place.run("out").status == 0);
    place.folder.write("out/run.json", record);
    auto const result = resume(place, "out");
    CHECK(result.status == 0);
    CHECK_THAT(result.err, Contains("out/run.json is damaged; going on from the records"));
    CHECK(reused_samples(place.folder / "out") == 10);
    CHECK(differences(place.folder / "out", place.folder / "clean") == kNone);
  }
}

TEST_CASE("another run in the folder is refused while one is there, not when it is dead") {
  HeldRun const held(40);
  REQUIRE(held.run_through("clean").status == 0);
  std::string first;
  auto const result = held.run([&](pid_t process) {
    first = "process " + std::to_string(process) + " on ";
    // Labels behind the held one may still be written; this is not.
    auto const before = read_text(held.out() / "run.json");
    auto const second = resume(held, "out", {}, with_faulty());
    CHECK(second.status == 2);
    CHECK_THAT(second.err, Contains("out is being written by another run (" + first));
    auto const third = held.Workplace::run("out", {}, with_faulty());
    CHECK(third.status == 2);
    CHECK_THAT(third.err, Contains("is being written by another run (process "));
    CHECK(read_text(held.out() / "run.json") == before);
    ::kill(process, SIGKILL);
  });
  REQUIRE(result.status == 128 + SIGKILL);
  CHECK_THAT(read_text(held.out() / ".lock"), Contains(first));
  CHECK(held.run([&](pid_t) { held.let_go(); }, {"--resume"}).status == 0);
  CHECK(differences(held.out(), held.folder / "clean") == kNone);
}

TEST_CASE("a run that nobody disturbed is refused as long as it lives, and ends as it would") {
  HeldRun const held(40);
  REQUIRE(held.run_through("clean").status == 0);
  auto const result = held.run([&](pid_t) {
    for (int i = 0; i < 3; ++i) CHECK(resume(held, "out", {}, with_faulty()).status == 2);
    held.let_go();
  });
  CHECK(result.status == 0);
  CHECK(differences(held.out(), held.folder / "clean") == kNone);
}
