// --shard and merge: the shards of a data set, run separately and merged, equal one run of all.

#include "support/catch.hpp"
#include "support/disk_data.hpp"

namespace fs = std::filesystem;

namespace {

// Runs every shard into "0", "1", ...
Names run_shards(Workplace const& place, int count, Names const& arguments = {}, int status = 0,
                 ProgramOptions const& options = {}) {
  Names shards;
  for (int i = 0; i < count; ++i) {
    shards.push_back(std::to_string(i));
    Names all = {"--shard", shards.back() + "/" + std::to_string(count)};
    all.insert(all.end(), arguments.begin(), arguments.end());
    CHECK(place.run(shards.back(), all, options).status == status);
  }
  return shards;
}

ProgramResult merge(Workplace const& place, Names const& runs, ProgramOptions const& options = {}) {
  Names arguments = {"merge", "merged"};
  arguments.insert(arguments.end(), runs.begin(), runs.end());
  return place.program(arguments, options);
}

// The message about runs that cannot be merged.
std::string refused(Workplace const& place, Names const& runs) {
  auto const result = merge(place, runs);
  CHECK(result.status == 2);
  CHECK(result.out.empty());
  CHECK_FALSE(fs::exists(place.folder / "merged"));
  return result.err;
}

}  // namespace

TEST_CASE("three shards cover all samples, and their merge equals a single run") {
  Workplace const place(scenes_pipeline(31));
  REQUIRE(place.run("single").status == 0);
  Names const shards = run_shards(place, 3);
  CHECK(ledger_in(place.folder / "0").size() == 11);
  CHECK(ledger_in(place.folder / "2").size() == 10);
  CHECK(ledger_in(place.folder / "1").at(1)["id"] == "scene_000004");
  auto const result = merge(place, {"2", "0", "1"});
  CHECK(result.status == 0);
  CHECK_THAT(result.out, Contains("31 samples") && Contains("31 reused"));
  CHECK(reused_samples(place.folder / "merged") == 31);
  CHECK(json_in(place.folder / "merged/run.json")["status"] == "done");
  CHECK(fs::exists(place.folder / "merged/score.classes.csv"));
  CHECK(differences(place.folder / "merged", place.folder / "single") == kNone);
}

TEST_CASE("shards of a limited run divide its first samples") {
  Workplace const place(scenes_pipeline(30));
  REQUIRE(place.run("single", {"--limit", "10"}).status == 0);
  REQUIRE(merge(place, run_shards(place, 3, {"--limit", "10"})).status == 0);
  CHECK(differences(place.folder / "merged", place.folder / "single") == kNone);
}

TEST_CASE("shards of a sweep can be merged, whatever it keeps") {
  Workplace const place(scenes_pipeline(20));
  for (std::string const keep : {"all", "best", "none"}) {
    CAPTURE(keep);
    Names const sweep = {"--sweep", "select.t1=0.3,0.5,0.7", "--keep", keep};
    for (char const* const run : {"single", "0", "1", "2", "merged"}) {
      fs::remove_all(place.folder / run);
    }
    REQUIRE(place.run("single", sweep).status == 0);
    CHECK(merge(place, run_shards(place, 3, sweep)).status == 0);
    CHECK(reused_samples(place.folder / "merged") == 20);
    CHECK(differences(place.folder / "merged", place.folder / "single") == kNone);
  }
}

TEST_CASE("a shard without samples is refused, by check too") {
  Workplace const place(scenes_pipeline(30));
  std::string const message =
      "error: shard 3/4 of 2 samples is empty; divide the data set into at most 2 shards\n";
  auto const run = place.run("out", {"--shard", "3/4", "--limit", "2"});
  CHECK(run.status == 2);
  CHECK(run.err == message);
  CHECK_FALSE(fs::exists(place.folder / "out"));
  auto const check = place.program({"check", "p.toml", "--shard", "3/4", "--limit", "2"});
  CHECK(check.status == 2);
  CHECK(check.err == message);
  CHECK(place.run("out", {"--shard", "1/4", "--limit", "2"}).status == 0);
}

