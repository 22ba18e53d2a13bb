#include "run/pass.hpp"

#include <algorithm>
#include <atomic>
#include <map>
#include <set>

#include "base/error_of.hpp"
#include "base/number_text.hpp"
#include "engine/parallel.hpp"
#include "pipeline/current_work.hpp"
#include "run/csv.hpp"
#include "run/growing_file.hpp"
#include "run/growing_tables.hpp"
#include "run/inputs_outside.hpp"
#include "run/ledger_line.hpp"
#include "run/log.hpp"
#include "run/progress.hpp"
#include "run/resume/fingerprint.hpp"
#include "run/resume/resumed_folder.hpp"

namespace seplflow {
namespace {

namespace fs = std::filesystem;
constexpr std::size_t kFailuresInSummary = 5;

// In log.txt every tenth of the samples is a milestone.
bool is_milestone(ProgressState const& state) {
  if (state.total.value_or(0) == 0) return state.finished % 1000 == 0;
  return state.finished * 10 / *state.total != (state.finished - 1) * 10 / *state.total;
}

void require_rectangular(Findings const& findings) {
  for (SummaryTable const& table : findings.summary) {
    for (auto const& row : table.rows) {
      if (row.size() == table.columns.size()) continue;
      throw Error("its table \"" + table.title + "\" has a row of " + counted(row.size(), "cell") +
                  " for " + counted(table.columns.size(), "column"));
    }
  }
}

// Whether the metrics have a number at the place that a score names, such as "gain.miou".
bool have(Metrics const& metrics, std::string const& place) {
  return std::ranges::any_of(metrics.entries(), [&](auto const& entry) {
    auto const& [name, value] = entry;
    if (name == place) return true;
    auto const* const inner = std::get_if<Metrics>(&value);
    return inner && place.starts_with(name + ".") && have(*inner, place.substr(name.size() + 1));
  });
}

// Warns of scores by which nothing can be compared.
void check_scores(Findings& findings) {
  std::set<std::string> known;
  for (Score const& score : findings.scores) {
    std::string const of = "its score \"" + score.name + "\" is of the metric \"" + score.metric;
    if (!have(findings.metrics, score.metric)) {
      findings.warnings.push_back(of + "\", which it does not have");
    } else if (!known.insert(score.metric).second) {
      findings.warnings.push_back(of + "\", as another of its scores is");
    }
  }
}

// The expectations of a stage that nothing of a run met, with what they are about.
std::vector<std::pair<OptionCheck::Expectation, Tally>> unmet(PipelineStage const& stage,
                                                              StageCounts const& counts) {
  std::vector<std::pair<OptionCheck::Expectation, Tally>> unmet;
  for (OptionCheck::Expectation const& expectation : stage.expectations) {
    auto const tally = std::ranges::find(counts.tallies, expectation.what, &Tally::what);
    if (tally != counts.tallies.end() && tally->total == 0) unmet.push_back({expectation, *tally});
  }
  return unmet;
}

// Writes down what the engine reports.
class PassRun final : public RunListener {
 public:
  PassRun(Pass const& pass, Pipeline const& pipeline, std::vector<PastRun> past,
          RunContext const& context)
      : pass_(pass),
        pipeline_(pipeline),
        context_(context),
        samples_in_shards_(samples_in_shards(past)),
        inputs_(pipeline, context.folder.path()),
        ledger_files_(context.folder, pass.ledger_files),
        tables_(context.folder.aside(), pipeline.stages.size()),
        csv_lines_(pipeline.run.csv) {
    for (std::size_t s = 0; s < pipeline.stages.size(); ++s) {
      run_files_.emplace_back(context.folder.aside() / ("run-file-" + std::to_string(s)),
                              pipeline.stages[s].run_file);
    }
    if (!past.empty() || is_merge()) {
      known_.emplace(
          pipeline, context.keys, context.folder, std::move(past),
          KnownResults::Request{pass.ends, pass.homes, is_merge(), is_merge() && pass.is_first(),
                           context.request.files});
    }
    for (std::size_t s = 0; s < pipeline.stages.size(); ++s) {
      auto const& columns = pipeline.stages[s].columns;
      if (columns.empty()) continue;
      tables_.append(s, csv_line(Row(columns.begin(), columns.end()), pipeline.run.csv));
    }
  }

