#include <algorithm>
#include <iterator>
#include <mutex>
#include <utility>

#include <seplflow/detail/warnings.hpp>
#include "base/error_of.hpp"
#include "engine/in_flight.hpp"

namespace seplflow {

namespace {

// A sample's files are named after its id, and so may be longer, as far as file systems allow.
std::optional<std::string> why_unsafe_file(std::filesystem::path const& file) {
  constexpr std::size_t kLongestName = 255, kLongestId = 240;
  std::filesystem::path shortened;
  bool is_shortened = false;
  for (std::filesystem::path const& part : file) {
    std::string const name = part.string();
    bool const fits = name.size() > kLongestId && name.size() <= kLongestName;
    is_shortened = is_shortened || fits;
    shortened /= fits ? name.substr(0, kLongestId) : name;
  }
  return why_unsafe_id(is_shortened ? shortened.string() : file.string());
}

}  // namespace

// Holds the files of a sink until its call has succeeded.
class Visit::Files final : public OutputFolder {
 public:
  explicit Files(std::filesystem::path const& list_file) : list_file_(list_file) {}

  void write(std::filesystem::path const& file, std::span<std::uint8_t const> bytes) override {
    if (auto const unsafe = why_unsafe_file(file)) {
      throw Error("the file name \"" + file.string() + "\" " + *unsafe);
    }
    if (file == list_file_) {
      throw Error("the file name \"" + file.string() + "\" is that of the list of the sink");
    }
    std::scoped_lock const lock(mutex_);
    files_.push_back({file, {bytes.begin(), bytes.end()}});
  }
  std::vector<OutputFile> take() { return std::move(files_); }

