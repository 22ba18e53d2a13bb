#include "compare/finished_run.hpp"

#include <algorithm>

#include "run/run_file.hpp"
#include "run/run_place.hpp"

namespace seplflow {
namespace {

namespace fs = std::filesystem;

Json json_in(fs::path const& file) {
  std::string const text = read_run_file(file);
  if (is_too_deep(text)) {
    throw UsageError(file.string() + ": this JSON is nested deeper than " +
                     std::to_string(kDeepestJson) + " levels; the file is damaged");
  }
  try {
    return Json::parse(text);
  } catch (Json::parse_error const& error) {
    auto const end = text.begin() + static_cast<std::ptrdiff_t>(std::min(error.byte, text.size()));
    throw UsageError(file.string() + ":" + std::to_string(1 + std::count(text.begin(), end, '\n')) +
                     ": this is not JSON; the file is damaged");
  }
}

void require_evaluators(fs::path const& file, Json const& metrics) {
  bool const sound = metrics.is_object() && std::ranges::all_of(metrics, &Json::is_object);
  if (!sound) {
    throw UsageError(file.string() +
                     ":1: this is not an object with an entry for each evaluator; the file is "
                     "damaged");
  }
}

}  // namespace

Json metrics_in(fs::path const& file) {
  Json metrics = json_in(file);
  require_evaluators(file, metrics);
  return metrics;
}

FinishedRun open_run(fs::path const& folder) {
  std::string const name = folder.string();
  RunPlace place = run_place(folder);
  FinishedRun run{folder, place.sweep, std::move(place.record), {}, {}};
  std::string const way_out = "; complete it with --resume";
  if (run.record && !run.record->is_complete()) {
    throw UsageError((run.sweep.empty() ? name : "the sweep of " + name) +
                     " is not complete (status \"" + run.record->status + "\")" + way_out);
  }
  if (place.is_sweep) {
    throw UsageError(name + " is a sweep; name one of its variants" +
                     variants_text(folder, variants_in(*run.record)));
  }
  for (char const* const file : {"metrics.json", "pipeline.toml"}) {
    if (!fs::exists(folder / file)) {
      throw UsageError(name + " is not complete (it has no " + file + ")" + way_out);
    }
  }
  run.metrics = metrics_in(folder / "metrics.json");
  fs::path const pipeline = folder / "pipeline.toml";
  run.settings = setting_texts(read_run_file(pipeline), pipeline.string());
  return run;
}

// An evaluator that serves all variants of a sweep has its table in the folder of the sweep.
std::optional<fs::path> table_of(FinishedRun const& run, std::string const& stage) {
  for (fs::path const& folder : {run.folder, run.sweep}) {
    fs::path const file = folder / (stage + ".csv");
    if (!folder.empty() && fs::exists(file)) return file;
  }
  return std::nullopt;
}

}  // namespace seplflow
