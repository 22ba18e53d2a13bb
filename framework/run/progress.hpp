// The progress of a run, on stderr.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

namespace seplflow {

enum class ProgressMode {
  none,
  bar,    // one line that is redrawn, for a terminal
  plain,  // a line every five seconds
};

struct ProgressState {
  std::uint64_t finished = 0;
  std::uint64_t failed = 0;
  std::optional<std::uint64_t> total;
  std::uint64_t reused = 0;  // of the finished ones: needed no work
  std::string note = {};     // what a stage says of its result so far; or empty
  std::string slow = {};     // names a stage that has worked on one sample for long; or empty
};

// "412 of 970 samples, 42 %, 283/s, 2 s left, 300 reused, 1 failed"; with a bar before it when
// bar_width > 0. The rate and the time left do not count reused samples.
std::string progress_text(ProgressState const& state, double seconds, int bar_width);

// `"sam" has worked on sample "a" for 75 s`, with the longest work of more than so many seconds and
// the number of others; empty without any.
std::string slow_work_text(double seconds);

// "283/s", "0.25/s"
std::string rate_text(double per_second);

// "2 s", "4 min 05 s", "3 h 20 min"
std::string duration_text(double seconds);

// Shows the state while it exists. Calls `state`, and `report` if there is one, from a thread of its
// own.
class Progress {
 public:
  using Report = std::function<void(ProgressState const&)>;
  Progress(ProgressMode mode, std::function<ProgressState()> state, Report report = nullptr);
  ~Progress();

 private:
  void show(double seconds) const;
  void loop();

  ProgressMode const mode_;
  std::function<ProgressState()> const state_;
  Report const report_;
  std::mutex mutex_;
  std::condition_variable ended_;
  bool end_ = false;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace seplflow
