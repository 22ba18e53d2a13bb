// Ctrl-C: the samples in flight finish, and the run says that it was interrupted.
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <fstream>
#include <set>
#include <stdexcept>

#include "support/run_files.hpp"

using Catch::Matchers::Contains;
namespace fs = std::filesystem;

namespace {

constexpr int kSamples = 100000;
constexpr int kInFlight = 4;
constexpr int kHeld = 6;  // the sample that the gate holds

// A run that is held in its middle by test.gate: samples before the held one are finished, it and
// those behind it are in flight, and no credit is left for more.
class HeldRun {
 public:
  HeldRun()
      : place_("name = \"held\"\n[stages.scenes]\nuse = \"dataset.scenes\"\ncount = " +
               std::to_string(kSamples) +
               "\nsize = [8, 8]\n"
               "[stages.gate]\nuse = \"test.gate\"\nin = \"scenes.pseudo\"\n"
               "at = " +
               std::to_string(kHeld) +
               "\ninside = \"inside\"\ngo = \"go\"\n"
               "[stages.score]\nuse = \"eval.miou\"\n"
               "in = { truth = \"scenes.truth\", labels = \"gate\" }\n"
               "[stages.write]\nuse = \"output.labels\"\nin = \"gate\"\n"
               "[run]\njobs = 2\nin_flight = " +
               std::to_string(kInFlight) + "\n") {
    for (char const* const name : {"inside", "go"}) {
      if (::mkfifo((place_.folder / name).c_str(), 0666) != 0) throw std::runtime_error("no pipe");
    }
  }

  // Runs it; `while_held` is called with the process while the gate holds its sample.
  ProgramResult run(std::function<void(pid_t)> const& while_held) {
    int const inside = open_pipe("inside");
    ProgramOptions options = with_faulty();
    options.while_running = [&](pid_t process) {
      if (wait_for_byte(inside, process)) while_held(process);
    };
    auto result = place_.run("out", {}, options);
    ::close(inside);
    if (go_ >= 0) ::close(go_);
    return result;
  }

  void let_go() {
    go_ = open_pipe("go");
    if (::write(go_, "x", 1) != 1) throw std::runtime_error("cannot let go");
  }

  fs::path out() const { return place_.folder / "out"; }

 private:
  // For both directions, so that opening never waits.
  int open_pipe(char const* name) const {
    return ::open((place_.folder / name).c_str(), O_RDWR | O_CLOEXEC);
  }

  // Whether the byte came; not when the process ended before.
  static bool wait_for_byte(int pipe, pid_t process) {
    int const ended = static_cast<int>(::syscall(SYS_pidfd_open, process, 0));
    pollfd wanted[] = {{pipe, POLLIN, 0}, {ended, POLLIN, 0}};
    while (::poll(wanted, 2, -1) < 0) {
    }
    ::close(ended);
    return (wanted[0].revents & POLLIN) != 0;
  }

  Workplace place_;
  int go_ = -1;
};

// Sends the signal and waits until the process has taken it: a second one of its kind would else
// be one with it.
void send(pid_t process, int signal) {
  ::kill(process, signal);
  for (bool pending = true; pending; ::sched_yield()) {
    std::ifstream status("/proc/" + std::to_string(process) + "/status");
    pending = false;
    for (std::string line; std::getline(status, line);) {
      if (!line.starts_with("ShdPnd:")) continue;
      pending = (std::stoull(line.substr(7), nullptr, 16) >> (signal - 1) & 1) != 0;
    }
  }
}

}  // namespace

TEST_CASE("an interrupted run finishes the samples in flight, ends with 130 and says so") {
  for (int const signal : {SIGINT, SIGTERM}) {
    CAPTURE(signal);
    HeldRun held;
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
    CHECK(samples["done"] == samples["emitted"]);
    CHECK(samples["emitted"] >= kHeld + 1);
    CHECK(samples["emitted"] < kSamples);

    // Whatever was begun is finished and recorded, the held sample among it.
    auto const ledger = ledger_in(held.out());
    CHECK(ledger.size() == samples["emitted"]);
    CHECK(ledger.at(kHeld)["id"] == "scene_000006");
    for (Json const& line : ledger) CHECK(line["outcome"] == "done");
    CHECK(files_in(held.out() / "write").size() == ledger.size());
    CHECK_FALSE(fs::exists(held.out() / "metrics.json"));
    CHECK_FALSE(fs::exists(held.out() / "score.csv"));
    CHECK_FALSE(fs::exists(held.out() / ".partial"));
  }
}

TEST_CASE("the files of an interrupted run are those of a complete one") {
  HeldRun held;
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
  HeldRun held;
  auto const result = held.run([&](pid_t process) {
    send(process, SIGINT);
    send(process, SIGINT);  // the gate is never opened
  });
  CHECK(result.status == 128 + SIGINT);
  CHECK(result.out.empty());
  CHECK(json_in(held.out() / "run.json")["status"] == "running");
  auto const ledger = ledger_in(held.out());  // every line whole
  CHECK(ledger.size() <= kHeld);
  CHECK_FALSE(fs::exists(held.out() / "metrics.json"));
}

TEST_CASE("an interrupted run's folder is not written over") {
  HeldRun held;
  REQUIRE(held.run([&](pid_t process) {
                send(process, SIGINT);
                held.let_go();
              })
              .status == 130);
  auto const before = files_in(held.out());
  auto const again = held.run([](pid_t) {});
  CHECK(again.status == 2);
  CHECK_THAT(again.err, Contains("holds a run already (status \"interrupted\")"));
  CHECK(files_in(held.out()) == before);
}
