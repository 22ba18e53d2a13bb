// A full disk: the reason is reported, and no damaged file is left. A limit on the size of files
// stands in for it.
#include <sys/resource.h>

#include <set>

#include "support/catch.hpp"
#include "support/run_files.hpp"

namespace fs = std::filesystem;

namespace {

ProgramOptions files_of_at_most(std::size_t bytes) {
  ProgramOptions options;
  options.before_exec = [bytes] {
    rlimit const limit{bytes, bytes};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  };
  return options;
}

// Labels only: a few large ones, or many small ones.
std::string labels_pipeline(int count, char const* size) {
  return "name = \"labels\"\n[stages.scenes]\nuse = \"dataset.scenes\"\ncount = " +
         std::to_string(count) + "\nsize = " + size +
         "\n[stages.write]\nuse = \"output.labels\"\nin = \"scenes.truth\"\n";
}

}  // namespace

TEST_CASE("labels that do not fit on the disk fail, the others are complete") {
  Workplace const place(labels_pipeline(10, "[1000, 1400]"));
  REQUIRE(place.run("clean").status == 0);
  auto const clean = files_in(place.folder / "clean/write");
  std::set<std::size_t> sizes;
  for (auto const& [name, bytes] : clean) sizes.insert(bytes.size());
  std::size_t const limit = *std::next(sizes.begin(), static_cast<long>(sizes.size() / 2)) - 1;
  REQUIRE(limit > 2 * fs::file_size(place.folder / "clean/run.json"));  // so that only labels fail

  auto const result = place.run("out", {"--on-error", "skip"}, files_of_at_most(limit));
  CHECK(result.status == 1);
  CHECK(json_in(place.folder / "out/run.json")["status"] == "done_with_failures");
  auto const files = files_in(place.folder / "out/write");
  std::size_t failed = 0;
  for (Json const& line : ledger_in(place.folder / "out")) {
    std::string const file = line["id"].get<std::string>() + ".png";
    CAPTURE(file);
    if (clean.at(file).size() <= limit) {
      CHECK(line["outcome"] == "done");
      CHECK(files.at(file) == clean.at(file));
    } else {
      ++failed;
      CHECK(line["outcome"] == "failed");
      CHECK(line["stage"] == "write");
      CHECK_THAT(line["error"].get<std::string>(), Contains("cannot write") &&
                                                       Contains("out/write/" + file) &&
                                                       Contains("File too large"));
      CHECK_FALSE(files.contains(file));
    }
  }
  CHECK(failed >= 1);
  CHECK(failed < 10);
  CHECK_FALSE(fs::exists(place.folder / "out/.partial"));
}

TEST_CASE("a label that does not fit on the disk stops the run, with the reason once") {
  Workplace const place(labels_pipeline(4, "[1000, 1400]"));
  auto const result = place.run("out", {"--jobs", "1"}, files_of_at_most(4000));
  CHECK(result.status == 1);
  CHECK(occurrences(result.err, "File too large") == 1);
  CHECK_THAT(result.err, Contains("stage \"write\" failed on sample \"scene_00000"));
  CHECK(json_in(place.folder / "out/run.json")["status"] == "failed");
  CHECK_FALSE(fs::exists(place.folder / "out/write"));
  CHECK_FALSE(fs::exists(place.folder / "out/.partial"));
}

TEST_CASE("a ledger that does not fit on the disk fails the run and keeps complete lines") {
  Workplace const place(labels_pipeline(600, "[4, 4]"));
  REQUIRE(place.run("clean").status == 0);
  std::size_t const limit = 10000;
  REQUIRE(fs::file_size(place.folder / "clean/ledger.jsonl") > 2 * limit);
  REQUIRE(fs::file_size(place.folder / "clean/run.json") < limit);
  auto const result = place.run("out", {"--on-error", "skip"}, files_of_at_most(limit));
  CHECK(result.status == 1);
  CHECK_THAT(result.err, Contains("out/ledger.records: File too large"));
  Json const run = json_in(place.folder / "out/run.json");
  CHECK(run["status"] == "failed");
  CHECK(run["samples"]["emitted"] == run["samples"]["retired"]);
  CHECK_THAT(run["error"].get<std::string>(), Contains("ledger.records"));
  CHECK(read_text(place.folder / "clean/ledger.jsonl")
            .starts_with(read_text(place.folder / "out/ledger.jsonl")));
  CHECK(read_text(place.folder / "out/ledger.jsonl").ends_with("\n"));
  CHECK_FALSE(fs::exists(place.folder / "out/.partial"));
}

TEST_CASE("wherever the disk fills up, no damaged file is left and the failure is reported") {
  Workplace const place(scenes_pipeline(3));
  REQUIRE(place.run("clean").status == 0);
  auto const clean = files_in(place.folder / "clean");
  std::size_t largest = 0;
  for (auto const& [name, bytes] : clean) largest = std::max(largest, bytes.size());
  for (std::size_t limit = 0; limit < largest; limit += largest / 24) {
    CAPTURE(limit);
    std::string const out = "out" + std::to_string(limit);
    auto const result = place.run(out, {"--quiet"}, files_of_at_most(limit));
    CHECK(result.status == 1);
    // Standard error is a file here, too, and may be the one that is full.
    if (limit >= 1000) CHECK_THAT(result.err, Contains("File too large"));
    CHECK_FALSE(fs::exists(place.folder / out / ".partial"));
    for (auto const& [name, bytes] : files_in(place.folder / out)) {
      CAPTURE(name);
      if (name == "run.json") {
        CHECK(Json::accept(bytes));
      } else if (name == "ledger.jsonl") {
        CHECK(clean.at(name).starts_with(bytes));
        CHECK((bytes.empty() || bytes.ends_with("\n")));
      } else if (name != "log.txt") {
        CHECK(bytes == clean.at(name));
      }
    }
  }
}
