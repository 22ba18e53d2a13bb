#include "engine/engine.hpp"

#include <tbb/flow_graph.h>
#include <tbb/global_control.h>
#include <tbb/info.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <mutex>

#include "data/error_of.hpp"
#include "engine/in_flight.hpp"
#include "engine/plan.hpp"
#include "engine/retirement.hpp"

namespace seplflow {
namespace {

using Clock = RunListener::Clock;

struct NodeCounts {
  std::atomic<std::uint64_t> visits{0};
  std::atomic<std::int64_t> nanoseconds{0};
};

}  // namespace

// The graph. A node takes a message for each node it waits for, works when the last has come, and
// passes the message on once. A ticket is a credit: the emitter turns it into a sample, and the
// sample's retirement gives it back.
class Engine::Graph {
 public:
  Graph(Pipeline const& pipeline, EngineOptions options, RunListener& listener)
      : pipeline_(pipeline),
        options_(std::move(options)),
        listener_(listener),
        plan_(plan_nodes(pipeline)),
        counts_(std::make_unique<NodeCounts[]>(plan_.size())),
        retirement_(pipeline, plan_, listener) {
    if (options_.jobs <= 0) options_.jobs = tbb::info::default_concurrency();
    if (options_.in_flight <= 0) options_.in_flight = std::max<std::int64_t>(8, 4 * options_.jobs);
  }

  RunTotals run() {
    // An arena alone cannot have more threads than the machine has cores.
    tbb::global_control const threads(tbb::global_control::max_allowed_parallelism,
                                      static_cast<std::size_t>(options_.jobs));
    tbb::task_arena arena(static_cast<int>(options_.jobs));
    arena.execute([this] { run_in_arena(); });

    RunTotals totals = retirement_.totals();
    totals.emitted = emitted_;
    add_node_counts(totals.stages);
    if (!stop_reason_.empty()) {
      totals.end = RunEnd::stopped;
      totals.error = stop_reason_;
    } else if (!source_ended_) {
      totals.end = RunEnd::interrupted;
    }
    if (totals.emitted != totals.retired()) {
      totals.end = RunEnd::stopped;
      totals.error = stall_report(pipeline_, totals);
    }
    return totals;
  }

  void drain() noexcept { draining_.store(true, std::memory_order_relaxed); }

  EngineOptions const& options() const { return options_; }
  std::uint64_t emitted() const { return emitted_.load(std::memory_order_relaxed); }
  std::uint64_t retired() const { return retired_.load(std::memory_order_relaxed); }

 private:
  struct Ticket {};
  using Emitter = tbb::flow::multifunction_node<Ticket, std::tuple<Message>>;
  using Node = tbb::flow::multifunction_node<Message, std::tuple<Message>>;
  using Retirer = tbb::flow::function_node<Message>;

  void run_in_arena() {
    tbb::flow::graph graph;
    Emitter emitter(graph, tbb::flow::serial, [this](Ticket, Emitter::output_ports_type& ports) {
      if (Message const message = emit()) std::get<0>(ports).try_put(message);
    });
    Node gate(graph, tbb::flow::unlimited,
              [](Message const& message, Node::output_ports_type& out) {
                if (message->ends_missing.fetch_sub(1, std::memory_order_acq_rel) == 1) {
                  std::get<0>(out).try_put(message);
                }
              });
    tbb::flow::sequencer_node<Message> in_order(
        graph, [](Message const& message) { return message->sequence; });
    Retirer retirer(graph, tbb::flow::serial, [this, &emitter](Message const& message) {
      retire(*message);
      emitter.try_put(Ticket());
      return tbb::flow::continue_msg();
    });
    make_edge(tbb::flow::output_port<0>(gate), in_order);
    make_edge(in_order, retirer);
    auto const nodes = make_nodes(graph, emitter, gate);

    for (std::int64_t i = 0; i < options_.in_flight; ++i) emitter.try_put(Ticket());
    graph.wait_for_all();
  }

