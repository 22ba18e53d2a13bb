#include "run/recorder.hpp"

#include <tbb/parallel_for.h>

#include <algorithm>

#include "run/log.hpp"
#include "run/resume/fingerprint.hpp"

namespace seplflow {
namespace {

constexpr std::size_t kFailuresInSummary = 5;

// The same failure of a stage in several variants.
struct CommonFailure {
  std::size_t stage;  // the first of them
  std::string const* error;
  std::vector<std::size_t> variants;
};

std::vector<CommonFailure> common_failures(Pipeline const& pipeline,
                                           std::vector<Failure> const& failures) {
  std::vector<CommonFailure> common;
  for (Failure const& failure : failures) {
    PipelineStage const& stage = pipeline.stages[failure.stage];
    auto found = std::ranges::find_if(common, [&](CommonFailure const& other) {
      return pipeline.stages[other.stage].name == stage.name && *other.error == failure.error;
    });
    if (found == common.end()) {
      found = common.insert(common.end(), {failure.stage, &failure.error, {}});
    }
    found->variants.insert(found->variants.end(), stage.variants.begin(), stage.variants.end());
  }
  for (CommonFailure& failure : common) std::ranges::sort(failure.variants);
  return common;
}

Json to_json(Pipeline const& pipeline, CommonFailure const& failure) {
  Json json = {{"stage", pipeline.stages[failure.stage].name}, {"error", *failure.error}};
  if (failure.variants.size() < pipeline.variants.size()) {
    for (std::size_t const v : failure.variants) {
      json["variants"].push_back(pipeline.variants[v].name);
    }
  }
  return json;
}

}  // namespace

Recorder::Recorder(Parts parts)
    : parts_(parts), tables_(parts.folder.aside(), parts.pipeline.stages.size()) {
  for (std::size_t s = 0; s < parts_.pipeline.stages.size(); ++s) {
    auto const& columns = parts_.pipeline.stages[s].columns;
    if (!columns.empty()) tables_.append(s, csv_line(Row(columns.begin(), columns.end())));
  }
}

std::vector<Trail> Recorder::recall(Sample const& sample) {
  return parts_.history ? parts_.history->recall(sample) : std::vector<Trail>();
}

std::uint64_t Recorder::stamp(std::vector<std::filesystem::path> const& files) {
  return file_stamp(files);
}

std::string Recorder::deliver(std::size_t stage, std::vector<OutputFile> const& files) {
  for (std::filesystem::path const& home : parts_.homes[stage]) {
    for (OutputFile const& file : files) {
      parts_.folder.write_output(home / parts_.pipeline.stages[stage].name / file.name, file.bytes);
    }
  }
  return Receipt::of(files);
}

void Recorder::row(std::size_t stage, Row const& row) {
  std::size_t const columns = parts_.pipeline.stages[stage].columns.size();
  if (row.size() != columns) {
    throw Error("stage \"" + parts_.pipeline.stages[stage].name + "\" gave a row of " +
                std::to_string(row.size()) + " cells for its " + std::to_string(columns) +
                " columns");
  }
  tables_.append(stage, csv_line(row));
}

void Recorder::line(std::size_t stage, std::string const& line) {
  tables_.append(stage, line + "\n");
}

void Recorder::retired(Retired const& retired) {
  for (WarningCount const& warning : warnings_.add(parts_.pipeline, retired)) {
    log_warning(warning.first_text() + "; further warnings of this kind are only counted");
  }
  if (retired.outcome == Outcome::cancelled) return;
  parts_.journal.append(record_of(retired), ledger_line(retired));
}

std::string Recorder::ledger_line(Retired const& retired) {
  Pipeline const& pipeline = parts_.pipeline;
  Json line = {{"id", retired.sample.id}, {"outcome", to_string(retired.outcome)}};
  auto const failures = common_failures(pipeline, retired.failures);
  if (!failures.empty()) {
    line.update(to_json(pipeline, failures.front()));
    for (std::size_t i = 1; i < failures.size(); ++i) {
      line["also"].push_back(to_json(pipeline, failures[i]));
    }
    failed_.fetch_add(1, std::memory_order_relaxed);
    if (failed_samples_.size() < kFailuresInSummary) {
      PipelineStage const& stage = pipeline.stages[failures.front().stage];
      failed_samples_.push_back({retired.sample.id,
                                 "\"" + stage.name + "\"" + pipeline.some_variant(stage),
                                 *failures.front().error});
    }
  } else if (retired.skipped_by) {
    line["stage"] = pipeline.stages[*retired.skipped_by].name;
  }
  return json_text(line);
}

SampleRecord::Entry::Kind Recorder::kind_of(Trail const& trail) const {
  using Kind = SampleRecord::Entry::Kind;
  if (trail.outcome == Outcome::failed) return Kind::failed;
  if (trail.outcome == Outcome::skipped) return Kind::skipped;
  if (!trail.kept) return Kind::nothing;
  StageDeclaration const& stage = *parts_.pipeline.stages[trail.part.stage].declaration;
  return stage.kind == StageKind::sink ? Kind::files : Kind::record;
}

SampleRecord Recorder::record_of(Retired const& retired) const {
  SampleRecord record;
  record.id = retired.sample.id;
  record.identity = identity_of(retired.sample);
  record.entries.reserve(retired.trails.size());
  for (Trail const& trail : retired.trails) {
    record.entries.push_back({parts_.keys[trail.part], trail.stamp, kind_of(trail), trail.kept});
  }
  return record;
}

void Recorder::worked(std::size_t stage, Sample const& sample, Clock::time_point begin,
                      Clock::time_point end) {
  if (parts_.trace) {
    parts_.trace->event(parts_.pipeline.stages[stage].name, sample.id, begin, end);
  }
}

void Recorder::place_tables(std::vector<bool> const& ends) {
  tables_.flush();
  tbb::parallel_for(std::size_t{0}, parts_.pipeline.stages.size(), [&](std::size_t s) {
    if (ends[s]) place_table(s);
  });
  for (std::size_t s = 0; s < parts_.pipeline.stages.size(); ++s) {
    PipelineStage const& stage = parts_.pipeline.stages[s];
    if (!ends[s] || stage.list_file.empty()) continue;
    for (auto const& home : parts_.homes[s]) lists_.push_back(home / stage.name / stage.list_file);
  }
}

void Recorder::place_table(std::size_t s) {
  PipelineStage const& stage = parts_.pipeline.stages[s];
  if (stage.columns.empty() && stage.list_file.empty()) return;
  auto const& homes = parts_.homes[s];
  for (std::size_t i = 0; i < homes.size(); ++i) {
    std::filesystem::path const file = stage.list_file.empty()
                                           ? homes[i] / (stage.name + ".csv")
                                           : homes[i] / stage.name / stage.list_file;
    if (tables_.is_empty(s)) {
      parts_.folder.write(file, "");
    } else if (i + 1 < homes.size()) {
      parts_.folder.place_copy(tables_.file(s), file);
    } else {
      parts_.folder.place(tables_.file(s), file);
    }
  }
}

}  // namespace seplflow
