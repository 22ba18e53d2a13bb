#include "run/resume/journal.hpp"

#include <algorithm>
#include <filesystem>

#include "support/catch.hpp"
#include "support/temp_folder.hpp"

using namespace seplflow;
namespace fs = std::filesystem;

namespace {

Journal::Names const kNames = {"ledger.records", "ledger.jsonl"};
constexpr auto kNew = RunFolder::Claim::new_run;
constexpr auto kAgain = RunFolder::Claim::resumption;

std::string line_of(std::string const& id) {
  return R"({"id": ")" + id + R"(", "outcome": "done"})";
}

SampleRecord record(std::string const& id, std::uint64_t identity) {
  SampleRecord record;
  record.id = id;
  record.identity = identity;
  return record;
}

// A run of these samples, whose records bear `mark`; complete or killed.
void run(fs::path const& folder, std::vector<std::string> const& ids, std::uint64_t mark,
         bool complete) {
  RunFolder into(folder, fs::exists(folder / "run.json") ? kAgain : kNew);
  if (!into.before()) into.write("run.json", R"({"format": 1, "status": "running"})");
  Journal journal(into, kNames);
  for (std::string const& id : ids) journal.append(record(id, mark), line_of(id));
  journal.close();
  if (complete) Journal::complete(into, kNames);
}

// Samples and their marks: "a1 b2".
std::string text_of(RecordReader const& records) {
  std::string text;
  for (std::size_t i = 0; i < records.count(); ++i) {
    SampleRecord const each = records.at(i);
    text += (text.empty() ? "" : " ") + each.id + std::to_string(each.identity);
  }
  return text;
}

void change_line(fs::path const& file, std::size_t number, std::string const& now) {
  std::string text = read_text(file), changed;
  std::size_t begin = 0;
  for (std::size_t n = 1; begin < text.size(); ++n) {
    std::size_t const end = text.find('\n', begin);
    changed += n == number ? now : text.substr(begin, end + 1 - begin);
    begin = end + 1;
  }
  std::ofstream(file, std::ios::binary) << changed;
}

}  // namespace

TEST_CASE("a journal remembers what was appended, and keeps a ledger of it") {
  TempFolder const folder;
  run(folder / "run", {"a", "b", "c"}, 1, true);
  CHECK(read_text(folder / "run/ledger.jsonl") ==
        line_of("a") + "\n" + line_of("b") + "\n" + line_of("c") + "\n");
  CHECK_FALSE(fs::exists(folder / "run/ledger.records.next"));
  auto const memory = Journal::recollect(folder / "run", kNames);
  CHECK(memory.problems.empty());
  CHECK(text_of(memory.records) == "a1 b1 c1");
}

TEST_CASE("a folder without journals remembers nothing") {
  TempFolder const folder;
  auto const memory = Journal::recollect(folder.path(), kNames);
  CHECK(memory.problems.empty());
  CHECK(memory.records.count() == 0);
}

TEST_CASE("a damaged line of the ledger is named, and its sample known by its record") {
  TempFolder const folder;
  fs::path const ledger = folder / "run/ledger.jsonl";
  run(folder / "run", {"a", "b", "c"}, 1, true);
  std::string problem;
  SECTION("no JSON any more") {
    change_line(ledger, 2, "xxxx\n");
    problem = "ledger.jsonl:2: the line is damaged; it is written anew";
  }
  SECTION("JSON, but another") {
    change_line(ledger, 1,
                R"({"id": "a", "outcome": "failed"})"
                "\n");
    problem = "ledger.jsonl:1: the line is not as it was written; it is written anew";
  }
  SECTION("the last one cut off") {
    change_line(ledger, 3, line_of("c").substr(0, 5));
    problem = "ledger.jsonl:3: the line is cut off; it is written anew";
  }
  SECTION("the last one not there, as in a run that was killed") {
    change_line(ledger, 3, "");
  }
  SECTION("one in the middle gone") {
    change_line(ledger, 2, "");
  }
  SECTION("one too many") {
    change_line(ledger, 3, line_of("c") + "\n" + line_of("d") + "\n");
    problem = "ledger.jsonl lists 1 sample of which no results are known; it is done again";
  }
  auto const memory = Journal::recollect(folder / "run", kNames);
  CHECK(text_of(memory.records) == "a1 b1 c1");
  CHECK(memory.problems.size() == (problem.empty() ? 0 : 1));
  if (!problem.empty()) CHECK_THAT(memory.problems[0], Contains(problem));
}

