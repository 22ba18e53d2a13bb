#include "pipeline/sample_order.hpp"

#include <algorithm>
#include <functional>
#include <numeric>
#include <utility>

#include "base/number_text.hpp"
#include "base/random.hpp"

namespace seplflow {
namespace {

struct Wanted {
  std::uint64_t samples = 0;                 // the most that a stage wants
  PipelineStage const* by = nullptr;         // that stage
  PipelineStage const* each_once = nullptr;  // a stage that wants each sample once
};

Wanted wanted_of(Pipeline const& pipeline, std::vector<bool> const& ends) {
  Wanted wanted;
  for (std::size_t s = 0; s < pipeline.stages.size(); ++s) {
    PipelineStage const& stage = pipeline.stages[s];
    if (!stage.is_end() || (!ends.empty() && !ends[s])) continue;
    std::uint64_t const samples = stage.declaration->folds ? stage.instance->wanted_samples() : 0;
    if (samples == 0) wanted.each_once = &stage;
    if (samples <= wanted.samples) continue;
    wanted.samples = samples;
    wanted.by = &stage;
  }
  return wanted;
}

// The numbers 0 .. count - 1, in an order that follows from the seed and the epoch.
std::vector<std::size_t> order_of(std::size_t count, std::optional<std::int64_t> seed,
                                  std::uint64_t epoch) {
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), std::size_t{0});
  if (!seed) return order;
  Random random(seed_of(static_cast<std::uint64_t>(*seed), epoch));
  // The remainder prefers no number noticeably: there are far fewer samples than 2^64.
  for (std::size_t i = count; i > 1; --i) std::swap(order[i - 1], order[random.bits() % i]);
  return order;
}

std::string named(PipelineStage const& stage) {
  return "stage \"" + stage.name + "\" (" + stage.declaration->name + ")";
}

}  // namespace

std::optional<std::string> why_not_repeatable(Pipeline const& pipeline) {
  RunSettings const& run = pipeline.run;
  Wanted const wanted = wanted_of(pipeline, {});
  if (run.epochs && wanted.by) {
    return "epochs = " + std::to_string(*run.epochs) + ", but " + named(*wanted.by) +
           " wants " + counted(wanted.samples, "sample") +
           " as its options say; remove epochs from [run], or the number of iterations from the "
           "stage";
  }
  bool const repeats = run.epochs.value_or(1) > 1 || wanted.by != nullptr;
  if (run.shard.count > 1 && (repeats || run.seed)) {
    return "a run that repeats or shuffles its samples cannot be divided into shards";
  }
  for (PipelineStage const& stage : pipeline.stages) {
    if (!repeats || stage.declaration->kind != StageKind::sink) continue;
    return named(stage) + " writes the files of each sample once, but the run takes samples " +
           (wanted.by ? "as often as " + named(*wanted.by) + " needs them"
                      : std::to_string(*run.epochs) + " times (epochs)") +
           "; write these files in a run of their own";
  }
  return std::nullopt;
}

std::uint64_t samples_to_take(Pipeline const& pipeline, std::uint64_t count,
                              std::vector<bool> const& ends) {
  if (pipeline.run.epochs) return count * static_cast<std::uint64_t>(*pipeline.run.epochs);
  Wanted const wanted = wanted_of(pipeline, ends);
  if (!wanted.by) return count;
  return wanted.each_once ? std::max(wanted.samples, count) : wanted.samples;
}

SampleOrder::SampleOrder(Pipeline const& pipeline, std::vector<bool> const& ends)
    : pipeline_(pipeline),
      in_epochs_(pipeline.run.seed || pipeline.run.epochs.value_or(1) > 1 ||
                 wanted_of(pipeline, ends).by != nullptr) {
  auto const& known = pipeline.source().count;
  if (!in_epochs_) {
    if (known) count_ = chosen_samples(*known, pipeline.run);
    return;
  }
  begin_epoch(*pipeline.source().instance);
  count_ = epoch_.empty() ? 0 : samples_to_take(pipeline, epoch_.size(), ends);
}

void SampleOrder::begin_epoch(StageInstance& source) {
  dealt_ = {};
  std::size_t const before = epoch_.size();
  epoch_.clear();
  std::vector<std::string> left_out;
  std::uint64_t ids = 0;
  while (auto sample = next_sample(source, pipeline_.run, dealt_, &left_out)) {
    ids = seed_of(ids, std::hash<std::string>()(sample->id));
    sample->repetition = repetition_;
    epoch_.push_back(std::move(*sample));
  }
  if (repetition_ == 0) {
    left_out_ = std::move(left_out);
    ids_ = ids;
  } else if (ids != ids_) {
    throw Error("the data set changed during the run: it has " + counted(epoch_.size(), "sample") +
                " in epoch " + std::to_string(repetition_ + 1) + " and had " +
                std::to_string(before) + ", or others or in another order, in the first epoch");
  }
  order_ = order_of(epoch_.size(), pipeline_.run.seed, repetition_);
  next_ = 0;
}

ClassesPtr SampleOrder::classes() {
  if (in_epochs_) return epoch_.empty() ? nullptr : epoch_.front().classes;
  if (!first_) first_ = next();
  return first_ ? first_->classes : nullptr;
}

std::optional<Sample> SampleOrder::next() {
  if (first_) return std::exchange(first_, std::nullopt);
  if (!in_epochs_) {
    return next_sample(*pipeline_.source().instance, pipeline_.run, dealt_, &left_out_);
  }
  if (taken_ == count_) return std::nullopt;
  if (next_ == order_.size()) {
    ++repetition_;
    begin_epoch(*configured_anew(pipeline_.source()));
  }
  ++taken_;
  return std::move(epoch_[order_[next_++]]);
}

}  // namespace seplflow
