#include "run/growing_tables.hpp"

#include <filesystem>

#include <seplflow/error.hpp>
#include "support/catch.hpp"
#include "support/temp_folder.hpp"

using namespace seplflow;
namespace fs = std::filesystem;

namespace {

std::size_t open_files() {
  return static_cast<std::size_t>(
      std::distance(fs::directory_iterator("/proc/self/fd"), fs::directory_iterator()));
}

}  // namespace

TEST_CASE("several tables grow at the same time") {
  TempFolder const folder;
  GrowingTables tables(folder.path(), 3);
  tables.append(0, "a\n");
  tables.append(2, "b\n");
  tables.append(0, "c\n");
  tables.flush();
  tables.append(2, "d\n");
  tables.flush();
  CHECK(read_text(tables.file(0)) == "a\nc\n");
  CHECK(read_text(tables.file(2)) == "b\nd\n");
  CHECK_FALSE(fs::exists(tables.file(1)));
}

TEST_CASE("thousands of tables need few open files, and memory does not grow with their rows") {
  TempFolder const folder;
  constexpr std::size_t kTables = 3000, kRows = 30;
  GrowingTables tables(folder.path(), kTables);
  std::size_t const before = open_files();
  std::string const cells(60, 'x');
  for (std::size_t row = 0; row < kRows; ++row) {
    for (std::size_t t = 0; t < kTables; ++t) {
      tables.append(t, std::to_string(t) + "," + std::to_string(row) + "," + cells + "\n");
    }
  }
  CHECK(open_files() == before);
  // What is not in the files yet is in memory.
  std::uintmax_t appended = 0, written = 0;
  for (std::size_t t = 0; t < kTables; ++t) {
    std::string expected;
    for (std::size_t row = 0; row < kRows; ++row) {
      expected += std::to_string(t) + "," + std::to_string(row) + "," + cells + "\n";
    }
    appended += expected.size();
    if (fs::exists(tables.file(t))) written += fs::file_size(tables.file(t));
  }
  CHECK(appended - written <= 1 << 20);
  tables.flush();
  for (std::size_t const t : {std::size_t{0}, std::size_t{17}, kTables - 1}) {
    std::string expected;
    for (std::size_t row = 0; row < kRows; ++row) {
      expected += std::to_string(t) + "," + std::to_string(row) + "," + cells + "\n";
    }
    CHECK(read_text(tables.file(t)) == expected);
  }
}

TEST_CASE("a table that cannot be written is an error") {
  TempFolder const folder;
  GrowingTables tables(folder / "absent.txt" / "x", 1);
  folder.write("absent.txt", "");
  tables.append(0, "a\n");
  CHECK_THROWS_AS(tables.flush(), Error);
}
