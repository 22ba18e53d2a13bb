#include "run/run.hpp"

#include <sys/utsname.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <ctime>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "data/error_of.hpp"
#include "plugin/entry.hpp"
#include "run/content_keys.hpp"
#include "run/history.hpp"
#include "run/interrupt.hpp"
#include "run/journal.hpp"
#include "run/layout.hpp"
#include "run/recorder.hpp"
#include "run/results.hpp"
#include "run/resumption.hpp"
#include "run/run_folder.hpp"
#include "run/trace.hpp"

namespace seplflow {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kFewVariants = 8;
constexpr std::size_t kProblemsTold = 10;

std::string utc_now() {
  std::time_t const now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  std::array<char, 32> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text.data();
}

Json machine() {
  utsname name{};
  uname(&name);
  return {{"host", name.nodename},
          {"system", std::string(name.sysname) + " " + name.release + " " + name.machine},
          {"cores", std::thread::hardware_concurrency()}};
}

// The plugins whose stages the pipeline uses.
Json plugins_of(std::map<std::string, std::string> const& hashes, StageCatalog const& catalog) {
  Json list = Json::array();
  for (auto const& plugin : catalog.plugins()) {
    auto const used = std::ranges::find_if(
        plugin.stages, [&](auto const& stage) { return hashes.contains(stage); });
    if (used == plugin.stages.end()) continue;
    list.push_back({{"path", plugin.file.string()},
                    {"xxh128", hashes.at(*used)},
                    {"abi", abi_text(plugin.abi_major, plugin.abi_minor)},
                    {"version", plugin.version}});
  }
  return list;
}

Json conservation(Pipeline const& pipeline, RunTotals const& totals) {
  Json stages = Json::array();
  for (std::size_t i = 0; i < pipeline.stages.size(); ++i) {
    StageCounts const& counts = totals.stages[i];
    stages.push_back({{"stage", pipeline.stages[i].name},
                      {"use", pipeline.stages[i].declaration->name},
                      {"in", counts.in},
                      {"out", counts.out},
                      {"skipped", counts.skipped},
                      {"failed", counts.failed},
                      {"cancelled", counts.cancelled},
                      {"seconds", counts.seconds}});
    if (pipeline.sweeps()) {
      stages.back()["variants"] = pipeline.stages[i].variants.size();
    }
  }
  return stages;
}

Journal::Names best_journal() {
  return {"best.records", ""};
}

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
      : pipeline_(pipeline),
        request_(request),
        hashes_(plugin_hashes(pipeline, catalog)),
        keys_(pipeline, hashes_),
        keep_(keep_of(pipeline)),
        folder_(request.out,
                request.resume ? RunFolder::Claim::resumption : RunFolder::Claim::new_run) {
    record_ = {{"format", kRunFormat},
               {"status", to_string(RunStatus::running)},
               {"name", pipeline.name},
               {"versions",
                {{"seplflow", SEPLFLOW_VERSION},
                 {"plugin_abi", abi_text(kAbiMajor, kAbiMinor)},
                 {"toolchain", kToolchain},
                 {"library", framework_hash()}}},
               {"command_line", request.command_line},
               {"pipeline", pipeline.file.string()},
               {"started", utc_now()},
               {"machine", machine()},
               {"plugins", plugins_of(hashes_, catalog)}};
    if (folder_.before()) resumption_.emplace(folder_, pipeline);
    if (request.trace) open_trace(*request.trace);
    report_.folder = folder_.path();
    report_.expected = expected();
  }

  RunReport execute() {
    if (request_.on_start) request_.on_start();
    InterruptWatcher const interrupts([this] { interrupt(); });
    if (auto const error = error_of([&] { run_to_the_end(); })) fail(*error);
    if (auto const error = error_of([&] { conclude(); })) {
      fail(*error);
      error_of([&] { conclude_in_place(); });
    }
    return std::move(report_);
  }

