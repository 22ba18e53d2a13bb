#include "run/run.hpp"

#include <sys/utsname.h>
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <ctime>
#include <fstream>
#include <mutex>
#include <set>
#include <thread>

#include "data/error_of.hpp"
#include "plugin/entry.hpp"
#include "run/interrupt.hpp"
#include "run/run_folder.hpp"
#include "run/trace.hpp"

namespace seplflow {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr int kRunFormat = 1;
constexpr std::size_t kFailuresInSummary = 5;

std::string utc_now() {
  std::time_t const now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  std::array<char, 32> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text.data();
}

// 128-bit XXH3 of a file's bytes, in hexadecimal.
std::string file_hash(fs::path const& file) {
  std::unique_ptr<XXH3_state_t, decltype(&XXH3_freeState)> const state(XXH3_createState(),
                                                                       &XXH3_freeState);
  XXH3_128bits_reset(state.get());
  std::ifstream stream(file, std::ios::binary);
  std::array<char, 1 << 16> buffer{};
  while (stream.read(buffer.data(), buffer.size()), stream.gcount() > 0) {
    XXH3_128bits_update(state.get(), buffer.data(), static_cast<std::size_t>(stream.gcount()));
  }
  XXH128_hash_t const hash = XXH3_128bits_digest(state.get());
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), "%016llx%016llx",
                static_cast<unsigned long long>(hash.high64),
                static_cast<unsigned long long>(hash.low64));
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
Json plugins_of(Pipeline const& pipeline, StageCatalog const& catalog) {
  std::set<std::string> used;
  for (PipelineStage const& stage : pipeline.stages) used.insert(stage.declaration->name);
  Json list = Json::array();
  for (auto const& plugin : catalog.plugins()) {
    bool const any =
        std::ranges::any_of(plugin.stages, [&](auto const& stage) { return used.contains(stage); });
    if (!any) continue;
    list.push_back({{"path", plugin.file.string()},
                    {"xxh128", file_hash(plugin.file)},
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
  }
  return stages;
}

// Keeps the records of a run as the engine reports them.
class Recorder final : public RunListener {
 public:
  Recorder(Pipeline const& pipeline, RunFolder& folder, Trace* trace)
      : pipeline_(pipeline), folder_(folder), trace_(trace), ledger_(folder.ledger()) {
    tables_.resize(pipeline.stages.size());
    for (std::size_t i = 0; i < tables_.size(); ++i) {
      PipelineStage const& stage = pipeline.stages[i];
      auto const& columns = stage.columns;
      if (columns.empty()) continue;
      tables_[i] = folder.table(stage.name);
      tables_[i]->append(csv_line(Row(columns.begin(), columns.end())));
    }
  }

  void row(std::size_t stage, Row const& row) override {
    std::size_t const columns = pipeline_.stages[stage].columns.size();
    if (row.size() != columns) {
      throw Error("stage \"" + pipeline_.stages[stage].name + "\" gave a row of " +
                  std::to_string(row.size()) + " cells for its " + std::to_string(columns) +
                  " columns");
    }
    tables_[stage]->append(csv_line(row));
  }

  void retired(Retired const& retired) override {
    if (retired.outcome == Outcome::cancelled) return;
    Json line = {{"id", retired.sample.id}, {"outcome", to_string(retired.outcome)}};
    auto const name = [&](std::size_t stage) { return pipeline_.stages[stage].name; };
    if (!retired.failures.empty()) {
      Failure const& first = retired.failures.front();
      line["stage"] = name(first.stage);
      line["error"] = first.error;
      for (std::size_t i = 1; i < retired.failures.size(); ++i) {
        line["also"].push_back(
            {{"stage", name(retired.failures[i].stage)}, {"error", retired.failures[i].error}});
      }
      failed_.fetch_add(1, std::memory_order_relaxed);
      if (failed_samples_.size() < kFailuresInSummary) {
        failed_samples_.push_back({retired.sample.id, name(first.stage), first.error});
      }
    } else if (retired.skipped_by) {
      line["stage"] = name(*retired.skipped_by);
    }
    // Line by line, so that a run that is killed leaves a ledger of all it had finished.
    ledger_->append(json_text(line) + "\n");
    ledger_->flush();
  }

  void worked(std::size_t stage, Sample const& sample, Clock::time_point begin,
              Clock::time_point end) override {
    if (trace_) trace_->event(pipeline_.stages[stage].name, sample.id, begin, end);
  }

  std::uint64_t failed() const { return failed_.load(std::memory_order_relaxed); }
  std::vector<FailedSample> const& failed_samples() const { return failed_samples_; }

  void close() { ledger_->close(); }

  void place_tables() {
    for (std::size_t i = 0; i < tables_.size(); ++i) {
      if (tables_[i]) folder_.place_table(*tables_[i], pipeline_.stages[i].name);
    }
  }

 private:
  Pipeline const& pipeline_;
  RunFolder& folder_;
  Trace* const trace_;
  std::unique_ptr<AppendFile> ledger_;
  std::vector<std::unique_ptr<AppendFile>> tables_;  // by stage; null without a table
  std::vector<FailedSample> failed_samples_;
  std::atomic<std::uint64_t> failed_{0};
};

class Execution {
 public:
  Execution(Pipeline const& pipeline, StageCatalog const& catalog, RunRequest const& request)
      : pipeline_(pipeline), request_(request), folder_(request.out) {
    record_ = {{"format", kRunFormat},
               {"status", to_string(RunStatus::running)},
               {"name", pipeline.name},
               {"versions",
                {{"seplflow", SEPLFLOW_VERSION},
                 {"plugin_abi", abi_text(kAbiMajor, kAbiMinor)},
                 {"toolchain", kToolchain}}},
               {"command_line", request.command_line},
               {"pipeline", pipeline.file.string()},
               {"started", utc_now()},
               {"machine", machine()},
               {"plugins", plugins_of(pipeline, catalog)}};
    if (request.trace) open_trace(*request.trace);
    report_.folder = folder_.path();
    report_.expected = expected();
  }

  RunReport execute() {
    if (request_.on_start) request_.on_start();
    InterruptWatcher const interrupts([this] { interrupt(); });
    // First, so that a folder with anything in it is known for a run.
    folder_.write_json("run.json", record_);
    if (auto const error = error_of([&] { run_to_the_end(); })) fail(*error);
    if (auto const error = error_of([&] { conclude(); })) {
      fail(*error);
      error_of([&] { conclude_in_place(); });
    }
    return std::move(report_);
  }

 private:
  void run_to_the_end() {
    folder_.write("pipeline.toml", resolved_toml(pipeline_));
    Recorder recorder(pipeline_, folder_, trace_.get());
    run_engine(recorder);
    report_.failed_samples = recorder.failed_samples();
    settle(recorder);
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
    auto const& count = pipeline_.source().count;
    auto const& limit = pipeline_.run.limit;
    if (!count || !limit) return count;
    return std::min(*count, static_cast<std::uint64_t>(*limit));
  }

  void run_engine(Recorder& recorder) {
    std::vector<OutputFolder*> outputs;
    for (PipelineStage const& stage : pipeline_.stages) {
      outputs.push_back(&folder_.output(stage.name));
    }
    EngineOptions options{pipeline_.run.jobs, pipeline_.run.in_flight,
                          [&](std::size_t stage) -> OutputFolder& { return *outputs[stage]; }};
    Engine engine(pipeline_, options, recorder);
    record_["jobs"] = engine.jobs();
    record_["in_flight"] = engine.in_flight();

    auto const begin = Clock::now();
    let_interrupts_drain(&engine);
    auto const error = error_of([&] {
      Progress const progress(request_.progress, [&] {
        return ProgressState{engine.retired(), recorder.failed(), report_.expected};
      });
      report_.totals = engine.run();
    });
    let_interrupts_drain(nullptr);
    if (error) throw Error("the graph cannot run: " + *error);
    report_.seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  }

  // What the end of the graph means. Scores are written only over all samples: half of them would
  // look like a result.
  void settle(Recorder& recorder) {
    RunTotals& totals = report_.totals;
    auto const error = error_of([&] {
      recorder.close();
      if (totals.end == RunEnd::complete) {
        write_findings();
        recorder.place_tables();
      }
      if (trace_) trace_->close();
    });
    if (error) fail(*error);
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
    report_.findings.clear();
  }

  void write_findings() {
    Json metrics = Json::object();
    for (PipelineStage const& stage : pipeline_.stages) {
      if (stage.declaration->kind != StageKind::observer) continue;
      Findings findings;
      if (auto const error = error_of([&] { findings = stage.instance->finish(); })) {
        throw Error("stage \"" + stage.name + "\" failed to finish: " + *error);
      }
      report_.findings.push_back({stage.name, std::move(findings)});
      metrics[stage.name] = to_json(report_.findings.back().findings.metrics);
    }
    folder_.write_json("metrics.json", metrics);
  }

  void conclude() {
    RunTotals const& totals = report_.totals;
    record_["status"] = to_string(report_.status);
    if (!totals.error.empty()) record_["error"] = totals.error;
    record_["finished"] = utc_now();
    record_["seconds"] = report_.seconds;
    record_["samples"] = {{"emitted", totals.emitted}, {"retired", totals.retired()},
                          {"done", totals.done},       {"skipped", totals.skipped},
                          {"failed", totals.failed},   {"cancelled", totals.cancelled}};
    record_["stages"] = conservation(pipeline_, totals);
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

  Pipeline const& pipeline_;
  RunRequest const& request_;
  RunFolder folder_;
  std::unique_ptr<Trace> trace_;
  Json record_;
  RunReport report_;

  std::mutex interrupt_mutex_;
  Engine* engine_ = nullptr;  // guarded by interrupt_mutex_, as what follows
  bool interrupted_ = false;
};

}  // namespace

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
