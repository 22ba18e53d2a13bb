#include <algorithm>
#include <chrono>
#include <iterator>
#include <map>

#include "base/error_of.hpp"
#include "engine/in_flight.hpp"
#include "pipeline/current_work.hpp"

namespace seplflow {
namespace {

// Counts a sample of a stage, a variant or the run; they name the counter of `done` differently.
template <class Counts>
void count_outcome(Counts& counts, std::uint64_t& done, Outcome outcome) {
  std::uint64_t* const counters[] = {&done, &counts.skipped, &counts.failed, &counts.cancelled};
  ++*counters[static_cast<std::size_t>(outcome)];
}

// The texts of a sink about its list. Throws Error for a file that would be elsewhere, or that has
// two texts.
std::map<std::filesystem::path, std::string> notes_of(PipelineStage const& stage,
                                                      Sample const& sample) {
  std::map<std::filesystem::path, std::string> notes;
  for (auto& [file, text] : stage.instance->list_notes(sample)) {
    if (auto const unsafe = why_unsafe_id(file.string())) {
      throw Error("the file name \"" + file.string() + "\" of list_notes() " + *unsafe);
    }
    if (file == stage.list_file) {
      throw Error("the file name \"" + file.string() + "\" of list_notes() is that of the list");
    }
    if (!notes.try_emplace(file, std::move(text)).second) {
      throw Error("list_notes() returned two texts for the file \"" + file.string() +
                  "\"; expected one for each file");
    }
  }
  return notes;
}

}  // namespace

Retirement::Retirement(Pipeline const& pipeline, Plan const& plan, RunListener& listener)
    : pipeline_(pipeline), plan_(plan), listener_(listener) {
  has_notes_.resize(pipeline_.stages.size());
  totals_.stages.resize(pipeline_.stages.size());
  totals_.variants.resize(pipeline_.variants.size());
}

std::optional<std::string> Retirement::retire(InFlight& sample) {
  Retired retired = outcome_of(sample);
  std::optional<std::string> error;
  // When a sample could not be reported, no later one may be: the records have no gaps.
  if (!report_failed_) error = error_of([&] { report(sample, retired); });
  if (error) report_failed_ = true;
  count(sample, retired);
  return error ? error : too_many_failures();
}

Retired Retirement::outcome_of(InFlight& sample) const {
  Retired retired{*sample.sample, Outcome::done, {}, std::nullopt, {}, {}};
  retired.memories.reserve(plan_.nodes.size());
  for (std::size_t n = 0; n < plan_.nodes.size(); ++n) {
    NodeResult& result = sample.results[n];
    Part const part = plan_.nodes[n].part;
    if (!result.absent) retired.outcome = worse_outcome(retired.outcome, result.outcome);
    StageMemory memory{part, result.stamp, Outcome::done, nullptr};
    if (result.outcome == Outcome::done) memory.kept = result.kept;
    if (result.own) memory.outcome = result.outcome;
    for (Warning const& warning : result.warnings) {
      retired.warnings.push_back({part.stage, warning});
    }
    memory.warnings = std::move(result.warnings);
    memory.counts = std::move(result.counts);
    retired.recalled = retired.recalled && result.idle;
    if (memory.outcome == Outcome::failed) {
      memory.kept = std::make_shared<std::string const>(result.error);
      retired.failures.push_back({part.stage, std::move(result.error)});
    } else if (memory.outcome == Outcome::skipped && !result.absent && !retired.skipped_by) {
      retired.skipped_by = part.stage;
    }
    if (!memory.empty()) retired.memories.push_back(std::move(memory));
  }
  if (retired.failures.empty()) return retired;
  // A failed sample is failed even if other stages of it were cancelled afterwards.
  retired.outcome = Outcome::failed;
  return retired;
}

void Retirement::report(InFlight& sample, Retired& retired) {
  auto const is_done_end = [&](std::size_t n) {
    return plan_.nodes[n].end && sample.results[n].outcome == Outcome::done;
  };
  std::vector<std::size_t> ends;
  for (PlannedGroup const& group : plan_.groups) {
    ends.clear();
    std::ranges::copy_if(group.nodes, std::back_inserter(ends), is_done_end);
    if (!ends.empty()) add_to_tables(ends, sample);
  }
  for (std::size_t n = 0; n < plan_.nodes.size(); ++n) {
    if (is_done_end(n)) keep_record(plan_.nodes[n], sample.results[n], retired);
  }
  listener_.retired(retired);
}

// A sink that folds decides by the samples so far what a record must keep, so that what is kept is
// the same for any number of threads. So does a stage that keeps a state: its records hold what was
// folded only so far as the state does not.
void Retirement::keep_record(PlannedNode const& node, NodeResult const& result, Retired& retired) {
  PipelineStage const& stage = pipeline_.stages[node.part.stage];
  bool const is_sink = stage.declaration->kind == StageKind::sink;
  if (stage.declaration->keeps_state && !is_sink && !result.kept) {
    auto record = stage.instance->save(result.values->front().get());
    auto memory = std::ranges::find(retired.memories, node.part, &StageMemory::part);
    if (memory == retired.memories.end()) {
      memory = retired.memories.insert(memory, StageMemory{node.part});
    }
    memory->kept = std::make_shared<std::string const>(std::move(*record));
  }
  if (!is_sink || !stage.declaration->folds || !result.kept) return;
  auto const memory = std::ranges::find(retired.memories, node.part, &StageMemory::part);
  auto const record = stage.instance->save(result.values->front().get());
  if (memory == retired.memories.end() || !record) return;
  memory->kept = std::make_shared<std::string const>(
      join_kept({split_kept(*result.kept).files, *record}));
}

// What a stage says of a sample that is done.
struct Retirement::Entry {
  Row row;
  std::string line, progress;
  std::map<std::filesystem::path, std::string> notes;
};

// The nodes of a group are the same stage in several variants, which are called one after the other.
void Retirement::add_to_tables(std::vector<std::size_t> const& nodes, InFlight const& sample) {
  std::vector<Entry> entries;
  entries.reserve(nodes.size());
  PipelineStage const& any = pipeline_.stages[plan_.nodes[nodes.front()].part.stage];
  auto const begin = std::chrono::steady_clock::now();
  auto const error = error_of([&] {
    CurrentWork const current(any, sample.sample->id);
    for (std::size_t const n : nodes) entries.push_back(entry_of(n, sample));
  });
  std::chrono::duration<double> const elapsed = std::chrono::steady_clock::now() - begin;
  totals_.stages[plan_.nodes[nodes.front()].part.stage].seconds += elapsed.count();
  if (error) {
    throw Error("stage \"" + any.name + "\" failed to " +
                (any.declaration->folds ? "fold" : "list") + " sample \"" + sample.sample->id +
                "\": " + *error);
  }
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    std::size_t const s = plan_.nodes[nodes[i]].part.stage;
    Entry& entry = entries[i];
    if (!entry.row.empty()) listener_.row(s, entry.row);
    if (!entry.progress.empty()) listener_.progress(s, std::move(entry.progress));
    if (any.declaration->folds || pipeline_.stages[s].list_file.empty()) continue;
    if (!has_notes_[s]) listener_.notes(s, std::move(entry.notes));
    has_notes_[s] = true;
    listener_.line(s, entry.line);
  }
}

