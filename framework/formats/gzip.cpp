#include "formats/gzip.hpp"

#include <zlib.h>

#include <algorithm>
#include <new>
#include <string>

#include <seplflow/error.hpp>

namespace seplflow {
namespace {

// Frees the memory of zlib.
struct Inflater {
  Inflater() {
    // 16: with the header and the checksum of gzip.
    if (inflateInit2(&stream, MAX_WBITS + 16) != Z_OK) throw std::bad_alloc();
  }
  ~Inflater() { inflateEnd(&stream); }
  Inflater(Inflater const&) = delete;
  Inflater& operator=(Inflater const&) = delete;

  z_stream stream{};
};

}  // namespace

bool is_gzip(std::span<std::uint8_t const> bytes) {
  return bytes.size() > 2 && bytes[0] == 0x1f && bytes[1] == 0x8b && bytes[2] == Z_DEFLATED;
}

std::vector<std::uint8_t> gunzip(std::span<std::uint8_t const> bytes, std::string_view name) {
  constexpr std::size_t kFirst = std::size_t{1} << 16;
  Inflater inflater;
  z_stream& stream = inflater.stream;
  stream.next_in = const_cast<Bytef*>(bytes.data());
  stream.avail_in = static_cast<uInt>(bytes.size());
  std::vector<std::uint8_t> unpacked;
  std::size_t done = 0;
  while (true) {
    if (done == kMaxUnpacked) {
      throw Error(std::string(name) + " unpacks to more than " + std::to_string(kMaxUnpacked) +
                  " bytes; unpack it with gunzip");
    }
    unpacked.resize(std::clamp(2 * done, kFirst, kMaxUnpacked));
    stream.next_out = unpacked.data() + done;
    stream.avail_out = static_cast<uInt>(unpacked.size() - done);
    int const result = inflate(&stream, Z_NO_FLUSH);
    done = unpacked.size() - stream.avail_out;
    bool const is_end = result == Z_STREAM_END;
    if (is_end && stream.avail_in == 0) break;
    if (is_end && inflateReset(&stream) == Z_OK) continue;
    if (result == Z_OK && (stream.avail_in > 0 || stream.avail_out == 0)) continue;
    bool const truncated = result == Z_BUF_ERROR || result == Z_OK;
    throw Error(std::string(name) +
                (truncated ? " is truncated: its compressed data end too early"
                           : " is damaged: its compressed data are not valid") +
                "; copy, download or create it again");
  }
  unpacked.resize(done);
  return unpacked;
}

}  // namespace seplflow
