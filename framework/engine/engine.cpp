#include "engine/engine.hpp"

#include <tbb/flow_graph.h>
#include <tbb/global_control.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <limits>
#include <map>
#include <mutex>
#include <new>
#include <string>

#include "base/error_of.hpp"
#include "engine/hash_set.hpp"
#include "engine/in_flight.hpp"
#include "engine/parallel.hpp"
#include "pipeline/current_work.hpp"
#include "pipeline/sample_order.hpp"

namespace seplflow {
namespace {

using Clock = RunListener::Clock;

// Samples wait here for those before them in the data set.
class InOrder {
 public:
  // Calls `pass` for each sample whose turn it is.
  template <class Pass>
  void add(Message const& message, Pass const& pass) {
    waiting_.emplace(message->sequence, message);
    for (; !waiting_.empty() && waiting_.begin()->first == next_; ++next_) {
      pass(waiting_.extract(waiting_.begin()).mapped());
    }
  }

 private:
  std::map<std::uint64_t, Message> waiting_;  // by their sequence
  std::uint64_t next_ = 0;
};

}  // namespace

// A flow graph with a node for each group of the plan. A node takes a message from each group that
// it waits for, works when the last one arrives, and passes the message on once. A ticket is a
// credit: the emitter turns it into a sample, and the sample's retirement gives it back.
class Engine::Graph {
 public:
  Graph(Pipeline const& pipeline, EngineOptions options, RunListener& listener)
      : pipeline_(pipeline),
        options_(std::move(options)),
        listener_(listener),
        plan_(plan_of(pipeline, options_.ends)),
        visits_(std::make_unique<std::atomic<std::uint64_t>[]>(plan_.groups.size())),
        nanoseconds_(std::make_unique<std::atomic<std::int64_t>[]>(plan_.nodes.size())),
        retirement_(pipeline, plan_, listener) {
    if (options_.jobs <= 0) options_.jobs = usable_cores();
    options_.jobs = std::min(options_.jobs, most_useful_threads());
    // One of them is the calling thread, but the progress has a thread too. What the first trial
    // leaves reserved may reduce what is possible.
    for (int trial = 0; trial < 2 && options_.jobs > 1; ++trial) {
      std::int64_t const startable = startable_threads(options_.jobs);
      // The other half leaves room for the work itself.
      if (startable < options_.jobs) options_.jobs = std::max<std::int64_t>(1, startable / 2);
    }
    // It may want one in any case.
    if (options_.jobs == 1 && startable_threads(1) == 0) {
      throw Error(
          "no thread can be started; the limits on threads and memory are too low (ulimit -a)");
    }
    if (options_.in_flight <= 0) options_.in_flight = std::max<std::int64_t>(8, 4 * options_.jobs);
  }

  RunTotals run() {
    // Without this an arena has at most as many threads as the machine has cores. It also holds for
    // what runs in parallel afterwards.
    threads_.emplace(tbb::global_control::max_allowed_parallelism,
                     static_cast<std::size_t>(options_.jobs));
    auto const error = error_of([this] {
      if (!begin()) return;
      // Without memory for its threads, oneTBB 2022 waits for itself forever.
      constexpr std::size_t kForThreads = 4 << 20;
      if (!is_mappable(kForThreads)) throw std::bad_alloc();
      tbb::task_arena arena(static_cast<int>(options_.jobs));
      arena.execute([this] { run_in_arena(); });
    });
    if (error) stop("the graph cannot run: " + *error);

    RunTotals totals = retirement_.totals();
    if (order_) totals.left_out = order_->take_left_out();
    totals.emitted = emitted_;
    add_node_counts(totals.stages);
    if (!stop_reason_.empty()) {
      totals.end = RunEnd::stopped;
      totals.error = stop_reason_;
    } else if (!source_ended_ || totals.cut_short) {
      totals.end = RunEnd::interrupted;
    }
    if (totals.emitted != totals.retired() && !error) {
      totals.end = RunEnd::stopped;
      totals.error = stall_report(pipeline_, totals);
    }
    return totals;
  }

  void drain() noexcept { draining_.store(true, std::memory_order_relaxed); }

  EngineOptions const& options() const { return options_; }
  std::uint64_t emitted() const { return emitted_.load(std::memory_order_relaxed); }
  std::uint64_t retired() const { return retired_.load(std::memory_order_relaxed); }
  std::uint64_t recalled() const { return recalled_.load(std::memory_order_relaxed); }

 private:
  struct Ticket {};
  using Emitter = tbb::flow::multifunction_node<Ticket, std::tuple<Message>>;
  using Node = tbb::flow::multifunction_node<Message, std::tuple<Message>>;
  using Retirer = tbb::flow::function_node<Message>;
  using Priority = tbb::flow::node_priority_t;
  static constexpr Priority kBeforeAll = std::numeric_limits<Priority>::max();