  // A node for each planned one but the first, which is the emitter, and the edges between them.
  std::vector<std::unique_ptr<Node>> make_nodes(tbb::flow::graph& graph, Emitter& emitter,
                                                Node& gate) {
    std::vector<std::unique_ptr<Node>> nodes(plan_.size());
    auto const connect = [&](std::size_t from, Node& to) {
      if (from == 0) {
        make_edge(tbb::flow::output_port<0>(emitter), to);
      } else {
        make_edge(tbb::flow::output_port<0>(*nodes[from]), to);
      }
    };
    for (std::size_t i = 1; i < plan_.size(); ++i) {
      bool const serial = pipeline_.stages[plan_[i].stage].declaration->serial;
      nodes[i] = std::make_unique<Node>(
          graph, serial ? tbb::flow::serial : tbb::flow::unlimited,
          [this, i](Message const& message, Node::output_ports_type& ports) {
            if (message->results[i].missing.fetch_sub(1, std::memory_order_acq_rel) > 1) return;
            visit(i, *message);
            std::get<0>(ports).try_put(message);
          });
      for (std::size_t const producer : plan_[i].after) connect(producer, *nodes[i]);
    }
    for (std::size_t i = 0; i < plan_.size(); ++i) {
      if (plan_[i].at_end) connect(i, gate);
    }
    return nodes;
  }

  // The next sample, or nothing when there is none or none is wanted any more.
  Message emit() {
    if (source_ended_ || stopping() || draining_.load(std::memory_order_relaxed)) return nullptr;
    auto const& limit = pipeline_.run.limit;
    std::uint64_t const sequence = emitted();
    if (limit && sequence >= static_cast<std::uint64_t>(*limit)) {
      source_ended_ = true;
      return nullptr;
    }
    PipelineStage const& source = pipeline_.stages[plan_[0].stage];
    std::optional<Sample> sample;
    auto const begin = Clock::now();
    auto error = error_of([&] { sample = source.instance->next(); });
    counts_[0].nanoseconds += (Clock::now() - begin).count();
    if (!error && sample) {
      if (auto const unsafe = why_unsafe_id(sample->id)) {
        error = "it emitted the sample \"" + sample->id + "\", whose name " + *unsafe;
      }
    }
    if (error) {
      stop("the source \"" + source.name + "\" cannot go on: " + *error);
      return nullptr;
    }
    if (!sample) {
      source_ended_ = true;
      return nullptr;
    }
    sample->index = sequence;
    emitted_.store(sequence + 1, std::memory_order_relaxed);
    counts_[0].visits += 1;
    return make_message(sequence, std::move(*sample));
  }

  Message make_message(std::uint64_t sequence, Sample sample) {
    auto message = std::make_shared<InFlight>(sequence, std::move(sample), plan_.size());
    std::uint32_t ends = 0;
    for (std::size_t i = 0; i < plan_.size(); ++i) {
      NodeResult& result = message->results[i];
      result.missing.store(static_cast<std::uint32_t>(plan_[i].after.size()),
                           std::memory_order_relaxed);
      result.readers.store(static_cast<std::uint32_t>(plan_[i].readers), std::memory_order_relaxed);
      if (plan_[i].at_end) ++ends;
    }
    message->ends_missing.store(ends, std::memory_order_relaxed);
    message->results[0].values.push_back(message->sample);
    return message;
  }

  // One node's share of one sample, whatever became of the sample before.
  void visit(std::size_t i, InFlight& sample) {
    PlannedNode const& node = plan_[i];
    NodeResult& result = sample.results[i];
    for (std::size_t const producer : node.after) {
      result.outcome = worse(result.outcome, sample.results[producer].outcome);
    }
    if (result.outcome == Outcome::done && stopping()) result.outcome = Outcome::cancelled;
    if (result.outcome == Outcome::done) work(node, i, sample);
    counts_[i].visits += 1;
    for (std::size_t const producer : node.after) release(sample.results[producer]);
  }

