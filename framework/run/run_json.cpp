#include "run/run_json.hpp"

#include <sys/utsname.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <thread>

#include <seplflow/version.hpp>
#include <seplflow/detail/descriptor.hpp>
#include "pipeline/run_settings.hpp"
#include "run/result_files.hpp"
#include "run/resume/content_keys.hpp"
#include "run/run_folder.hpp"
#include "run/warning_log.hpp"

namespace seplflow {
namespace {

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

Json warnings_of(std::vector<WarningCount> const& counts) {
  Json list = Json::array();
  for (WarningCount const& count : counts) {
    Json entry = {{"stage", count.stage},
                  {"samples", count.samples},
                  {"what", count.what},
                  {"first", count.first}};
    if (!count.detail.empty()) entry["detail"] = count.detail;
    list.push_back(std::move(entry));
  }
  return list;
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
                    {"version", plugin.version},
                    {"seplflow", plugin.seplflow}});
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
    if (!counts.tallies.empty()) stages.back()["counted"] = to_json(metrics_of(counts.tallies));
    if (pipeline.sweeps()) {
      stages.back()["variants"] = pipeline.stages[i].variants.size();
    }
  }
  return stages;
}

// What the scores mean; their values are in metrics.json.
Json meanings_of(std::map<std::string, Score> const& scores) {
  Json meanings = Json::object();
  for (auto const& [path, score] : scores) {
    Json& meaning = meanings[path];
    meaning = {{"name", score.name},
               {"better", score.better == Better::more ? "more" : "less"},
               {"unit", score.unit.empty() ? "fraction" : score.unit}};
    if (score.minimum) meaning["minimum"] = *score.minimum;
    if (score.maximum) meaning["maximum"] = *score.maximum;
  }
  return meanings;
}

Json variants_of(Pipeline const& pipeline, RunReport const& report) {
  Json list = Json::array();
  for (std::size_t v = 0; v < pipeline.variants.size(); ++v) {
    Json variant = {{"variant", pipeline.variants[v].name}};
    if (v < report.totals.variants.size()) {
      VariantCounts const& counts = report.totals.variants[v];
      variant["skipped"] = counts.skipped;
      variant["failed"] = counts.failed;
    }
    if (v == report.best) variant["best"] = true;
    list.push_back(std::move(variant));
  }
  return list;
}

}  // namespace

std::string_view to_string(RunStatus status) {
  constexpr std::string_view kTexts[] = {"running", "done", "done_with_failures", "failed",
                                         "interrupted"};
  return kTexts[static_cast<std::size_t>(status)];
}

Json record_at_start(Pipeline const& pipeline, std::map<std::string, std::string> const& hashes,
                     StageCatalog const& catalog, RunRequest const& request) {
  Json record = {{"format", kRunFormat},
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
                 {"plugins", plugins_of(hashes, catalog)}};
  if (Shard const& shard = pipeline.run.shard; shard.count > 1) {
    record["shard"] = {{"index", shard.index}, {"count", shard.count}};
  }
  if (!pipeline.run.shard_from.empty()) record["shard_from"] = pipeline.run.shard_from;
  if (pipeline.sweeps()) record["keep"] = keep_choices().text_of(keep_of(pipeline));
  for (std::filesystem::path const& shard : request.shards) {
    record["merged"].push_back(shard.string());
  }
  return record;
}

void add_end(Json& record, Pipeline const& pipeline, RunReport const& report) {
  RunTotals const& totals = report.totals;
  record["status"] = to_string(report.status);
  if (!totals.error.empty()) record["error"] = totals.error;
  record["finished"] = utc_now();
  record["seconds"] = report.seconds;
  record["samples"] = {{"emitted", totals.emitted}, {"retired", totals.retired()},
                       {"done", totals.done},       {"skipped", totals.skipped},
                       {"failed", totals.failed},   {"cancelled", totals.cancelled},
                       {"reused", totals.recalled}};
  if (!totals.left_out.empty()) {
    for (std::string const& id : totals.left_out) record["left_out"].push_back(text_of_bytes(id));
    record["samples"]["left_out"] = totals.left_out.size();
  }
  record["stages"] = conservation(pipeline, totals);
  if (!report.warnings.empty()) record["warnings"] = warnings_of(report.warnings);
  if (!report.scores.empty()) record["scores"] = meanings_of(report.scores);
  if (pipeline.sweeps()) record["variants"] = variants_of(pipeline, report);
}

}  // namespace seplflow
