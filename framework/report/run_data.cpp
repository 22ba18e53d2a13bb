#include "report/run_data.hpp"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <tuple>

#include "base/number_text.hpp"
#include "run/csv.hpp"
#include "run/run_file.hpp"
#include "run/run_place.hpp"

namespace seplflow {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kFailuresListed = 2000;

// For fractions, a ten-thousandth of a percent; more digits only make the page larger.
double rounded(double value) {
  constexpr double kDigits = 1e6;
  return std::abs(value) < kDigits ? std::round(value * kDigits) / kDigits : value;
}

double number_in(std::string const& cell) {
  double number = 0;
  auto const [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), number);
  bool const is_number = error == std::errc() && end == cell.data() + cell.size();
  return is_number && std::isfinite(number) ? number : std::nan("");
}

// Calls row(cells) for every row below the names of the columns, which are returned.
std::vector<std::string> read_rows(CsvReader& csv, auto const& row) {
  std::vector<std::string> columns, cells;
  if (!csv.next(columns)) csv.fail("the table is empty; the file is damaged");
  while (csv.next(cells)) {
    if (cells.size() != columns.size()) {
      csv.fail("this row has " + counted(cells.size(), "cell") + ", but there are " +
               counted(columns.size(), "column") + "; the file is damaged");
    }
    row(cells);
  }
  return columns;
}

ImageTable read_images(FinishedRun const& run, std::string const& stage, fs::path const& file) {
  CsvReader csv(file, csv_text_of(run));
  ImageTable table{stage, {}, {}, {}};
  auto columns = read_rows(csv, [&](std::vector<std::string> const& cells) {
    table.names.push_back(text_of_bytes(cells[0]));
    table.values.resize(cells.size() - 1);
    for (std::size_t i = 1; i < cells.size(); ++i) {
      if (!cells[i].empty() && std::isnan(number_in(cells[i])) && cells[i] != "nan") {
        csv.fail("\"" + cells[i] + "\" is not a number; the file is damaged");
      }
      table.values[i - 1].push_back(number_in(cells[i]));
    }
  });
  table.columns.assign(columns.begin() + 1, columns.end());
  table.values.resize(table.columns.size());
  return table;
}

// Numbers as numbers, and the rest as text.
Json read_sweep(FinishedRun const& run, fs::path const& file, std::size_t text_columns) {
  CsvReader csv(file, csv_text_of(run));
  Json rows = Json::array();
  auto const columns = read_rows(csv, [&](std::vector<std::string> const& cells) {
    Json row = Json::array();
    for (std::size_t i = 0; i < cells.size(); ++i) {
      double const number = number_in(cells[i]);
      row.push_back(i < text_columns     ? Json(cells[i])
                    : std::isnan(number) ? Json()
                                         : Json(rounded(number)));
    }
    rows.push_back(std::move(row));
  });
  return {{"columns", columns}, {"rows", std::move(rows)}};
}

// The samples that failed or were skipped; the ids of the others go to `done`.
Json read_failures(fs::path const& ledger, std::vector<std::string>& done) {
  Json rows = Json::array();
  std::size_t total = 0;
  std::ifstream stream(ledger, std::ios::binary);
  for (std::string line; std::getline(stream, line);) {
    Json const entry = parsed_json(line);
    if (!entry.is_object()) continue;
    std::string const id = text_in(entry, "id"), outcome = text_in(entry, "outcome");
    if (outcome == "done") done.push_back(id);
    if (outcome == "done" || outcome.empty() || ++total > kFailuresListed) continue;
    rows.push_back({id, outcome, text_in(entry, "stage"), text_in(entry, "error")});
  }
  return {{"total", total}, {"rows", std::move(rows)}};
}

std::string use_of(Json const& pipeline, std::string const& stage) {
  for (Json const& each : pipeline.value("stages", Json::array())) {
    if (text_in(each, "name") == stage) return text_in(each, "use");
  }
  return "";
}

