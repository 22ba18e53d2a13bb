#include "run/run.hpp"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <map>
#include <memory>
#include <unordered_set>

#include <seplflow/version.hpp>
#include "base/error_of.hpp"
#include "base/number_text.hpp"
#include "engine/parallel.hpp"
#include "pipeline/current_work.hpp"
#include "pipeline/sample_order.hpp"
#include "run/cost.hpp"
#include "run/crash_report.hpp"
#include "run/inputs_outside.hpp"
#include "run/interrupt.hpp"
#include "run/log.hpp"
#include "run/pass.hpp"
#include "run/passes.hpp"
#include "run/result_files.hpp"
#include "run/resume/content_keys.hpp"
#include "run/resume/hints.hpp"
#include "run/resume/past_runs.hpp"
#include "run/resume/resumed_folder.hpp"
#include "run/run_folder.hpp"
#include "run/run_json.hpp"

namespace seplflow {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr char const* kPipeline = "pipeline.toml";
constexpr double kNamedWhenInterrupted = 5;  // seconds that a stage works on a sample

// A shard would hold other results than a whole run, because the samples before it are missing.
void require_whole_data_set(Pipeline const& pipeline) {
  if (pipeline.run.shard.count <= 1) return;
  for (PipelineStage const& stage : pipeline.stages) {
    if (!stage.declaration->ordered && !stage.declaration->keeps_state) continue;
    throw UsageError("stage \"" + stage.name + "\" (" + stage.declaration->name +
                     ") needs all samples in order, so the data set cannot be divided into shards");
  }
}

RunStatus status_of(RunTotals const& totals) {
  if (totals.end == RunEnd::interrupted) return RunStatus::interrupted;
  if (totals.end == RunEnd::stopped) return RunStatus::failed;
  return totals.failed > 0 ? RunStatus::done_with_failures : RunStatus::done;
}

void add_scores(RunReport& report, Pipeline const& pipeline, AllFindings const& findings) {
  report.scored = true;
  for (std::size_t s = 0; s < findings.size(); ++s) {
    if (findings[s] && pipeline.serves_all(pipeline.stages[s])) {
      report.findings.push_back({pipeline.stages[s].name, *findings[s]});
    }
  }
  report.beside_published = beside_published(pipeline, findings);
  report.other_samples = why_other_samples(pipeline, report.totals);
  for (Variant const& variant : pipeline.variants) {
    for (auto& [path, score] : declared_scores(pipeline, variant, findings)) {
      report.scores.emplace(path, std::move(score));
    }
  }
  if (!pipeline.sweeps()) return;
  report.best = best_variant(pipeline, findings);
  if (!report.best && !pipeline.best_by.empty()) log_warning(why_no_best(pipeline, findings));
  for (Variant const& variant : pipeline.variants) {
    report.variants.push_back({score_of(pipeline, variant, findings),
                               numbers_of(pipeline, variant, findings).scores,
                               texts_of(pipeline, variant, findings, &Findings::conditions),
                               texts_of(pipeline, variant, findings, &Findings::remark)});
  }
}

RunFolder::Claim claim_of(RunRequest const& request) {
  if (!request.shards.empty() && !request.resume) return RunFolder::Claim::merge;
  if (request.resume) return RunFolder::Claim::resumption;
  return request.overwrite ? RunFolder::Claim::overwriting : RunFolder::Claim::new_run;
}

std::unique_ptr<Trace> open_trace(fs::path const& file) {
  try {
    return std::make_unique<Trace>(file);
  } catch (Error const& error) {
    throw UsageError(error.what());
  }
}

class Execution {
 public:
  Execution(Pipeline const& pipeline, StageCatalog const& catalog, RunRequest const& request)
      : request_(request),
        pipeline_(pipeline),
        expected_(expected_samples(pipeline_)),
        folder_(request.out, claim_of(request)),
        hashes_(plugin_hashes(pipeline_, catalog)),
        keys_(pipeline_, hashes_) {
    bool const replaces = folder_.before() && !request.resume;
    if (folder_.before() && !replaces) {
      // A default that depends on the number of variants must not throw files away.
      auto const kept = keep_choices().value_of(text_in(folder_.before()->json, "keep"));
      if (pipeline_.sweeps() && !pipeline_.run.keep && kept && *kept != keep_of(pipeline_)) {
        pipeline_.run.keep = kept;
      }
      resumption_.emplace(folder_, pipeline_);
    }
    if (request.trace) trace_ = open_trace(*request.trace);
    if (replaces) {
      log_info("removing the run in " + folder_.given().string() + " (status \"" +
               folder_.before()->status + "\")");
      remove_run(folder_);
    }
    record_ = record_at_start(pipeline_, hashes_, catalog, request);
    if (expected_) record_["expected"] = *expected_;
    if (resumption_) cost_before_ = cost_in(folder_.before()->json);
    if (resumption_) record_["cost"] = to_json(cost_before_);
    if (!request.shards.empty()) record_["cost"] = cost_of_shards(request.shards);
    for (fs::path const& list : lists_before(folder_)) {
      record_["lists"].push_back(list.generic_string());
    }
    past_ = past_runs(folder_, request.shards, kLedger);
    if (resumption_) require_enough_samples();
  }

