// Runs on generated scenes, and run folders looked at from outside.
#pragma once

#include <algorithm>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "support/program.hpp"
#include "support/temp_folder.hpp"

using Json = nlohmann::json;

// SEPL over small generated scenes, scored and written, as "scenes". `more` is put at the end.
inline std::string scenes_pipeline(int count, std::string const& more = "") {
  return "name = \"scenes\"\n"
         "[stages.scenes]\nuse = \"dataset.scenes\"\ncount = " +
         std::to_string(count) +
         "\nsize = [24, 32]\nseed = 3\n"
         "[stages.assign]\nuse = \"sepl.assign\"\n"
         "in = { pseudo = \"scenes.pseudo\", masks = \"scenes.masks\" }\n"
         "[stages.select]\nuse = \"sepl.select\"\n"
         "in = { pseudo = \"scenes.pseudo\", masks = \"scenes.masks\", overlaps = \"assign\" }\n"
         "[stages.score]\nuse = \"eval.miou\"\n"
         "in = { truth = \"scenes.truth\", labels = \"select\", baseline = \"scenes.pseudo\" }\n"
         "[stages.write]\nuse = \"output.labels\"\nin = \"select\"\n" +
         more;
}

// Every file of a folder by its path in it.
inline std::map<std::string, std::string> files_in(std::filesystem::path const& folder) {
  std::map<std::string, std::string> files;
  for (auto const& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.is_directory()) continue;
    files[entry.path().lexically_relative(folder).string()] = read_text(entry.path());
  }
  return files;
}

// Those that are the same whenever and however a run is made: all but run.json.
inline std::map<std::string, std::string> results_in(std::filesystem::path const& run) {
  auto files = files_in(run);
  files.erase("run.json");
  return files;
}

inline std::vector<std::string> names_of(std::map<std::string, std::string> const& files) {
  std::vector<std::string> names;
  for (auto const& [name, bytes] : files) names.push_back(name);
  return names;
}

inline Json json_in(std::filesystem::path const& file) {
  return Json::parse(read_text(file));
}

inline std::vector<std::string> lines_of(std::string const& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

// The lines of a run's ledger. Throws for a line that is not whole.
inline std::vector<Json> ledger_in(std::filesystem::path const& run) {
  std::vector<Json> lines;
  for (std::string const& line : lines_of(read_text(run / "ledger.jsonl"))) {
    lines.push_back(Json::parse(line));
  }
  return lines;
}

inline std::size_t occurrences(std::string const& text, std::string const& part) {
  std::size_t count = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

// A folder with a pipeline file "p.toml" in it, in which the program runs.
class Workplace {
 public:
  explicit Workplace(std::string const& pipeline) { pipeline_file(pipeline); }

  void pipeline_file(std::string const& text) const { folder.write("p.toml", text); }

  // seplflow run p.toml --out OUT ...
  ProgramResult run(std::string const& out, std::vector<std::string> arguments = {},
                    ProgramOptions options = {}) const {
    std::vector<std::string> all = {"run", "p.toml", "--out", out};
    all.insert(all.end(), arguments.begin(), arguments.end());
    return program(std::move(all), std::move(options));
  }

  // seplflow, in this folder.
  ProgramResult program(std::vector<std::string> arguments, ProgramOptions options = {}) const {
    options.folder = folder.path();
    options.environment.try_emplace("SEPLFLOW_PLUGIN_PATH", "");
    return run_seplflow(std::move(arguments), options);
  }

  TempFolder folder;
};

// Finds the stages test.faulty and test.gate.
inline ProgramOptions with_faulty() {
  ProgramOptions options;
  options.environment["SEPLFLOW_PLUGIN_PATH"] = SEPLFLOW_BUILD_DIR "/test-plugins/faulty";
  return options;
}
