// A run in a thread of its own, while Python waits for it and takes signals.
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "binding/engine_use.hpp"
#include "catalog/catalog.hpp"
#include "run/run.hpp"

namespace seplflow::python {

// The message of a log and its level ("info", "warning", "error").
using LogMessage = std::pair<std::string, std::string>;

// One at a time in a process.
class RunTask {
 public:
  // Reads and checks the pipeline. Throws what load_pipeline() throws, and UsageError while another run
  // is at work.
  RunTask(PipelineRequest const& pipeline, RunRequest request);
  ~RunTask();  // waits for the end
  RunTask(RunTask const&) = delete;
  RunTask& operator=(RunTask const&) = delete;

  // Whether the run has ended, after at most so many seconds.
  bool wait(double seconds);
  // Finishes the samples in progress, and no others.
  void interrupt();
  ProgressState progress() const;
  // Those since the last call.
  std::vector<LogMessage> messages();

  // After the end. Throws what the run threw: UsageError for a folder that cannot take it.
  RunReport const& report() const;
  Pipeline const& pipeline() const { return pipeline_; }

 private:
  class LogSink;
  struct OnlyOne {
    OnlyOne();
    ~OnlyOne();
  };

  void work();

  OnlyOne only_one_;
  StageCatalog catalog_;
  Pipeline pipeline_;
  RunGuest guest_;
  RunRequest request_;
  std::shared_ptr<LogSink> sink_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool ended_ = false;       // guarded by mutex_, as are the next three
  ProgressState progress_;
  RunReport report_;
  std::exception_ptr error_;
  std::thread thread_;
};

}  // namespace seplflow::python
