// Runs on generated scenes, and run folders looked at from outside.
#pragma once

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/program.hpp"
#include "support/temp_folder.hpp"

using Json = nlohmann::json;
using Names = std::vector<std::string>;

inline Names const kNone;

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

// Those that are the same whenever and however a run is made: all but run.json and log.txt.
inline std::map<std::string, std::string> results_in(std::filesystem::path const& run) {
  auto files = files_in(run);
  files.erase("run.json");
  files.erase("log.txt");
  return files;
}

// Where the results of two run folders differ; empty when they are the same, file by file, byte by
// byte and folder by folder.
inline std::vector<std::string> differences(std::filesystem::path const& run,
                                            std::filesystem::path const& other) {
  auto const contents = [](std::filesystem::path const& folder) {
    auto files = results_in(folder);
    for (auto const& entry : std::filesystem::recursive_directory_iterator(folder)) {
      if (entry.is_directory()) files[entry.path().lexically_relative(folder).string() + "/"];
    }
    return files;
  };
  auto const ours = contents(run), theirs = contents(other);
  std::vector<std::string> differences;
  for (auto const& [name, bytes] : ours) {
    auto const found = theirs.find(name);
    if (found == theirs.end()) {
      differences.push_back("stray " + name);
    } else if (found->second != bytes) {
      differences.push_back("different " + name);
    }
  }
  for (auto const& [name, bytes] : theirs) {
    if (!ours.contains(name)) differences.push_back("missing " + name);
  }
  return differences;
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

// How many samples a stage needed no work for, by the table that a run prints.
inline int reused(std::string const& out, std::string const& stage) {
  bool told = false;
  for (std::string const& line : lines_of(out)) {
    std::istringstream words(line);
    std::vector<std::string> const row{std::istream_iterator<std::string>(words), {}};
    if (row.size() < 2) continue;
    if (row[0] == "stage") told = row[row.size() - 2] == "reused";
    if (row[0] == stage && row[1].starts_with("(")) {
      return told ? std::stoi(row[row.size() - 2]) : 0;
    }
  }
  throw std::runtime_error("there is no stage \"" + stage + "\" in:\n" + out);
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

inline int reused_samples(std::filesystem::path const& run) {
  return json_in(run / "run.json")["samples"]["reused"];
}