 private:
  void run_to_the_end() {
    // First, so that a folder with anything in it is known for a run, and no run that still claims
    // to be done lacks what is removed below.
    folder_.write_record(record_);
    Pass const first = first_pass();
    Pass const best_files{best_journal(), {}, {}};
    std::vector<Shelf> shelves = open_shelves(first.journal);
    bool const wants_best = keep_ == Keep::best && has_files_of_variants();
    std::vector<Shelf> best_shelves =
        wants_best ? open_shelves(best_files.journal) : std::vector<Shelf>();
    if (resumption_) begin_again(first, shelves, best_shelves);
    folder_.write("pipeline.toml", resolved_toml(pipeline_));
    auto const begin = Clock::now();
    report_.totals = run_pass(first, pipeline_, std::move(shelves));
    if (report_.totals.end == RunEnd::complete) {
      if (wants_best) write_best(best_files, std::move(best_shelves));
      if (report_.totals.end == RunEnd::complete) remove_other_outputs();
    }
    report_.seconds = std::chrono::duration<double>(Clock::now() - begin).count();
    settle();
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
    auto const add = [&](fs::path const& folder, Journal::Memory memory) {
      tell(memory.problems);
      if (memory.records.count() > 0) shelves.push_back({folder, std::move(memory.records)});
    };
    if (folder_.before()) add(folder_.path(), Journal::recollect(folder_, journal));
    for (fs::path const& shard : request_.shards) add(shard, Journal::recollect(shard, journal));
    return shelves;
  }

  void begin_again(Pass const& pass, std::vector<Shelf> const& shelves,
                   std::vector<Shelf> const& best_shelves) {
    std::uint64_t const samples = shelves.empty() ? 0 : shelves.front().records.count();
    for (std::string const& change :
         resumption_->changes(record_["plugins"], record_["versions"]["library"], samples)) {
      note(change);
    }
    std::set<std::uint64_t> known;
    std::vector<bool> ends = pass.ends;
    for (auto const* const list : {&shelves, &best_shelves}) {
      for (Shelf const& shelf : *list) {
        for (std::size_t i = 0; i < shelf.records.count(); ++i) {
          for (auto const& entry : shelf.records.at(i).entries) known.insert(entry.key);
        }
      }
    }
    if (!best_shelves.empty()) {
      for (std::size_t s = 0; s < ends.size(); ++s) ends[s] = is_end(pipeline_.stages[s]);
    } else {
      Journal::forget(folder_, best_journal());
    }
    for (std::string const& text : resumption_->clear(keys_, known, ends)) note(text);
  }

