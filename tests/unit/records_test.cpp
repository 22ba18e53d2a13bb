// What a run remembers of samples, as bytes.
#include "run/resume/records.hpp"

#include "run/resume/history.hpp"
#include "support/catch.hpp"
#include "support/temp_folder.hpp"

using namespace seplflow;
namespace fs = std::filesystem;

namespace {

using Kind = SampleRecord::Entry::Kind;

Kept kept(char const* bytes) {
  return std::make_shared<std::string const>(bytes);
}

SampleRecord record(std::string id, std::vector<SampleRecord::Entry> entries) {
  SampleRecord record;
  record.id = std::move(id);
  record.identity = 7;
  record.line = 8;
  record.entries = std::move(entries);
  return record;
}

std::string written(fs::path const& file, std::vector<SampleRecord> const& records) {
  RecordWriter writer(file);
  for (SampleRecord const& each : records) writer.append(each);
  writer.close();
  return read_text(file);
}

}  // namespace

TEST_CASE("records come back as they were written, entries by key") {
  TempFolder const folder;
  written(folder / "r",
          {record("a", {{9, 4, Kind::record, kept("nine")}, {2, 0, Kind::skipped, nullptr}}),
           record("b", {})});
  RecordReader reader(folder / "r");
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

TEST_CASE("of several records of a sample the last counts") {
  TempFolder const folder;
  written(folder / "r", {record("a", {{1, 1, Kind::nothing, nullptr}}), record("b", {}),
                         record("a", {{1, 2, Kind::nothing, nullptr}})});
  RecordReader reader(folder / "r");
  reader.index();
  CHECK(reader.find("a")->find(1)->stamp == 2);
}

TEST_CASE("records are the same bytes whether equal results were made together or apart") {
  TempFolder const folder;
  Kept const shared = kept("the same");
  auto const together = written(
      folder / "t", {record("a", {{1, 0, Kind::record, shared}, {2, 0, Kind::record, shared}})});
  auto const apart = written(folder / "a", {record("a", {{1, 0, Kind::record, kept("the same")},
                                                         {2, 0, Kind::record, kept("the same")}})});
  CHECK(together == apart);
  RecordReader reader(folder / "a");
  auto const read = reader.at(0);
  CHECK(read.find(1)->kept == read.find(2)->kept);
}

TEST_CASE("an absent file and an empty one have no records and no damage") {
  TempFolder const folder;
  folder.write("empty", "");
  for (char const* const name : {"absent", "empty"}) {
    RecordReader reader(folder / name);
    reader.index();
    CHECK(reader.count() == 0);
    CHECK(reader.problems().empty());
    CHECK_FALSE(reader.find("a"));
  }
}

TEST_CASE("a receipt tells the files of a sink, and none that would leave its folder") {
  Receipt const receipt(Receipt::of({{"a/b.png", {1, 2, 3}}, {"c.png", {}}}));
  REQUIRE(receipt.files.size() == 2);
  CHECK(receipt.files[0].name == "a/b.png");
  CHECK(receipt.files[0].size == 3);
  CHECK(receipt.files[1].size == 0);
  for (char const* const name : {"../x", "/etc/x", "a/../../x", ""}) {
    CAPTURE(name);
    CHECK_THROWS_AS(Receipt(Receipt::of({{name, {1}}})), Error);
  }
  CHECK_THROWS_AS(Receipt("\x05"), Error);
  CHECK_THROWS_AS(Receipt(Receipt::of({{"a", {}}}) + "x"), Error);
}
