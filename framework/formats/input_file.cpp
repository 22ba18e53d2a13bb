#include <seplflow/formats/input_file.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>

#include <seplflow/detail/files_read.hpp>
#include <seplflow/error.hpp>

namespace seplflow {
namespace {

Error cannot_read(std::filesystem::path const& path, int error) {
  return Error("cannot read " + path.string() + ": " + std::generic_category().message(error));
}

// Why a file cannot be read, as the end of a message; empty when it can.
std::string why_unreadable(struct stat const& status) {
  if (S_ISDIR(status.st_mode)) return " is a folder, not a file";
  if (!S_ISREG(status.st_mode)) return " is a pipe or a device, not a file";
  return {};
}

struct Opened {
  int descriptor;
  std::uint64_t size;
};

Opened open_file(std::filesystem::path const& path) {
  // O_NONBLOCK: opening a pipe without a writer must not wait forever.
  int const descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) throw cannot_read(path, errno);
  struct stat status {};
  int const error = ::fstat(descriptor, &status) == 0 ? 0 : errno;
  std::string const why = error == 0 ? why_unreadable(status) : std::string();
  if (error != 0 || !why.empty()) {
    ::close(descriptor);
    throw error != 0 ? cannot_read(path, error) : Error(path.string() + why);
  }
  FilesRead::record(path, state_in(status));
  return {descriptor, static_cast<std::uint64_t>(status.st_size)};
}

// The system may return fewer bytes than requested, so this asks again until all are read or the
// file ends.
template <class Read>
std::size_t read_all(std::filesystem::path const& path, std::span<std::uint8_t> bytes,
                     Read const& read) {
  std::size_t done = 0;
  while (done < bytes.size()) {
    ssize_t const got = read(done);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw cannot_read(path, errno);
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  return done;
}

}  // namespace

InputFile::InputFile(std::filesystem::path const& path, std::uint64_t most_bytes) : path_(path) {
  auto const [descriptor, size] = open_file(path);
  if (size > most_bytes) {
    ::close(descriptor);
    throw Error(path.string() + " has " + std::to_string(size) +
                " bytes; seplflow reads files of at most " + std::to_string(most_bytes) +
                " bytes here");
  }
  descriptor_ = descriptor;
  size_ = static_cast<std::size_t>(size);
}

InputFile::InputFile(int descriptor, std::filesystem::path const& path)
    : path_(path), descriptor_(descriptor) {
  ::lseek(descriptor, 0, SEEK_SET);
  struct stat status {};
  if (::fstat(descriptor, &status) == 0) size_ = static_cast<std::size_t>(status.st_size);
}

InputFile::~InputFile() {
  ::close(descriptor_);
}

std::size_t InputFile::read(std::span<std::uint8_t> bytes) {
  return read_all(path_, bytes, [&](std::size_t done) {
    return ::read(descriptor_, bytes.data() + done, bytes.size() - done);
  });
}

void InputFile::rewind() {
  if (::lseek(descriptor_, 0, SEEK_SET) != 0) throw cannot_read(path_, errno);
}

std::size_t InputFile::read_at(std::uint64_t offset, std::span<std::uint8_t> bytes) const {
  return read_all(path_, bytes, [&](std::size_t done) {
    return ::pread(descriptor_, bytes.data() + done, bytes.size() - done,
                   static_cast<off_t>(offset + done));
  });
}

std::vector<std::uint8_t> read_file(std::filesystem::path const& path) {
  InputFile file(path);
  std::vector<std::uint8_t> bytes(file.size());
  bytes.resize(file.read(bytes));
  return bytes;
}

}  // namespace seplflow
