#include "engine/retirement.hpp"

#include "data/error_of.hpp"

namespace seplflow {
namespace {

// Adds a sample to the counts of stage or run; `done` is what they call it.
template <class Counts>
void add(Counts& counts, std::uint64_t& done, Outcome outcome) {
  switch (outcome) {
    case Outcome::done:
      ++done;
      break;
    case Outcome::skipped:
      ++counts.skipped;
      break;
    case Outcome::failed:
      ++counts.failed;
      break;
    case Outcome::cancelled:
      ++counts.cancelled;
      break;
  }
}

}  // namespace

Retirement::Retirement(Pipeline const& pipeline, std::vector<PlannedNode> const& plan,
                       RunListener& listener)
    : pipeline_(pipeline), plan_(plan), listener_(listener) {
  totals_.stages.resize(pipeline_.stages.size());
}

std::optional<std::string> Retirement::retire(InFlight& sample) {
  Retired const retired = outcome_of(sample);
  std::optional<std::string> stop;
  // After a record that could not be kept, none that follows may stand without it.
  if (!untold_) stop = error_of([&] { tell(sample, retired); });
  if (stop) untold_ = true;
  count(sample, retired.outcome);
  return stop ? stop : too_many_failures();
}

Retired Retirement::outcome_of(InFlight& sample) const {
  Retired retired{*sample.sample, Outcome::done, {}, std::nullopt};
  for (std::size_t i = 0; i < plan_.size(); ++i) {
    NodeResult& result = sample.results[i];
    retired.outcome = worse(retired.outcome, result.outcome);
    if (!result.own) continue;
    if (result.outcome == Outcome::failed) {
      retired.failures.push_back({plan_[i].stage, std::move(result.error)});
    } else if (!retired.skipped_by) {
      retired.skipped_by = plan_[i].stage;
    }
  }
  // A failure that stopped the run is one, though other stages of the sample were cancelled.
  if (!retired.failures.empty()) retired.outcome = Outcome::failed;
  return retired;
}

void Retirement::tell(InFlight& sample, Retired const& retired) {
  for (std::size_t i = 0; i < plan_.size(); ++i) {
    PipelineStage const& stage = pipeline_.stages[plan_[i].stage];
    if (stage.declaration->kind != StageKind::observer) continue;
    NodeResult const& result = sample.results[i];
    if (result.outcome != Outcome::done) continue;
    Row row;
    if (auto const error =
            error_of([&] { row = stage.instance->fold(*sample.sample, result.values[0].get()); })) {
      throw Error("stage \"" + stage.name + "\" failed to fold sample \"" + sample.sample->id +
                  "\": " + *error);
    }
    if (!row.empty()) listener_.row(plan_[i].stage, row);
  }
  listener_.retired(retired);
}

void Retirement::count(InFlight const& sample, Outcome outcome) {
  add(totals_, totals_.done, outcome);
  // The source's outputs are one stage with its emission.
  for (std::size_t i = 0, next; i < plan_.size(); i = next) {
    Outcome left = Outcome::done;
    for (next = i; next < plan_.size() && plan_[next].stage == plan_[i].stage; ++next) {
      left = worse(left, sample.results[next].outcome);
    }
    StageCounts& stage = totals_.stages[plan_[i].stage];
    ++stage.in;
    add(stage, stage.out, left);
  }
}

std::optional<std::string> Retirement::too_many_failures() const {
  auto const limit = static_cast<std::uint64_t>(pipeline_.run.max_failures);
  if (limit == 0 || totals_.failed <= limit) return std::nullopt;
  return std::to_string(totals_.failed) +
         " samples failed, more than max_failures = " + std::to_string(limit);
}

}  // namespace seplflow