  RunReport execute() {
    log_debug("seplflow " SEPLFLOW_VERSION ", started as: " + command_text(request_.command_line));
    log_info("running \"" + pipeline_.name + "\" into " + folder_.given().string());
    if (!pipeline_.run.shard_from.empty()) {
      log_info("shard " + text_of(pipeline_.run.shard) + ", from " + pipeline_.run.shard_from);
    }
    std::optional<InterruptWatcher> interrupts;
    if (!request_.guest) {
      interrupts.emplace([this] { interrupt(); }, CrashReport::end_interrupted);
    }
    // Memory may run out, and writing down the end needs some. Volatile, or a compiler would see that
    // nobody uses it.
    constexpr std::size_t kForTheEnd = 1 << 20;
    void* volatile const spare = std::malloc(kForTheEnd);
    auto error = error_of([this] { run(); });
    std::free(spare);
    crash_report_.reset();
    work_record_.reset();
    if (begin_) seconds_ = std::chrono::duration<double>(Clock::now() - *begin_).count();
    if (trace_) {
      auto const unwritten = error_of([this] { trace_->close(); });
      if (!error) error = unwritten;
    }
    RunReport report = report_of(error);
    if (auto const unwritten = error_of([&] { write_record(report); })) {
      report = report_of(error ? error : unwritten);
      error_of([&] { overwrite_record(report); });
    }
    log_end(report);
    return report;
  }

 private:
  // In a thread of its own.
  void interrupt() {
    interruption_.interrupt();
    std::string const slow = slow_work_text(kNamedWhenInterrupted);
    log_warning(
        "interrupted: finishing the samples in progress (press Ctrl-C again to quit immediately)" +
        (slow.empty() ? "" : "; " + slow));
  }

  void run() {
    // First, so that a folder with anything in it is recognised as a run.
    folder_.write_record(record_, CrashReport::kRoom);
    bool const can_skip = request_.shards.empty();
    if (!request_.guest) {
      crash_report_.emplace(folder_.path() / "run.json", record_,
                            resuming_command(request_, pipeline_.run), can_skip);
    }
    std::int64_t const jobs = std::max(pipeline_.run.jobs, usable_cores());
    std::size_t const threads = static_cast<std::size_t>(std::min(jobs, most_useful_threads()));
    work_record_.emplace(folder_.work_file(), threads + 2);
    log_file_.emplace(folder_.log_file());
    log_what_is_ahead();
    std::vector<PastRun> past = std::move(past_);
    std::vector<PastRun> past_of_best;
    if (resumption_ || wants_best()) past_of_best = past_runs_of_best(folder_, request_.shards);
    std::unordered_set<std::uint64_t> outputs;
    if (resumption_) {
      add_outputs(past, outputs);
      add_outputs(past_of_best, outputs);
      log_changes(past);
    }

    // Until a resumed run is complete, the folder belongs to the run before.
    bool const is_new = !fs::exists(folder_.path() / kPipeline);
    if (is_new) folder_.write(kPipeline, resolved_toml(pipeline_));
    begin_ = Clock::now();
    passes_.push_back(run_pass(first_pass(pipeline_), pipeline_, std::move(past), context()));
    if (is_complete() && wants_best()) {
      Variant const& best = best_of(passes_.front().findings);
      log_info("writing the files of the best variant, \"" + best.name + "\"");
      passes_.push_back(run_pass(pass_for(pipeline_, best), begun_again(pipeline_),
                                 std::move(past_of_best), context()));
    }
    if (is_complete()) complete(outputs, is_new);
    report_unknown_skips();
  }

  // As far as the number of samples tells; PassRun looks at each of them in the end.
  void require_enough_samples() const {
    if (!expected_ || past_.empty() || request_.remove_unlisted || !request_.shards.empty()) return;
    std::uint64_t const known = past_.front().memories.count_with_results();
    std::uint64_t const epochs = static_cast<std::uint64_t>(pipeline_.run.epochs.value_or(1));
    std::uint64_t const now = *expected_ + epochs * pipeline_.run.skip.size();
    if (known <= now) return;
    throw RunFolderError(folder_.given().string() + " holds results of " + counted(known, "sample") +
                         ", but the data set now has " + std::to_string(*expected_) +
                         ": at least " + counted(known - now, "sample") +
                         " would be removed; resume with --remove-unlisted to "
                         "remove them, or with the data set that has these samples");
  }

