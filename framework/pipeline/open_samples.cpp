#include <algorithm>
#include <map>
#include <set>

#include "base/error_of.hpp"
#include "base/number_text.hpp"
#include "pipeline/check.hpp"
#include "pipeline/open_samples.hpp"
#include "pipeline/sample_values.hpp"

namespace seplflow {
namespace {

// By stage and what is counted: the total, and the samples of which it was counted.
struct Counted {
  std::uint64_t total = 0, samples = 0;
};
using AllCounted = std::map<std::pair<PipelineStage const*, std::string>, Counted>;

// The values of a sample that need little work but reading, by stage and output.
class Opened {
 public:
  using Known = std::set<std::pair<PipelineStage const*, std::string>>;

  // `known` has the warnings of each stage, and an empty text for its failure.
  Opened(Pipeline const& pipeline, Sample const& sample, OpenedSamples& into, Known& known,
         AllCounted& counted)
      : pipeline_(pipeline),
        values_(pipeline, sample, SampleValues::Ordered::works),
        into_(into),
        known_(known),
        counted_(counted),
        opened_(pipeline.stages.size()) {}

  void open() {
    std::size_t const source = pipeline_.source_index();
    for (std::size_t output = 1; output < pipeline_.source().wanted.size(); ++output) {
      if (pipeline_.source().wanted[output]) open({source, output});
    }
    opened_[source] = true;
    for (std::size_t s = 0; s < pipeline_.stages.size(); ++s) {
      if (s == source) continue;
      PipelineStage const& stage = pipeline_.stages[s];
      report(stage, error_of([&] { stage.instance->check_sample(values_.sample()); }));
      // Little is computed for a stage that loads.
      opened_[s] = (stage.declaration->loads || stage.declaration->works_in_check) &&
                   std::ranges::all_of(stage.inputs, [&](auto const& input) {
                     return !input || opened_[input->stage];
                   });
      if (opened_[s]) open({s, 0});
    }
  }

 private:
  void open(SampleValues::Output output) {
    // Where a stage that it reads from failed, that is reported already.
    SampleValues::Result const& result = values_.result(output);
    PipelineStage const& stage = pipeline_.stages[output.stage];
    report(stage, result.error);
    add_warnings(stage, result.warnings);
    for (Count const& count : result.counts) {
      Counted& sum = counted_[{&stage, count.what}];
      sum.total += count.number;
      ++sum.samples;
    }
  }

  void add_warnings(PipelineStage const& stage, std::vector<Warning> const& warnings) {
    for (Warning const& warning : warnings) {
      if (!known_.insert({&stage, warning.what}).second) continue;
      add(into_.warnings, stage,
          warning.what + (warning.detail.empty() ? "" : ": " + warning.detail));
    }
  }

  void report(PipelineStage const& stage, std::optional<std::string> const& error) {
    if (!error) return;
    into_.any_failed = true;
    if (!known_.insert({&stage, ""}).second) return;
    bool const skips = pipeline_.on_error(stage) == OnError::skip;
    add(skips ? into_.warnings : into_.errors, stage, *error);
  }

  void add(std::vector<Problem>& problems, PipelineStage const& stage, std::string const& text) {
    std::string const& id = values_.sample().id;
    problems.push_back({stage.place, label_of(stage) + ", sample \"" + id + "\": " + text});
  }

  Pipeline const& pipeline_;
  SampleValues values_;
  OpenedSamples& into_;
  Known& known_;
  AllCounted& counted_;
  std::vector<bool> opened_;  // by stage
};

// As a run does at its end.
void doubt_counts(Pipeline const& pipeline, AllCounted const& all, bool are_all,
                  OpenedSamples& into) {
  for (PipelineStage const& stage : pipeline.stages) {
    for (OptionCheck::Expectation const& expected : stage.expectations) {
      auto const found = all.find({&stage, expected.what});
      if (found == all.end() || found->second.total > 0) continue;
      std::string const text = label_of(stage) + ": none of the " +
                               counted(found->second.samples, "sample") + " opened has any " +
                               expected.what + ": " + expected.message;
      bool const is_error = expected.is_error && are_all && pipeline.run.shard.count == 1;
      (is_error ? into.errors : into.warnings).push_back({stage.place, text});
    }
  }
}

}  // namespace

OpenedSamples open_samples(Pipeline const& pipeline, bool are_all) {
  OpenedSamples opened;
  Opened::Known known;
  AllCounted all_counted;
  for (Sample const& sample : pipeline.some_samples) {
    Opened(pipeline, sample, opened, known, all_counted).open();
  }
  doubt_counts(pipeline, all_counted, are_all, opened);
  return opened;
}

}  // namespace seplflow