  void work(PlannedNode const& node, std::size_t i, InFlight& sample) {
    PipelineStage const& stage = pipeline_.stages[node.stage];
    NodeResult& result = sample.results[i];
    auto const begin = Clock::now();
    // Without isolation a parallel loop inside a stage could start another sample's stage on this
    // thread, in the middle of this one.
    result_of(result, error_of([&] {
                tbb::this_task_arena::isolate([&] {
                  if (node.work == PlannedNode::Work::produce) {
                    result.values.push_back(stage.instance->produce(node.output, *sample.sample));
                  } else {
                    call(node, stage, sample, result);
                  }
                });
              }));
    auto const end = Clock::now();
    counts_[i].nanoseconds += (end - begin).count();
    if (result.outcome == Outcome::failed && pipeline_.on_error(stage) == OnError::stop) {
      stop("stage \"" + stage.name + "\" failed on sample \"" + sample.sample->id +
           "\": " + result.error);
    }
    auto const unheard =
        error_of([&] { listener_.worked(node.stage, *sample.sample, begin, end); });
    if (unheard) stop(*unheard);
  }

  void call(PlannedNode const& node, PipelineStage const& stage, InFlight& sample,
            NodeResult& result) {
    std::vector<void const*> inputs;
    inputs.reserve(node.inputs.size());
    for (auto const& input : node.inputs) {
      inputs.push_back(input.connected ? sample.results[input.node].values[input.value].get()
                                       : nullptr);
    }
    SampleContext const context(*sample.sample, options_.output(node.stage));
    auto values = stage.instance->run(context, inputs);
    if (values) {
      result.values = std::move(*values);
    } else {
      result.outcome = Outcome::skipped;
      result.own = true;
    }
  }

  static void result_of(NodeResult& result, std::optional<std::string> error) {
    if (!error) return;
    result.outcome = Outcome::failed;
    result.own = true;
    result.error = std::move(*error);
    result.values.clear();
  }

  static void release(NodeResult& result) {
    if (result.readers.fetch_sub(1, std::memory_order_acq_rel) == 1) result.values.clear();
  }

  // In data set order, one at a time.
  void retire(InFlight& sample) {
    if (auto reason = retirement_.retire(sample)) stop(std::move(*reason));
    retired_.fetch_add(1, std::memory_order_relaxed);
  }

  // The first reason counts; the rest follow from it.
  void stop(std::string reason) {
    std::scoped_lock const lock(stop_mutex_);
    if (stop_reason_.empty()) stop_reason_ = std::move(reason);
    stopping_.store(true, std::memory_order_release);
  }
  bool stopping() const { return stopping_.load(std::memory_order_acquire); }

  void add_node_counts(std::vector<StageCounts>& stages) const {
    for (std::size_t i = 0; i < plan_.size(); ++i) {
      StageCounts& stage = stages[plan_[i].stage];
      stage.seconds += static_cast<double>(counts_[i].nanoseconds) * 1e-9;
      std::uint64_t came = emitted_;
      for (std::size_t const producer : plan_[i].after) {
        came = std::min<std::uint64_t>(came, counts_[producer].visits);
      }
      stage.held += came - counts_[i].visits;
    }
  }

  Pipeline const& pipeline_;
  EngineOptions options_;
  RunListener& listener_;
  std::vector<PlannedNode> const plan_;
  std::unique_ptr<NodeCounts[]> counts_;  // by node

  std::atomic<std::uint64_t> emitted_{0}, retired_{0};
  std::atomic<bool> draining_{false}, stopping_{false};
  std::mutex stop_mutex_;
  std::string stop_reason_;    // guarded by stop_mutex_ while the graph runs
  bool source_ended_ = false;  // the emitter's
  Retirement retirement_;
};

Engine::Engine(Pipeline const& pipeline, EngineOptions options, RunListener& listener)
    : graph_(std::make_unique<Graph>(pipeline, std::move(options), listener)) {}
Engine::~Engine() = default;

RunTotals Engine::run() {
  return graph_->run();
}
void Engine::drain() noexcept {
  graph_->drain();
}
std::int64_t Engine::jobs() const {
  return graph_->options().jobs;
}
std::int64_t Engine::in_flight() const {
  return graph_->options().in_flight;
}
std::uint64_t Engine::emitted() const {
  return graph_->emitted();
}
std::uint64_t Engine::retired() const {
  return graph_->retired();
}

}  // namespace seplflow
