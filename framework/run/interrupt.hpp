// Ctrl-C, SIGTERM and a lost terminal as a call, instead of a signal handler with a global.
#pragma once

#include <csignal>
#include <functional>
#include <thread>

namespace seplflow {

// While it lives, the first SIGINT, SIGTERM or SIGHUP of the process calls `on_interrupt` (from a
// thread of its own); a second one ends the process as usual. Made before any other thread is
// started, since threads inherit which signals they leave to it.
class InterruptWatcher {
 public:
  explicit InterruptWatcher(std::function<void()> on_interrupt);
  ~InterruptWatcher();
  InterruptWatcher(InterruptWatcher const&) = delete;
  InterruptWatcher& operator=(InterruptWatcher const&) = delete;

 private:
  void watch();

  std::function<void()> const on_interrupt_;
  sigset_t before_;  // the signal mask to go back to
  int signals_;      // readable when a signal came
  int end_;          // readable when the watcher ends
  std::thread thread_;
};

}  // namespace seplflow
