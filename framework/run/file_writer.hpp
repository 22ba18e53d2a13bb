// Files that appear whole, and files that grow line by line.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace seplflow {

// Writes files aside and renames them into place, so that no reader ever sees half a file.
// Thread-safe.
class AtomicWriter {
 public:
  // `aside` must be on the same file system as the files written; it is made when first needed.
  explicit AtomicWriter(std::filesystem::path aside) : aside_(std::move(aside)) {}

  // Replaces `file`; folders on the way are made. Throws Error with the system's reason, and leaves
  // nothing behind then.
  void write(std::filesystem::path const& file, std::span<std::uint8_t const> bytes);
  void write(std::filesystem::path const& file, std::string_view text);

  // The same, and the file outlives a loss of power that comes later.
  void write_durably(std::filesystem::path const& file, std::string_view text);

  // The same as write(), but throws Error where there is such a file already.
  void write_new(std::filesystem::path const& file, std::span<std::uint8_t const> bytes);

  // Writes over a file that is there, in place and without making it longer, which a full disk can
  // still take; what is left of it becomes spaces. Throws Error, also when the text is longer.
  void overwrite(std::filesystem::path const& file, std::string_view text);

  // Moves a file that is complete into place.
  void place(std::filesystem::path const& complete, std::filesystem::path const& file);

  std::filesystem::path const& aside() const { return aside_; }

 private:
  std::filesystem::path write_aside(std::filesystem::path const& file, std::string_view text,
                                    bool durable = false);
  void move(std::filesystem::path const& from, std::filesystem::path const& to, bool replace);

  std::filesystem::path aside_;
  std::atomic<std::uint64_t> next_{0};
};

// Adds to the end of a file, which is made when it is not there. Throws Error.
void append_to(std::filesystem::path const& file, std::string_view text);

// A file that only grows, by what was appended between two flushes or not at all. Not thread-safe.
class AppendFile {
 public:
  // Creates or empties the file; folders on the way are made. Throws Error.
  explicit AppendFile(std::filesystem::path file);
  ~AppendFile();
  AppendFile(AppendFile const&) = delete;
  AppendFile& operator=(AppendFile const&) = delete;

  // Throws Error with the system's reason (a full disk, say); append() may do so later than the
  // call that it is due to, flush() and close() do not.
  void append(std::string_view text);
  void flush();
  void close();

  std::filesystem::path const& file() const { return file_; }

 private:
  std::filesystem::path file_;
  int descriptor_;
  std::int64_t size_ = 0;  // of what is in the file for good
  std::string buffer_;
};

}  // namespace seplflow