Retirement::Entry Retirement::entry_of(std::size_t n, InFlight const& sample) {
  std::size_t const s = plan_.nodes[n].part.stage;
  PipelineStage const& stage = pipeline_.stages[s];
  Entry entry;
  if (stage.declaration->folds) {
    entry.row = stage.instance->fold(*sample.sample, sample.results[n].values->front().get(),
                                     listener_.run_file(s));
    entry.progress = stage.instance->progress();
  } else if (!stage.list_file.empty()) {
    entry.line = stage.instance->list_line(*sample.sample);
    if (!has_notes_[s]) entry.notes = notes_of(stage, *sample.sample);
    if (entry.line.find('\n') != entry.line.npos) {
      throw Error("list_line() returned more than one line");
    }
  }
  return entry;
}

void Retirement::count(InFlight const& sample, Retired const& retired) {
  count_outcome(totals_, totals_.done, retired.outcome);
  bool const may_be_lost = std::ranges::any_of(
      std::span(sample.results.get(), plan_.nodes.size()),
      [](NodeResult const& result) { return result.outcome != Outcome::done; });
  // The nodes of the source, which are adjacent, count as one stage.
  for (std::size_t n = 0, next; n < plan_.nodes.size(); n = next) {
    std::size_t const first = n, s = plan_.nodes[n].part.stage;
    Outcome left = Outcome::done;
    bool idle = true;
    for (next = n; next < plan_.nodes.size() && plan_.nodes[next].part.stage == s; ++next) {
      if (!is_absent_output(next, sample)) left = worse_outcome(left, sample.results[next].outcome);
      idle = idle && sample.results[next].idle;
    }
    if (may_be_lost && is_lost_before(plan_.nodes[first], sample)) continue;
    StageCounts& stage = totals_.stages[s];
    ++stage.in;
    if (idle) ++stage.recalled;
    count_outcome(stage, stage.out, left);
    totals_.cut_short = totals_.cut_short || stage.cancelled > 0;
  }
  if (retired.recalled) ++totals_.recalled;
  if (retired.outcome == Outcome::done) {
    add_up(retired);
  } else {
    count_variants(sample);
  }
}