  PassResult run() {
    PassResult result;
    auto const error = error_of([&] {
      run_graph(result);
      ledger_files_.close();
      if (result.totals.end == RunEnd::complete) finish(result);
    });
    result.failed_samples = std::move(failed_samples_);
    result.warnings = std::move(warnings_);
    if (error) {
      result.totals.end = RunEnd::stopped;
      if (result.totals.error.empty()) result.totals.error = *error;
      result.findings.clear();
    }
    return result;
  }

  std::vector<StageMemory> recall(Sample const& sample) override {
    return known_ ? known_->recall(sample) : std::vector<StageMemory>();
  }

  std::uint64_t stamp(std::size_t stage, std::vector<fs::path> const& files) override {
    inputs_.require_outside(stage, files);
    return file_stamp(files, pipeline_.stages[stage].files_read);
  }

  std::string deliver(std::size_t stage, std::vector<OutputFile> const& files) override {
    for (fs::path const& home : pass_.homes[stage]) {
      for (OutputFile const& file : files) {
        context_.folder.write_output(home / pipeline_.stages[stage].name / file.name, file.bytes);
      }
    }
    return encode_files(files);
  }

  RunFile& run_file(std::size_t stage) override { return run_files_[stage]; }

  fs::path state_folder(std::size_t stage) override {
    return context_.folder.state_folder(context_.keys[{stage, 0}]);
  }

  // In a sweep, that of the first stage stands for all.
  void progress(std::size_t stage, std::string text) override {
    std::scoped_lock const lock(note_mutex_);
    if (!noted_stage_) noted_stage_ = stage;
    if (noted_stage_ == stage) note_ = std::move(text);
  }

  void row(std::size_t stage, Row const& row) override {
    require_row(pipeline_.stages[stage], row);
    tables_.append(stage, csv_lines_.line(row));
  }

  void line(std::size_t stage, std::string const& line) override {
    tables_.append(stage, line + "\n");
  }

  void notes(std::size_t stage, std::map<fs::path, std::string> notes) override {
    notes_[stage] = std::move(notes);
  }

  void retired(Retired const& retired) override {
    csv_lines_.clear();  // those of this sample; the next one has others
    for (WarningCount const& warning : warnings_.add(pipeline_, retired)) {
      log_warning(warning.text() + "; further warnings of this kind are only counted");
    }
    if (!retired.failures.empty()) count_failure(retired);
    if (retired.outcome != Outcome::cancelled) {
      ledger_files_.append(memory_of(pipeline_, context_.keys, retired),
                      ledger_line(pipeline_, retired));
    }
    ProgressState state = progress();
    ++state.finished;
    if (retired.recalled) ++state.reused;
    if (is_milestone(state)) {
      std::chrono::duration<double> const seconds = Clock::now() - begin_;
      log_debug(progress_text(state, seconds.count(), 0));
    }
  }

  void worked(std::size_t stage, Sample const& sample, Clock::time_point begin,
              Clock::time_point end) override {
    if (context_.trace) {
      context_.trace->event(pipeline_.stages[stage].name, sample.id, begin, end);
    }
  }

 private:
  bool is_merge() const { return !context_.request.shards.empty(); }

  std::uint64_t samples_in_shards(std::vector<PastRun> const& past) const {
    std::uint64_t samples = 0;
    for (PastRun const& run : past) {
      if (run.folder != context_.folder.path()) samples += run.memories.count();
    }
    return samples;
  }

