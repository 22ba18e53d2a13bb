#include "run/file_writer.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include <seplflow/error.hpp>

namespace seplflow {
namespace {

namespace fs = std::filesystem;
constexpr std::size_t kBufferBytes = 1 << 16;

[[noreturn]] void fail(fs::path const& file, int error) {
  throw Error("cannot write " + file.string() + ": " +
              (error == ELOOP ? "it is a symbolic link, which is not followed; remove it"
                              : std::strerror(error)));
}

[[noreturn]] void fail_pipe(fs::path const& file) {
  throw Error("cannot write " + file.string() + ": it is a pipe, not a file; remove it");
}

// Does not wait for the reader of a pipe.
int create(fs::path const& file, int flags = O_TRUNC) {
  auto const open_it = [&] {
    return ::open(file.c_str(),
                  O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | flags,
                  0666);
  };
  int descriptor = open_it();
  if (descriptor < 0 && errno == ENXIO) fail_pipe(file);
  if (descriptor < 0 && errno == ENOENT) {
    std::error_code error;
    fs::create_directories(file.parent_path(), error);
    if (error) fail(file.parent_path(), error.value());
    descriptor = open_it();
  }
  if (descriptor < 0) fail(file, errno);
  struct stat status {};
  if (::fstat(descriptor, &status) == 0 && S_ISFIFO(status.st_mode)) {
    ::close(descriptor);
    fail_pipe(file);
  }
  return descriptor;
}

// 0, or the error number.
int write_all(int descriptor, std::span<char const> bytes) {
  while (!bytes.empty()) {
    ssize_t const written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return written < 0 ? errno : EIO;
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return 0;
}

std::string_view text_of(std::span<std::uint8_t const> bytes) {
  return {reinterpret_cast<char const*>(bytes.data()), bytes.size()};
}

// 0, or the error number.
int rename_to(fs::path const& from, fs::path const& to, bool replace) {
  if (!replace) {
    if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return 0;
    // Some file systems do not support this in one step.
    if (errno != EINVAL) return errno;
    if (::access(to.c_str(), F_OK) == 0) return EEXIST;
  }
  return std::rename(from.c_str(), to.c_str()) == 0 ? 0 : errno;
}

}  // namespace

void AtomicWriter::write(fs::path const& file, std::span<std::uint8_t const> bytes) {
  write(file, text_of(bytes));
}

void AtomicWriter::write(fs::path const& file, std::string_view text) {
  move(write_aside(file, text), file, true);
}

void AtomicWriter::write_durably(fs::path const& file, std::string_view text) {
  move(write_aside(file, text, true), file, true);
  // The name must survive too, where the file system supports it.
  int const folder = ::open(file.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return;
  ::fsync(folder);
  ::close(folder);
}

void AtomicWriter::write_new(fs::path const& file, std::span<std::uint8_t const> bytes) {
  move(write_aside(file, text_of(bytes)), file, false);
}

void AtomicWriter::overwrite(fs::path const& file, std::string_view text) {
  std::error_code unknown;
  auto const size = fs::file_size(file, unknown);
  if (unknown) fail(file, unknown.value());
  if (text.size() > size) fail(file, ENOSPC);
  std::string padded(text);
  padded.resize(size, ' ');
  int const descriptor = ::open(file.c_str(), O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (descriptor < 0) fail(file, errno);
  int error = write_all(descriptor, padded);
  if (::close(descriptor) != 0 && error == 0) error = errno;
  if (error != 0) fail(file, error);
}

void AtomicWriter::place(fs::path const& complete, fs::path const& file) {
  move(complete, file, true);
}

void AtomicWriter::take(fs::path const& from, fs::path const& to, TakeFiles how, bool replace) {
  auto const take_it = [&] {
    return how == TakeFiles::link ? link_to(from, to, replace) : rename_to(from, to, replace);
  };
  int error = take_it();
  if (error == ENOENT) {
    std::error_code ignored;
    fs::create_directories(to.parent_path(), ignored);
    error = take_it();
  }
  if (error == 0) return;
  throw Error(std::string("cannot ") + (how == TakeFiles::link ? "link " : "move ") +
              from.string() + " to " + to.string() + ": " + std::strerror(error) +
              (error == EEXIST ? "; two samples, or two files of a stage, have the same name"
                               : "; merge with --files copy"));
}

// 0, or the error number.
int AtomicWriter::link_to(fs::path const& from, fs::path const& to, bool replace) {
  if (::link(from.c_str(), to.c_str()) == 0) return 0;
  if (errno != EEXIST || !replace) return errno;
  // No link replaces a file, but a renamed one does.
  fs::path const aside = aside_ / std::to_string(next_++);
  if (::link(from.c_str(), aside.c_str()) != 0) return errno;
  int const error = rename_to(aside, to, true);
  // Renaming one hard link of a file to another one leaves both.
  ::unlink(aside.c_str());
  return error;
}

fs::path AtomicWriter::write_aside(fs::path const& file, std::string_view text, bool durable) {
  fs::path temporary = aside_ / std::to_string(next_++);
  int const descriptor = create(temporary);
  int error = write_all(descriptor, text);
  if (durable && error == 0 && ::fsync(descriptor) != 0 && errno != EINVAL) error = errno;
  if (::close(descriptor) != 0 && error == 0) error = errno;
  if (error != 0) {
    ::unlink(temporary.c_str());
    fail(file, error);
  }
  return temporary;
}

void AtomicWriter::move(fs::path const& from, fs::path const& to, bool replace) {
  int error = rename_to(from, to, replace);
  if (error == ENOENT) {
    std::error_code ignored;
    fs::create_directories(to.parent_path(), ignored);
    error = rename_to(from, to, replace);
  }
  if (error == 0) return;
  ::unlink(from.c_str());
  if (error == EEXIST && !replace) {
    throw Error("cannot write " + to.string() +
                ": this run has already written it; two samples, or two files of a stage, have the "
                "same name");
  }
  fail(to, error);
}

void append_to(fs::path const& file, std::string_view text) {
  int const descriptor = create(file, 0);
  int error = write_all(descriptor, text);
  if (::close(descriptor) != 0 && error == 0) error = errno;
  if (error != 0) fail(file, error);
}

AppendFile::AppendFile(fs::path file) : file_(std::move(file)), descriptor_(create(file_)) {}

AppendFile::~AppendFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void AppendFile::append(std::string_view text) {
  buffer_ += text;
  if (buffer_.size() >= kBufferBytes) flush();
}

void AppendFile::flush() {
  int const error = write_all(descriptor_, buffer_);
  if (error != 0) {
    // Half a line would look like damage. If truncating fails too, the line is damaged.
    [[maybe_unused]] int const cut = ::ftruncate(descriptor_, size_);
    buffer_.clear();
    fail(file_, error);
  }
  size_ += static_cast<std::int64_t>(buffer_.size());
  buffer_.clear();
}

void AppendFile::close() {
  flush();
  int const descriptor = descriptor_;
  descriptor_ = -1;
  if (::close(descriptor) != 0) fail(file_, errno);
}

}  // namespace seplflow