  // Finds out which samples there are and prepares the stages that fold. Returns false when it
  // stopped the run.
  bool begin() {
    PipelineStage const& source = pipeline_.stages[plan_.nodes[0].part.stage];
    auto error = error_of([&] {
      CurrentWork const current(source, "");
      order_.emplace(pipeline_, options_.ends);
    });
    if (error) stop("the source \"" + source.name + "\" cannot continue: " + *error);
    for (PlannedNode const& node : plan_.nodes) {
      PipelineStage const& stage = pipeline_.stages[node.part.stage];
      if (error || !stage.declaration->keeps_state) continue;
      error = error_of([&] {
        CurrentWork const current(stage, "");
        stage.instance->begin_fold(
            {listener_.state_folder(node.part.stage), order_->count(), order_->classes()});
      });
      if (error) {
        stop("stage \"" + stage.name + "\"" + pipeline_.some_variant(stage) +
             " cannot begin: " + *error);
      }
    }
    return !error;
  }

  void run_in_arena() {
    tbb::flow::graph graph;
    Emitter emitter(graph, tbb::flow::serial, [this](Ticket, Emitter::output_ports_type& ports) {
      if (Message const message = emit()) std::get<0>(ports).try_put(message);
    });
    Node gate(
        graph, tbb::flow::unlimited,
        [](Message const& message, Node::output_ports_type& out) {
          if (message->ends_missing.fetch_sub(1, std::memory_order_acq_rel) == 1) {
            std::get<0>(out).try_put(message);
          }
        },
        kBeforeAll);
    // A sequencer_node would put samples in order too, but it has no priority: with few threads
    // nothing would retire while any stage has a sample to process.
    Retirer retirer(
        graph, tbb::flow::serial,
        [this, &emitter, turns = InOrder()](Message const& message) mutable {
          turns.add(message, [&](Message const& each) {
            retire(*each);
            emitter.try_put(Ticket());
          });
          return tbb::flow::continue_msg();
        },
        kBeforeAll);
    make_edge(tbb::flow::output_port<0>(gate), retirer);
    auto const nodes = make_nodes(graph, emitter, gate);

    try {
      for (std::int64_t i = 0; i < options_.in_flight; ++i) emitter.try_put(Ticket());
    } catch (...) {
      // The nodes must outlive the tasks that are already running.
      graph.cancel();
      error_of([&] { graph.wait_for_all(); });
      throw;
    }
    graph.wait_for_all();
  }

  // A node for each group but the first, which is the emitter, and the edges between them.
  std::vector<std::unique_ptr<Node>> make_nodes(tbb::flow::graph& graph, Emitter& emitter,
                                                Node& gate) {
    std::vector<PlannedGroup> const& groups = plan_.groups;
    std::vector<std::unique_ptr<Node>> nodes(groups.size());
    auto const connect = [&](std::size_t from, Node& to) {
      if (from == 0) {
        make_edge(tbb::flow::output_port<0>(emitter), to);
      } else {
        make_edge(tbb::flow::output_port<0>(*nodes[from]), to);
      }
    };
    // A node that is limited to as many tasks as there are threads takes samples first come, first
    // served. Without the limit every sample would be a task, and threads take their youngest task
    // first: the oldest samples would wait longest for a slow stage, and the younger ones, done,
    // for them. Nodes further down the graph have priority, so that the results of a slow stage are
    // written and recorded before it starts the next sample.
    auto const all_threads = static_cast<std::size_t>(options_.jobs);
    for (std::size_t g = 1; g < groups.size(); ++g) {
      nodes[g] = std::make_unique<Node>(
          graph, groups[g].serial ? std::size_t{tbb::flow::serial} : all_threads,
          [this, g, turns = InOrder()](Message const& message,
                                       Node::output_ports_type& ports) mutable {
            if (message->missing[g].fetch_sub(1, std::memory_order_acq_rel) > 1) return;
            auto const pass = [&](Message const& each) {
              visit(g, *each);
              std::get<0>(ports).try_put(each);
            };
            if (plan_.groups[g].ordered) {
              turns.add(message, pass);
            } else {
              pass(message);
            }
          },
          Priority(plan_.nodes[groups[g].nodes.front()].level));
    }
    for (std::size_t g = 0; g < groups.size(); ++g) {
      for (std::size_t const producer : groups[g].after) connect(producer, *nodes[g]);
      if (groups[g].at_end) connect(g, gate);
    }
    return nodes;
  }

