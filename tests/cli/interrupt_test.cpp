// Ctrl-C: the samples in flight finish, and the run reports that it was interrupted.
#include <algorithm>
#include <csignal>

#include "support/catch.hpp"
#include "support/held_run.hpp"

namespace fs = std::filesystem;

namespace {

constexpr int kSamples = 100000;
constexpr int kHeld = HeldRun::kHeld;

}  // namespace

TEST_CASE("an interrupted run finishes the samples in flight and exits with 130") {
  for (int const signal : {SIGINT, SIGTERM}) {
    CAPTURE(signal);
    HeldRun const held(kSamples);
    auto const result = held.run([&](pid_t process) {
      send(process, signal);
      held.let_go();
    });
    CHECK(result.status == 130);
    CHECK_THAT(result.out, Contains("held: interrupted, ") && Contains(" of 100000 samples"));
    CHECK_THAT(result.out, Contains("no scores"));

    Json const run = json_in(held.out() / "run.json");
    CHECK(run["status"] == "interrupted");
    Json const& samples = run["samples"];
    CHECK(samples["emitted"] == samples["retired"]);
    // Samples that no stage but the source has begun are given up.
    int const done = samples["done"];
    CHECK(done + samples["cancelled"].get<int>() == samples["emitted"]);
    // Those before the held one may be among them, but for what no longer was in flight.
    CHECK(done >= kHeld - HeldRun::kInFlight + 2);
    CHECK(samples["emitted"] < kSamples);

    // Samples in progress are finished and recorded, the held one among them.
    auto const ledger = ledger_in(held.out());
    CHECK(ledger.size() == samples["done"]);
    CHECK(std::ranges::count(ledger, "scene_000006", [](Json const& line) {
            return line["id"].get<std::string>();
          }) == 1);
    for (Json const& line : ledger) CHECK(line["outcome"] == "done");
    CHECK(files_in(held.out() / "write").size() == ledger.size());
    CHECK_FALSE(fs::exists(held.out() / "metrics.json"));
    CHECK_FALSE(fs::exists(held.out() / "score.csv"));
    CHECK_FALSE(fs::exists(held.out() / ".partial"));
  }
}

TEST_CASE("an interrupted run has the same files as a complete one") {
  HeldRun const held(kSamples);
  auto const result = held.run([&](pid_t process) {
    send(process, SIGINT);
    held.let_go();
  });
  REQUIRE(result.status == 130);
  auto const files = files_in(held.out() / "write");
  Workplace const place("");
  place.pipeline_file("[stages.scenes]\nuse = \"dataset.scenes\"\nsize = [8, 8]\ncount = " +
                      std::to_string(files.size()) +
                      "\n[stages.write]\nuse = \"output.labels\"\nin = \"scenes.pseudo\"\n");
  REQUIRE(place.run("whole").status == 0);
  CHECK(files_in(place.folder / "whole/write") == files);
}

TEST_CASE("a second interrupt ends the run at once") {
  HeldRun const held(kSamples);
  auto const result = held.run([&](pid_t process) {
    send(process, SIGINT);
    send(process, SIGINT);  // the gate is never opened
  });
  CHECK(result.status == 130);
  CHECK(result.out.empty());
  CHECK(json_in(held.out() / "run.json")["status"] == "interrupted");
  auto const ledger = ledger_in(held.out());  // every line whole
  CHECK(ledger.size() <= kHeld);
  CHECK_FALSE(fs::exists(held.out() / "metrics.json"));
}

TEST_CASE("the folder of an interrupted run is not overwritten") {
  HeldRun const held(kSamples);
  REQUIRE(held.run([&](pid_t process) {
                send(process, SIGINT);
                held.let_go();
              })
              .status == 130);
  auto const before = files_in(held.out());
  auto const again = held.run([](pid_t) {});
  CHECK(again.status == 2);
  CHECK_THAT(again.err, Contains("already holds a run (status \"interrupted\")"));
  CHECK(files_in(held.out()) == before);
}