  void run_graph(PassResult& result) {
    engine_.emplace(pipeline_,
                    EngineOptions{pipeline_.run.jobs, pipeline_.run.in_flight, pass_.ends}, *this);
    result.jobs = engine_->jobs();
    if (pass_.is_first()) report_fewer_jobs();
    result.in_flight = engine_->in_flight();
    begin_ = Clock::now();
    context_.interruption.drains(&*engine_);
    auto const error = error_of([&] {
      RunGuest const* const guest = context_.request.guest;
      Progress const shown(context_.request.progress, [this] { return shown_progress(); },
                           guest ? guest->on_progress : nullptr);
      result.totals = engine_->run();
    });
    context_.interruption.drains(nullptr);
    if (error) throw Error("the graph cannot run: " + *error);
  }

  void report_fewer_jobs() const {
    std::int64_t const given = pipeline_.run.jobs, used = engine_->jobs();
    std::int64_t const wanted = given > 0 ? given : usable_cores();
    if (used >= wanted) return;
    std::string const found =
        counted(static_cast<std::uint64_t>(wanted), "job is", "jobs are") + " wanted, but ";
    if (used == most_useful_threads()) {
      log_info(found + "more than " + counted(static_cast<std::uint64_t>(used), "thread") +
               " would only compete for the cores of this machine; using " + std::to_string(used));
    } else {
      log_warning(found +
                  "the system does not let this process start as many threads (ulimit -u, ulimit "
                  "-v); using " +
                  std::to_string(used));
    }
  }

  // The results of samples that are gone are removed only when the user wants it.
  void require_listed_samples() const {
    if (!known_ || is_merge() || context_.request.remove_unlisted) return;
    auto const unlisted = known_->unlisted(pipeline_.run.skip);
    if (unlisted.count == 0) return;
    std::string text = "the folder holds results of " + counted(unlisted.count, "sample") +
                       " that the data set does not have now:";
    for (std::string const& id : unlisted.first) text += " " + id;
    throw Error(text + (unlisted.count > unlisted.first.size() ? " ..." : "") +
                "; nothing was removed; resume with --remove-unlisted to remove them, or with the "
                "data set that has these samples");
  }

  ProgressState progress() const {
    std::scoped_lock const lock(note_mutex_);
    return {engine_->retired(), failed_.load(), context_.expected, engine_->recalled(), note_};
  }

  ProgressState shown_progress() const {
    ProgressState state = progress();
    auto const slow_after = static_cast<double>(pipeline_.run.slow_after);
    if (slow_after > 0) state.slow = slow_work_text(slow_after);
    return state;
  }

  void count_failure(Retired const& retired) {
    ++failed_;
    Failure const& first = retired.failures.front();
    PipelineStage const& stage = pipeline_.stages[first.stage];
    FailedSample failed{retired.sample.id, "\"" + stage.name + "\"" + pipeline_.some_variant(stage),
                        first.error};
    log_debug("sample \"" + failed.id + "\" failed in stage " + failed.stage + ": " + failed.error);
    if (failed_samples_.size() < kFailuresInSummary) failed_samples_.push_back(std::move(failed));
  }

