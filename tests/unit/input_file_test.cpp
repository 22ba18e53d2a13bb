#include <seplflow/formats/input_file.hpp>

#include <sys/stat.h>

#include <seplflow/error.hpp>
#include "support/catch.hpp"
#include "support/temp_folder.hpp"

using namespace seplflow;

TEST_CASE("a file is read completely") {
  TempFolder const folder;
  CHECK(read_file(folder.write("a", "abc")) == std::vector<std::uint8_t>{'a', 'b', 'c'});
  CHECK(read_file(folder.write("b", "")).empty());
}

TEST_CASE("a file is read in pieces, up to its end") {
  TempFolder const folder;
  InputFile file(folder.write("a", "abcde"));
  CHECK(file.size() == 5);
  std::vector<std::uint8_t> bytes(3);
  CHECK(file.read(bytes) == 3);
  CHECK(bytes == std::vector<std::uint8_t>{'a', 'b', 'c'});
  CHECK(file.read(bytes) == 2);
  CHECK(file.read(bytes) == 0);
}

TEST_CASE("a path that is not a readable file is refused with the reason") {
  TempFolder const folder;
  CHECK_THROWS_WITH(read_file(folder.path() / "no"),
                    Contains("cannot read ") && Contains("/no: No such file or directory"));
  CHECK_THROWS_WITH(read_file(folder.path()), Contains(" is a folder, not a file"));
}

TEST_CASE("a pipe is refused without waiting for a writer") {
  TempFolder const folder;
  auto const pipe = folder.path() / "pipe";
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  CHECK_THROWS_WITH(read_file(pipe), Contains("pipe is a pipe or a device"));
}

TEST_CASE("a file that is too large is refused before memory is allocated") {
  TempFolder const folder;
  auto const path = folder.write("large", "");
  std::filesystem::resize_file(path, kMaxFileBytes + 1);  // takes no space on disk
  CHECK_THROWS_WITH(read_file(path), Contains("large has 2147483649 bytes"));
}
