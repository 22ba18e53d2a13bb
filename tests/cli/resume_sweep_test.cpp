// --resume of sweeps: adding and removing variants.
#include "support/resumed_run.hpp"

TEST_CASE("a value added to a sweep leaves the existing variants alone") {
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

TEST_CASE("an added variant gets the files that it shares with existing ones") {
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

TEST_CASE("a removed variant disappears, and the others stay") {
  Workplace const place(scenes_pipeline(20));
  REQUIRE(place.run("out", {"--sweep", "select.t1=0.3,0.4,0.5"}).status == 0);
  REQUIRE(place.run("clean", {"--sweep", "select.t1=0.3,0.5"}).status == 0);
  auto const result = resume(place, "out", {"--sweep", "select.t1=0.3,0.5"});
  CHECK(result.status == 0);
  CHECK_THAT(
      result.err,
      Contains("removed 20 files of the previous run from out/variants/select.t1=0.4/write"));
  CHECK(reused_samples(place.folder / "out") == 20);
  CHECK(differences(place.folder / "out", place.folder / "clean") == kNone);
}

TEST_CASE("a run can become a sweep, but a sweep cannot become a run") {
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
  CHECK_THAT(narrowed.err, Contains("out holds a sweep, but this pipeline has no variants"));
  CHECK(differences(place.folder / "out", place.folder / "many") == kNone);
}

TEST_CASE("a sweep keeps the files that keep asks for, whatever was kept before") {
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

TEST_CASE("a new best variant replaces the former one") {
  Workplace const place(scenes_pipeline(20));
  auto const sweep = [](std::string const& values) {
    return Names{"--sweep", "select.t1=" + values, "--keep", "best"};
  };
  REQUIRE(place.run("clean", sweep("0.3,0.5,0.9")).status == 0);
  REQUIRE(place.run("out", sweep("0.3,0.9")).status == 0);
  CHECK(resume(place, "out", sweep("0.3,0.5,0.9")).status == 0);
  CHECK(differences(place.folder / "out", place.folder / "clean") == kNone);
}

TEST_CASE("nothing is left of the best variant's files once no stage writes files") {
  Names const sweep = {"--sweep", "select.t1=0.3,0.5", "--keep", "best"};
  Workplace const place(scenes_pipeline(20));
  REQUIRE(place.run("out", sweep).status == 0);
  place.pipeline_file(without_write(scenes_pipeline(20)));
  REQUIRE(place.run("clean", sweep).status == 0);
  CHECK(resume(place, "out", sweep).status == 0);
  CHECK(differences(place.folder / "out", place.folder / "clean") == kNone);
}

TEST_CASE("a sweep killed while writing the best variant can be resumed") {
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
  // The results of the first pass are known; the second one starts again or continues.
  REQUIRE(held.run([](pid_t process) { ::kill(process, SIGKILL); }, resumed(best)).status ==
          128 + SIGKILL);
  auto const result = held.run_through("out", resumed(best));
  CHECK(result.status == 0);
  CHECK(reused_samples(held.out()) == 30);
  CHECK(differences(held.out(), held.folder / "clean") == kNone);

  // A resumed sweep that is killed there can become one without files.
  fs::remove_all(held.out() / "variants");
  REQUIRE(held.run([](pid_t process) { ::kill(process, SIGKILL); }, resumed(best)).status ==
          128 + SIGKILL);
  Names const none = {"--sweep", "sharper.t1=0.3,0.5", "--keep", "none"};
  REQUIRE(held.run_through("none", none).status == 0);
  CHECK(held.run_through("out", resumed(none)).status == 0);
  CHECK(differences(held.out(), held.folder / "none") == kNone);
}
