// Compresses bytes that come in runs, such as the rows of labels and masks.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "formats/image/deflate_format.hpp"

namespace seplflow {

// Writes what zlib writes at level 1 with Z_RLE and memory level 8, byte for byte, but from runs:
// zlib looks at each byte, and moves tables as large as its window every 32 KB, which takes ten
// times as long as all else.
class RunDeflate {
 public:
  // The next `count` bytes.
  void add(std::uint8_t value, std::size_t count);

  // The whole stream, with the checksum of zlib. Nothing if zlib would store bytes uncompressed.
  // The last call.
  std::optional<std::vector<std::uint8_t>> finish();

 private:
  void end_run();
  void add_token(std::uint16_t token, unsigned symbol, std::size_t bytes);
  void end_block(bool is_last);
  void put(std::uint64_t bits, unsigned count);
  template <class Code>
  void put_tokens(Code const& code, unsigned distance_bits);

  std::uint8_t value_ = 0;  // of the run that may go on
  std::size_t count_ = 0;
  deflate_format::Adler32 checksum_;

  // Of the block: bytes, and 256 + the length of a match, whose distance is always 1.
  std::vector<std::uint16_t> tokens_;
  std::array<std::uint32_t, deflate_format::kSymbols> counts_{};
  std::size_t block_bytes_ = 0, bytes_ = 0;
  bool is_stored_ = false;

  std::vector<std::uint8_t> stream_ = {0, 0};  // the header comes last
  std::uint64_t bits_ = 0;
  unsigned bit_count_ = 0;
};

}  // namespace seplflow