void Retirement::add_up(Retired const& retired) {
  for (StageMemory const& memory : retired.memories) {
    auto& tallies = totals_.stages[memory.part.stage].tallies;
    for (Count const& count : memory.counts) {
      auto tally = std::ranges::find(tallies, count.what, &Tally::what);
      if (tally == tallies.end()) tally = tallies.insert(tallies.end(), Tally{count.what});
      ++tally->samples;
      tally->total += count.number;
      if (count.number == 0) ++tally->samples_without;
    }
  }
}

// A stage that needs an output which the sample does not have skips the sample; the source, which
// emitted it, does not.
bool Retirement::is_absent_output(std::size_t n, InFlight const& sample) const {
  return sample.results[n].absent && plan_.nodes[n].work == PlannedNode::Work::produce;
}

bool Retirement::is_lost_before(PlannedNode const& node, InFlight const& sample) const {
  return std::ranges::any_of(node.after, [&](std::size_t before) {
    NodeResult const& result = sample.results[before];
    bool const is_needed = std::ranges::find(node.needs, before) != node.needs.end();
    return result.outcome != Outcome::done && !is_absent_output(before, sample) &&
           (is_needed || !result.absent);
  });
}

void Retirement::count_variants(InFlight const& sample) {
  std::vector<Outcome> outcomes(pipeline_.stages.size(), Outcome::done);
  for (std::size_t n = 0; n < plan_.nodes.size(); ++n) {
    Outcome& outcome = outcomes[plan_.nodes[n].part.stage];
    if (!sample.results[n].absent) outcome = worse_outcome(outcome, sample.results[n].outcome);
  }
  for (std::size_t v = 0; v < totals_.variants.size(); ++v) {
    Outcome outcome = Outcome::done;
    for (std::size_t const s : pipeline_.variants[v].stages)
      outcome = worse_outcome(outcome, outcomes[s]);
    std::uint64_t done = 0;
    count_outcome(totals_.variants[v], done, outcome);
  }
}

std::optional<std::string> Retirement::too_many_failures() const {
  auto const limit = static_cast<std::uint64_t>(pipeline_.run.max_failures);
  if (limit == 0 || totals_.failed <= limit) return std::nullopt;
  return std::to_string(totals_.failed) +
         " samples failed, more than max_failures = " + std::to_string(limit);
}

}  // namespace seplflow
