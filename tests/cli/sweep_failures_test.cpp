// Sweeps in which something fails, and sweeps with errors.
#include "support/sweep_files.hpp"

TEST_CASE("a sample that fails in one variant is left out of that variant alone") {
  std::string const faulty =
      "[stages.faulty]\nuse = \"test.faulty\"\nin = \"select\"\nevery = 4\nmode = \"none\"\n"
      "[stages.judge]\nuse = \"eval.miou\"\nin = { truth = \"scenes.truth\", labels = \"faulty\" "
      "}\n"
      "[stages.more]\nuse = \"output.labels\"\nin = \"faulty\"\n[run]\non_error = \"skip\"\n";
  Workplace const place(pipeline(faulty));
  REQUIRE(place.run("clean", {}, with_faulty()).status == 0);
  REQUIRE(place.run("faulty", {"--set", "faulty.mode=throw"}, with_faulty()).status == 1);
  auto const result = place.run(
      "sweep", {"--sweep", "faulty.mode=none,throw,throw_int", "--jobs", "2"}, with_faulty());
  CHECK(result.status == 1);
  fs::path const sweep = place.folder / "sweep", variants = sweep / "variants";
  for (auto const& [variant, alone] :
       {std::pair("faulty.mode=none", "clean"), std::pair("faulty.mode=throw", "faulty")}) {
    CAPTURE(variant);
    CHECK(read_text(variants / variant / "judge.csv") ==
          read_text(place.folder / alone / "judge.csv"));
    CHECK(json_in(variants / variant / "metrics.json") ==
          json_in(place.folder / alone / "metrics.json"));
    require_equal(files_in(variants / variant / "more"), files_in(place.folder / alone / "more"));
  }
  CHECK(files_in(sweep / "write").size() == 10);

  auto const ledger = ledger_in(sweep);
  REQUIRE(ledger.size() == 10);
  for (std::size_t i = 0; i < ledger.size(); ++i) {
    if (i % 4 != 3) {
      CHECK(ledger[i]["outcome"] == "done");
      continue;
    }
    CHECK(ledger[i]["outcome"] == "failed");
    CHECK(ledger[i]["stage"] == "faulty");
    CHECK(ledger[i]["variants"] == Json({"faulty.mode=throw"}));
    REQUIRE(ledger[i]["also"].size() == 1);
    CHECK(ledger[i]["also"][0]["variants"] == Json({"faulty.mode=throw_int"}));
  }
  auto const record = json_in(sweep / "run.json");
  CHECK(record["status"] == "done_with_failures");
  CHECK(record["samples"]["failed"] == 2);
  std::vector<int> failed;
  for (Json const& variant : record["variants"]) failed.push_back(variant["failed"]);
  CHECK(failed == std::vector<int>{0, 2, 2});
  CHECK_THAT(result.out, Contains("stage \"faulty\" in \"faulty.mode=throw\""));
}

TEST_CASE("a failure that variants share is reported once, with their names unless all have it") {
  std::string const faulty =
      "[stages.faulty]\nuse = \"test.faulty\"\nin = \"select\"\nmode = \"throw\"\n"
      "[stages.more]\nuse = \"output.labels\"\nin = \"faulty\"\n[run]\non_error = \"skip\"\n";
  Workplace const place(pipeline(faulty));
  CHECK(place.run("some", {"--sweep", "faulty.every=5,4,10"}, with_faulty()).status == 1);
  auto const some = ledger_in(place.folder / "some");
  CHECK(some[4]["variants"] == Json({"faulty.every=5"}));
  CHECK(some[9]["variants"] == Json({"faulty.every=5", "faulty.every=10"}));
  CHECK_FALSE(some[9].contains("also"));
  CHECK(place.run("all", {"--set", "faulty.every=5", "--sweep", "select.t1=0.3,0.5"}, with_faulty())
            .status == 1);
  auto const all = ledger_in(place.folder / "all");
  CHECK(all[4]["stage"] == "faulty");
  CHECK_FALSE(all[4].contains("variants"));
  CHECK_FALSE(all[4].contains("also"));
}