// The first score of an evaluator; of eval.miou its mIoU.
std::optional<std::string> first_score(Json const& scores, std::string const& stage,
                                       Json const& metrics) {
  if (metrics.contains("miou")) return "miou";
  for (auto const& [metric, value] : metrics.items()) {
    if (scores.contains(stage + "." + metric) && !value.is_structured()) return metric;
  }
  return std::nullopt;
}

// By the rule by which a sweep finds its best variant.
std::optional<MainScore> main_score(FinishedRun const& run, Json const& pipeline) {
  Json const scores = run.record ? run.record->json.value("scores", Json::object()) : Json::object();
  auto const less_is_better = [&](std::string const& path) {
    return text_in(scores.value(path, Json::object()), "better") == "less";
  };
  std::string const best_by = text_in(pipeline, "best_by");
  std::size_t const dot = best_by.find('.');
  if (dot != std::string::npos && run.metrics.contains(best_by.substr(0, dot))) {
    return MainScore{best_by.substr(0, dot), best_by.substr(dot + 1), less_is_better(best_by)};
  }
  std::optional<std::tuple<bool, bool, std::string>> first;
  std::optional<MainScore> found;
  for (auto const& [stage, metrics] : run.metrics.items()) {
    auto const metric = first_score(scores, stage, metrics);
    if (!metric) continue;
    std::tuple const rank{use_of(pipeline, stage) != "eval.miou", !metrics.contains("baseline"),
                          stage};
    if (first && rank >= *first) continue;
    first = rank;
    found = {stage, *metric, less_is_better(stage + "." + *metric)};
  }
  return found;
}

Json images_json(ImageTable const& table) {
  Json values = Json::array();
  for (auto const& column : table.values) {
    Json list = Json::array();
    for (double const value : column) {
      list.push_back(std::isnan(value) ? Json() : Json(rounded(value)));
    }
    values.push_back(std::move(list));
  }
  return {{"stage", table.stage},
          {"columns", table.columns},
          {"names", table.names},
          {"values", std::move(values)}};
}

// What eval.diagnose found: the pixels of each cause, and the main cause of each image.
Json causes_json(ImageTable const& table) {
  Json json = {{"stage", table.stage}, {"columns", table.columns}, {"totals", Json::array()},
               {"images", Json::object()}};
  for (auto const& column : table.values) {
    double sum = 0;
    for (double const value : column) sum += std::isnan(value) ? 0 : value;
    json["totals"].push_back(sum);
  }
  for (std::size_t i = 0; i < table.names.size(); ++i) {
    Json pixels = Json::array();
    for (auto const& column : table.values) {
      pixels.push_back(std::isnan(column[i]) ? Json() : Json(column[i]));
    }
    json["images"][table.names[i]] = std::move(pixels);
  }
  return json;
}

class Reader {
 public:
  explicit Reader(fs::path const& folder) { data_.folder = data_.shown = folder; }

  RunData read() {
    read_record();
    fs::path const home = data_.shown;
    attempt([&] { read_pipeline(home); });
    read_scores();
    std::vector<std::string> done;
    data_.json["failures"] = read_failures(ledger_folder() / "ledger.jsonl", done);
    if (!data_.images) data_.done = std::move(done);
    data_.json["missing"] = data_.missing;
    return std::move(data_);
  }

 private:
  // A file that cannot be read costs only its part of the page.
  void attempt(auto const& read) {
    try {
      read();
    } catch (UsageError const& error) {
      data_.missing.emplace_back(error.what());
    }
  }

  void read_record() {
    place_ = run_place(data_.folder);
    auto const& record = place_.record;
    Json& json = data_.json;
    json["folder"] = text_of_bytes(data_.folder.string());
    json["variant"] = text_of_bytes(place_.variant);
    json["record"] = record ? record->json : Json::object();
    json["status"] = record ? record->status : "unknown";
    if (!record) {
      data_.missing.emplace_back("there is no run.json, so times, versions and warnings are unknown");
    }
  }

