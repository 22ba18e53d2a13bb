// A run that stands still in its middle, for tests of what happens to it there.
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/run_files.hpp"

// Waits until `descriptor` can be read or the process has ended, at most so many microseconds (-1:
// without end). Returns whether it can be read.
inline bool wait_for(int descriptor, pid_t process, long microseconds = -1) {
  int const ended = static_cast<int>(::syscall(SYS_pidfd_open, process, 0));
  pollfd wanted[] = {{descriptor, POLLIN, 0}, {ended, POLLIN, 0}};
  timespec const limit{microseconds / 1'000'000, microseconds % 1'000'000 * 1000};
  while (::ppoll(wanted, 2, microseconds < 0 ? nullptr : &limit, nullptr) < 0) {
  }
  ::close(ended);
  return (wanted[0].revents & POLLIN) != 0;
}

// Sends the signal and waits until the process has taken it: a second one of its kind would else
// be one with it.
inline void send(pid_t process, int signal) {
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

// Runs of p.toml that test.gate holds in their middle: samples before the held one are finished or about
// to be, it and those behind it are in flight, and no credit is left for more.
class HeldRun : public Workplace {
 public:
  static constexpr int kInFlight = 4;
  static constexpr int kHeld = 6;  // the sample that the gate holds

  // `more` is put at the end of the pipeline.
  explicit HeldRun(int samples, std::string const& more = "")
      : Workplace("name = \"held\"\n[stages.scenes]\nuse = \"dataset.scenes\"\ncount = " +
                  std::to_string(samples) +
                  "\nsize = [8, 8]\n"
                  "[stages.gate]\nuse = \"test.gate\"\nin = \"scenes.pseudo\"\n"
                  "at = " +
                  std::to_string(kHeld) +
                  "\ninside = \"inside\"\ngo = \"go\"\n"
                  "[stages.score]\nuse = \"eval.miou\"\n"
                  "in = { truth = \"scenes.truth\", labels = \"gate\" }\n"
                  "[stages.write]\nuse = \"output.labels\"\nin = \"gate\"\n" +
                  more + "[run]\njobs = 2\nin_flight = " + std::to_string(kInFlight) + "\n"),
        inside_(make_pipe("inside")),
        go_(make_pipe("go")) {}
  ~HeldRun() {
    ::close(inside_);
    ::close(go_);
  }

  // Runs it; `while_held` is called with the process while the gate holds its sample, and not when
  // the process ends before.
  ProgramResult run(std::function<void(pid_t)> const& while_held,
                    std::vector<std::string> arguments = {},
                    std::function<void()> before_exec = {}) const {
    ProgramOptions options = with_faulty();
    options.before_exec = std::move(before_exec);
    options.while_running = [&](pid_t process) {
      if (wait_until_held(process)) while_held(process);
    };
    return Workplace::run("out", std::move(arguments), options);
  }

  // Runs it into another folder without holding anything.
  ProgramResult run_through(std::string const& name,
                            std::vector<std::string> arguments = {}) const {
    ProgramOptions options = with_faulty();
    options.while_running = [&](pid_t process) {
      while (wait_until_held(process)) let_go();
    };
    return Workplace::run(name, std::move(arguments), options);
  }

  // Whether the gate holds a sample of the process; not when it ended before.
  bool wait_until_held(pid_t process) const {
    char byte = 0;
    return wait_for(inside_, process) && ::read(inside_, &byte, 1) == 1;
  }

  void let_go() const {
    if (::write(go_, "x", 1) != 1) throw std::runtime_error("cannot let go");
  }

  std::filesystem::path out() const { return folder / "out"; }

  // Opened for both directions, so that opening never waits.
  int make_pipe(char const* name) const {
    if (::mkfifo((folder / name).c_str(), 0666) != 0) throw std::runtime_error("no pipe");
    return ::open((folder / name).c_str(), O_RDWR | O_CLOEXEC);
  }

 private:
  int inside_, go_;
};
