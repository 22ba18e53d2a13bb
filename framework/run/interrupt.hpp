// Turns Ctrl-C, SIGTERM and the loss of the terminal into a function call.
#pragma once

#include <csignal>
#include <functional>
#include <thread>

namespace seplflow {

// Blocks SIGINT, SIGTERM and SIGHUP in this thread and those that it starts, and returns the mask
// that was there before. The kernel gives a signal to any thread that does not block it, so this
// must come before any library can start one. An InterruptWatcher takes the signals.
sigset_t block_interrupts();

// While it exists, the first SIGINT, SIGTERM or SIGHUP calls `first`, and each further one `again`,
// even if `first` has not returned. Both are called from threads of their own. Create it before any
// other thread, unless block_interrupts() was.
class InterruptWatcher {
 public:
  // Throws Error when the threads cannot be started.
  InterruptWatcher(std::function<void()> first, std::function<void()> again);
  ~InterruptWatcher();
  InterruptWatcher(InterruptWatcher const&) = delete;
  InterruptWatcher& operator=(InterruptWatcher const&) = delete;

 private:
  void watch();
  void call_first();

  std::function<void()> const first_, again_;
  sigset_t before_;  // the signal mask to restore
  int signals_;      // readable when a signal arrived
  int begin_;        // readable when `first_` is to be called, or the watcher ends
  int end_;          // readable when the watcher ends
  std::thread first_caller_, thread_;
};

}  // namespace seplflow