TEST_CASE("samples that failed in a shard are failed in the merged run") {
  DiskData const data;
  data.folder.write("sam/scene_000002.json", "[{");
  fs::remove(data.folder / "sam/scene_000005.json");
  Names const skip = {"--on-error", "skip"};
  REQUIRE(data.run("single", skip).status == 1);
  Names const shards = run_shards(data, 2, skip, 1);
  auto const result = merge(data, shards);
  CHECK(result.status == 1);
  CHECK_THAT(result.out, Contains("done with failed samples") && Contains("2 failed"));
  CHECK(json_in(data.folder / "merged/run.json")["status"] == "done_with_failures");
  CHECK(differences(data.folder / "merged", data.folder / "single") == kNone);
}

TEST_CASE("merging finished shards does not need their input files") {
  DiskData const data;
  REQUIRE(data.run("single").status == 0);
  Names const shards = run_shards(data, 3);
  for (std::string const& name : data.samples()) {
    data.folder.write("sam/" + name + ".json", "rubbish");
    fs::remove(data.folder / ("data/pseudo/" + name + ".png"));
  }
  CHECK(merge(data, shards).status == 0);
  CHECK(reused_samples(data.folder / "merged") == 8);
  CHECK(differences(data.folder / "merged", data.folder / "single") == kNone);
}

TEST_CASE("runs cannot be merged until a lost file of a shard is restored") {
  Workplace const place(scenes_pipeline(12));
  REQUIRE(place.run("single").status == 0);
  Names const shards = run_shards(place, 3);
  fs::remove(place.folder / "1/write/scene_000004.png");
  std::string ledger = read_text(place.folder / "2/ledger.jsonl");
  ledger[5] ^= 1;
  place.folder.write("2/ledger.jsonl", ledger);
  auto const incomplete = merge(place, shards);
  CHECK(incomplete.status == 1);
  CHECK_THAT(incomplete.err,
             Contains("2/ledger.jsonl:1: the line is damaged") &&
                 Contains("some results of sample \"scene_000004\" are missing from the runs"));
  REQUIRE(place.run("1", {"--shard", "1/3", "--resume"}).status == 0);
  CHECK(merge(place, shards).status == 0);
  CHECK(reused_samples(place.folder / "merged") == 12);
  CHECK(differences(place.folder / "merged", place.folder / "single") == kNone);
}

TEST_CASE("merging leaves shards unchanged, and a merged run can be resumed with other settings") {
  Workplace const place(scenes_pipeline(12));
  Names const shards = run_shards(place, 2);
  auto const before = files_in(place.folder / "0");
  REQUIRE(merge(place, shards).status == 0);
  CHECK(files_in(place.folder / "0") == before);
  REQUIRE(place.run("single", {"--set", "select.t1=0.6"}).status == 0);
  CHECK(place.run("merged", {"--resume", "--set", "select.t1=0.6"}).status == 0);
  CHECK(differences(place.folder / "merged", place.folder / "single") == kNone);
}

TEST_CASE("an incomplete shard is refused, and can be merged once it is complete") {
  DiskData const data;
  std::string const good = read_text(data.folder / "sam/scene_000003.json");
  REQUIRE(data.run("0", {"--shard", "0/2"}).status == 0);
  data.folder.write("sam/scene_000003.json", "[{");
  REQUIRE(data.run("1", {"--shard", "1/2"}).status == 1);
  CHECK_THAT(refused(data, {"0", "1"}),
             Contains("the run in 1 is not complete (status \"failed\")"));
  data.folder.write("sam/scene_000003.json", good);
  REQUIRE(data.run("1", {"--shard", "1/2", "--resume"}).status == 0);
  REQUIRE(data.run("single").status == 0);
  CHECK(merge(data, {"0", "1"}).status == 0);
  CHECK(differences(data.folder / "merged", data.folder / "single") == kNone);
}

