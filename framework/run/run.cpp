#include "run/run.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <map>
#include <mutex>
#include <unordered_set>

#include "base/error_of.hpp"
#include "run/interrupt.hpp"
#include "run/keep.hpp"
#include "run/layout.hpp"
#include "run/log.hpp"
#include "run/recorder.hpp"
#include "run/report_json.hpp"
#include "run/results.hpp"
#include "run/resume/content_keys.hpp"
#include "run/resume/fingerprint.hpp"
#include "run/resume/history.hpp"
#include "run/resume/journal.hpp"
#include "run/resume/resumption.hpp"
#include "run/run_folder.hpp"
#include "run/trace.hpp"

namespace seplflow {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kMaxReportedProblems = 10;

bool is_end(PipelineStage const& stage) {
  StageKind const kind = stage.declaration->kind;
  return kind == StageKind::observer || kind == StageKind::sink;
}

// A graph of some of the pipeline's ends, run over the data set, with a journal of its own.
struct Pass {
  Journal::Names journal;
  std::vector<bool> ends;                    // by stage
  std::vector<std::vector<fs::path>> homes;  // of their files, by stage
};

class Execution {
 public:
  Execution(Pipeline const& pipeline, StageCatalog const& catalog, RunRequest const& request)
      : request_(request),
        pipeline_(with_sound_keep(pipeline)),
        folder_(request.out,
                request.resume ? RunFolder::Claim::resumption : RunFolder::Claim::new_run),
        hashes_(plugin_hashes(pipeline_, catalog)),
        keys_(pipeline_, hashes_) {
    if (folder_.before()) {
      // A default that depends on the number of variants must not throw files away.
      auto const kept = Resumption::keep(*folder_.before());
      if (!pipeline_.run.keep && kept && pipeline_.sweeps() && *kept != keep_of(pipeline_)) {
        pipeline_.run.keep = kept;
      }
      resumption_.emplace(folder_, pipeline_);
    }
    keep_ = report_.keep = keep_of(pipeline_);
    record_ = record_at_start(pipeline_, hashes_, catalog, request, keep_);
    for (std::string const& list : lists_before()) record_["lists"].push_back(list);
    if (request.trace) open_trace(*request.trace);
    report_.folder = folder_.path();
    report_.expected = expected();
  }

  RunReport execute() {
    log_info("running \"" + pipeline_.name + "\" into " + folder_.path().string());
    InterruptWatcher const interrupts([this] { interrupt(); });
    if (auto const error = error_of([&] { run_to_the_end(); })) fail(*error);
    if (auto const error = error_of([&] { conclude(); })) {
      fail(*error);
      error_of([&] { conclude_in_place(); });
    }
    if (!report_.totals.error.empty()) log_error(report_.totals.error);
    return std::move(report_);
  }

 private:
  void run_to_the_end() {
    // First, so that a folder with anything in it is known for a run.
    folder_.write_record(record_);
    log_file_.emplace(folder_.log_file());
    say_what_is_ahead();
    Pass const first = first_pass();
    Pass const best_files{{"best.records", ""}, {}, {}};
    std::vector<Shelf> shelves = open_shelves(first.journal);
    std::vector<Shelf> best_shelves = open_shelves(best_files.journal);
    // A run that kept more has them too.
    add_shelves(first.journal, best_shelves);
    auto const outputs = outputs_of(shelves, best_shelves);
    if (resumption_) say_what_changed(shelves);

    // Until a run that goes on is complete, the folder stays that of the run before.
    fs::path const resolved = "pipeline.toml";
    bool const is_first = !fs::exists(folder_.path() / resolved);
    if (is_first) folder_.write(resolved, resolved_toml(pipeline_));
    auto const begin = Clock::now();
    report_.totals = run_pass(first, pipeline_, std::move(shelves));
    if (report_.totals.end == RunEnd::complete && wants_best()) {
      write_best(best_files, std::move(best_shelves));
    }
    if (report_.totals.end == RunEnd::complete) {
      if (!is_first) folder_.write(resolved, resolved_toml(pipeline_));
      remove_other_lists();
      if (resumption_) {
        for (std::string const& text : resumption_->clear_away(outputs)) log_info(text);
      }
      Journal::complete(folder_, first.journal);
      if (wants_best()) {
        Journal::complete(folder_, best_files.journal);
      } else {
        Journal::remove(folder_, best_files.journal);
      }
    }
    report_.seconds = std::chrono::duration<double>(Clock::now() - begin).count();
    settle();
  }