  RunTotals run_pass(Pass const& pass, Pipeline const& pipeline, std::vector<Shelf> shelves) {
    std::optional<History> history;
    if (!shelves.empty()) {
      History::Request wanted{pass.ends, pass.homes, !request_.shards.empty()};
      history.emplace(pipeline, keys_, folder_, std::move(shelves), std::move(wanted));
    }
    Journal journal(folder_, pass.journal);
    Recorder recorder({pipeline, keys_, folder_, pass.homes, journal, history ? &*history : nullptr,
                       trace_.get()});
    RunTotals totals = run_engine(pass, pipeline, recorder);
    auto const& failed = recorder.failed_samples();
    if (report_.failed_samples.empty()) report_.failed_samples = failed;
    journal.close();
    if (totals.end != RunEnd::complete) return totals;
    if (!pass.journal.ledger.empty()) {
      write_findings(pipeline);
      recorder.place_tables();
      report_.scored = true;
    }
    if (history) {
      std::string const text = to_text(history->reuse(), totals.emitted, totals.recalled);
      if (!text.empty() && (folder_.before() || !request_.shards.empty())) note(text);
    }
    journal.complete();
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
    note("writing the files of the best variant, \"" + best.name + "\"");
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

  bool has_files_of_variants() const {
    return std::ranges::any_of(pipeline_.stages, [&](PipelineStage const& stage) {
      return stage.declaration->kind == StageKind::sink && !pipeline_.serves_all(stage);
    });
  }

  void remove_other_outputs() {
    for (PipelineStage const& stage : pipeline_.stages) {
      if (stage.declaration->kind != StageKind::sink) continue;
      for (fs::path const& home : homes_of(pipeline_, stage)) {
        std::size_t const removed = folder_.remove_other_outputs(home / stage.name);
        if (removed > 0) {
          note("removed " + std::to_string(removed) + (removed == 1 ? " file" : " files") +
               " from " + (folder_.path() / home / stage.name).string() +
               " that this run did not make");
        }
      }
    }
  }

  // One cause, a line that is gone, may have put all that follow in the wrong place.
  void tell(std::vector<std::string> const& problems) const {
    std::size_t const told = std::min(problems.size(), kProblemsTold);
    for (std::size_t i = 0; i < told; ++i) note(problems[i]);
    std::size_t const more = problems.size() - told;
    if (more > 0) note("... and " + std::to_string(more) + " more of the kind");
  }

  void note(std::string const& text) const {
    if (request_.on_note) request_.on_note(text);
  }

  // The graph drains, whether it runs already or is about to.
  void interrupt() {
    {
      std::scoped_lock const lock(interrupt_mutex_);
      interrupted_ = true;
      if (engine_) engine_->drain();
    }
    if (request_.on_interrupt) request_.on_interrupt();
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
        return ProgressState{engine.retired(), recorder.failed(), report_.expected};
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
    if (!pipeline.sweeps()) return;
    folder_.write("sweep.csv", sweep_csv(pipeline, findings));
    report_.best = best_variant(pipeline, findings);
    for (Variant const& variant : pipeline.variants) {
      folder_.write(home_of(pipeline, variant) / "pipeline.toml", resolved_toml(pipeline, variant));
      report_.variants.push_back(
          {score_of(variant, findings), numbers_of(pipeline, variant, findings)});
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
    report_.best.reset();
  }

  void conclude() {
    RunTotals const& totals = report_.totals;
    record_["status"] = to_string(report_.status);
    if (!totals.error.empty()) record_["error"] = totals.error;
    record_["finished"] = utc_now();
    record_["seconds"] = report_.seconds;
    record_["samples"] = {{"emitted", totals.emitted}, {"retired", totals.retired()},
                          {"done", totals.done},       {"skipped", totals.skipped},
                          {"failed", totals.failed},   {"cancelled", totals.cancelled},
                          {"reused", totals.recalled}};
    record_["stages"] = conservation(pipeline_, totals);
    if (pipeline_.sweeps()) record_["variants"] = variants();
    folder_.write_record(record_);
  }

  Json variants() const {
    Json list = Json::array();
    for (std::size_t v = 0; v < pipeline_.variants.size(); ++v) {
      Json variant = {{"variant", pipeline_.variants[v].name}};
      if (v < report_.totals.variants.size()) {
        VariantCounts const& counts = report_.totals.variants[v];
        variant["skipped"] = counts.skipped;
        variant["failed"] = counts.failed;
      }
      if (v == report_.best) variant["best"] = true;
      list.push_back(std::move(variant));
    }
    return list;
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

  Pipeline const& pipeline_;
  RunRequest const& request_;
  std::map<std::string, std::string> const hashes_;
  ContentKeys const keys_;
  Keep const keep_;
  RunFolder folder_;
  std::optional<Resumption> resumption_;
  std::unique_ptr<Trace> trace_;
  Json record_;
  RunReport report_;

  std::mutex interrupt_mutex_;
  Engine* engine_ = nullptr;  // guarded by interrupt_mutex_, as what follows
  bool interrupted_ = false;
};

}  // namespace

Keep keep_of(Pipeline const& pipeline) {
  if (pipeline.run.keep) return *pipeline.run.keep;
  bool const scored = std::ranges::any_of(pipeline.stages, [](PipelineStage const& stage) {
    return stage.declaration->kind == StageKind::observer;
  });
  return pipeline.variants.size() > kFewVariants && scored ? Keep::none : Keep::all;
}

std::string_view to_string(RunStatus status) {
  switch (status) {
    case RunStatus::running:
      return "running";
    case RunStatus::done:
      return "done";
    case RunStatus::done_with_failures:
      return "done_with_failures";
    case RunStatus::failed:
      return "failed";
    case RunStatus::interrupted:
      return "interrupted";
  }
  return "";
}

RunReport execute(Pipeline const& pipeline, StageCatalog const& catalog,
                  RunRequest const& request) {
  return Execution(pipeline, catalog, request).execute();
}

}  // namespace seplflow
