#include "report/run_data.hpp"

#include <algorithm>
#include <fstream>

#include "compare/image_table.hpp"
#include "compare/run_contents.hpp"
#include "compare/side_by_side.hpp"
#include "run/cost.hpp"
#include "run/run_file.hpp"

namespace seplflow {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kFailuresListed = 2000;

// For fractions, a ten-thousandth of a percent; more digits only make the page larger.
double rounded(double value) {
  constexpr double kDigits = 1e6;
  return std::abs(value) < kDigits ? std::round(value * kDigits) / kDigits : value;
}

ImageScores read_scores(FinishedRun const& run, std::string const& stage, fs::path const& file,
                        std::string const& number) {
  ImageTable const table = read_table(run, file, number);
  ImageScores scores{stage, {table.columns.begin() + 1, table.columns.end()}, {}, {}};
  scores.values.resize(scores.columns.size());
  for (auto const& row : table.rows) {
    scores.names.push_back(text_of_bytes(row[0]));
    for (std::size_t i = 1; i < row.size(); ++i) {
      scores.values[i - 1].push_back(number_in(row[i]).value_or(std::nan("")));
    }
  }
  return scores;
}

// sweep.csv, with names and axes as texts, and the rest as numbers.
Json sweep_json(ImageTable const& table, std::size_t axes) {
  Json rows = Json::array();
  for (auto const& cells : table.rows) {
    Json row = Json::array();
    for (std::size_t i = 0; i < cells.size(); ++i) {
      auto const number = number_in(cells[i]);
      row.push_back(i <= axes ? Json(cells[i]) : number ? Json(rounded(*number)) : Json());
    }
    rows.push_back(std::move(row));
  }
  return {{"columns", table.columns}, {"rows", std::move(rows)}};
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

Json images_json(ImageScores const& scores) {
  Json values = Json::array();
  for (auto const& column : scores.values) {
    Json list = Json::array();
    for (double const value : column) {
      list.push_back(std::isnan(value) ? Json() : Json(rounded(value)));
    }
    values.push_back(std::move(list));
  }
  return {{"stage", scores.stage},
          {"columns", scores.columns},
          {"names", scores.names},
          {"values", std::move(values)}};
}

// What eval.diagnose found: the pixels of each cause, and the main cause of each image.
Json causes_json(ImageScores const& table) {
  Json json = {{"stage", table.stage},
               {"columns", table.columns},
               {"totals", Json::array()},
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
    attempt([&] { read_pipeline(); });
    if (place_.is_sweep) {
      attempt([&] { read_sweep(); });
    } else {
      attempt([&] { read_run(); });
    }
    read_ledger();
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
    if (record) json["cost"] = cost_text(record->json);
    json["status"] = record ? record->status : "unknown";
    json["pipeline"] = {{"axes", Json::array()}};
  }

  void read_pipeline() {
    fs::path const file = data_.folder / "pipeline.toml";
    if (!exists_as_regular_file(file)) return;
    data_.json["pipeline"] = pipeline_data(read_run_file(file), file.string());
  }

  // The scores of a sweep are those of its best variant.
  void read_sweep() {
    RunContents const sweep = contents_of(data_.folder);
    data_.missing = sweep.missing;
    if (!place_.record->is_complete()) return;
    fs::path const file = data_.folder / "sweep.csv";
    if (exists_as_regular_file(file)) {
      data_.json["sweep"] =
          sweep_json(read_table(sweep.run, file, ""), data_.json["pipeline"]["axes"].size());
    } else {
      data_.missing.emplace_back("the sweep as a grid: there is no sweep.csv");
    }
    RunVariants const variants = variants_in(*place_.record);
    if (!variants.best) {
      data_.missing.push_back(
          "classes, images and pictures: no variant of this sweep is the best "
          "one; report a variant by its folder" +
          variants_text(data_.folder, variants));
      return;
    }
    data_.json["variant"] = variants.names[*variants.best];
    data_.shown = data_.folder / "variants" / variants.names[*variants.best];
    read_run();
  }

  // A run, or the variant that is shown of a sweep.
  void read_run() {
    RunContents const contents = contents_of(data_.shown);
    auto& missing = data_.missing;
    missing.insert(missing.end(), contents.missing.begin(), contents.missing.end());
    if (contents.evaluators.empty()) return;
    data_.json["metrics"] = metrics_in(data_.shown / "metrics.json");
    std::string const score = main_score(contents);
    std::size_t const dot = score.find('.');
    if (dot == std::string::npos) return;
    std::string const stage = score.substr(0, dot), metric = score.substr(dot + 1);
    Json const meaning = meaning_of({contents.run}, stage, metric);
    data_.score = {stage, metric, meaning.is_object() && text_in(meaning, "better") == "less"};
    data_.json["score"] = {
        {"stage", stage}, {"metric", metric}, {"less", data_.score->less_is_better}};
    attempt([&] { read_images(contents.run); });
    attempt([&] { read_causes(contents.run); });
  }

  void read_images(FinishedRun const& run) {
    auto const file = table_of(run, data_.score->stage);
    if (!file) {
      data_.missing.push_back("the images: there is no " + data_.score->stage + ".csv");
      return;
    }
    data_.images = read_scores(run, data_.score->stage, *file, data_.score->metric);
    data_.json["images"] = images_json(*data_.images);
  }

  void read_causes(FinishedRun const& run) {
    for (Json const& stage : data_.json["pipeline"].value("stages", Json::array())) {
      std::string const name = text_in(stage, "name");
      auto const file =
          text_in(stage, "use") == "eval.diagnose" ? table_of(run, name) : std::nullopt;
      if (file) data_.json["causes"] = causes_json(read_scores(run, name, *file, ""));
    }
  }

  void read_ledger() {
    std::vector<std::string> done;
    attempt([&] {
      fs::path const ledger = ledger_of(place_.sweep.empty() ? data_.folder : place_.sweep);
      data_.json["failures"] = read_failures(ledger, done);
    });
    if (!data_.images) data_.done = std::move(done);
  }

  RunData data_;
  RunPlace place_;
};

}  // namespace

std::vector<double> const* ImageScores::find(std::string const& column) const {
  auto const found = std::ranges::find(columns, column);
  return found == columns.end() ? nullptr
                                : &values[static_cast<std::size_t>(found - columns.begin())];
}

RunData read_run_data(fs::path const& folder) {
  return Reader(folder).read();
}

std::vector<double> gains_of(RunData const& run) {
  if (!run.images || !run.score || run.images->columns.empty()) return {};
  ImageScores const& images = *run.images;
  bool const has_score = images.find(run.score->metric) != nullptr;
  std::string const score = has_score ? run.score->metric : images.columns.front();
  auto const* const gain = images.find("gain_" + score);
  auto gains = gain != nullptr ? *gain : *images.find(score);
  if (run.score->less_is_better) {
    for (double& each : gains) each = -each;
  }
  return gains;
}

}  // namespace seplflow