  bool wants_best() const { return keep_ == Keep::best && has_files_of_variants(); }

  void say_what_is_ahead() const {
    if (request_.resume && !folder_.before()) {
      log_info("there is no run to resume in " + folder_.path().string() + "; starting a new one");
    }
    if (!has_files_of_variants() || pipeline_.run.keep || keep_ != Keep::none) return;
    log_info("with " + std::to_string(pipeline_.variants.size()) +
             " variants only scores are written, no files (--keep best or all)");
  }

  void say_what_changed(std::vector<Shelf> const& shelves) const {
    if (folder_.before()->format == 0) {
      log_info((folder_.path() / "run.json").string() +
               " is damaged; resuming from ledger.records");
    }
    std::uint64_t const samples = shelves.empty() ? 0 : shelves.front().records.count();
    for (std::string const& change :
         resumption_->changes(record_["plugins"], record_["versions"]["library"], samples)) {
      log_info(change);
    }
  }

  // Everything but the files of variants that are not kept, or not known yet to be the best.
  Pass first_pass() const {
    Pass pass{{"ledger.records", "ledger.jsonl"}, {}, {}};
    for (PipelineStage const& stage : pipeline_.stages) {
      bool const is_variants = stage.declaration->kind == StageKind::sink &&
                               !pipeline_.serves_all(stage) && keep_ != Keep::all;
      pass.ends.push_back(is_end(stage) && !is_variants);
      pass.homes.push_back(homes_of(pipeline_, stage));
    }
    return pass;
  }

  std::vector<Shelf> open_shelves(Journal::Names const& journal) {
    std::vector<Shelf> shelves;
    if (folder_.before()) {
      Journal::Memory memory = Journal::recollect(folder_, journal);
      report(memory.problems);
      if (memory.records.count() > 0) {
        shelves.push_back({folder_.path(), std::move(memory.records)});
      }
    }
    for (fs::path const& shard : request_.shards) {
      Journal::Memory memory = Journal::recollect(shard, journal);
      report(memory.problems);
      shelves.push_back({shard, std::move(memory.records)});
    }
    return shelves;
  }

  void add_shelves(Journal::Names const& journal, std::vector<Shelf>& shelves) const {
    std::vector<fs::path> folders = request_.shards;
    if (folder_.before()) folders.push_back(folder_.path());
    for (fs::path const& folder : folders) {
      RecordReader records(folder / journal.records);
      if (records.count() > 0) shelves.push_back({folder, std::move(records)});
    }
  }

  // The names of all files of sinks that runs before are known to have written here.
  std::unordered_set<std::uint64_t> outputs_of(std::vector<Shelf> const& shelves,
                                               std::vector<Shelf> const& best_shelves) const {
    std::unordered_set<std::uint64_t> names;
    for (auto const* const list : {&shelves, &best_shelves}) {
      for (Shelf const& shelf : *list) {
        for (std::size_t i = 0; i < shelf.records.count(); ++i) {
          for (auto const& entry : shelf.records.at(i).entries) {
            if (entry.kind != SampleRecord::Entry::Kind::files) continue;
            error_of([&] {
              for (auto const& file : Receipt(*entry.kept).files) {
                names.insert(fingerprint(file.name.generic_string()));
              }
            });
          }
        }
      }
    }
    return names;
  }

  RunTotals run_pass(Pass const& pass, Pipeline const& pipeline, std::vector<Shelf> shelves) {
    bool const is_first = !pass.journal.ledger.empty();
    bool const is_merge = !request_.shards.empty();
    std::uint64_t in_shards = 0;
    for (Shelf const& shelf : shelves) {
      if (shelf.folder != folder_.path()) in_shards += shelf.records.count();
    }
    std::optional<History> history;
    if (!shelves.empty()) {
      history.emplace(pipeline, keys_, folder_, std::move(shelves),
                      History::Request{pass.ends, pass.homes, is_merge, is_merge && is_first});
    }
    Journal journal(folder_, pass.journal);
    Recorder recorder({pipeline, keys_, folder_, pass.homes, journal, history ? &*history : nullptr,
                       trace_.get()});
    RunTotals totals = run_engine(pass, pipeline, recorder);
    if (report_.failed_samples.empty()) report_.failed_samples = recorder.failed_samples();
    warnings_.add_new(recorder.warnings());
    journal.close();
    if (totals.end != RunEnd::complete) return totals;
    if (is_merge && is_first && in_shards != totals.emitted) {
      throw Error("the runs hold " + std::to_string(in_shards) + " samples, but the data set now " +
                  std::to_string(totals.emitted));
    }
    if (is_first) {
      write_findings(pipeline);
      report_.scored = true;
    }
    recorder.place_tables(pass.ends);
    lists_.insert(lists_.end(), recorder.lists().begin(), recorder.lists().end());
    if (history) {
      std::string const text = to_text(history->reuse(), totals.emitted, totals.recalled);
      if (!text.empty()) log_info(text);
    }
    return totals;
  }