TEST_CASE("a failure that stops a sweep names the variant, and no scores are written") {
  std::string const faulty =
      "[stages.faulty]\nuse = \"test.faulty\"\nin = \"select\"\nevery = 4\nmode = \"none\"\n"
      "[stages.more]\nuse = \"output.labels\"\nin = \"faulty\"\n";
  Workplace const place(pipeline(faulty));
  auto const result =
      place.run("sweep", {"--sweep", "faulty.mode=none,throw", "--jobs", "1"}, with_faulty());
  CHECK(result.status == 1);
  CHECK_THAT(result.err, Contains("stage \"faulty\" in \"faulty.mode=throw\" failed on sample") &&
                             Contains("faulty by intent"));
  CHECK_FALSE(fs::exists(place.folder / "sweep/sweep.csv"));
  CHECK_FALSE(fs::exists(place.folder / "sweep/metrics.json"));
  CHECK_FALSE(fs::exists(place.folder / "sweep/variants/faulty.mode=none/metrics.json"));
}

TEST_CASE("braces that the shell has expanded are one error, which says what to write") {
  Workplace const place(pipeline("", 1));
  auto const error = [&](Names const& arguments) {
    auto const result = place.run("out", arguments);
    CHECK(result.status == 2);
    return result.err;
  };
  std::string const range =
      "error: the shell expanded the braces of select.t2={from=0.6,to=0.9,step=0.1}; write "
      "--sweep select.t2=0.6:0.9:0.1, or quote it: "
      "--sweep 'select.t2={from=0.6,to=0.9,step=0.1}'\n";
  CHECK(error({"--sweep", "select.t2=from=0.6", "select.t2=to=0.9", "select.t2=step=0.1"}) ==
        range);
  CHECK(error({"--sweep=select.t2=from=0.6", "--sweep=select.t2=to=0.9",
               "--sweep=select.t2=step=0.1"}) == range);
  CHECK_THAT(error({"--sweep", "select.t1=0.3", "select.t1=0.4"}),
             EndsWith("; write --sweep select.t1=0.3,0.4\n"));
  CHECK_THAT(error({"--sweep", "select=use=sepl.select", "select=t1=0.4"}),
             EndsWith("; write --sweep 'select={use=\"sepl.select\",t1=0.4}'\n"));
  CHECK_THAT(
      error({"--sweep", "cam=use=cam.labels", "cam=dir=it's", "cam=names=[a", "cam=1]"}),
      EndsWith("; write --sweep 'cam={use=\"cam.labels\",dir=\"it'\\''s\",names=[\"a\",1]}'\n"));
  CHECK_THAT(
      error({"--set", "scenes.size=120", "scenes.size=160"}),
      EndsWith("the braces of scenes.size={120,160}; write --set 'scenes.size=[120,160]'\n"));
  CHECK_THAT(error({"--set", "assign.in=pseudo=scenes.pseudo", "assign.in=masks=scenes.masks"}),
             EndsWith("'assign.in={pseudo=\"scenes.pseudo\",masks=\"scenes.masks\"}'\n"));
}

TEST_CASE("more than 10,000 variants need --yes, and are counted") {
  Workplace const place(pipeline("", 1));
  Names const many = {"--sweep", "select.t1={from=0,to=1,step=0.01}", "--sweep",
                      "select.t2=0:1:0.01"};
  auto const refused = place.run("out", many);
  CHECK(refused.status == 2);
  CHECK_THAT(refused.err, Contains("10201") || Contains("10,201"));
  CHECK_THAT(refused.err, Contains("--yes"));
  CHECK_FALSE(fs::exists(place.folder / "out"));
  Names allowed = many;
  allowed.insert(allowed.end(), {"--yes"});
  allowed.insert(allowed.begin(), {"check", "p.toml"});
  auto const result = place.program(allowed);
  INFO(result.err);
  REQUIRE(result.status == 0);
  CHECK_THAT(result.out, Contains("10201 variants"));
}

TEST_CASE("sweeps with errors create no folder") {
  Workplace const place(pipeline());
  auto const refused = [&](Names const& arguments) {
    auto const result = place.run("out", arguments);
    CHECK(result.status == 2);
    CHECK_FALSE(fs::exists(place.folder / "out"));
    return result.err;
  };
  CHECK_THAT(refused({"--sweep", "select.t1=0.3,0.3"}), Contains("0.3"));
  CHECK_THAT(refused({"--sweep", "select.t3=1,2"}), Contains("t3"));
  CHECK_THAT(refused({"--sweep", "selct.t1=1,2"}), Contains("selct"));
  CHECK_THAT(refused({"--sweep", "select.t1=0.3,7"}), Contains("select.t1=7"));
  CHECK_THAT(refused({"--sweep", "scenes.seed=1,2"}), Contains("scenes"));
  CHECK_THAT(refused({"--sweep", "select.t1=0.3,0.5", "--set", "select.t1=0.4"}),
             Contains("select.t1"));
}
