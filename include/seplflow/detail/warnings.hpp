// Collects the warnings of a stage about one sample. Not for authors.
#pragma once

#include <seplflow/stage.hpp>

#include <mutex>
#include <vector>

namespace seplflow {

// May be called from any thread.
class SEPLFLOW_API Warnings {
 public:
  void add(Warning warning);
  std::vector<Warning> take();

 private:
  std::mutex mutex_;
  std::vector<Warning> list_;
};

}  // namespace seplflow