  // The best variant is known when all are scored; its files are made by going through the data
  // once more, for it alone.
  void write_best(Pass pass, std::vector<Shelf> shelves) {
    if (!report_.best) {
      fail(
          "keep = \"best\" needs a score to know the best variant by, and no evaluator of the "
          "pipeline gave one (eval.miou does); use keep = \"all\" or \"none\"");
      return;
    }
    Variant const& best = pipeline_.variants[*report_.best];
    pass.ends.resize(pipeline_.stages.size());
    pass.homes.resize(pipeline_.stages.size());
    for (std::size_t const s : best.stages) {
      PipelineStage const& stage = pipeline_.stages[s];
      pass.ends[s] = stage.declaration->kind == StageKind::sink && !pipeline_.serves_all(stage);
      pass.homes[s] = {home_of(pipeline_, best)};
    }
    log_info("writing the files of the best variant, \"" + best.name + "\"");
    Pipeline again = pipeline_;
    for (PipelineStage& stage : again.stages) {
      if (stage.declaration->kind == StageKind::source) stage.instance = configured_anew(stage);
    }
    RunTotals const totals = run_pass(pass, again, std::move(shelves));
    RunTotals& all = report_.totals;
    for (std::size_t s = 0; s < all.stages.size(); ++s) {
      if (pass.ends[s]) all.stages[s] = totals.stages[s];
    }
    all.end = totals.end;
    all.error = totals.error;
    all.failed = std::max(all.failed, totals.failed);
  }

  // Lists of sinks that the run before wrote and this one has not; run.json names them.
  void remove_other_lists() {
    if (!folder_.before()) return;
    for (std::string const& list : lists_before()) folder_.remove_other(list);
  }

  std::vector<std::string> lists_before() const {
    std::vector<std::string> names;
    if (!folder_.before()) return names;
    for (Json const& list : folder_.before()->json.value("lists", Json())) {
      if (!list.is_string()) continue;
      auto name = list.get<std::string>();
      if (!why_unsafe_id(name)) names.push_back(std::move(name));
    }
    return names;
  }

  bool has_files_of_variants() const {
    return std::ranges::any_of(pipeline_.stages, [&](PipelineStage const& stage) {
      return stage.declaration->kind == StageKind::sink && !pipeline_.serves_all(stage);
    });
  }

  void report(std::vector<std::string> const& problems) const {
    std::size_t const reported = std::min(problems.size(), kMaxReportedProblems);
    for (std::size_t i = 0; i < reported; ++i) log_info(problems[i]);
    if (problems.size() > reported) {
      log_info("... and " + std::to_string(problems.size() - reported) + " more like this");
    }
  }

  // The graph drains, whether it runs already or is about to.
  void interrupt() {
    {
      std::scoped_lock const lock(interrupt_mutex_);
      interrupted_ = true;
      if (engine_) engine_->drain();
    }
    log_warning(
        "interrupted: finishing the samples in progress (press Ctrl-C again to quit immediately)");
  }

  void let_interrupts_drain(Engine* engine) {
    std::scoped_lock const lock(interrupt_mutex_);
    engine_ = engine;
    if (engine_ && interrupted_) engine_->drain();
  }

  void open_trace(fs::path const& file) {
    try {
      trace_ = std::make_unique<Trace>(file);
    } catch (Error const& error) {
      throw UsageError(error.what());
    }
  }

  std::optional<std::uint64_t> expected() const {
    auto count = pipeline_.source().count;
    auto const& [limit, shard] = std::tie(pipeline_.run.limit, pipeline_.run.shard);
    if (!count) return std::nullopt;
    if (limit) count = std::min(*count, static_cast<std::uint64_t>(*limit));
    auto const shards = static_cast<std::uint64_t>(shard.count);
    auto const index = static_cast<std::uint64_t>(shard.index);
    return *count / shards + (index < *count % shards ? 1 : 0);
  }

