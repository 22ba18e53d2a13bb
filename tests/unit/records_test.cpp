#include "run/records.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <random>

#include "data/error.hpp"
#include "run/history.hpp"
#include "support/temp_folder.hpp"

using namespace seplflow;
using Catch::Matchers::Contains;
namespace fs = std::filesystem;

namespace {

Kept kept(std::string bytes) {
  return std::make_shared<std::string const>(std::move(bytes));
}

SampleRecord record(std::string id, std::string result = "result") {
  SampleRecord record;
  record.id = std::move(id);
  record.identity = 11;
  record.line = 12;
  record.entries = {{9, 0, false, kept(std::move(result))}, {3, 77, true, nullptr}};
  return record;
}

fs::path write(TempFolder const& folder, std::vector<SampleRecord> const& records) {
  RecordWriter writer(folder / "records");
  for (SampleRecord const& each : records) writer.append(each);
  writer.close();
  return folder / "records";
}

std::vector<std::string> ids(RecordReader const& reader) {
  std::vector<std::string> ids;
  for (std::size_t i = 0; i < reader.count(); ++i) ids.push_back(reader.at(i).id);
  return ids;
}

using Ids = std::vector<std::string>;

}  // namespace

TEST_CASE("records come back as they were written, their entries by key") {
  TempFolder const folder;
  auto const shared = kept(std::string("\0with\n anything", 15));
  SampleRecord const written{"2007_000925",
                             ~0ull,
                             5,
                             {{8, 0, false, shared},
                              {2, ~0ull, false, nullptr},
                              {5, 1, true, nullptr},
                              {9, 0, false, kept("")},
                              {1, 4, false, shared}}};
  RecordReader const reader(write(folder, {written, record("other")}));
  CHECK(reader.problems().empty());
  REQUIRE(reader.count() == 2);
  SampleRecord const read = reader.at(0);
  CHECK(read.id == written.id);
  CHECK(read.identity == written.identity);
  CHECK(read.line == written.line);
  REQUIRE(read.entries.size() == 5);
  for (auto const& entry : written.entries) {
    auto const* const found = read.find(entry.key);
    REQUIRE(found);
    CHECK(found->stamp == entry.stamp);
    CHECK(found->declined == entry.declined);
    REQUIRE((found->kept == nullptr) == (entry.kept == nullptr));
    if (entry.kept) CHECK(*found->kept == *entry.kept);
  }
  CHECK(read.find(8)->kept == read.find(1)->kept);  // what was one is one
  CHECK(read.find(7) == nullptr);
  CHECK(read.find(10) == nullptr);
  CHECK(reader.at(1).id == "other");
}

TEST_CASE("what many settings share is kept once") {
  TempFolder const folder;
  std::string const result(1000, 'x');
  SampleRecord one = record("a", result), many = record("b", result);
  auto const shared = many.entries[0].kept;
  for (std::uint64_t key = 100; key < 200; ++key) many.entries.push_back({key, 0, false, shared});
  auto const size_of = [&](SampleRecord const& each) {
    return fs::file_size(write(folder, {each}));
  };
  CHECK(size_of(many) < size_of(one) + 100 * 6);
}

TEST_CASE("a file that is not there has no records") {
  TempFolder const folder;
  RecordReader const reader(folder / "records");
  CHECK(reader.count() == 0);
  CHECK(reader.problems().empty());
  CHECK_FALSE(reader.find("a"));
}

TEST_CASE("a file that is something else is said to be, and not used") {
  TempFolder const folder;
  for (std::string const text : {"", "seplflow", "seplflow ledger.records 2\nxxxxxxxxxxxxxxxxxxx",
                                 "something else entirely, and longer"}) {
    RecordReader const reader(folder.write("records", text));
    CHECK(reader.count() == 0);
    REQUIRE(reader.problems().size() == 1);
    CHECK_THAT(reader.problems()[0], Contains("does not begin as"));
  }
}

TEST_CASE("of a file that is cut off anywhere, the whole records are there") {
  TempFolder const folder;
  fs::path const file = write(folder, {record("a"), record("b"), record("c")});
  std::string const bytes = read_text(file);
  std::vector<std::size_t> ends;  // of the heading, and of the records
  for (int count = 0; count <= 3; ++count) {
    std::vector<SampleRecord> some;
    for (char id = 'a'; id < 'a' + count; ++id) some.push_back(record(std::string(1, id)));
    ends.push_back(fs::file_size(write(folder, some)));
  }
  for (std::size_t size = ends[0]; size <= bytes.size(); ++size) {
    CAPTURE(size);
    folder.write("records", bytes.substr(0, size));
    RecordReader const reader(file);
    auto const whole = std::ranges::count_if(ends, [&](auto end) { return end <= size; }) - 1;
    CHECK(reader.count() == static_cast<std::size_t>(whole));
    bool const at_end = std::ranges::count(ends, size) == 1;
    REQUIRE(reader.problems().size() == (at_end ? 0 : 1));
    if (!at_end) {
      CHECK_THAT(reader.problems()[0],
                 Contains("record " + std::to_string(whole + 1) + " is cut off"));
    }
  }
}

