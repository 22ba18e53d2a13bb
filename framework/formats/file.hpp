// Files as bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

namespace seplflow {

// The largest file that seplflow reads whole. Nothing it reads whole comes near; a larger file is
// a mistake that should not cost all memory.
constexpr std::size_t kMaxFileBytes = std::size_t{1} << 31;

// A file being read from its beginning. For readers that fill a buffer of their own.
class InputFile {
 public:
  // Throws Error when the file cannot be opened, is a folder or a pipe, or is larger than
  // kMaxFileBytes.
  explicit InputFile(std::filesystem::path const& path);
  ~InputFile();
  InputFile(InputFile const&) = delete;
  InputFile& operator=(InputFile const&) = delete;

  // Bytes in the file when it was opened.
  std::size_t size() const { return size_; }

  // Reads the next bytes of the file and returns how many they are: bytes.size(), or fewer where
  // the file ends. Throws Error when the system cannot read.
  std::size_t read(std::span<std::uint8_t> bytes);

  // The same from a place in the file, whatever read() has read; safe from several threads.
  std::size_t read_at(std::uint64_t offset, std::span<std::uint8_t> bytes) const;

 private:
  std::filesystem::path path_;
  int descriptor_;
  std::size_t size_ = 0;
};

// The whole file, which may be empty. Throws Error as InputFile does.
std::vector<std::uint8_t> read_file(std::filesystem::path const& path);

// A file of any size in memory without being read: the system reads what is looked at. Whoever cuts
// the file short while it is in use ends the program.
class MappedFile {
 public:
  // Throws Error when the file cannot be opened or mapped, or is a folder or a pipe.
  explicit MappedFile(std::filesystem::path const& path);
  ~MappedFile();
  MappedFile(MappedFile const&) = delete;
  MappedFile& operator=(MappedFile const&) = delete;

  std::span<std::uint8_t const> bytes() const { return bytes_; }

 private:
  std::span<std::uint8_t const> bytes_;
};

}  // namespace seplflow
