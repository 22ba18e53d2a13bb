#include "compare/run_contents.hpp"

#include <algorithm>
#include <fstream>

#include "compare/side_by_side.hpp"
#include "run/result_files.hpp"
#include "run/run_file.hpp"

namespace seplflow {
namespace {

namespace fs = std::filesystem;
constexpr std::size_t kFailedSamples = 5;

void read_ledger(RunContents& contents) {
  fs::path const& run = contents.place.sweep.empty() ? contents.place.folder : contents.place.sweep;
  fs::path const ledger = ledger_of(run);
  if (!exists_as_regular_file(ledger)) {
    contents.missing.push_back("what became of each sample: there is no ledger.jsonl");
    return;
  }
  std::ifstream stream(ledger, std::ios::binary);
  std::uint64_t damaged = 0;
  for (std::string text; std::getline(stream, text);) {
    Json const line = parsed_json(text);
    std::string const outcome = line.is_object() ? text_in(line, "outcome") : "";
    if (outcome.empty()) {
      ++damaged;  // a killed run may leave half a line
      continue;
    }
    ++contents.outcomes[outcome];
    if (outcome != "failed" || contents.failed_samples.size() == kFailedSamples) continue;
    contents.failed_samples.push_back(
        {text_in(line, "id"), text_in(line, "stage"), text_in(line, "error")});
  }
  if (damaged > 0) {
    contents.missing.push_back(std::to_string(damaged) + " lines of " + ledger.string() +
                               " are damaged");
  }
}

void read_outcomes(RunContents& contents) {
  Json const samples =
      contents.place.record ? contents.place.record->json.value("samples", Json()) : Json();
  std::int64_t failed = 0;
  if (samples.is_object()) {
    for (auto const& [name, value] : samples.items()) {
      if (value.is_number_unsigned()) contents.outcomes[name] = value.get<std::uint64_t>();
    }
    failed = static_cast<std::int64_t>(contents.outcomes["failed"]);
  }
  if (samples.is_object() && failed == 0) return;
  RunContents ledger;
  ledger.place = contents.place;
  read_ledger(ledger);
  contents.failed_samples = std::move(ledger.failed_samples);
  if (samples.is_object()) return;
  contents.outcomes = std::move(ledger.outcomes);
  contents.missing.insert(contents.missing.end(), ledger.missing.begin(), ledger.missing.end());
}

// A count of a stage is an object with these three; everything else in it belongs to an evaluator.
void move_counts(RunContents& contents) {
  for (auto stage = contents.run.metrics.begin(); stage != contents.run.metrics.end();) {
    std::vector<std::string> counted;
    for (auto const& [what, value] : stage->items()) {
      if (!value.is_object() || !value.contains("per_sample") || !value.contains("total")) continue;
      RunContents::Count count{stage.key(), what};
      if (value["total"].is_number()) count.total = value["total"].get<std::int64_t>();
      if (value["per_sample"].is_number()) count.per_sample = value["per_sample"].get<double>();
      Json const without = value.value("samples_without", Json());
      if (without.is_number()) count.samples_without = without.get<std::int64_t>();
      contents.counts.push_back(std::move(count));
      counted.push_back(what);
    }
    for (std::string const& what : counted) stage->erase(what);
    bool const is_counter = !counted.empty() && stage->empty();
    stage = is_counter ? contents.run.metrics.erase(stage) : std::next(stage);
  }
}

// Why a run has no scores; empty when it should have some.
std::string why_no_scores(RunPlace const& place) {
  if (!place.record || place.record->is_complete()) return "";
  std::string const& status = place.record->status;
  std::string text = "scores: the run is not complete (status \"" + status + "\")";
  if (status == "running") text += ", it is at work or was killed";
  return text + "; continue it with --resume";
}

void read_scores(RunContents& contents) {
  fs::path const file = contents.place.folder / "metrics.json";
  std::string const why = why_no_scores(contents.place);
  if (!why.empty()) {
    contents.missing.push_back(why);
    return;
  }
  if (!exists_as_regular_file(file)) {
    if (!contents.place.is_sweep) contents.missing.push_back("scores: there is no metrics.json");
    return;
  }
  contents.run.metrics = metrics_in(file);
  move_counts(contents);
  contents.evaluators = before_and_after(contents.run, std::nullopt);
  if (contents.evaluators.empty() && !contents.place.is_sweep) {
    contents.missing.push_back("scores: the pipeline has no evaluator, which needs ground truth");
  }
}

}  // namespace

fs::path ledger_of(fs::path const& run) {
  fs::path const next = run / "ledger.jsonl.next", ledger = run / "ledger.jsonl";
  bool const is_resumed = exists_as_regular_file(next);
  if (is_resumed && exists_as_regular_file(ledger)) {
    return fs::file_size(next) > fs::file_size(ledger) ? next : ledger;
  }
  return is_resumed ? next : ledger;
}

RunContents contents_of(fs::path const& folder) {
  RunContents contents;
  contents.place = run_place(folder);
  contents.run.folder = folder;
  contents.run.sweep = contents.place.sweep;
  contents.run.record = contents.place.record;
  contents.run.metrics = Json::object();
  if (!contents.place.record) contents.missing.push_back("how the run went: there is no run.json");
  fs::path const pipeline = folder / "pipeline.toml";
  if (exists_as_regular_file(pipeline)) {
    contents.run.settings = setting_texts(read_run_file(pipeline), pipeline.string());
  } else {
    contents.missing.push_back("the pipeline: there is no pipeline.toml");
  }
  read_outcomes(contents);
  read_scores(contents);
  return contents;
}

std::string type_of(RunContents const& contents, std::string const& stage) {
  if (!contents.place.record) return "";
  Json const stages = contents.place.record->json.value("stages", Json::array());
  for (Json const& each : stages) {
    if (each.is_object() && text_in(each, "stage") == stage) return text_in(each, "use");
  }
  return "";
}

std::vector<ShownScore> scores_of(RunContents const& contents,
                                  Comparison::Evaluator const& evaluator) {
  std::vector<ShownScore> declared, found;
  for (Comparison::Number const& number : evaluator.numbers) {
    Json const meaning = meaning_of({contents.run}, evaluator.stage, number.name);
    ShownScore score{number.name,     number.name,      number.unit, number.fraction, false,
                     number.values[0], number.values[1]};
    if (meaning.is_object()) {
      score.name = text_in(meaning, "name");
      score.less_is_better = text_in(meaning, "better") == "less";
      declared.push_back(std::move(score));
    } else if (number.fraction && number.name.find('.') == std::string::npos) {
      found.push_back(std::move(score));
    }
  }
  return declared.empty() ? found : declared;
}

std::string main_score(RunContents const& contents) {
  auto const& settings = contents.run.settings;
  auto const best_by = std::ranges::find_if(settings, [](SettingText const& each) {
    return each.stage == "sweep" && each.key == "best_by";
  });
  if (best_by != settings.end() && best_by->value.size() > 2) {
    return best_by->value.substr(1, best_by->value.size() - 2);
  }
  Comparison::Evaluator const* first = nullptr;
  auto const rank = [&](Comparison::Evaluator const& each) {
    return evaluator_rank(type_of(contents, each.stage), each.runs.size() == 2, each.stage);
  };
  for (Comparison::Evaluator const& each : contents.evaluators) {
    if (scores_of(contents, each).empty()) continue;
    if (!first || rank(each) < rank(*first)) first = &each;
  }
  if (!first) return "";
  return first->stage + "." + scores_of(contents, *first).front().metric;
}

}  // namespace seplflow