TEST_CASE("a damaged record is passed over and keeps its place; the others are there") {
  TempFolder const folder;
  fs::path const file = write(folder, {record("aaaa"), record("bbbb"), record("cccc")});
  std::string bytes = read_text(file);
  bytes[bytes.find("bbbb") + 1] ^= 1;
  folder.write("records", bytes);
  RecordReader reader(file);
  CHECK(ids(reader) == Ids{"aaaa", "", "cccc"});
  REQUIRE(reader.problems().size() == 1);
  CHECK_THAT(reader.problems()[0], Contains("record 2 is damaged"));
  reader.index();
  CHECK(reader.find("aaaa"));
  CHECK_FALSE(reader.find("bbbb"));
  CHECK(reader.find("cccc"));
}

TEST_CASE("any byte that changes is noticed: no record is other than it was written") {
  TempFolder const folder;
  std::vector<SampleRecord> const written = {record("a", "one"), record("b", "two"),
                                             record("c", "three")};
  fs::path const file = write(folder, written);
  std::string const bytes = read_text(file);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    CAPTURE(i);
    std::string damaged = bytes;
    damaged[i] = static_cast<char>(damaged[i] ^ (1 << (i % 8)));
    folder.write("records", damaged);
    RecordReader reader(file);
    reader.index();
    CHECK_FALSE(reader.problems().empty());
    for (std::size_t r = 0; r < written.size(); ++r) {
      auto const found = reader.find(written[r].id);
      if (found) CHECK(*found->find(9)->kept == *written[r].entries[0].kept);
    }
  }
}

TEST_CASE("a length of gigabytes in a small file is a cut") {
  TempFolder const folder;
  std::string bytes = read_text(write(folder, {record("a")}));
  std::size_t const heading = bytes.find('\n') + 1;
  for (unsigned char const top : {0x00, 0x10, 0x7f, 0x80, 0xff}) {
    bytes[heading + 2] = '\xff';
    bytes[heading + 3] = static_cast<char>(top);
    RecordReader const reader(folder.write("records", bytes));
    CHECK(reader.count() == 0);
    REQUIRE(reader.problems().size() == 1);
    CHECK_THAT(reader.problems()[0], Contains("record 1 is cut off"));
  }
}

TEST_CASE("of several records of a sample the last that is whole counts") {
  TempFolder const folder;
  RecordReader reader(write(folder, {record("a", "1"), record("b", "2"), record("a", "3")}));
  CHECK_FALSE(reader.find("a"));  // before index()
  reader.index();
  CHECK(*reader.find("a")->find(9)->kept == "3");
  CHECK(*reader.find("b")->find(9)->kept == "2");
  CHECK_FALSE(reader.find("c"));
  reader.retain([](std::size_t i) { return i != 2; });
  reader.index();
  CHECK(*reader.find("a")->find(9)->kept == "1");
  CHECK(ids(reader) == Ids{"a", "b"});
  reader.retain([](std::size_t) { return false; });
  reader.index();
  CHECK(reader.count() == 0);
  CHECK_FALSE(reader.find("a"));
}

TEST_CASE("a thousand records are found, and moved with their reader") {
  TempFolder const folder;
  std::vector<SampleRecord> records;
  for (int i = 0; i < 1000; ++i)
    records.push_back(record(std::to_string(i), "r" + std::to_string(i)));
  RecordReader first(write(folder, records));
  first.index();
  RecordReader const reader(std::move(first));
  for (int i = 0; i < 1000; i += 7) {
    auto const found = reader.find(std::to_string(i));
    REQUIRE(found);
    CHECK(*found->find(9)->kept == "r" + std::to_string(i));
  }
}

TEST_CASE("what the source says of a sample is its identity") {
  Sample sample;
  sample.id = "a";
  std::uint64_t const bare = identity_of(sample);
  sample.size = Size{2, 3};
  std::uint64_t const sized = identity_of(sample);
  sample.size = Size{3, 2};
  CHECK(identity_of(sample) != sized);
  CHECK(sized != bare);
  sample.size = Size{2, 3};
  sample.index = 99;
  CHECK(identity_of(sample) == sized);
  sample.classes = std::make_shared<Classes const>(std::vector<std::string>{"x", "y"});
  std::uint64_t const classed = identity_of(sample);
  CHECK(classed != sized);
  sample.classes = std::make_shared<Classes const>(std::vector<std::string>{"x", "z"});
  CHECK(identity_of(sample) != classed);
  sample.classes = std::make_shared<Classes const>(std::vector<std::string>{"x", "y"});
  CHECK(identity_of(sample) == classed);
  sample.id = "b";
  CHECK(identity_of(sample) != classed);
}

TEST_CASE("a receipt knows the files that were delivered") {
  std::vector<std::uint8_t> const bytes = {1, 2, 3};
  std::string const text = Receipt::of({{"a.png", bytes}, {"deep/b.png", {}}});
  Receipt const receipt(text);
  REQUIRE(receipt.files.size() == 2);
  CHECK(receipt.files[0].name == "a.png");
  CHECK(receipt.files[0].size == 3);
  CHECK(receipt.files[1].name == "deep/b.png");
  CHECK(receipt.files[1].size == 0);
  CHECK(receipt.files[0].content != receipt.files[1].content);
  CHECK(Receipt(Receipt::of({{"x", {1, 2, 3}}})).files[0].content == receipt.files[0].content);
  CHECK(Receipt(Receipt::of({})).files.empty());
  for (std::size_t size = 0; size < text.size(); ++size) {
    CHECK_THROWS_AS(Receipt(text.substr(0, size)), Error);
  }
  CHECK_THROWS_AS(Receipt(text + "x"), Error);
  CHECK_THROWS_AS(Receipt(std::string(9, '\xff') + '\x01'), Error);
}
