// What sweeps leave behind.
#pragma once

#include "support/catch.hpp"
#include "support/disk_data.hpp"

#include <map>

namespace fs = std::filesystem;

using Files = std::map<std::string, std::string>;
using Names = std::vector<std::string>;

// SEPL over scenes, with a sink and an evaluator that no threshold concerns.
inline std::string pipeline(std::string const& more = "", int count = 10) {
  return scenes_pipeline(count,
                         "[stages.truth]\nuse = \"output.labels\"\nin = \"scenes.truth\"\n"
                         "[stages.before]\nuse = \"eval.miou\"\n"
                         "in = { truth = \"scenes.truth\", labels = \"scenes.pseudo\" }\n" +
                             more);
}

inline std::string const kTwoAxes =
    "[sweep]\n\"select.t1\" = [0.3, 0.5, 0.7]\n\"select.t2\" = [0.6, 0.85]\n";
inline Names const kSix = {"select.t1=0.3,select.t2=0.6", "select.t1=0.3,select.t2=0.85",
                           "select.t1=0.5,select.t2=0.6", "select.t1=0.5,select.t2=0.85",
                           "select.t1=0.7,select.t2=0.6", "select.t1=0.7,select.t2=0.85"};

// "a=1,b=2" as --set a=1 --set b=2.
inline std::vector<std::string> settings_of(std::string const& variant) {
  std::vector<std::string> arguments;
  std::istringstream stream(variant);
  for (std::string each; std::getline(stream, each, ',');) {
    arguments.insert(arguments.end(), {"--set", each});
  }
  return arguments;
}

// What two runs share whatever their settings are called: no ledgers, no pipelines.
inline Files scores_and_files(fs::path const& folder) {
  Files files = files_in(folder);
  for (char const* const name :
       {"run.json", "log.txt", "pipeline.toml", "ledger.jsonl", "ledger.records"}) {
    files.erase(name);
  }
  return files;
}

inline Files below(Files const& files, std::string const& folder) {
  Files found;
  for (auto const& [name, bytes] : files) {
    if (name.starts_with(folder + "/")) found[name.substr(folder.size() + 1)] = bytes;
  }
  return found;
}

// The two sets of files are the same, byte for byte.
inline void require_equal(Files const& files, Files const& expected) {
  REQUIRE(names_of(files) == names_of(expected));
  for (auto const& [name, bytes] : files) {
    CAPTURE(name);
    CHECK(bytes == expected.at(name));
  }
}

// The parts of a variant are those of a run of its own.
inline void require_variant_like(fs::path const& run, std::string const& variant,
                                 fs::path const& alone, bool with_files = true) {
  CAPTURE(variant);
  Files expected = scores_and_files(alone);
  std::erase_if(expected, [&](auto const& file) {
    bool const common = file.first.starts_with("truth/") || file.first.starts_with("before.");
    return common || (!with_files && file.first.starts_with("write/"));
  });
  Files found = files_in(run / "variants" / variant);
  CHECK(found.erase("pipeline.toml") == 1);
  require_equal(found, expected);
}

inline std::vector<Names> rows_of(std::string const& csv) {
  std::vector<Names> rows;
  for (std::string const& line : lines_of(csv)) {
    Names& cells = rows.emplace_back(1);
    bool quoted = false;
    for (char const c : line) {
      if (c == '"') {
        quoted = !quoted;
      } else if (c == ',' && !quoted) {
        cells.emplace_back();
      } else {
        cells.back() += c;
      }
    }
  }
  return rows;
}

// Samples that a stage worked on, over all its variants.
inline std::size_t worked(fs::path const& trace, std::string const& stage) {
  std::size_t count = 0;
  Json const json = json_in(trace);
  for (Json const& event : json.is_array() ? json : json["traceEvents"]) {
    if (event["name"] == stage) ++count;
  }
  return count;
}

inline Names best_in(fs::path const& run) {
  Names best;
  Json const record = json_in(run / "run.json");
  for (Json const& variant : record["variants"]) {
    if (variant.contains("best")) best.push_back(variant["variant"]);
  }
  return best;
}
