#include "run/file_writer.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "data/error.hpp"

namespace seplflow {
namespace {

namespace fs = std::filesystem;
constexpr std::size_t kBufferBytes = 1 << 16;

[[noreturn]] void fail(fs::path const& file, int error) {
  throw Error("cannot write " + file.string() + ": " + std::strerror(error));
}

int create(fs::path const& file) {
  auto const open_it = [&] {
    return ::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  };
  int descriptor = open_it();
  if (descriptor < 0 && errno == ENOENT) {
    std::error_code error;
    fs::create_directories(file.parent_path(), error);
    if (error) fail(file.parent_path(), error.value());
    descriptor = open_it();
  }
  if (descriptor < 0) fail(file, errno);
  return descriptor;
}

// 0, or the error number.
int write_all(int descriptor, std::span<char const> bytes) {
  while (!bytes.empty()) {
    ssize_t const written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return 0;
}

}  // namespace

void AtomicWriter::write(fs::path const& file, std::span<std::uint8_t const> bytes) {
  write(file, std::string_view(reinterpret_cast<char const*>(bytes.data()), bytes.size()));
}

void AtomicWriter::write(fs::path const& file, std::string_view text) {
  fs::path const temporary = aside_ / std::to_string(next_++);
  int const descriptor = create(temporary);
  int error = write_all(descriptor, text);
  if (::close(descriptor) != 0 && error == 0) error = errno;
  if (error != 0) {
    ::unlink(temporary.c_str());
    fail(file, error);
  }
  place(temporary, file);
}

void AtomicWriter::place(fs::path const& complete, fs::path const& file) {
  auto const rename_it = [&] { return std::rename(complete.c_str(), file.c_str()) == 0; };
  if (rename_it()) return;
  int error = errno;
  if (error == ENOENT) {
    std::error_code ignored;
    fs::create_directories(file.parent_path(), ignored);
    if (rename_it()) return;
    error = errno;
  }
  ::unlink(complete.c_str());
  fail(file, error);
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
    // Half a line would be taken for damage; if it cannot be cut off, that is what it is.
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
