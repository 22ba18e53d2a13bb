// Files that appear complete, and files that grow line by line.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace seplflow {

// How a merge takes the files of the runs into its own folder.
enum class TakeFiles { copy, link, move };

// Writes files aside and renames them into place, so that no reader ever sees half a file.
// Thread-safe.
class AtomicWriter {
 public:
  // `aside` must be on the same file system as the files; it is created when it is first needed.
  explicit AtomicWriter(std::filesystem::path aside) : aside_(std::move(aside)) {}

  // Replaces `file`; creates missing folders. On failure, throws Error with the system's reason and
  // leaves nothing behind.
  void write(std::filesystem::path const& file, std::span<std::uint8_t const> bytes);
  void write(std::filesystem::path const& file, std::string_view text);

  // The same; the file survives a later loss of power.
  void write_durably(std::filesystem::path const& file, std::string_view text);

  // The same as write(), but throws Error when the file already exists.
  void write_new(std::filesystem::path const& file, std::span<std::uint8_t const> bytes);

  // Overwrites an existing file in place without making it longer, which works on a full disk; the
  // rest of the file becomes spaces. Throws Error, also when the text is longer than the file.
  void overwrite(std::filesystem::path const& file, std::string_view text);

  // Moves a complete file into place.
  void place(std::filesystem::path const& complete, std::filesystem::path const& file);

  // Links or moves a complete file of another folder into place. With `replace`, an existing file is
  // replaced; else it is an error. Throws Error, also when the folders are on different file systems.
  void take(std::filesystem::path const& from, std::filesystem::path const& to, TakeFiles how,
            bool replace);

  std::filesystem::path const& aside() const { return aside_; }

 private:
  std::filesystem::path write_aside(std::filesystem::path const& file, std::string_view text,
                                    bool durable = false);
  void move(std::filesystem::path const& from, std::filesystem::path const& to, bool replace);
  int link_to(std::filesystem::path const& from, std::filesystem::path const& to, bool replace);

  std::filesystem::path aside_;
  std::atomic<std::uint64_t> next_{0};
};

// Appends to a file, which is created if it does not exist. Throws Error.
void append_to(std::filesystem::path const& file, std::string_view text);

// A file that only grows. What is appended between two flushes is written as a whole or not at all.
// Not thread-safe.
class AppendFile {
 public:
  // Creates or empties the file; creates missing folders. Throws Error.
  explicit AppendFile(std::filesystem::path file);
  ~AppendFile();
  AppendFile(AppendFile const&) = delete;
  AppendFile& operator=(AppendFile const&) = delete;

  // Throw Error with the system's reason, such as a full disk. An error of append() may show only
  // in a later call; flush() and close() report their own.
  void append(std::string_view text);
  void flush();
  void close();

  std::filesystem::path const& file() const { return file_; }

 private:
  std::filesystem::path file_;
  int descriptor_;
  std::int64_t size_ = 0;  // of what has been written as a whole
  std::string buffer_;
};

}  // namespace seplflow