  // Scores are written only over all samples: those over half of them would look like a result.
  void finish(PassResult& result) {
    std::uint64_t const emitted = result.totals.emitted;
    tables_.flush();  // makes room for the findings of all variants
    if (is_merge() && pass_.is_first() && samples_in_shards_ != emitted) {
      throw Error("the runs hold " + counted(samples_in_shards_, "sample") +
                  ", but the data set now has " + std::to_string(emitted));
    }
    if (pass_.is_first()) {
      warn_of_count(emitted);
      require_listed_samples();
      require_expected(result.totals);
      result.findings = finish_stages(result.totals);
      warn_of_findings(result.findings, result.totals);
      write_scores(context_.folder, pipeline_, result.findings);
    } else {
      warn_of_findings(finish_stages(result.totals), result.totals);
    }
    in_parallel(pipeline_.stages.size(), [&](std::size_t s) {
      if (pass_.ends[s]) place_table(s);
    });
    for (std::size_t s = 0; s < pipeline_.stages.size(); ++s) {
      PipelineStage const& stage = pipeline_.stages[s];
      if (pass_.ends[s] && !stage.list_file.empty()) {
        for (fs::path const& home : pass_.homes[s]) {
          result.lists.push_back(table_of(s, home));
          for (auto const& [file, text] : notes_[s]) {
            result.lists.push_back(home / stage.name / file);
            context_.folder.write(result.lists.back(), text);
          }
        }
      }
      if (!pass_.ends[s] || stage.run_file.empty()) continue;
      auto const homes = homes_of_run_file(s, result.findings);
      run_files_[s].close([&](fs::path const& complete, fs::path const& name) {
        std::vector<fs::path> files;
        for (fs::path const& home : homes) files.push_back(home / stage.name / name);
        place(complete, files);
        result.lists.insert(result.lists.end(), files.begin(), files.end());
      });
    }
    if (!known_) return;
    std::string const text = to_text(known_->reuse(), emitted, result.totals.recalled);
    if (!text.empty()) log_info(text);
  }

  // What a run skips may be unknown to the source.
  void warn_of_count(std::uint64_t emitted) {
    auto const expected = context_.expected;
    if (!expected || *expected == emitted || is_merge() || !pipeline_.run.skip.empty()) return;
    std::string const what = "its count() announced " + counted(*expected, "sample") +
                             ", but it emitted " + std::to_string(emitted);
    log_warning(warnings_.add(pipeline_.source().name, what, emitted).text());
  }

  // A shard that has none of what a stage expects proves nothing, so it is only warned of.
  void require_expected(RunTotals const& totals) {
    for (std::size_t s = 0; s < pipeline_.stages.size(); ++s) {
      PipelineStage const& stage = pipeline_.stages[s];
      for (auto const& [expectation, tally] : unmet(stage, totals.stages[s])) {
        std::string const what =
            "none of " + counted(tally.samples, "sample") + " has any " + tally.what + ": " +
            expectation.message;
        if (expectation.is_error && pipeline_.run.shard.count == 1) {
          throw Error("stage \"" + stage.name + "\"" + pipeline_.some_variant(stage) + ": " + what);
        }
        log_warning(warnings_.add(stage.name, what, tally.samples).text());
      }
    }
  }

  void warn_of_findings(AllFindings const& findings, RunTotals const& totals) {
    std::set<std::pair<std::string, std::string>> logged;  // the same in several variants
    for (std::size_t s = 0; s < pipeline_.stages.size(); ++s) {
      if (!findings[s]) continue;
      for (std::string const& warning : findings[s]->warnings) {
        std::uint64_t const samples = totals.stages[s].out;
        std::string const text = warnings_.add(pipeline_.stages[s].name, warning, samples).text();
        if (logged.insert({pipeline_.stages[s].name, warning}).second) log_warning(text);
      }
    }
  }

  // The table of an observer, or the list of a sink.
  fs::path table_of(std::size_t s, fs::path const& home) const {
    PipelineStage const& stage = pipeline_.stages[s];
    return stage.list_file.empty() ? home / (stage.name + ".csv")
                                   : home / stage.name / stage.list_file;
  }

