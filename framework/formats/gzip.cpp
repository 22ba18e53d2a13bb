#include "formats/gzip.hpp"

#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <new>
#include <string>
#include <system_error>
#include <utility>

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

// Fills `to` with what follows, or its beginning at the end of the file. `refill` gives the stream
// more compressed bytes, if there are any.
template <class Refill>
std::size_t unpack_into(std::span<std::uint8_t> to, z_stream& stream, Refill const& refill,
                        std::string_view name) {
  stream.next_out = to.data();
  stream.avail_out = static_cast<uInt>(to.size());
  while (stream.avail_out > 0) {
    if (stream.avail_in == 0) refill(stream);
    int const result = inflate(&stream, Z_NO_FLUSH);
    if (result == Z_OK) continue;
    if (result == Z_STREAM_END) {
      if (stream.avail_in == 0) refill(stream);
      if (stream.avail_in == 0) break;
      if (inflateReset(&stream) == Z_OK) continue;  // another member follows
    }
    throw Error(std::string(name) +
                (result == Z_BUF_ERROR ? " is truncated: its compressed data end too early"
                                       : " is damaged: its compressed data are not valid") +
                "; copy, download or create it again");
  }
  return to.size() - stream.avail_out;
}

template <class Refill>
void require_end(z_stream& stream, Refill const& refill, std::string_view name, std::size_t most) {
  std::uint8_t more = 0;
  if (unpack_into({&more, 1}, stream, refill, name) == 0) return;
  throw Error(std::string(name) + " unpacks to more than " + std::to_string(most) +
              " bytes; unpack it with gunzip");
}

// A temporary file that ends with its descriptor.
class Scratch {
 public:
  Scratch() {
    std::error_code error;
    folder_ = std::filesystem::temp_directory_path(error);
    if (error) throw Error("cannot unpack a file: TMPDIR does not name a folder");
    std::string path = (folder_ / "seplflow-XXXXXX").string();
    descriptor_ = ::mkstemp(path.data());
    if (descriptor_ < 0) fail(errno);
    ::unlink(path.c_str());
  }
  ~Scratch() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  Scratch(Scratch const&) = delete;
  Scratch& operator=(Scratch const&) = delete;

  void write(std::span<std::uint8_t const> bytes) const {
    while (!bytes.empty()) {
      ssize_t const done = ::write(descriptor_, bytes.data(), bytes.size());
      if (done < 0 && errno != EINTR) fail(errno);
      if (done > 0) bytes = bytes.subspan(static_cast<std::size_t>(done));
    }
  }
  int release() { return std::exchange(descriptor_, -1); }

 private:
  [[noreturn]] void fail(int error) const {
    throw Error("cannot unpack a file into the temporary folder " + folder_.string() + ": " +
                std::generic_category().message(error) +
                "; unpack it with gunzip, or set TMPDIR to another folder");
  }

  std::filesystem::path folder_;
  int descriptor_ = -1;
};

}  // namespace

bool is_gzip(std::span<std::uint8_t const> bytes) {
  return bytes.size() > 2 && bytes[0] == 0x1f && bytes[1] == 0x8b && bytes[2] == Z_DEFLATED;
}

std::vector<std::uint8_t> gunzip(std::span<std::uint8_t const> bytes, std::string_view name) {
  constexpr std::size_t kFirst = std::size_t{1} << 16;
  Inflater inflater;
  inflater.stream.next_in = const_cast<Bytef*>(bytes.data());
  inflater.stream.avail_in = static_cast<uInt>(bytes.size());
  auto const nothing_more = [](z_stream&) {};
  std::vector<std::uint8_t> unpacked;
  std::size_t done = 0;
  while (done == unpacked.size() && done < kMaxUnpacked) {
    unpacked.resize(std::clamp(2 * done, kFirst, kMaxUnpacked));
    done += unpack_into(std::span(unpacked).subspan(done), inflater.stream, nothing_more, name);
  }
  if (done == kMaxUnpacked) require_end(inflater.stream, nothing_more, name, kMaxUnpacked);
  unpacked.resize(done);
  return unpacked;
}

InputFile gunzip_file(std::filesystem::path const& path) {
  constexpr std::size_t kBlock = std::size_t{1} << 18;
  std::string const name = path.string();
  InputFile file(path);
  Scratch scratch;
  Inflater inflater;
  std::vector<std::uint8_t> packed(kBlock), unpacked(kBlock);
  auto const refill = [&](z_stream& stream) {
    stream.next_in = packed.data();
    stream.avail_in = static_cast<uInt>(file.read(packed));
  };
  std::size_t done = 0, got = kBlock;
  while (got == kBlock && done < kMaxFileBytes) {
    got = unpack_into(unpacked, inflater.stream, refill, name);
    scratch.write(std::span(unpacked).first(got));
    done += got;
  }
  if (done == kMaxFileBytes) require_end(inflater.stream, refill, name, kMaxFileBytes);
  return InputFile(scratch.release(), path);
}

}  // namespace seplflow
