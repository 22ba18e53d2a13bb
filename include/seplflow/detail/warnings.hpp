// Collects the warnings and the counts of a stage about one sample. Not for authors.
#pragma once

#include <seplflow/stage.hpp>

#include <atomic>
#include <mutex>
#include <vector>

namespace seplflow {

// May be called from any thread.
class SEPLFLOW_API Warnings {
 public:
  void add(Warning warning);
  std::vector<Warning> take();
  void add(Count count);
  std::vector<Count> take_counts();

 private:
  std::mutex mutex_;
  std::atomic<bool> any_{false};  // whether a call added something; nearly none does
  std::vector<Warning> list_;
  std::vector<Count> counts_;
};

}  // namespace seplflow
