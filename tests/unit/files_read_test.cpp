#include <seplflow/detail/files_read.hpp>

#include <seplflow/formats/input_file.hpp>
#include <seplflow/stage.hpp>
#include "run/resume/fingerprint.hpp"
#include "support/catch.hpp"
#include "support/temp_folder.hpp"

using namespace seplflow;

TEST_CASE("files that the readers open are recorded as they were then") {
  TempFolder const folder;
  auto const file = folder.write("a.txt", "old"), other = folder.write("b.txt", "other");
  FilesRead const read;
  CHECK(read.states().empty());
  read_file(file);
  FileState const before = state_of(file);
  folder.write("a.txt", "new and longer");
  read_file(file);
  OptionCheck({}, {}, {}).reads(folder / "." / "b.txt");
  REQUIRE(read.states().size() == 2);
  CHECK(read.states().at(file) == before);
  CHECK(read.states().at(other) == state_of(other));
  CHECK(state_of(file) != before);
  CHECK_FALSE(state_of(folder / "none").exists);
}

TEST_CASE("only the innermost record takes a file") {
  TempFolder const folder;
  auto const file = folder.write("a.txt", "x");
  FilesRead const outer;
  {
    FilesRead const inner;
    read_file(file);
    CHECK(inner.states().size() == 1);
  }
  CHECK(outer.states().empty());
  read_file(file);
  CHECK(outer.states().size() == 1);
}

TEST_CASE("a stamp takes files that were read before as they were then") {
  TempFolder const folder;
  auto const list = folder.write("list.txt", "a 0"), image = folder.write("a.png", "x");
  FilesRead::States const read = {{list, state_of(list)}};
  std::uint64_t const before = file_stamp({list, image}, read);
  folder.write("list.txt", "a 0 14");
  CHECK(file_stamp({list, image}, read) == before);
  CHECK(file_stamp({list, image}) != before);
  folder.write("a.png", "longer");
  CHECK(file_stamp({list, image}, read) != before);
}
