#include "engine/visit.hpp"

#include <algorithm>
#include <mutex>

namespace seplflow {

// Holds a sink's files until it is done.
class Visit::Files final : public OutputFolder {
 public:
  void write(std::filesystem::path const& file, std::span<std::uint8_t const> bytes) override {
    if (auto const unsafe = why_unsafe_id(file.string())) {
      throw Error("the file name \"" + file.string() + "\" " + *unsafe);
    }
    std::scoped_lock const lock(mutex_);
    files_.push_back({file, {bytes.begin(), bytes.end()}});
  }
  std::vector<OutputFile> take() { return std::move(files_); }

 private:
  std::mutex mutex_;
  std::vector<OutputFile> files_;
};

Visit::Visit(Pipeline const& pipeline, Plan const& plan, RunListener& listener, InFlight& sample)
    : pipeline_(pipeline), plan_(plan), listener_(listener), sample_(sample) {}
Visit::~Visit() = default;

bool Visit::make(std::size_t n) {
  PlannedNode const& node = plan_.nodes[n];
  PipelineStage const& stage = pipeline_.stages[node.part.stage];
  NodeResult& result = sample_.results[n];
  if (node.work == PlannedNode::Work::produce) {
    stamp(node, result);
    result.values.push_back(stage.instance->produce(node.part.output, *sample_.sample));
    return true;
  }

  Files files;
  Warnings warnings;
  SampleContext const context(*sample_.sample, files, &warnings);
  Made made{n, inputs_of(node), nullptr, {}};
  if (stage.instance->decides()) made.decision = stage.instance->decide(context, made.inputs);
  if (Made const* const twin = equal_to(made, *stage.instance)) {
    share(*twin, node, result);
    return false;
  }
  stamp(node, result);
  auto values = made.decision ? stage.instance->carry_out(made.decision.get(), context, made.inputs)
                              : stage.instance->run(context, made.inputs);
  result.warnings = warnings.take();
  if (!values) {
    result.outcome = Outcome::skipped;
    result.own = true;
  } else {
    result.values = std::move(*values);
    if (stage.declaration->kind == StageKind::sink) {
      made.files = files.take();
      result.kept =
          std::make_shared<std::string const>(listener_.deliver(node.part.stage, made.files));
    } else if (stage.declaration->kind == StageKind::observer) {
      if (auto bytes = stage.instance->save(result.values[0].get())) {
        result.kept = std::make_shared<std::string const>(std::move(*bytes));
      }
    }
  }
  made_.push_back(std::move(made));
  return true;
}

std::vector<void const*> Visit::inputs_of(PlannedNode const& node) const {
  std::vector<void const*> inputs;
  inputs.reserve(node.inputs.size());
  for (auto const& input : node.inputs) {
    inputs.push_back(input.connected ? sample_.results[input.node].values[input.value].get()
                                     : nullptr);
  }
  return inputs;
}

Visit::Made const* Visit::equal_to(Made const& wanted, StageInstance const& instance) const {
  auto const equal = [&](Made const& made) {
    if (made.inputs != wanted.inputs) return false;
    if (wanted.decision) return instance.same_decision(made.decision.get(), wanted.decision.get());
    return plan_.nodes[made.node].kind == plan_.nodes[wanted.node].kind;
  };
  auto const found = std::ranges::find_if(made_, equal);
  return found == made_.end() ? nullptr : &*found;
}

void Visit::stamp(PlannedNode const& node, NodeResult& result) {
  auto const& stage = pipeline_.stages[node.part.stage];
  auto const files = stage.instance->files(node.part.output, *sample_.sample);
  if (!files.empty()) result.stamp = listener_.stamp(files);
}

void Visit::share(Made const& twin, PlannedNode const& node, NodeResult& result) {
  NodeResult const& from = sample_.results[twin.node];
  result.outcome = from.outcome;
  result.own = from.own;
  result.stamp = from.stamp;
  result.values = from.values;
  result.kept = from.kept;
  bool const is_sink = pipeline_.stages[node.part.stage].declaration->kind == StageKind::sink;
  if (is_sink && from.outcome == Outcome::done) listener_.deliver(node.part.stage, twin.files);
}

}  // namespace seplflow