  // Those that take part in this pass. Of a sink that folds, only the warnings are findings.
  AllFindings finish_stages(RunTotals const& totals) {
    AllFindings findings(pipeline_.stages.size());
    for (std::size_t s = 0; s < findings.size(); ++s) {
      PipelineStage const& stage = pipeline_.stages[s];
      bool const observes = stage.declaration->kind == StageKind::observer;
      auto const& tallies = totals.stages[s].tallies;
      if (!observes && !tallies.empty()) findings[s].emplace().metrics = metrics_of(tallies);
      if (!stage.declaration->folds || !pass_.ends[s]) continue;
      auto const error = error_of([&] {
        CurrentWork const current(stage, "");
        Findings found = stage.instance->finish(run_files_[s]);
        require_rectangular(found);
        check_scores(found);
        if (observes) {
          findings[s] = std::move(found);
        } else if (!found.warnings.empty()) {
          if (!findings[s]) findings[s].emplace();
          findings[s]->warnings = std::move(found.warnings);
        }
      });
      if (!error) continue;
      // As for what a stage expects: one shard proves nothing, and merging all finishes again.
      if (observes && pipeline_.run.shard.count > 1) {
        std::string const what = "the scores of this shard cannot be computed: " + *error;
        log_warning(warnings_.add(stage.name, what, totals.stages[s].out).text());
      } else {
        throw Error("stage \"" + stage.name + "\"" + pipeline_.some_variant(stage) +
                    " failed to finish: " + *error);
      }
    }
    return findings;
  }

  // As for the files of sinks, it depends on the variant whether they are kept.
  std::vector<fs::path> homes_of_run_file(std::size_t s, AllFindings const& findings) const {
    // Of a sink, only a pass that keeps its files has it among its ends.
    bool const common = pipeline_.serves_all(pipeline_.stages[s]) ||
                        pipeline_.stages[s].declaration->kind == StageKind::sink;
    if (common || keep_of(pipeline_) == Keep::all) return pass_.homes[s];
    auto const best =
        keep_of(pipeline_) == Keep::best ? best_variant(pipeline_, findings) : std::nullopt;
    if (!best) return {};
    fs::path const home = home_of(pipeline_, pipeline_.variants[*best]);
    bool const is_home = std::ranges::find(pass_.homes[s], home) != pass_.homes[s].end();
    return is_home ? std::vector{home} : std::vector<fs::path>();
  }

  void place_table(std::size_t s) {
    PipelineStage const& stage = pipeline_.stages[s];
    if (stage.columns.empty() && stage.list_file.empty()) return;
    std::vector<fs::path> files;
    for (fs::path const& home : pass_.homes[s]) files.push_back(table_of(s, home));
    place(tables_.file(s), files);
  }

  void place(fs::path const& complete, std::vector<fs::path> const& files) {
    for (std::size_t i = 0; i < files.size(); ++i) {
      if (!fs::exists(complete)) {
        context_.folder.write(files[i], "");
      } else if (i + 1 < files.size()) {
        context_.folder.place_copy(complete, files[i]);
      } else {
        context_.folder.place(complete, files[i]);
      }
    }
  }

  Pass const& pass_;
  Pipeline const& pipeline_;
  RunContext const& context_;
  std::uint64_t const samples_in_shards_;
  std::optional<KnownResults> known_;
  InputsOfSamples inputs_;
  LedgerFiles ledger_files_;
  GrowingTables tables_;  // a table or list for each stage
  CsvLines csv_lines_;
  std::vector<GrowingFile> run_files_;
  std::map<std::size_t, std::map<fs::path, std::string>> notes_;  // about lists, by stage
  std::optional<Engine> engine_;
  Clock::time_point begin_;
  WarningLog warnings_;
  std::vector<FailedSample> failed_samples_;
  std::atomic<std::uint64_t> failed_{0};
  mutable std::mutex note_mutex_;           // guards what follows
  std::optional<std::size_t> noted_stage_;  // that speaks of its result
  std::string note_;                        // the last that it said
};

}  // namespace

void Interruption::interrupt() {
  std::scoped_lock const lock(mutex_);
  interrupted_ = true;
  if (engine_) engine_->drain();
}

void Interruption::drains(Engine* engine) {
  std::scoped_lock const lock(mutex_);
  engine_ = engine;
  if (engine_ && interrupted_) engine_->drain();
}

PassResult run_pass(Pass const& pass, Pipeline const& pipeline, std::vector<PastRun> past,
                    RunContext const& context) {
  return PassRun(pass, pipeline, std::move(past), context).run();
}

}  // namespace seplflow
