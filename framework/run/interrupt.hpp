// Turns Ctrl-C, SIGTERM and the loss of the terminal into a function call.
#pragma once

#include <csignal>
#include <functional>
#include <thread>

namespace seplflow {

// While it exists, the first SIGINT, SIGTERM or SIGHUP calls `on_interrupt` from a thread of its
// own; a second one ends the process as usual. Create it before any other thread: threads inherit
// the mask that leaves the signals to it.
class InterruptWatcher {
 public:
  explicit InterruptWatcher(std::function<void()> on_interrupt);
  ~InterruptWatcher();
  InterruptWatcher(InterruptWatcher const&) = delete;
  InterruptWatcher& operator=(InterruptWatcher const&) = delete;

 private:
  void watch();

  std::function<void()> const on_interrupt_;
  sigset_t before_;  // the signal mask to restore
  int signals_;      // readable when a signal arrived
  int end_;          // readable when the watcher ends
  std::thread thread_;
};

}  // namespace seplflow
