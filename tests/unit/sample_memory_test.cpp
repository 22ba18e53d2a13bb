#include "run/resume/sample_memory.hpp"

#include "support/catch.hpp"
#include "support/temp_folder.hpp"

using namespace seplflow;
namespace fs = std::filesystem;

namespace {

using Kind = SampleMemory::Entry::Kind;

SharedBytes kept(char const* bytes) {
  return std::make_shared<std::string const>(bytes);
}

SampleMemory memory(std::string id, std::vector<SampleMemory::Entry> entries) {
  SampleMemory memory;
  memory.id = std::move(id);
  memory.identity = 7;
  memory.line = 8;
  memory.entries = std::move(entries);
  return memory;
}

std::string written(fs::path const& file, std::vector<SampleMemory> const& memories) {
  MemoryWriter writer(file);
  for (SampleMemory const& each : memories) writer.append(each);
  writer.close();
  return read_text(file);
}

}  // namespace

TEST_CASE("memories are read back as they were written, with their entries sorted by key") {
  TempFolder const folder;
  written(folder / "r",
          {memory("a", {{9, 4, Kind::result, kept("nine")}, {2, 0, Kind::skipped, nullptr}}),
           memory("b", {})});
  MemoryReader reader(folder / "r");
  reader.index();
  CHECK(reader.count() == 2);
  CHECK(reader.problems().empty());
  auto const a = reader.find("a");
  REQUIRE(a);
  CHECK(a->identity == 7);
  CHECK(a->line == 8);
  REQUIRE(a->find(9));
  CHECK(*a->find(9)->kept == "nine");
  CHECK(a->find(9)->stamp == 4);
  REQUIRE(a->find(2));
  CHECK(a->find(2)->kind == Kind::skipped);
  CHECK_FALSE(a->find(2)->kept);
  CHECK_FALSE(a->find(3));
  CHECK_FALSE(reader.find("c"));
}

TEST_CASE("memories keep the counts of their entries, with and without warnings") {
  TempFolder const folder;
  SampleMemory counted =
      memory("a", {{9, 4, Kind::result, kept("nine"), {{"odd", "x"}}, {{"masks", 3}, {"files", 0}}},
                   {2, 0, Kind::nothing, nullptr, {}, {{"masks", 300}}}});
  written(folder / "r", {counted});
  MemoryReader reader(folder / "r");
  reader.index();
  CHECK(reader.problems().empty());
  auto const a = reader.find("a");
  REQUIRE(a);
  CHECK(a->find(9)->warnings == std::vector<Warning>{{"odd", "x"}});
  CHECK(a->find(9)->counts == std::vector<Count>{{"masks", 3}, {"files", 0}});
  CHECK(a->find(2)->counts == std::vector<Count>{{"masks", 300}});
}

TEST_CASE("memories keep the warnings of their entries, and need no more bytes without them") {
  TempFolder const folder;
  SampleMemory const plain =
      memory("a", {{9, 4, Kind::result, kept("nine")}, {2, 0, Kind::nothing, nullptr}});
  SampleMemory warned = plain;
  warned.entries[0].warnings = {{"odd", "7"}, {"old", ""}};
  warned.entries[1].warnings = {{"odd", ""}};
  CHECK(written(folder / "p", {plain}).size() + 19 == written(folder / "r", {warned}).size());
  MemoryReader reader(folder / "r");
  CHECK(reader.problems().empty());
  SampleMemory const read = reader.at(0);
  CHECK(read.find(9)->warnings == warned.entries[0].warnings);
  CHECK(read.find(2)->warnings == warned.entries[1].warnings);
  CHECK(MemoryReader(folder / "p").at(0).find(9)->warnings.empty());
}

TEST_CASE("the last of several memories of a sample counts") {
  TempFolder const folder;
  written(folder / "r", {memory("a", {{1, 1, Kind::nothing, nullptr}}), memory("b", {}),
                         memory("a", {{1, 2, Kind::nothing, nullptr}})});
  MemoryReader reader(folder / "r");
  reader.index();
  CHECK(reader.find("a")->find(1)->stamp == 2);
}

TEST_CASE("memories are the same bytes whether equal results share memory or not") {
  TempFolder const folder;
  SharedBytes const shared = kept("the same");
  auto const together = written(
      folder / "t", {memory("a", {{1, 0, Kind::result, shared}, {2, 0, Kind::result, shared}})});
  auto const apart = written(folder / "a", {memory("a", {{1, 0, Kind::result, kept("the same")},
                                                         {2, 0, Kind::result, kept("the same")}})});
  CHECK(together == apart);
  MemoryReader reader(folder / "a");
  auto const read = reader.at(0);
  CHECK(read.find(1)->kept == read.find(2)->kept);
}

TEST_CASE("an absent file and an empty one have no memories and no damage") {
  TempFolder const folder;
  folder.write("empty", "");
  for (char const* const name : {"absent", "empty"}) {
    MemoryReader reader(folder / name);
    reader.index();
    CHECK(reader.count() == 0);
    CHECK(reader.problems().empty());
    CHECK_FALSE(reader.find("a"));
  }
}

TEST_CASE("the files of a sink are read back as they were written") {
  auto const files = decode_files(encode_files({{"a/b.png", {1, 2, 3}}, {"c.png", {}}}));
  REQUIRE(files.size() == 2);
  CHECK(files[0].name == "a/b.png");
  CHECK(files[0].size == 3);
  CHECK(files[1].size == 0);
  CHECK(files[0].content != files[1].content);
}

TEST_CASE("files that would leave their sink's folder, and damaged bytes, are errors") {
  for (char const* const name : {"../x", "/etc/x", "a/../../x", ""}) {
    CAPTURE(name);
    CHECK_THROWS_AS(decode_files(encode_files({{name, {1}}})), Error);
  }
  std::string const files = encode_files({{"a.png", {1}}});
  SampleMemory::Entry entry;
  entry.kind = SampleMemory::Entry::Kind::files_and_result;
  entry.kept = std::make_shared<std::string const>(join_kept({files, "record"}));
  CHECK(files_of(entry).at(0).name == "a.png");
  CHECK(split_kept(*entry.kept).record == "record");
  CHECK_THROWS_AS(split_kept(*entry.kept + "x"), Error);
  CHECK_THROWS_AS(decode_files("\x05"), Error);
  CHECK_THROWS_AS(decode_files(encode_files({{"a", {}}}) + "x"), Error);
}