TEST_CASE("everything that prevents a merge is listed") {
  Workplace const place(scenes_pipeline(12));
  run_shards(place, 3);
  REQUIRE(place.run("whole").status == 0);
  REQUIRE(place.run("other", {"--shard", "1/3", "--set", "select.t1=0.6"}).status == 0);
  REQUIRE(place.run("limited", {"--shard", "1/3", "--limit", "6"}).status == 0);
  REQUIRE(place.run("half", {"--shard", "1/2"}).status == 0);
  fs::create_directories(place.folder / "empty");
  auto const with_record = [&](std::string const& run, std::string const& key, Json const& value) {
    fs::copy(place.folder / "1", place.folder / run, fs::copy_options::recursive);
    Json record = json_in(place.folder / run / "run.json");
    record[key] = value;
    place.folder.write(run + "/run.json", record.dump());
  };
  with_record("running", "status", "running");
  with_record("newer", "format", 99);
  SECTION("missing") {
    std::string const text = refused(place, {"1"});
    CHECK_THAT(text, Contains("shard 0/3 is missing") && Contains("shard 2/3 is missing"));
  }
  SECTION("overlapping and missing") {
    std::string const text = refused(place, {"0", "1", "0"});
    CHECK_THAT(text, Contains("shard 0/3 appears 2 times: 0 0") &&
                         Contains("shard 2/3 is missing") && !Contains("shard 1/3"));
  }
  SECTION("differing") {
    CHECK_THAT(refused(place, {"0", "other", "2"}),
               Contains("select.t1 is 0.5 in 0 and 0.6 in other") && !Contains("missing"));
    CHECK_THAT(refused(place, {"0", "limited", "2"}),
               Contains("run.limit is absent in 0 and 6 in limited"));
  }
  SECTION("other divisions") {
    std::string const text = refused(place, {"0", "half", "whole", "2"});
    CHECK_THAT(text, Contains("half is shard 1/2, but 0 is shard 0/3") &&
                         Contains("whole is a run of all samples, not a shard") &&
                         Contains("shard 1/3 is missing"));
    CHECK_THAT(refused(place, {"whole", "0", "1", "2"}),
               Contains("whole is a run of all samples, not a shard (run --shard I/N makes one)") &&
                   !Contains("but") && !Contains("missing"));
  }
  SECTION("incomplete, and not runs") {
    std::string const text = refused(place, {"empty", "0", "running", "nowhere", "newer", "other"});
    CHECK_THAT(text, Contains("empty is not a run folder (it has no run.json)"));
    CHECK_THAT(text, Contains("there is no folder nowhere"));
    CHECK_THAT(text, Contains("the run in running is not complete (status \"running\")"));
    CHECK_THAT(text, Contains("newer/run.json has format 99"));
    CHECK_THAT(text, Contains("select.t1 is 0.5 in 0 and 0.6 in other"));
    CHECK_THAT(text, Contains("shard 1/3 appears 2 times: running other"));
    CHECK_THAT(text, Contains("shard 2/3 is missing"));
  }
  SECTION("nothing at all") {
    CHECK_THAT(refused(place, {"empty", "nowhere"}),
               Contains("empty is not a run folder") && Contains("there is no folder nowhere"));
    CHECK_THAT(refused(place, {"p.toml", "0"}),
               Contains("p.toml is a file; name the folder of a run"));
  }
  SECTION("a damaged pipeline") {
    place.folder.write("1/pipeline.toml", "name = \"scenes\"\n[stages\n");
    CHECK_THAT(refused(place, {"0", "1", "2"}),
               Contains("1/pipeline.toml:2") && Contains("shard 1/3 is missing"));
    fs::remove(place.folder / "1/pipeline.toml");
    CHECK_THAT(refused(place, {"0", "1", "2"}), Contains("cannot read 1/pipeline.toml"));
  }
}

TEST_CASE("a folder that already holds a run is not merged into") {
  Workplace const place(scenes_pipeline(4));
  Names const shards = run_shards(place, 2);
  REQUIRE(place.run("merged").status == 0);
  auto const before = files_in(place.folder / "merged");
  auto const result = merge(place, shards);
  CHECK(result.status == 2);
  CHECK(result.err ==
        "error: merged already holds a run (status \"done\"), and merge overwrites none; its first "
        "argument is a new folder: seplflow merge OUT 0 1\n");
  CHECK(files_in(place.folder / "merged") == before);
  CHECK_THAT(merge(place, {"nowhere"}).err, Contains("seplflow merge OUT nowhere\n"));
}

TEST_CASE("merge says where its folder belongs if that is forgotten, or given as --out") {
  Workplace const place(scenes_pipeline(4));
  run_shards(place, 2);
  auto const forgotten = place.program({"merge", "0", "1"});
  CHECK(forgotten.status == 2);
  CHECK_THAT(forgotten.err, Contains("0 already holds a run (status \"done\")") &&
                                Contains("seplflow merge OUT 0 1\n"));
  auto const option = place.program({"merge", "--out", "merged", "0", "1"});
  CHECK(option.status == 2);
  CHECK(option.err ==
        "error: unknown option \"--out\"; OUT is the first argument: seplflow merge OUT RUN... "
        "[OPTIONS]\n");
  place.folder.write("file", "");
  auto const file = place.program({"merge", "file", "0", "1"});
  CHECK(file.status == 2);
  CHECK_THAT(file.err, Contains("it is a file; choose another folder") && !Contains("--out"));
}