  // The next sample; nothing after the last, or when the run is ending.
  Message emit() {
    if (source_ended_ || stopping() || draining_.load(std::memory_order_relaxed)) return nullptr;
    PipelineStage const& source = pipeline_.stages[plan_.nodes[0].part.stage];
    std::optional<Sample> sample;
    auto const begin = Clock::now();
    auto error = error_of([&] {
      CurrentWork const current(source, "");
      sample = order_->next();
    });
    nanoseconds_[0] += (Clock::now() - begin).count();
    if (!error && sample) {
      if (auto const unsafe = why_unsafe_id(sample->id)) {
        error = "it emitted the sample \"" + sample->id + "\", whose name " + *unsafe;
      } else if (sample->repetition == 0 &&
                 !ids_.insert(std::hash<std::string>()(sample->id))) {
        error = "it emitted the sample \"" + sample->id + "\" twice; samples need different ids";
      }
    }
    if (error) {
      stop("the source \"" + source.name + "\" cannot continue: " + *error);
      return nullptr;
    }
    if (!sample) {
      source_ended_ = true;
      return nullptr;
    }
    std::uint64_t const sequence = emitted();
    Message message = make_message(sequence, std::move(*sample));
    auto const recall_error = error_of(
        [&] { restore_results(listener_.recall(*message->sample), pipeline_, plan_, *message); });
    if (recall_error) {
      stop(*recall_error);
      return nullptr;
    }
    emitted_.store(sequence + 1, std::memory_order_relaxed);
    visits_[0] += 1;
    return message;
  }

  Message make_message(std::uint64_t sequence, Sample sample) {
    auto message = std::make_shared<InFlight>(sequence, std::move(sample), plan_);
    for (std::size_t n = 0; n < plan_.nodes.size(); ++n) {
      message->results[n].readers.store(static_cast<std::uint32_t>(plan_.nodes[n].readers),
                                        std::memory_order_relaxed);
    }
    std::uint32_t ends = 0;
    for (std::size_t g = 0; g < plan_.groups.size(); ++g) {
      message->missing[g].store(static_cast<std::uint32_t>(plan_.groups[g].after.size()),
                                std::memory_order_relaxed);
      if (plan_.groups[g].at_end) ++ends;
    }
    message->ends_missing.store(ends, std::memory_order_relaxed);
    message->results[0].values = std::make_shared<std::vector<Value> const>(1, message->sample);
    if (!message->sample->remark.empty()) {
      message->results[0].warnings.push_back({message->sample->remark, ""});
    }
    return message;
  }

  // Processes a sample in one group, whatever its outcome so far.
  void visit(std::size_t g, InFlight& sample) {
    PlannedGroup const& group = plan_.groups[g];
    std::vector<std::size_t> const due = nodes_due(group, sample);
    // Without isolation a parallel loop inside a stage could run another sample's stage on this
    // thread before it returns.
    if (!due.empty()) tbb::this_task_arena::isolate([&] { work(due, sample); });
    visits_[g] += 1;
    for (std::size_t const producer : group.reads) release(sample.results[producer]);
  }

  // The nodes of the group that have work to do. The others get their outcome.
  std::vector<std::size_t> nodes_due(PlannedGroup const& group, InFlight& sample) const {
    std::vector<std::size_t> due;
    due.reserve(group.nodes.size());
    for (std::size_t const n : group.nodes) {
      NodeResult& result = sample.results[n];
      OutcomeBefore const before = outcome_before(
          plan_.nodes[n], [&](std::size_t node) { return sample.results[node].outcome; },
          [&](std::size_t node) { return sample.results[node].absent; });
      if (before.outcome > result.outcome) {
        result.outcome = before.outcome;
        result.absent = before.absent;
        result.own = false;  // even if an earlier run knows that the stage skips the sample
        result.warnings.clear();
        result.counts.clear();
      }
      if (result.outcome == Outcome::done && !result.idle) due.push_back(n);
    }
    return due;
  }

  void work(std::vector<std::size_t> const& nodes, InFlight& sample) {
    std::optional<Visit> visit;
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      if (!may_begin(nodes[i], sample)) {
        sample.results[nodes[i]].outcome = Outcome::cancelled;
        continue;
      }
      if (!visit) visit.emplace(pipeline_, plan_, listener_, sample, nodes);
      if (!visit->share(i)) work(*visit, i, nodes[i], sample);
    }
  }

  bool may_begin(std::size_t n, InFlight& sample) const {
    if (stopping()) return false;
    if (sample.begun.load(std::memory_order_relaxed)) return true;
    if (draining_.load(std::memory_order_relaxed)) return false;
    if (!plan_.nodes[n].loads) sample.begun.store(true, std::memory_order_relaxed);
    return true;
  }

