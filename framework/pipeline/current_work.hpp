// Which stage each thread is calling, on which sample: for the report of a crash, and to name a
// stage that works on one sample for long.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace seplflow {

struct PipelineStage;

// Ids are kept up to this many bytes, which is as long as they may be.
constexpr std::size_t kLongestWorkId = 1000;

// While it exists, this thread is calling a stage. Takes a few stores. One at a time in a thread.
class CurrentWork {
 public:
  // The stage must outlive it. Without a sample the id is empty.
  CurrentWork(PipelineStage const& stage, std::string_view sample) noexcept;
  ~CurrentWork();
  CurrentWork(CurrentWork const&) = delete;
  CurrentWork& operator=(CurrentWork const&) = delete;

 private:
  struct Slot;
  friend class WorkRecord;
  friend struct WorkSlots;
  Slot* slot_;
};

// What one thread is doing.
struct Work {
  char const* stage = nullptr;
  char const* library = nullptr;  // empty for stages of the program
  std::uint64_t since = 0;        // nanoseconds, of the monotonic clock
  char sample[kLongestWorkId + 1];

  double seconds() const;  // until now
};

// The largest number of threads that are watched. Further ones work unseen.
constexpr std::size_t kWatchedThreads = 1024;

// Reads what the thread with this number does; false when it calls no stage. May be called from
// signal handlers and other threads.
bool read_work(std::size_t thread, Work& work) noexcept;

// The number of this thread; kWatchedThreads when it has never called a stage. May be called from
// signal handlers.
std::size_t number_of_this_thread() noexcept;

// What has gone on for longer than so many seconds, the longest first.
std::vector<Work> work_longer_than(double seconds);

// While it exists, the first threads also keep their work in a file, which outlives a process that
// is killed. Without room for the file there is none.
class WorkRecord {
 public:
  WorkRecord(std::filesystem::path const& file, std::size_t threads);
  ~WorkRecord();
  WorkRecord(WorkRecord const&) = delete;
  WorkRecord& operator=(WorkRecord const&) = delete;

  // The ids of the samples in the file of a process that was killed.
  static std::vector<std::string> samples_in(std::filesystem::path const& file);

 private:
  void* memory_ = nullptr;
  std::size_t bytes_ = 0;
};

}  // namespace seplflow
