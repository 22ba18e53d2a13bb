// A process of a Python interpreter that works for stages. Internal to the catalog.
#pragma once

#include <sys/types.h>

#include <memory>
#include <optional>
#include <seplflow/error.hpp>
#include <set>
#include <string>
#include <string_view>

#include "catalog/python/python_json.hpp"
#include "catalog/python/shared_block.hpp"

namespace seplflow {

// The process of a worker has ended, or had to be ended.
class WorkerLost : public Error {
 public:
  using Error::Error;
};

// Used by one thread at a time. The process ends with this object, with the thread that started it,
// and so with this program, however that ends.
class PythonWorker {
 public:
  // Starts the interpreter. The thread that calls it must outlive the worker.
  explicit PythonWorker(std::string const& interpreter);
  ~PythonWorker();
  PythonWorker(PythonWorker const&) = delete;
  PythonWorker& operator=(PythonWorker const&) = delete;

  // Waits until it takes requests. Throws UnusableInterpreter if it never will.
  void wait_until_ready(std::string const& interpreter);

  // Sends a request and returns the answer. Throws Error with the exception of the stage;
  // or WorkerLost if the process ended, or did not answer in time.
  PythonJson call(PythonJson const& request, std::optional<double> seconds);

  // Whether it can take a request: the process may have been killed while it was idle.
  bool is_alive() const;

  SharedBlock& inputs() { return *inputs_; }
  SharedBlock& results() { return results_; }

  std::set<std::string> files;     // that it has loaded
  std::set<std::uint64_t> stages;  // that it has created

 private:
  void send(std::string_view text);
  std::string receive(std::optional<double> seconds);
  void replace_inputs();
  [[noreturn]] void lose(std::string const& how);
  int end(int patience);
  std::string last_words() const;

  pid_t process_ = -1;
  int socket_ = -1, words_ = -1;
  std::unique_ptr<SharedBlock> inputs_;
  SharedBlock results_;
};

}  // namespace seplflow