  void report_unknown_skips() const {
    if (!is_complete()) return;
    auto const& known = passes_.front().totals.left_out;
    for (std::string const& id : pipeline_.run.skip) {
      if (std::ranges::find(known, id) != known.end()) continue;
      log_warning("skip names the sample \"" + id +
                  "\", which is not among the samples of this "
                  "run");
    }
  }

  RunContext context() {
    return {request_, keys_, folder_, trace_.get(), expected_, interruption_};
  }

  bool is_complete() const { return passes_.back().totals.end == RunEnd::complete; }

  bool wants_best() const {
    return keep_of(pipeline_) == Keep::best && has_files_of_variants(pipeline_);
  }

  // Known when all variants are scored; its files need another pass over the data.
  Variant const& best_of(AllFindings const& findings) const {
    auto const best = best_variant(pipeline_, findings);
    if (!best) {
      throw Error("keep = \"best\" needs a score to find the best variant, but " +
                  why_no_best(pipeline_, findings) +
                  "; the scores of all variants are written; use keep = \"all\" or \"none\"");
    }
    return pipeline_.variants[*best];
  }

  // The folder becomes that of this run.
  void complete(std::unordered_set<std::uint64_t> const& outputs, bool is_new) {
    if (!is_new) folder_.write(kPipeline, resolved_toml(pipeline_));
    for (fs::path const& list : lists_before(folder_)) folder_.remove_other(list);
    if (resumption_) resumption_->remove_stale_files(outputs);
    std::vector<std::uint64_t> states;
    for (std::size_t s = 0; s < pipeline_.stages.size(); ++s) {
      if (pipeline_.stages[s].declaration->keeps_state) states.push_back(keys_[{s, 0}]);
    }
    folder_.remove_states_but(states);
    LedgerFiles::complete(folder_, kLedger);
    if (wants_best()) {
      LedgerFiles::complete(folder_, kBestFiles);
    } else {
      LedgerFiles::remove(folder_, kBestFiles);
    }
  }

  void log_what_is_ahead() const {
    if (request_.resume && !folder_.before()) {
      log_info("there is no run to resume in " + folder_.given().string() + "; starting a new one");
    }
    if (resumption_) {
      std::string const death = death_text(folder_, request_, pipeline_.run);
      if (!death.empty()) log_info(death);
    }
    bool const is_default = !pipeline_.run.keep && keep_of(pipeline_) == Keep::none;
    if (is_default && has_files_of_variants(pipeline_)) {
      log_info("with " + std::to_string(pipeline_.variants.size()) +
               " variants only scores are written, no files (--keep best or all)");
    }
  }

  void log_changes(std::vector<PastRun> const& past) const {
    if (folder_.before()->format == 0) {
      log_info((folder_.given() / "run.json").string() +
               " is damaged; resuming from ledger.records");
    }
    std::uint64_t const samples = past.empty() ? 0 : past.front().memories.count();
    for (std::string const& change : resumption_->changes(record_, samples)) log_info(change);
  }

  // `error` is what went wrong outside of the passes.
  RunReport report_of(std::optional<std::string> const& error) const {
    RunReport report;
    report.totals = totals_of(passes_, pipeline_.stages.size());
    if (error) {
      report.totals.end = RunEnd::stopped;
      if (report.totals.error.empty()) report.totals.error = *error;
    }
    report.status = status_of(report.totals);
    report.folder = folder_.given();
    report.expected = expected_;
    report.seconds = seconds_;
    report.keep = keep_of(pipeline_);
    WarningLog warnings;
    for (PassResult const& pass : passes_) {
      warnings.add_new(pass.warnings);
      if (report.failed_samples.empty()) report.failed_samples = pass.failed_samples;
    }
    report.warnings = warnings.counts();
    bool const is_scored = !passes_.empty() && !passes_.front().findings.empty();
    if (is_scored && report.status != RunStatus::failed) {
      add_scores(report, pipeline_, passes_.front().findings);
    }
    return report;
  }

  Json end_record(RunReport& report) const {
    Json record = record_;
    if (!passes_.empty()) {
      record["jobs"] = passes_.front().jobs;
      record["in_flight"] = passes_.front().in_flight;
    }
    add_end(record, pipeline_, report);
    if (request_.shards.empty()) {
      Cost cost =
          cost_of_process(pipeline_, report.seconds, cpu_seconds_so_far() - cpu_seconds_before_);
      record["cost"] = to_json(cost += cost_before_);
    }
    report.cost = cost_text(record);
    if (report.totals.end == RunEnd::complete) record.erase("lists");
    for (PassResult const& pass : passes_) {
      for (fs::path const& list : pass.lists) record["lists"].push_back(list.generic_string());
    }
    return record;
  }

