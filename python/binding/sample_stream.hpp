// The samples of a pipeline one by one, as the engine completes them.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "binding/engine_use.hpp"
#include "catalog/catalog.hpp"
#include "engine/engine.hpp"
#include "pipeline/pipeline.hpp"

namespace seplflow::python {

// Between the engine, which puts samples in, and Python, which takes them out.
class SampleQueue {
 public:
  struct Item {
    Sample sample;
    std::vector<Value> values;  // null where the sample does not have one
  };
  struct Taken {
    std::optional<Item> item;           // nothing at the end, or when the time is over
    std::vector<std::string> warnings;  // since the last call
    bool is_end = false;
    std::string error;  // at the end: why it came before the last sample
  };

  explicit SampleQueue(std::size_t room) : room_(room) {}

  // Waits for room. Drops the item if the queue was closed.
  void put(Item item);
  void warn(std::string warning);
  void end(std::string error);

  Taken take(std::chrono::duration<double> patience);
  void close();  // nobody takes any more

 private:
  std::size_t const room_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Item> items_;
  std::vector<std::string> warnings_;
  bool is_closed_ = false, is_ended_ = false;
  std::string error_;
};

struct StreamRequest {
  PipelineRequest pipeline;
  std::vector<std::string> outputs;  // "STAGE.OUTPUT" or "STAGE", as in `in` of a pipeline
  std::size_t prefetch = 0;          // samples that wait for Python; 0 = as many as jobs
};

// Runs the stages that the outputs depend on, and no others: nothing is written. Samples come in data
// set order. At most `prefetch` wait, besides those in flight.
class SampleStream {
 public:
  // Throws UsageError for an unknown output or a sweep, and what load_pipeline() throws.
  explicit SampleStream(StreamRequest const& request);
  ~SampleStream();  // closes it
  SampleStream(SampleStream const&) = delete;
  SampleStream& operator=(SampleStream const&) = delete;

  std::vector<Port> const& ports() const { return ports_; }  // of the outputs
  Pipeline const& pipeline() const { return pipeline_; }
  SampleQueue::Taken take(double seconds) { return queue_->take(std::chrono::duration<double>(seconds)); }
  // Ends the work: samples in progress are finished and dropped.
  void close();
  // Whether this process is the one that created it; its threads are missing in a fork of it.
  bool is_here() const;

 private:
  class Listener;
  void work();

  std::vector<Port> ports_;
  std::shared_ptr<SampleQueue> queue_;
  EngineUse use_;
  std::optional<StageCatalog> catalog_;
  Pipeline pipeline_;
  std::unique_ptr<Listener> listener_;
  std::unique_ptr<Engine> engine_;
  int process_;
  std::unique_ptr<std::thread> thread_;
};

}  // namespace seplflow::python
