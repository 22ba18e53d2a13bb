#include "run/resume/ledger_files.hpp"

#include <algorithm>
#include <filesystem>

#include "support/catch.hpp"
#include "support/temp_folder.hpp"

using namespace seplflow;
namespace fs = std::filesystem;

namespace {

using Problems = std::vector<std::string>;

LedgerFiles::Names const kNames = {"ledger.records", "ledger.jsonl"};
constexpr auto kNew = RunFolder::Claim::new_run;
constexpr auto kAgain = RunFolder::Claim::resumption;

std::string line_of(std::string const& id) {
  return R"({"id": ")" + id + R"(", "outcome": "done"})";
}

SampleMemory memory(std::string const& id, std::uint64_t identity) {
  SampleMemory memory;
  memory.id = id;
  memory.identity = identity;
  return memory;
}

// A run of these samples, whose memories have the identity `mark`; complete or killed.
void run(fs::path const& folder, std::vector<std::string> const& ids, std::uint64_t mark,
         bool complete) {
  RunFolder into(folder, fs::exists(folder / "run.json") ? kAgain : kNew);
  if (!into.before()) into.write("run.json", R"({"format": 1, "status": "running"})");
  LedgerFiles files(into, kNames);
  for (std::string const& id : ids) files.append(memory(id, mark), line_of(id));
  files.close();
  if (complete) LedgerFiles::complete(into, kNames);
}

// Samples and their marks: "a1 b2".
std::string text_of(MemoryReader const& memories) {
  std::string text;
  for (std::size_t i = 0; i < memories.count(); ++i) {
    SampleMemory const each = memories.at(i);
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

TEST_CASE("ledger files have a memory and a line of every sample") {
  TempFolder const folder;
  run(folder / "run", {"a", "b", "c"}, 1, true);
  CHECK(read_text(folder / "run/ledger.jsonl") ==
        line_of("a") + "\n" + line_of("b") + "\n" + line_of("c") + "\n");
  CHECK_FALSE(fs::exists(folder / "run/ledger.records.next"));
  Problems problems;
  auto const memories = LedgerFiles::read(folder / "run", kNames, problems);
  CHECK(problems.empty());
  CHECK(text_of(memories) == "a1 b1 c1");
}

TEST_CASE("a folder without ledger files has no memories") {
  TempFolder const folder;
  Problems problems;
  auto const memories = LedgerFiles::read(folder.path(), kNames, problems);
  CHECK(problems.empty());
  CHECK(memories.count() == 0);
}

TEST_CASE("a damaged line of the ledger is reported, and its sample is still known") {
  TempFolder const folder;
  fs::path const ledger = folder / "run/ledger.jsonl";
  run(folder / "run", {"a", "b", "c"}, 1, true);
  std::string problem;
  SECTION("not JSON") {
    change_line(ledger, 2, "xxxx\n");
    problem = "ledger.jsonl:2: the line is damaged; it is written again";
  }
  SECTION("other JSON") {
    change_line(ledger, 1,
                R"({"id": "a", "outcome": "failed"})"
                "\n");
    problem = "ledger.jsonl:1: the line is not as it was written; it is written again";
  }
  SECTION("the last one is truncated") {
    change_line(ledger, 3, line_of("c").substr(0, 5));
    problem = "ledger.jsonl:3: the line is truncated; it is written again";
  }
  SECTION("the last one is missing, as after a kill") {
    change_line(ledger, 3, "");
  }
  SECTION("one in the middle is missing") {
    change_line(ledger, 2, "");
  }
  SECTION("there is one too many") {
    change_line(ledger, 3, line_of("c") + "\n" + line_of("d") + "\n");
    problem = "ledger.jsonl lists 1 sample without known results; it is processed again";
  }
  Problems problems;
  auto const memories = LedgerFiles::read(folder / "run", kNames, problems);
  CHECK(text_of(memories) == "a1 b1 c1");
  CHECK(problems.size() == (problem.empty() ? 0 : 1));
  if (!problem.empty()) CHECK_THAT(problems[0], Contains(problem));
}

TEST_CASE("a damaged memory is not used") {
  TempFolder const folder;
  run(folder / "run", {"aaaa", "bbbb", "cccc"}, 1, true);
  std::string bytes = read_text(folder / "run/ledger.records");
  bytes[bytes.find("bbbb")] = 'x';
  folder.write("run/ledger.records", bytes);
  Problems problems;
  auto const memories = LedgerFiles::read(folder / "run", kNames, problems);
  CHECK(text_of(memories) == "aaaa1 cccc1");
  REQUIRE(problems.size() == 2);
  CHECK_THAT(problems[0], Contains("ledger.records: entry 2 is damaged"));
  CHECK_THAT(problems[1], Contains("ledger.jsonl lists 1 sample"));
}

TEST_CASE("a resumed run that is killed loses nothing that was known") {
  TempFolder const folder;
  run(folder / "run", {"a", "b", "c"}, 1, true);
  run(folder / "run", {"a", "b"}, 2, false);
  CHECK(fs::exists(folder / "run/ledger.records.next"));
  CHECK(text_of(MemoryReader(folder / "run/ledger.records")) == "a1 b1 c1");
  {
    RunFolder into(folder / "run", kAgain);
    Problems problems;
    auto const memories = LedgerFiles::read(into, kNames, problems);
    CHECK(text_of(memories) == "a2 b2 c1");
    CHECK(problems.empty());
  }
  CHECK_FALSE(fs::exists(folder / "run/ledger.records.next"));
  run(folder / "run", {"a"}, 3, false);
  {
    RunFolder into(folder / "run", kAgain);
    Problems problems;
    CHECK(text_of(LedgerFiles::read(into, kNames, problems)) == "a3 b2 c1");
  }
  run(folder / "run", {"a", "b", "c", "d"}, 4, true);
  RunFolder into(folder / "run", kAgain);
  Problems problems;
  CHECK(text_of(LedgerFiles::read(into, kNames, problems)) == "a4 b4 c4 d4");
}

TEST_CASE("a resumed run that is killed at once loses nothing and reports nothing") {
  TempFolder const folder;
  run(folder / "run", {"a", "b"}, 1, true);
  run(folder / "run", {}, 2, false);
  // Or before it created its own files.
  auto const made = GENERATE(true, false);
  if (!made) fs::remove(folder / "run/ledger.records.next");
  RunFolder into(folder / "run", kAgain);
  Problems problems;
  auto const memories = LedgerFiles::read(into, kNames, problems);
  CHECK(text_of(memories) == "a1 b1");
  CHECK(problems.empty());
}

TEST_CASE("a memory that a killed resumed run left damaged is known from before") {
  TempFolder const folder;
  run(folder / "run", {"aaaa", "bbbb"}, 1, true);
  run(folder / "run", {"aaaa", "bbbb"}, 2, false);
  std::string bytes = read_text(folder / "run/ledger.records.next");
  bytes[bytes.find("aaaa")] = 'x';
  folder.write("run/ledger.records.next", bytes);
  RunFolder into(folder / "run", kAgain);
  Problems problems;
  auto const memories = LedgerFiles::read(into, kNames, problems);
  CHECK(text_of(memories) == "bbbb2 aaaa1");
  CHECK_THAT(problems.at(0), Contains("ledger.records.next: entry 1 is damaged"));
}

TEST_CASE("records need not have lines of a ledger") {
  TempFolder const folder;
  LedgerFiles::Names const names = {"best.records", ""};
  {
    RunFolder into(folder / "run", kNew);
    LedgerFiles files(into, names);
    files.append(memory("a", 1), line_of("a"));
    files.close();
    LedgerFiles::complete(into, names);
  }
  Problems problems;
  CHECK(text_of(LedgerFiles::read(folder / "run", names, problems)) == "a1");
  CHECK_FALSE(fs::exists(folder / "run/ledger.jsonl"));
}