  RunTotals run_engine(Pass const& pass, Pipeline const& pipeline, Recorder& recorder) {
    RunTotals totals;
    Engine engine(pipeline, {pipeline.run.jobs, pipeline.run.in_flight, pass.ends}, recorder);
    record_["jobs"] = engine.jobs();
    record_["in_flight"] = engine.in_flight();
    let_interrupts_drain(&engine);
    auto const error = error_of([&] {
      Progress const progress(request_.progress, [&] {
        return ProgressState{engine.retired(), recorder.failed(), report_.expected,
                             engine.recalled()};
      });
      totals = engine.run();
    });
    let_interrupts_drain(nullptr);
    if (error) throw Error("the graph cannot run: " + *error);
    return totals;
  }

  // Scores are written only over all samples: half of them would look like a result.
  void write_findings(Pipeline const& pipeline) {
    AllFindings findings(pipeline.stages.size());
    for (std::size_t s = 0; s < findings.size(); ++s) {
      PipelineStage const& stage = pipeline.stages[s];
      if (stage.declaration->kind != StageKind::observer) continue;
      if (auto const error = error_of([&] { findings[s] = stage.instance->finish(); })) {
        throw Error("stage \"" + stage.name + "\"" + pipeline.some_variant(stage) +
                    " failed to finish: " + *error);
      }
    }
    write_metrics(folder_, pipeline, findings);
    for (std::size_t s = 0; s < findings.size(); ++s) {
      if (findings[s] && pipeline.serves_all(pipeline.stages[s])) {
        report_.findings.push_back({pipeline.stages[s].name, *findings[s]});
      }
    }
    report_.beside_published = beside_published(pipeline, findings);
    if (!pipeline.sweeps()) return;
    folder_.write("sweep.csv", sweep_csv(pipeline, findings));
    report_.best = best_variant(pipeline, findings);
    for (Variant const& variant : pipeline.variants) {
      report_.variants.push_back({score_of(variant, findings),
                                  scores_of(pipeline, variant, findings),
                                  texts_of(pipeline, variant, findings, &Findings::conditions),
                                  texts_of(pipeline, variant, findings, &Findings::remark)});
    }
  }

  void settle() {
    if (trace_) {
      if (auto const error = error_of([&] { trace_->close(); })) fail(*error);
    }
    RunTotals const& totals = report_.totals;
    switch (totals.end) {
      case RunEnd::complete:
        report_.status = totals.failed > 0 ? RunStatus::done_with_failures : RunStatus::done;
        break;
      case RunEnd::interrupted:
        report_.status = RunStatus::interrupted;
        break;
      case RunEnd::stopped:
        report_.status = RunStatus::failed;
        break;
    }
  }

  void fail(std::string error) {
    report_.status = RunStatus::failed;
    report_.totals.stages.resize(pipeline_.stages.size());
    report_.totals.end = RunEnd::stopped;
    if (report_.totals.error.empty()) report_.totals.error = std::move(error);
    report_.scored = false;
    report_.findings.clear();
    report_.variants.clear();
    report_.beside_published.clear();
    report_.best.reset();
  }

  void conclude() {
    report_.warnings = warnings_.counts();
    add_end(record_, pipeline_, report_);
    if (report_.totals.end == RunEnd::complete) record_.erase("lists");
    for (fs::path const& list : lists_) record_["lists"].push_back(list.generic_string());
    // Not synced, which would wait for all that was written; one that is lost says "running" still.
    folder_.write_json("run.json", record_);
  }

  // On a full disk there is room for nothing longer than the record of the beginning, but that must
  // not go on saying "running".
  void conclude_in_place() {
    Json const brief = {{"format", kRunFormat},
                        {"status", to_string(report_.status)},
                        {"name", pipeline_.name},
                        {"error", report_.totals.error.substr(0, 300)}};
    folder_.overwrite_json("run.json", brief);
  }

  RunRequest const& request_;
  Pipeline pipeline_;
  Keep keep_ = Keep::all;
  RunFolder folder_;
  std::optional<LogFile> log_file_;
  std::map<std::string, std::string> const hashes_;
  ContentKeys const keys_;
  std::optional<Resumption> resumption_;
  std::unique_ptr<Trace> trace_;
  Json record_;
  RunReport report_;
  WarningLog warnings_;
  std::vector<fs::path> lists_;  // of sinks, as far as they are there

  std::mutex interrupt_mutex_;
  Engine* engine_ = nullptr;  // guarded by interrupt_mutex_, as what follows
  bool interrupted_ = false;
};

}  // namespace

RunReport execute(Pipeline const& pipeline, StageCatalog const& catalog,
                  RunRequest const& request) {
  return Execution(pipeline, catalog, request).execute();
}

}  // namespace seplflow