TEST_CASE("an invalid shard is an error") {
  Workplace const place(scenes_pipeline(4));
  for (char const* const shard : {"3/3", "-1/3", "1", "1/0", "a/b", "1/3x", "", "1/"}) {
    CAPTURE(shard);
    auto const result = place.run("out", {"--set", "run.shard=" + std::string(shard)});
    CHECK(result.status == 2);
    CHECK_THAT(result.err, Contains("shard"));
    CHECK_FALSE(fs::exists(place.folder / "out"));
  }
}

TEST_CASE("a merge links or moves files instead of copying them") {
  Workplace const place(scenes_pipeline(8));
  REQUIRE(place.run("single").status == 0);
  Names const shards = run_shards(place, 2);
  std::string const file = "write/scene_000003.png";  // of shard 1
  auto const merged = [&](std::string const& out, std::string const& files) {
    return place.program({"merge", out, "0", "1", "--files", files}).status;
  };
  auto const leave_killed_merge = [&](std::string const& out) {
    fs::create_directories(place.folder / out / "write");
    place.folder.write(out + "/run.json",
                       R"({"format": 1, "status": "running", "name": "scenes", "merged": ["0"]})");
  };
  leave_killed_merge("linked");
  fs::create_hard_link(place.folder / "1" / file, place.folder / "linked" / file);
  place.folder.write("linked/write/scene_000000.png", "not it");
  CHECK(merged("linked", "link") == 0);
  CHECK(fs::equivalent(place.folder / "linked" / file, place.folder / "1" / file));
  CHECK(merged("copied", "copy") == 0);
  CHECK(fs::hard_link_count(place.folder / "copied" / file) == 1);
  // A file that is moved, and no memory of it.
  leave_killed_merge("moved");
  fs::rename(place.folder / "1" / file, place.folder / "moved" / file);
  CHECK(merged("moved", "move") == 0);
  CHECK_FALSE(fs::exists(place.folder / "0/write/scene_000000.png"));
  for (char const* const out : {"linked", "copied", "moved"}) {
    CAPTURE(out);
    CHECK(differences(place.folder / out, place.folder / "single") == kNone);
  }
  // A shard that lost its files can still be resumed.
  REQUIRE(place.run("1", {"--shard", "1/2", "--resume"}).status == 0);
  CHECK(fs::exists(place.folder / "1" / file));
}

TEST_CASE("a list may be copied between the runs of shards and their merge") {
  DiskData const data;
  REQUIRE(data.run("single").status == 0);
  REQUIRE(data.run("0", {"--shard", "0/2"}).status == 0);
  fs::path const list = data.folder / "list.txt";
  fs::last_write_time(list, fs::last_write_time(list) + std::chrono::seconds(7));
  REQUIRE(data.run("1", {"--shard", "1/2"}).status == 0);
  fs::last_write_time(list, fs::last_write_time(list) + std::chrono::seconds(7));
  CHECK(merge(data, {"0", "1"}).status == 0);
  CHECK(differences(data.folder / "merged", data.folder / "single") == kNone);
}

TEST_CASE("a merged run says what its shards cost") {
  Workplace const place(scenes_pipeline(9));
  Names const shards = run_shards(place, 2);
  REQUIRE(place.run("1", {"--shard", "1/2", "--resume"}).status == 0);
  auto const result = merge(place, shards);
  CHECK_THAT(result.out, Contains("CPU hours in 2 shards; the slowest is "));
  Json const cost = json_in(place.folder / "merged/run.json")["cost"];
  CHECK(cost["runs"] == 3);
  CHECK(cost["shards"].at(1)["shard"] == "1/2");
  CHECK(cost["shards"].at(0)["samples"] == 5);
  CHECK(cost["imbalance"]["samples"].get<double>() == Approx(5 / 4.5 - 1));
  double const cpu = cost["shards"].at(0)["cpu_seconds"];
  CHECK(cost["cpu_seconds"].get<double>() > cpu);
  CHECK_THAT(place.program({"show", "merged"}).out, Contains("CPU hours in 2 shards"));
}

