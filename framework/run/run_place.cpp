#include "run/run_place.hpp"

#include <algorithm>

namespace seplflow {
namespace {

namespace fs = std::filesystem;
constexpr std::size_t kNamedVariants = 4;

}  // namespace

RunPlace run_place(fs::path const& folder) {
  require_folder(folder);
  RunPlace place{folder, {}, {}, false, run_record_in(folder)};
  if (place.record) {
    place.is_sweep = place.record->json.contains("variants") || place.record->json.contains("keep");
    return place;
  }
  fs::path const whole = fs::canonical(folder);
  if (whole.parent_path().filename() == "variants") {
    place.sweep = whole.parent_path().parent_path();
    place.variant = whole.filename().string();
    place.record = run_record_in(place.sweep);
  }
  if (!place.record && !fs::exists(folder / "metrics.json")) {
    throw UsageError(folder.string() +
                     " is not a run folder: it has neither run.json nor metrics.json" +
                     (fs::is_directory(folder / "shards")
                          ? "; its shards are not merged yet (seplflow status " + folder.string() +
                                " says how far they are)"
                          : ""));
  }
  return place;
}

void require_folder(fs::path const& folder) {
  std::string const name = folder.string();
  if (!fs::exists(folder)) throw UsageError("there is no folder " + name);
  if (!fs::is_directory(folder)) throw UsageError(name + " is a file; name the folder of a run");
}

RunVariants variants_in(RunRecord const& record) {
  RunVariants variants;
  for (Json const& each : record.json.value("variants", Json::array())) {
    if (each.contains("best")) variants.best = variants.names.size();
    variants.names.push_back(text_in(each, "variant"));
  }
  return variants;
}

std::string variants_text(fs::path const& sweep, RunVariants const& variants) {
  std::vector<std::string> names = variants.names;
  if (names.empty()) return "";
  if (variants.best) std::rotate(names.begin(), names.begin() + *variants.best,
                                 names.begin() + *variants.best + 1);
  std::string text = ": " + (sweep / "variants" / names.front()).string() +
                     (variants.best ? " (the best)" : "");
  std::size_t const named = std::min(names.size(), kNamedVariants);
  for (std::size_t i = 1; i < named; ++i) text.append(", ").append(names[i]);
  if (names.size() > named) text += " and " + std::to_string(names.size() - named) + " more";
  return text;
}

}  // namespace seplflow