  // Not synced, which would wait for all that was written. If it is lost, the record says "running"
  // still.
  void write_record(RunReport& report) { folder_.write_json("run.json", end_record(report)); }

  // On a full disk there is only the room of the first record, which must not say "running" any
  // longer.
  void overwrite_record(RunReport& report) {
    Json record = end_record(report);
    for (char const* const field : {"", "variants", "warnings", "stages"}) {
      record.erase(field);
      if (!error_of([&] { folder_.overwrite_json("run.json", record); })) return;
    }
    folder_.overwrite_json("run.json", {{"format", kRunFormat},
                                        {"status", to_string(report.status)},
                                        {"name", pipeline_.name},
                                        {"error", report.totals.error.substr(0, 300)}});
  }

  void log_end(RunReport const& report) const {
    for (WarningCount const& warning : report.warnings) log_debug(warning.text());
    if (report.scored) log_scores(report);
    if (!report.totals.error.empty()) log_error(report.totals.error);
    log_debug(std::string(to_string(report.status)) + ": " + report.samples_text() + " in " +
              duration_text(report.seconds));
  }

  // Those of a sweep are in sweep.csv.
  void log_scores(RunReport const& report) const {
    if (!report.best && pipeline_.sweeps()) return;
    Variant const& variant = pipeline_.variants[report.best.value_or(0)];
    if (pipeline_.sweeps()) log_debug("the best variant is \"" + variant.name + "\"");
    for (auto const& [name, score] :
         numbers_of(pipeline_, variant, passes_.front().findings).scores) {
      log_debug(name + " = " + (score ? shortest(*score) : "null"));
    }
  }

  RunRequest const& request_;
  Pipeline pipeline_;
  std::optional<std::uint64_t> const expected_;  // samples
  RunFolder folder_;
  std::map<std::string, std::string> const hashes_;
  ContentKeys const keys_;
  std::optional<Resumption> resumption_;
  std::unique_ptr<Trace> trace_;
  Json record_;  // of the start
  Cost cost_before_;  // of earlier runs in the folder
  // Of a program that runs pipelines, what it did before is not part of the cost.
  double const cpu_seconds_before_ = request_.guest ? cpu_seconds_so_far() : 0;
  std::vector<PastRun> past_;
  Interruption own_interruption_;
  Interruption& interruption_ =
      request_.guest ? request_.guest->interruption : own_interruption_;
  std::optional<CrashReport> crash_report_;
  std::optional<WorkRecord> work_record_;
  std::optional<LogFile> log_file_;
  std::optional<Clock::time_point> begin_;
  double seconds_ = 0;
  std::vector<PassResult> passes_;
};

}  // namespace

Choices<TakeFiles> const& merged_files_choices() {
  static auto const all = choices<TakeFiles>(
      {{"copy", TakeFiles::copy}, {"link", TakeFiles::link}, {"move", TakeFiles::move}});
  return all;
}

std::filesystem::path default_run_folder(Pipeline const& pipeline) {
  return fs::path("runs") / pipeline.name;
}

std::string RunReport::samples_text() const {
  std::uint64_t const tried = totals.emitted - totals.cancelled;
  if (!expected || *expected == tried) return counted(tried, "sample");
  return std::to_string(tried) + " of " + counted(*expected, "sample");
}

std::optional<std::uint64_t> expected_samples(Pipeline const& pipeline) {
  if (auto const why = why_not_repeatable(pipeline)) throw UsageError(*why);
  auto const& count = pipeline.source().count;
  if (!count) return std::nullopt;
  RunSettings whole = pipeline.run;
  whole.shard = {};
  std::uint64_t const chosen = chosen_samples(*count, pipeline.run);
  std::uint64_t const of = chosen_samples(*count, whole);
  if (chosen == 0 && of > 0) {
    throw UsageError("shard " + text_of(pipeline.run.shard) + " of " + counted(of, "sample") +
                     " is empty; divide the data set into at most " + counted(of, "shard"));
  }
  return samples_to_take(pipeline, chosen);
}

RunReport execute(Pipeline const& pipeline, StageCatalog const& catalog,
                  RunRequest const& request) {
  require_sound_keep(pipeline);
  require_whole_data_set(pipeline);
  require_inputs_outside(pipeline, request.out);
  return Execution(pipeline, catalog, request).execute();
}

}  // namespace seplflow
