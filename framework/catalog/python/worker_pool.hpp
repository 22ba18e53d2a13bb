// The Python processes of a program. Internal to the catalog.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "catalog/python/worker.hpp"

namespace seplflow {

// A stage of a Python file with its options, as workers know it.
struct PythonUse {
  std::string interpreter, file, name;
  std::shared_ptr<std::string const> text;      // of the file
  std::shared_ptr<std::string const> declared;  // what the file declares of the stage, as JSON
  std::string options;                          // as JSON
  std::optional<double> timeout;                // seconds that a call may take
  std::uint64_t at_once = 0;                    // workers that may have it; 0: any number
  // Whether it remembers samples, so that all calls must meet the same process.
  bool remembers = false;

  std::uint64_t number = 0;  // set by the pool
};

// Starts workers when they are needed and keeps them: as many as there are threads that call stages
// at the same time, and one for each stage that remembers samples. All end with the pool. May be
// used from any thread.
class WorkerPool {
 public:
  using Call = std::function<void(PythonWorker&)>;

  WorkerPool();
  ~WorkerPool();

  // The same number for uses that are equal, unless they remember samples.
  std::shared_ptr<PythonUse const> add(PythonUse use);

  // Calls f with a worker that has created the stage. A worker whose process ended is replaced.
  void with_worker(PythonUse const& use, Call const& f);

  // The same for a use that remembers samples, always with the same worker. Throws Error when this
  // worker was lost since the first call.
  void with_home(PythonUse const& use, Call const& f);

 private:
  struct Home {
    std::mutex mutex;
    std::unique_ptr<PythonWorker> worker;
    std::uint64_t count = 0;                            // of the workers that it has had
    std::map<std::uint64_t, std::uint64_t> began_with;  // by use, the number of its worker
  };
  struct Order;
  class Turn;

  std::unique_ptr<PythonWorker> start(std::string const& interpreter);
  std::unique_ptr<PythonWorker> take(PythonUse const& use);
  static std::string group_of(PythonUse const& use);
  void start_workers();
  static void prepare(PythonWorker& worker, PythonUse const& use);

  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, std::vector<std::unique_ptr<PythonWorker>>> idle_;  // by group_of()
  std::map<std::string, std::unique_ptr<Home>> homes_;  // by interpreter, file and stage
  std::map<std::string, std::shared_ptr<PythonUse const>> uses_;
  std::map<std::uint64_t, std::uint64_t> at_work_;  // workers of uses that limit them
  std::uint64_t count_ = 0;                         // of uses
  std::vector<Order*> orders_;
  bool ends_ = false;
  // A worker ends when the thread that started it does, so that one thread starts all.
  std::thread starter_;
};

}  // namespace seplflow