  fs::path ledger_folder() const { return place_.sweep.empty() ? data_.folder : place_.sweep; }

  void read_pipeline(fs::path const& home) {
    fs::path const file = home / "pipeline.toml";
    data_.json["pipeline"] = Json::object();
    data_.json["pipeline"] = pipeline_data(read_run_file(file), file.string());
  }

  Json const& pipeline() const { return data_.json["pipeline"]; }

  void read_scores() {
    if (place_.record && !place_.record->is_complete()) {
      data_.missing.push_back("the run is not complete (status \"" + place_.record->status +
                              "\"), and scores are written at its end; complete it with \"seplflow "
                              "run PIPELINE --out " +
                              data_.folder.string() + " --resume\"");
      return;
    }
    if (place_.is_sweep) attempt([&] { read_grid(); });
    if (place_.is_sweep && !choose_variant()) return;
    attempt([&] { data_.run = open_run(data_.shown); });
    if (!data_.run) return;
    data_.json["metrics"] = data_.run->metrics;
    data_.score = main_score(*data_.run, pipeline());
    if (!data_.score) {
      data_.missing.emplace_back(
          "no evaluator scored this run, so there are no scores, no gains, and no best or worst "
          "images; eval.miou needs the ground truth of some images");
      return;
    }
    data_.json["score"] = {{"stage", data_.score->stage},
                           {"metric", data_.score->metric},
                           {"less", data_.score->less_is_better}};
    attempt([&] { read_image_tables(); });
  }

  // The scores of a sweep are those of its best variant.
  bool choose_variant() {
    RunVariants const variants = variants_in(*place_.record);
    if (!variants.best) {
      data_.missing.push_back("no variant of this sweep is the best one, so there are no classes, "
                              "images or pictures; report a variant by its folder" +
                              variants_text(data_.folder, variants));
      return false;
    }
    std::string const& name = variants.names[*variants.best];
    data_.json["variant"] = name;
    data_.shown = data_.folder / "variants" / name;
    return true;
  }

  void read_grid() {
    FinishedRun sweep{data_.folder, {}, place_.record, {}, {}};
    fs::path const file = data_.folder / "pipeline.toml";
    sweep.settings = setting_texts(read_run_file(file), file.string());
    data_.json["sweep"] =
        read_sweep(sweep, data_.folder / "sweep.csv", 1 + pipeline()["axes"].size());
  }

  void read_image_tables() {
    auto const file = table_of(*data_.run, data_.score->stage);
    if (file) {
      data_.images = read_images(*data_.run, data_.score->stage, *file);
      data_.json["images"] = images_json(*data_.images);
    } else {
      data_.missing.push_back("the run has no " + data_.score->stage +
                              ".csv, so there are no gains of images");
    }
    for (auto const& stage : pipeline()["stages"]) {
      if (text_in(stage, "use") != "eval.diagnose") continue;
      auto const causes = table_of(*data_.run, text_in(stage, "name"));
      if (!causes) continue;
      data_.json["causes"] = causes_json(read_images(*data_.run, text_in(stage, "name"), *causes));
      return;
    }
  }

  RunData data_;
  RunPlace place_;
};

}  // namespace

std::optional<std::size_t> ImageTable::column(std::string const& name) const {
  auto const found = std::ranges::find(columns, name);
  if (found == columns.end()) return std::nullopt;
  return static_cast<std::size_t>(found - columns.begin());
}

RunData read_run_data(fs::path const& folder) {
  return Reader(folder).read();
}

std::vector<double> gains_of(RunData const& run) {
  if (!run.images || !run.score || run.images->columns.empty()) return {};
  ImageTable const& images = *run.images;
  std::size_t const score = images.column(run.score->metric).value_or(0);
  auto const gain = images.column("gain_" + images.columns[score]);
  auto gains = images.values[gain.value_or(score)];
  if (run.score->less_is_better) {
    for (double& each : gains) each = -each;
  }
  return gains;
}

}  // namespace seplflow
