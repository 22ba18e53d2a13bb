#include "formats/gzip.hpp"

#include <string>

#include <seplflow/error.hpp>
#include "support/catch.hpp"
#include "support/temp_folder.hpp"

using namespace seplflow;

namespace {

using Bytes = std::vector<std::uint8_t>;

// gzip's output for "hello\n", with a fixed time.
Bytes const kHello = {0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x03, 0xcb, 0x48, 0xcd,
                      0xc9, 0xc9, 0xe7, 0x02, 0x00, 0x20, 0x30, 0x3a, 0x36, 0x06, 0x00, 0x00, 0x00};

std::string text_of(Bytes const& bytes) {
  return {bytes.begin(), bytes.end()};
}

}  // namespace

TEST_CASE("gzip's files are unpacked, with all their members") {
  CHECK(is_gzip(kHello));
  CHECK(text_of(gunzip(kHello, "a.gz")) == "hello\n");
  Bytes twice = kHello;
  twice.insert(twice.end(), kHello.begin(), kHello.end());
  CHECK(text_of(gunzip(twice, "a.gz")) == "hello\nhello\n");
  CHECK_FALSE(is_gzip(Bytes{'[', ']', ' '}));
  TempFolder const folder;
  InputFile file = gunzip_file(folder.write("a.gz", text_of(twice)));
  Bytes unpacked(file.size());
  CHECK(file.read(unpacked) == 12);
  CHECK(text_of(unpacked) == "hello\nhello\n");
}

TEST_CASE("truncated and damaged files of gzip are refused") {
  for (std::size_t size = 3; size < kHello.size(); ++size) {
    CHECK_THROWS_WITH(
        gunzip(Bytes(kHello.begin(), kHello.begin() + static_cast<long>(size)), "a.gz"),
        Contains("a.gz is truncated"));
  }
  Bytes damaged = kHello;
  damaged[20] ^= 1;  // of the checksum
  CHECK_THROWS_WITH(gunzip(damaged, "a.gz"), Contains("a.gz is damaged"));
}
