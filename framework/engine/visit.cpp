#include <algorithm>
#include <mutex>

#include <seplflow/detail/warnings.hpp>
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

Visit::Visit(Pipeline const& pipeline, Plan const& plan, RunListener& listener, InFlight& sample)
    : pipeline_(pipeline), plan_(plan), listener_(listener), sample_(sample) {}
Visit::~Visit() = default;

bool Visit::compute(std::size_t n) {
  PlannedNode const& node = plan_.nodes[n];
  PipelineStage const& stage = pipeline_.stages[node.part.stage];
  NodeResult& result = sample_.results[n];
  if (node.work == PlannedNode::Work::produce) {
    produce(node, result);
    return true;
  }

  result.warnings.clear();
  result.counts.clear();
  Files files(stage.list_file);
  Warnings warnings;
  bool const is_sink = stage.declaration->kind == StageKind::sink;
  SampleContext const context(*sample_.sample, is_sink ? &files : nullptr, &warnings);
  Call call{n, inputs_of(node), nullptr, {}};
  if (stage.instance->decides()) call.decision = stage.instance->decide(context, call.inputs);
  if (Call const* const equal = find_equal(call, *stage.instance)) {
    share_result(*equal, node, result);
    return false;
  }
  stamp(node, result);
  auto values = call.decision ? stage.instance->carry_out(call.decision.get(), context, call.inputs)
                              : stage.instance->run(context, call.inputs);
  result.warnings = warnings.take();
  result.counts = warnings.take_counts();
  if (!values) {
    result.outcome = Outcome::skipped;
    result.own = true;
  } else {
    result.values = std::move(*values);
    call.files = files.take();
    result.kept = keep(node.part.stage, call, result);
  }
  calls_.push_back(std::move(call));
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
    result.values.push_back(std::move(value));
  } else {
    result.outcome = Outcome::skipped;
    result.own = result.absent = true;
  }
}

SharedBytes Visit::keep(std::size_t s, Call const& call, NodeResult const& result) const {
  PipelineStage const& stage = pipeline_.stages[s];
  if (stage.declaration->kind == StageKind::sink) {
    std::string bytes = listener_.deliver(s, call.files);
    // The record is added when the sample has been folded.
    if (stage.declaration->folds) bytes = join_kept({bytes, ""});
    return std::make_shared<std::string const>(std::move(bytes));
  }
  // Of a stage that keeps a state, the record is kept when it has been folded.
  if (!stage.declaration->folds || stage.declaration->keeps_state) return nullptr;
  auto bytes = stage.instance->save(result.values[0].get());
  return bytes ? std::make_shared<std::string const>(std::move(*bytes)) : nullptr;
}

std::vector<void const*> Visit::inputs_of(PlannedNode const& node) const {
  std::vector<void const*> inputs;
  inputs.reserve(node.inputs.size());
  for (auto const& input : node.inputs) {
    bool const is_there = input.connected && !sample_.results[input.node].absent;
    inputs.push_back(is_there ? sample_.results[input.node].values[input.value].get() : nullptr);
  }
  return inputs;
}

Visit::Call const* Visit::find_equal(Call const& call, StageInstance const& instance) const {
  auto const is_equal = [&](Call const& earlier) {
    if (earlier.inputs != call.inputs) return false;
    if (call.decision) return instance.same_decision(earlier.decision.get(), call.decision.get());
    return plan_.nodes[earlier.node].computation == plan_.nodes[call.node].computation;
  };
  auto const found = std::ranges::find_if(calls_, is_equal);
  return found == calls_.end() ? nullptr : &*found;
}

void Visit::stamp(PlannedNode const& node, NodeResult& result) {
  auto const& stage = pipeline_.stages[node.part.stage];
  auto const files = stage.instance->files(node.part.output, *sample_.sample);
  if (!files.empty()) result.stamp = listener_.stamp(node.part.stage, files);
}

void Visit::share_result(Call const& from, PlannedNode const& node, NodeResult& result) {
  NodeResult const& shared = sample_.results[from.node];
  result.outcome = shared.outcome;
  result.own = shared.own;
  result.stamp = shared.stamp;
  result.values = shared.values;
  result.kept = shared.kept;
  result.counts = shared.counts;
  bool const is_sink = pipeline_.stages[node.part.stage].declaration->kind == StageKind::sink;
  if (is_sink && shared.outcome == Outcome::done) listener_.deliver(node.part.stage, from.files);
}

}  // namespace seplflow
