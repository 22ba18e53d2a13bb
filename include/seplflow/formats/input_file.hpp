// Reads files as bytes: as a whole or in pieces.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

namespace seplflow {

// The largest file that seplflow reads as a whole. No real file comes near; a larger one is an
// error that should not cost all memory.
constexpr std::size_t kMaxFileBytes = std::size_t{1} << 31;
constexpr std::uint64_t kAnyFileBytes = ~std::uint64_t{0};

// A file that is read from its beginning, for readers that fill their own buffer.
class InputFile {
 public:
  // Throws Error when the file cannot be opened, is a folder or a pipe, or is larger than
  // `most_bytes`.
  explicit InputFile(std::filesystem::path const& path, std::uint64_t most_bytes = kMaxFileBytes);
  // A file that is open, which messages call `path`. Takes over the descriptor.
  InputFile(int descriptor, std::filesystem::path const& path);
  ~InputFile();
  InputFile(InputFile const&) = delete;
  InputFile& operator=(InputFile const&) = delete;

  // The size of the file in bytes when it was opened.
  std::size_t size() const { return size_; }

  // Reads the next bytes of the file and returns their number: bytes.size(), or fewer at the end of
  // the file. Throws Error when the system cannot read.
  std::size_t read(std::span<std::uint8_t> bytes);

  // Lets read() begin again.
  void rewind();

  // The same from any position, independently of read(); safe from several threads.
  std::size_t read_at(std::uint64_t offset, std::span<std::uint8_t> bytes) const;

 private:
  std::filesystem::path path_;
  int descriptor_;
  std::size_t size_ = 0;
};

// The whole file, which may be empty. Throws Error as InputFile does.
std::vector<std::uint8_t> read_file(std::filesystem::path const& path);

}  // namespace seplflow