TEST_CASE("a shard of a scheduler has a folder of its own, which status and merge find") {
  Workplace const place(scenes_pipeline(9));
  REQUIRE(place.run("single").status == 0);
  for (char const* const index : {"0", "1", "2"}) {
    ProgramOptions options;
    options.folder = place.folder.path();
    options.environment = {{"PBS_ARRAY_INDEX", index}};
    auto const run = run_seplflow({"run", "p.toml", "--shard", "auto/3"}, options);
    REQUIRE(run.status == 0);
    CHECK_THAT(run.err, Contains("/3, from PBS_ARRAY_INDEX=" + std::string(index)));
  }
  Json const record = json_in(place.folder / "runs/scenes/shards/2-of-3/run.json");
  CHECK(record["shard_from"] == "PBS_ARRAY_INDEX=2");
  CHECK(record["expected"] == 3);
  auto const status = place.program({"status", "runs/scenes"});
  CHECK(status.status == 0);
  CHECK_THAT(status.out, Contains("runs/scenes: 3 done; 9 of 9 samples") &&
                             Contains("not merged yet: seplflow merge runs/scenes "));
  CHECK_THAT(place.run("runs/scenes").err, Contains("holds the shards of a run"));
  fs::path const in = place.folder / "runs/scenes/shards";
  REQUIRE(place.program({"merge", "runs/scenes", (in / "0-of-3").string(), (in / "1-of-3").string(),
                         (in / "2-of-3").string()})
              .status == 0);
  fs::remove_all(in / "0-of-3");
  auto const merged = place.program({"status", "runs/scenes"});
  CHECK(merged.status == 0);
  CHECK_THAT(merged.out, Contains("the shards are merged"));
  fs::rename(in, place.folder / "away");
  CHECK(differences(place.folder / "runs/scenes", place.folder / "single") == kNone);
}

TEST_CASE("submit refuses what cannot be submitted, and prints its scripts") {
  Workplace const place(scenes_pipeline(4));
  auto const submit = [&](Names words, std::string const& path = "/nowhere") {
    words.insert(words.begin(), "submit");
    ProgramOptions options;
    options.environment = {{"PATH", path}};
    return place.program(words, options);
  };
  Names const four = {"p.toml", "--shards", "4", "--out", "out"};
  CHECK_THAT(submit(four).err, Contains("sbatch is not installed here"));
  CHECK_THAT(submit({"p.toml"}).err, Contains("--shards N is missing"));
  CHECK_THAT(submit({"p.toml", "--shards", "5", "--dry-run"}).err,
             Contains("shard 4/5 of 4 samples is empty"));
  CHECK_THAT(submit({"p.toml", "--shards", "2", "--slurm", "--array=3", "--dry-run"}).err,
             Contains("the array is that of the shards"));
  CHECK_THAT(submit({"--resume", "nowhere"}).err, Contains("there is no folder nowhere"));
  auto const dry = submit({"p.toml", "--shards", "4", "--out", "out", "--max-parallel", "2",
                           "--slurm", "-p gpu", "--dry-run"});
  CHECK(dry.status == 0);
  CHECK_THAT(dry.out, Contains("#SBATCH --array=0-3%2\n") && Contains("#SBATCH -p gpu\n") &&
                          Contains("run=$out/shards/$shard-of-4\n") && Contains("--files link") &&
                          Contains("job=${SLURM_ARRAY_JOB_ID}_$shard\n") &&
                          Contains("'--dependency=afterok:JOB' '--kill-on-invalid-dep=yes'"));
  CHECK_FALSE(fs::exists(place.folder / "out"));
  // What sbatch says is passed on, and nothing stays behind.
  fs::path const sbatch = place.folder.write("bin/sbatch", "#!/bin/sh\necho no such partition >&2\nexit 1\n");
  fs::permissions(sbatch, fs::perms::owner_all);
  auto const failed = submit(four, (place.folder / "bin").string() + ":/bin");
  CHECK(failed.status == 1);
  CHECK_THAT(failed.err, Contains("no such partition") && Contains("nothing was submitted"));
  CHECK_FALSE(fs::exists(place.folder / "out/shards"));
}
