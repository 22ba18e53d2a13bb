// Runs and resumed runs that are killed at random moments, from outside and inside the code of a
// plugin: whenever that is, --resume ends with the folder of an undisturbed run. SEPLFLOW_KILLS and
// SEPLFLOW_KILL_SEED ask for more kills and other moments (tests/bench/kill.sh).
#include <chrono>
#include <iostream>
#include <map>
#include <random>

#include "support/catch.hpp"
#include "support/held_run.hpp"

namespace fs = std::filesystem;

namespace {

// How to run, and what the folder held before.
struct Way {
  std::string name;
  Names arguments, before;
  long microseconds = 0;  // how long it takes
};

std::vector<Way> ways() {
  Names const sweep = {"--sweep", "select.t1=0.3,0.5,0.7"};
  auto const with = [](Names arguments, Names const& more) {
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  };
  return {{"plain", {}, {}},
          {"all", with(sweep, {"--keep", "all"}), {}},
          {"best", with(sweep, {"--keep", "best"}), {}},
          {"changed", {"--set", "select.t1=0.6"}, {"--limit", "250"}},
          {"widened", with(sweep, {"--keep", "best"}), {"--sweep", "select.t1=0.4,0.5"}}};
}

unsigned long number_in(char const* variable, unsigned long otherwise) {
  char const* const text = std::getenv(variable);
  return text && *text ? std::stoul(text) : otherwise;
}

// The files that are damaged: neither those of this run nor those of the run before.
Names torn(fs::path const& run, std::map<std::string, std::string> const& right,
           std::map<std::string, std::string> const& before) {
  Names names;
  for (auto const& [name, bytes] : results_in(run)) {
    if (name.starts_with(".") || name.starts_with("ledger.") || name.starts_with("best.records")) {
      continue;
    }
    auto const now = right.find(name), then = before.find(name);
    bool const good = (now != right.end() && now->second == bytes) ||
                      (then != before.end() && then->second == bytes);
    if (!good) names.push_back(name);
  }
  return names;
}

}  // namespace

TEST_CASE("the option --resume completes a killed run to the same bytes, whenever it was killed",
          "[kill]") {
  unsigned long const wanted = number_in("SEPLFLOW_KILLS", 20);
  unsigned long const seed = number_in("SEPLFLOW_KILL_SEED", 1);
  CAPTURE(seed);
  Workplace const place(scenes_pipeline(300));
  std::vector<Way> all = ways();
  std::map<std::string, std::map<std::string, std::string>> clean, before;
  for (Way& way : all) {
    auto const begin = std::chrono::steady_clock::now();
    REQUIRE(place.run("clean-" + way.name, way.arguments).status == 0);
    way.microseconds = std::chrono::duration_cast<std::chrono::microseconds>(
                           std::chrono::steady_clock::now() - begin)
                           .count();
    clean[way.name] = results_in(place.folder / ("clean-" + way.name));
    if (way.before.empty()) continue;
    REQUIRE(place.run("before-" + way.name, way.before).status == 0);
    before[way.name] = results_in(place.folder / ("before-" + way.name));
  }

  std::mt19937_64 random(seed);
  unsigned long kills = 0, runs = 0, lives = 0;
  for (; kills < wanted; ++runs) {
    Way const& way = all[runs % all.size()];
    CAPTURE(way.name, runs);
    fs::path const out = place.folder / "out";
    fs::remove_all(out);
    if (!way.before.empty()) {
      fs::copy(place.folder / ("before-" + way.name), out, fs::copy_options::recursive);
    }
    Names arguments = way.arguments;
    arguments.insert(arguments.begin(), "--resume");
    for (unsigned long left = 1 + random() % 3; left > 0 && kills < wanted; --left, ++lives) {
      auto const after = static_cast<long>(random() % static_cast<unsigned long>(way.microseconds));
      CAPTURE(after);
      ProgramOptions options;
      options.while_running = [&](pid_t process) {
        wait_for(-1, process, after);
        ::kill(process, SIGKILL);
      };
      auto const result = place.run("out", arguments, options);
      CAPTURE(result.err);
      if (result.status != 128 + SIGKILL) {
        REQUIRE(result.status == 0);
        break;
      }
      ++kills;
      if (fs::exists(out)) REQUIRE(torn(out, clean[way.name], before[way.name]) == kNone);
    }
    auto const result = place.run("out", arguments);
    CAPTURE(result.err);
    REQUIRE(result.status == 0);
    REQUIRE(occurrences(result.err, "damaged") == 0);
    REQUIRE(differences(out, place.folder / ("clean-" + way.name)) == kNone);
    ++lives;
  }
  std::cout << "seed " << seed << ": " << kills << " kills of " << runs << " runs in " << lives
            << " lives, every folder equal to that of an undisturbed run\n";
}

TEST_CASE("the option --resume completes a run that died inside the code of a plugin", "[kill]") {
  constexpr int kSamples = 24, kSignals[] = {SIGKILL, SIGTERM, SIGSEGV};
  char const* const functions[] = {"call", "files", "save", "load", "fold", "finish"};
  unsigned long const wanted = std::max(6ul, number_in("SEPLFLOW_KILLS", 20) / 4);
  unsigned long const seed = number_in("SEPLFLOW_KILL_SEED", 1);
  CAPTURE(seed);
  Workplace const place(
      "name = \"mortal\"\n[stages.scenes]\nuse = \"dataset.scenes\"\ncount = " +
      std::to_string(kSamples) +
      "\nsize = [8, 8]\n"
      "[stages.mortal]\nuse = \"test.mortal\"\nin = \"scenes.pseudo\"\n"
      "[stages.write]\nuse = \"output.labels\"\nin = \"scenes.pseudo\"\n"
      "[run]\njobs = 2\nin_flight = 4\n");
  REQUIRE(place.run("clean", {}, with_faulty()).status == 0);
  auto const clean = results_in(place.folder / "clean");
  fs::path const out = place.folder / "out";
  std::mt19937_64 random(seed);
  for (unsigned long kills = 0; kills < wanted; ++kills) {
    std::string const function = functions[kills % std::size(functions)];
    int const signal = kSignals[(kills + kills / std::size(functions)) % std::size(kSignals)];
    auto const calls = function == "finish" ? 1 : function == "load" ? kSamples / 2 : kSamples;
    ProgramOptions options = with_faulty();
    options.environment["SEPLFLOW_TEST_DEATH"] =
        function + " " + std::to_string(random() % calls) + " " + std::to_string(signal);
    CAPTURE(options.environment["SEPLFLOW_TEST_DEATH"]);
    fs::remove_all(out);
    std::map<std::string, std::string> before;
    if (function == "load") {
      REQUIRE(place.run("out", {"--limit", std::to_string(calls)}, with_faulty()).status == 0);
      before = results_in(out);
    }
    auto const dead = place.run("out", {"--resume"}, options);
    CAPTURE(dead.err);
    // After SIGTERM the samples in flight are finished, which may be all.
    if (signal != SIGTERM) REQUIRE(dead.status != 0);
    if (fs::exists(out)) REQUIRE(torn(out, clean, before) == kNone);
    auto const resumed = place.run("out", {"--resume"}, with_faulty());
    CAPTURE(resumed.err);
    REQUIRE(resumed.status == 0);
    REQUIRE(occurrences(resumed.err, "damaged") == 0);
    REQUIRE(differences(out, place.folder / "clean") == kNone);
  }
  std::cout << "seed " << seed << ": " << wanted << " deaths inside the code of a plugin\n";
}