  void work(Visit& visit, std::size_t i, std::size_t n, InFlight& sample) {
    std::size_t const s = plan_.nodes[n].part.stage;
    PipelineStage const& stage = pipeline_.stages[s];
    NodeResult& result = sample.results[n];
    bool worked = true;
    auto const begin = Clock::now();
    auto error = error_of([&] {
      CurrentWork const current(stage, sample.sample->id);
      worked = visit.compute(i);
    });
    if (error) {
      result.outcome = Outcome::failed;
      result.own = true;
      result.error = std::move(*error);
      if (!sample.sample->remark.empty()) result.error += "; note: " + sample.sample->remark;
      result.values.reset();
    }
    auto const end = Clock::now();
    nanoseconds_[n] += (end - begin).count();
    if (result.outcome == Outcome::failed && pipeline_.on_error(stage) == OnError::stop) {
      stop("stage \"" + stage.name + "\"" + pipeline_.some_variant(stage) + " failed on sample \"" +
           sample.sample->id + "\": " + result.error);
    }
    if (!worked) return;
    error = error_of([&] { listener_.worked(s, *sample.sample, begin, end); });
    if (error) stop(std::move(*error));
  }

  static void release(NodeResult& result) {
    if (result.readers.fetch_sub(1, std::memory_order_acq_rel) == 1) result.values.reset();
  }

  // Called in data set order, for one sample at a time.
  void retire(InFlight& sample) {
    if (auto reason = retirement_.retire(sample)) stop(std::move(*reason));
    retired_.fetch_add(1, std::memory_order_relaxed);
    recalled_.store(retirement_.totals().recalled, std::memory_order_relaxed);
  }

  // Only the first reason counts; the others follow from it.
  void stop(std::string reason) {
    std::scoped_lock const lock(stop_mutex_);
    if (stop_reason_.empty()) stop_reason_ = std::move(reason);
    stopping_.store(true, std::memory_order_release);
  }
  bool stopping() const { return stopping_.load(std::memory_order_acquire); }

  void add_node_counts(std::vector<StageCounts>& stages) const {
    for (std::size_t n = 0; n < plan_.nodes.size(); ++n) {
      StageCounts& stage = stages[plan_.nodes[n].part.stage];
      stage.seconds += static_cast<double>(nanoseconds_[n]) * 1e-9;
    }
    for (std::size_t g = 0; g < plan_.groups.size(); ++g) {
      std::uint64_t came = emitted_;
      for (std::size_t const before : plan_.groups[g].after) {
        came = std::min<std::uint64_t>(came, visits_[before]);
      }
      for (std::size_t const n : plan_.groups[g].nodes) {
        stages[plan_.nodes[n].part.stage].held += came - visits_[g];
      }
    }
  }

  Pipeline const& pipeline_;
  EngineOptions options_;
  RunListener& listener_;
  Plan const plan_;
  std::unique_ptr<std::atomic<std::uint64_t>[]> visits_;      // by group
  std::unique_ptr<std::atomic<std::int64_t>[]> nanoseconds_;  // by node

  std::atomic<std::uint64_t> emitted_{0}, retired_{0}, recalled_{0};
  std::atomic<bool> draining_{false}, stopping_{false};
  std::mutex stop_mutex_;
  std::string stop_reason_;              // guarded by stop_mutex_ while the graph runs
  bool source_ended_ = false;            // only the emitter uses this, order_ and ids_
  std::optional<SampleOrder> order_;
  HashSet ids_;                          // hashes of the ids in the first epoch so far
  Retirement retirement_;
  std::optional<tbb::global_control> threads_;
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
std::uint64_t Engine::recalled() const {
  return graph_->recalled();
}

std::string_view to_string(Outcome outcome) {
  constexpr std::string_view kNames[] = {"done", "skipped", "failed", "cancelled"};
  return kNames[static_cast<std::size_t>(outcome)];
}

std::string stall_report(Pipeline const& pipeline, RunTotals const& totals) {
  std::string text = "the graph stalled: " + std::to_string(totals.emitted) +
                     " samples were emitted but " + std::to_string(totals.retired()) + " retired;";
  bool any = false;
  for (std::size_t i = 0; i < pipeline.stages.size(); ++i) {
    if (totals.stages[i].held == 0) continue;
    text += (any ? ", " : " held before ") + std::string("\"") + pipeline.stages[i].name +
            "\": " + std::to_string(totals.stages[i].held);
    any = true;
  }
  if (!any) text += " all stages passed everything on, so they are held before retirement";
  return text + "; this is a defect of seplflow, please report it with the pipeline file";
}

}  // namespace seplflow