 private:
  std::filesystem::path const& list_file_;
  std::mutex mutex_;
  std::vector<OutputFile> files_;
};

// What is known of a node before its turn, and of its result afterwards.
struct Visit::Turn {
  std::size_t node;
  std::span<void const* const> inputs;
  Value decision = {};                 // of a stage in two steps
  std::vector<Warning> warnings = {};  // of the decision
  std::vector<Count> counts = {};
  // The first turn that is like this one, and of the first: the one whose result the others share.
  std::size_t first = 0;
  std::optional<std::size_t> done = {};
  std::optional<std::optional<std::vector<Value>>> carried_out = {};  // ahead of its turn
  std::vector<OutputFile> files = {};                                 // that it wrote
};

Visit::Visit(Pipeline const& pipeline, Plan const& plan, RunListener& listener, InFlight& sample,
             std::vector<std::size_t> const& nodes)
    : pipeline_(pipeline), plan_(plan), listener_(listener), sample_(sample) {
  PlannedNode const& any = plan_.nodes[nodes.front()];
  any_ = pipeline_.stages[any.part.stage].instance.get();
  std::size_t const count = any.inputs.size();
  inputs_.reserve(count * nodes.size());
  turns_.reserve(nodes.size());
  for (std::size_t const n : nodes) {
    for (auto const& input : plan_.nodes[n].inputs) inputs_.push_back(input_of(input));
    turns_.push_back({n, std::span(inputs_).last(count)});
    turns_.back().first = turns_.size() - 1;
  }
}
Visit::~Visit() = default;

bool Visit::share(std::size_t i) {
  if (!looked_ahead_ && any_->decides()) return false;
  look_ahead();
  auto const done = turns_[turns_[i].first].done;
  if (!done || is_sink(turns_[i].node)) return false;
  share_result(turns_[*done], turns_[i].node);
  return true;
}

bool Visit::compute(std::size_t i) {
  Turn& turn = turns_[i];
  PlannedNode const& node = plan_.nodes[turn.node];
  PipelineStage const& stage = pipeline_.stages[node.part.stage];
  NodeResult& result = sample_.results[turn.node];
  if (node.work == PlannedNode::Work::produce) {
    produce(node, result);
    return true;
  }
  look_ahead();
  if (auto const done = turns_[turn.first].done) {
    share_result(turns_[*done], turn.node);
    if (result.outcome == Outcome::done) listener_.deliver(node.part.stage, turns_[*done].files);
    return false;
  }

  result.warnings.clear();
  result.counts.clear();
  if (!turn.decision && stage.instance->decides()) decide(turn);
  stamp(node, result);
  Files files(stage.list_file);
  Warnings warnings;
  SampleContext const context(*sample_.sample, is_sink(turn.node) ? &files : nullptr, &warnings);
  auto values = turn.carried_out ? std::move(*turn.carried_out)
                : turn.decision
                    ? stage.instance->carry_out(turn.decision.get(), context, turn.inputs)
                    : stage.instance->run(context, turn.inputs);
  result.warnings = std::move(turn.warnings);
  std::ranges::move(warnings.take(), std::back_inserter(result.warnings));
  result.counts = std::move(turn.counts);
  std::ranges::move(warnings.take_counts(), std::back_inserter(result.counts));
  if (!values) {
    result.outcome = Outcome::skipped;
    result.own = true;
  } else {
    result.values = std::make_shared<std::vector<Value> const>(std::move(*values));
    turn.files = files.take();
    result.kept = keep(node.part.stage, turn.files, result);
  }
  turns_[turn.first].done = i;
  return true;
}

void Visit::produce(PlannedNode const& node, NodeResult& result) {
  stamp(node, result);
  Warnings warnings;
  SampleContext const context(*sample_.sample, nullptr, &warnings);
  StageInstance const& source = *pipeline_.stages[node.part.stage].instance;
  Value value = source.produce(node.part.output, context);
  result.warnings = warnings.take();
  if (value) {
    result.values = std::make_shared<std::vector<Value> const>(1, std::move(value));
  } else {
    result.outcome = Outcome::skipped;
    result.own = result.absent = true;
  }
}

SharedBytes Visit::keep(std::size_t s, std::vector<OutputFile> const& files,
                        NodeResult const& result) const {
  PipelineStage const& stage = pipeline_.stages[s];
  if (stage.declaration->kind == StageKind::sink) {
    std::string bytes = listener_.deliver(s, files);
    // The record is added when the sample has been folded.
    if (stage.declaration->folds) bytes = join_kept({bytes, ""});
    return std::make_shared<std::string const>(std::move(bytes));
  }
  // Of a stage that keeps a state, the record is kept when it has been folded.
  if (!stage.declaration->folds || stage.declaration->keeps_state) return nullptr;
  auto bytes = stage.instance->save(result.values->front().get());
  return bytes ? std::make_shared<std::string const>(std::move(*bytes)) : nullptr;
}

void const* Visit::input_of(PlannedNode::Input const& input) const {
  NodeResult const& result = sample_.results[input.node];
  return input.connected && !result.absent ? (*result.values)[input.value].get() : nullptr;
}

bool Visit::is_sink(std::size_t n) const {
  return pipeline_.stages[plan_.nodes[n].part.stage].declaration->kind == StageKind::sink;
}

void Visit::decide(Turn& turn) const {
  Warnings warnings;
  SampleContext const context(*sample_.sample, nullptr, &warnings);
  StageInstance const& stage = *pipeline_.stages[plan_.nodes[turn.node].part.stage].instance;
  turn.decision = stage.decide(context, turn.inputs);
  turn.warnings = warnings.take();
  turn.counts = warnings.take_counts();
}

// Finds out which turns are alike. A decision that throws is left to its turn, which throws again.
void Visit::look_ahead() {
  if (std::exchange(looked_ahead_, true) || turns_.size() == 1) return;
  std::vector<std::size_t> firsts;
  for (std::size_t i = 0; i < turns_.size(); ++i) {
    Turn& turn = turns_[i];
    if (any_->decides() && error_of([&] { decide(turn); })) continue;
    auto const like =
        std::ranges::find_if(firsts, [&](std::size_t first) { return is_like(turns_[first], turn); });
    if (like == firsts.end()) {
      firsts.push_back(i);
    } else {
      turn.first = *like;
    }
  }
  if (any_->carries_out_all()) carry_out_all(firsts);
}

// If that throws, each decision is carried out in its turn, which throws what is wrong with it.
void Visit::carry_out_all(std::vector<std::size_t> const& firsts) {
  std::vector<void const*> decisions;
  std::vector<std::size_t> turns;
  for (std::size_t const i : firsts) {
    if (!std::ranges::equal(turns_[i].inputs, turns_[firsts.front()].inputs)) continue;
    PlannedNode const& node = plan_.nodes[turns_[i].node];
    // Files are stamped before they are read, in the turn.
    auto const& stage = *pipeline_.stages[node.part.stage].instance;
    if (!stage.files(node.part.output, *sample_.sample).empty()) continue;
    decisions.push_back(turns_[i].decision.get());
    turns.push_back(i);
  }
  if (turns.size() < 2) return;
  error_of([&] {
    SampleContext const context(*sample_.sample, nullptr);
    auto results = any_->carry_out_all(decisions, context, turns_[turns.front()].inputs);
    for (std::size_t i = 0; results.size() == turns.size() && i < turns.size(); ++i) {
      turns_[turns[i]].carried_out = std::move(results[i]);
    }
  });
}

bool Visit::is_like(Turn const& earlier, Turn const& turn) const {
  if (!std::ranges::equal(earlier.inputs, turn.inputs)) return false;
  if (turn.decision) return any_->same_decision(earlier.decision.get(), turn.decision.get());
  return plan_.nodes[earlier.node].computation == plan_.nodes[turn.node].computation;
}

void Visit::stamp(PlannedNode const& node, NodeResult& result) {
  auto const& stage = pipeline_.stages[node.part.stage];
  auto const files = stage.instance->files(node.part.output, *sample_.sample);
  if (!files.empty()) result.stamp = listener_.stamp(node.part.stage, files);
}

void Visit::share_result(Turn const& from, std::size_t node) {
  NodeResult const& shared = sample_.results[from.node];
  NodeResult& result = sample_.results[node];
  result.outcome = shared.outcome;
  result.own = shared.own;
  result.stamp = shared.stamp;
  result.values = shared.values;
  result.kept = shared.kept;
  result.counts = shared.counts;
  result.warnings.clear();
}

}  // namespace seplflow