TEST_CASE("a damaged record is not used") {
  TempFolder const folder;
  run(folder / "run", {"aaaa", "bbbb", "cccc"}, 1, true);
  std::string bytes = read_text(folder / "run/ledger.records");
  bytes[bytes.find("bbbb")] = 'x';
  folder.write("run/ledger.records", bytes);
  auto const memory = Journal::recollect(folder / "run", kNames);
  CHECK(text_of(memory.records) == "aaaa1 cccc1");
  REQUIRE(memory.problems.size() == 2);
  CHECK_THAT(memory.problems[0], Contains("ledger.records: record 2 is damaged"));
  CHECK_THAT(memory.problems[1], Contains("ledger.jsonl lists 1 sample"));
}

TEST_CASE("a run that goes on and is killed loses nothing of what was known") {
  TempFolder const folder;
  run(folder / "run", {"a", "b", "c"}, 1, true);
  run(folder / "run", {"a", "b"}, 2, false);
  CHECK(fs::exists(folder / "run/ledger.records.next"));
  CHECK(text_of(RecordReader(folder / "run/ledger.records")) == "a1 b1 c1");
  {
    RunFolder into(folder / "run", kAgain);
    auto const memory = Journal::recollect(into, kNames);
    CHECK(text_of(memory.records) == "a2 b2 c1");
    CHECK(memory.problems.empty());
  }
  CHECK_FALSE(fs::exists(folder / "run/ledger.records.next"));
  run(folder / "run", {"a"}, 3, false);
  {
    RunFolder into(folder / "run", kAgain);
    CHECK(text_of(Journal::recollect(into, kNames).records) == "a3 b2 c1");
  }
  run(folder / "run", {"a", "b", "c", "d"}, 4, true);
  RunFolder into(folder / "run", kAgain);
  CHECK(text_of(Journal::recollect(into, kNames).records) == "a4 b4 c4 d4");
}

TEST_CASE("a run that goes on and is killed at once loses nothing, and complains of nothing") {
  TempFolder const folder;
  run(folder / "run", {"a", "b"}, 1, true);
  run(folder / "run", {}, 2, false);
  // Or before it made its own.
  auto const made = GENERATE(true, false);
  if (!made) fs::remove(folder / "run/ledger.records.next");
  RunFolder into(folder / "run", kAgain);
  auto const memory = Journal::recollect(into, kNames);
  CHECK(text_of(memory.records) == "a1 b1");
  CHECK(memory.problems.empty());
}

TEST_CASE("what a run that went on and was killed had damaged is known from before") {
  TempFolder const folder;
  run(folder / "run", {"aaaa", "bbbb"}, 1, true);
  run(folder / "run", {"aaaa", "bbbb"}, 2, false);
  std::string bytes = read_text(folder / "run/ledger.records.next");
  bytes[bytes.find("aaaa")] = 'x';
  folder.write("run/ledger.records.next", bytes);
  RunFolder into(folder / "run", kAgain);
  auto const memory = Journal::recollect(into, kNames);
  CHECK(text_of(memory.records) == "bbbb2 aaaa1");
  CHECK_THAT(memory.problems.at(0), Contains("ledger.records.next: record 1 is damaged"));
}

TEST_CASE("a journal may have no ledger") {
  TempFolder const folder;
  Journal::Names const names = {"best.records", ""};
  {
    RunFolder into(folder / "run", kNew);
    Journal journal(into, names);
    journal.append(record("a", 1), line_of("a"));
    journal.close();
    Journal::complete(into, names);
  }
  CHECK(text_of(Journal::recollect(folder / "run", names).records) == "a1");
  CHECK_FALSE(fs::exists(folder / "run/ledger.jsonl"));
}
