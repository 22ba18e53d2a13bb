// Two runs, or two variants, for seplflow compare.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "support/catch.hpp"
#include "support/run_files.hpp"

namespace fs = std::filesystem;

// An image of score.csv: name and mIoU.
using Scores = std::vector<std::pair<std::string, double>>;

inline Scores scores_in(fs::path const& run) {
  Scores scores;
  auto const lines = lines_of(read_text(run / "score.csv"));
  for (std::size_t i = 1; i < lines.size(); ++i) {
    auto const comma = lines[i].find(',');
    scores.emplace_back(lines[i].substr(0, comma), std::stod(lines[i].substr(comma + 1)));
  }
  return scores;
}

inline std::string percent(double value, char const* format = "%.2f") {
  char text[32];
  std::snprintf(text, sizeof text, format, 100 * value);
  return text;
}

// Of what the runs' files say of a number.
inline std::vector<std::string> cells(double before, double after) {
  return {percent(before), percent(after),
          before == after ? "0.00" : percent(after - before, "%+.2f")};
}

// The cells of the line that begins with `name`, behind it; the first such line after `title`.
inline std::vector<std::string> row(std::string const& out, std::string const& title,
                                    std::string const& name) {
  bool found = title.empty();
  for (std::string const& line : lines_of(out)) {
    found = found || line.starts_with(title);
    if (!found || !line.starts_with("  " + name + " ")) continue;
    std::istringstream stream(line.substr(2 + name.size()));
    return {std::istream_iterator<std::string>(stream), {}};
  }
  return {"no row", name};
}

// Two runs of different t1, "a" and "b".
struct Pair : Workplace {
  explicit Pair(int count = 12, std::string const& more = "")
      : Workplace(scenes_pipeline(count, more)) {
    REQUIRE(run("a").status == 0);
    REQUIRE(run("b", {"--set", "select.t1=0.25"}).status == 0);
  }

  ProgramResult compare(std::vector<std::string> arguments = {"a", "b"}) const {
    arguments.insert(arguments.begin(), "compare");
    return program(arguments);
  }

  Json compare_json(std::vector<std::string> arguments = {"a", "b"}) const {
    arguments.emplace_back("--json");
    auto const result = compare(arguments);
    CHECK(result.err.empty());
    REQUIRE(result.status == 0);
    return Json::parse(result.out);
  }

  // The file as `change` makes it.
  template <class F>
  void change(fs::path const& name, F const& change) const {
    folder.write(name, change(read_text(folder / name)));
  }

  template <class F>
  void change_json(fs::path const& name, F const& change) const {
    Json json = json_in(folder / name);
    change(json);
    folder.write(name, json.dump(2));
  }

  void copy(fs::path const& from, fs::path const& to) const {
    fs::create_directories((folder / to).parent_path());
    fs::copy(folder / from, folder / to, fs::copy_options::recursive);
  }
};

// "a" and "b" as the variants of a sweep "s".
struct Sweep : Pair {
  Sweep() {
    for (std::string const name : {"t1=0.5", "t1=0.25"}) {
      fs::path const home = "s/variants/" + name;
      for (char const* const file : {"metrics.json", "pipeline.toml", "score.csv"}) {
        copy(fs::path(name == "t1=0.5" ? "a" : "b") / file, home / file);
      }
    }
    copy("a/run.json", "s/run.json");
    change_json("s/run.json", [](Json& record) {
      record["variants"] = {{{"variant", "t1=0.5"}}, {{"variant", "t1=0.25"}, {"best", true}}};
    });
  }
  std::string const a = "s/variants/t1=0.5", b = "s/variants/t1=0.25";
};
