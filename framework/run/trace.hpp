// Which stage processed which sample when, as a file for Perfetto or chrome://tracing.
#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "run/file_writer.hpp"

namespace seplflow {

// Writes the Trace Event Format event by event, so that memory does not grow. Thread-safe.
class Trace {
 public:
  using Clock = std::chrono::steady_clock;

  // Throws Error when the file cannot be created or exists. Devices such as /dev/null are taken.
  explicit Trace(std::filesystem::path const& file);

  // Throws Error when the file cannot be written.
  void event(std::string_view stage, std::string_view sample, Clock::time_point begin,
             Clock::time_point end);
  void close();

 private:
  Clock::time_point const begin_ = Clock::now();
  std::mutex mutex_;
  AppendFile file_;  // guarded by mutex_, like what follows
  std::map<std::thread::id, int> threads_;
  bool first_ = true;
};

}  // namespace seplflow
