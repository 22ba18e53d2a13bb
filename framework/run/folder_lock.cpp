#include "run/folder_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string>

#include <seplflow/error.hpp>

namespace seplflow {
namespace {

std::string owner_of(int descriptor) {
  std::array<char, 256> text{};
  ssize_t const size = ::pread(descriptor, text.data(), text.size() - 1, 0);
  std::string owner(text.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
  owner.erase(owner.find_last_not_of('\n') + 1);
  return owner.empty() ? "another run" : "another run (" + owner + ")";
}

std::string this_process() {
  std::array<char, 256> host{};
  ::gethostname(host.data(), host.size() - 1);
  return "process " + std::to_string(::getpid()) + " on " + host.data() + "\n";
}

// The previous owner may have removed the file after we opened and before we locked it.
bool is_still_there(int descriptor, std::filesystem::path const& file) {
  struct stat ours {
  }, named{};
  return ::fstat(descriptor, &ours) == 0 && ::stat(file.c_str(), &named) == 0 &&
         ours.st_ino == named.st_ino && ours.st_dev == named.st_dev;
}

}  // namespace

FolderLock::FolderLock(std::filesystem::path const& folder) : file_(folder / kFile) {
  for (;;) {
    descriptor_ =
        ::open(file_.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0666);
    if (descriptor_ < 0)
      throw UsageError("cannot write " + file_.string() + ": " +
                       (errno == ELOOP ? "it is a symbolic link, which is not followed; remove it"
                                       : std::strerror(errno)));
    struct stat status {};
    if (::fstat(descriptor_, &status) != 0 || !S_ISREG(status.st_mode)) {
      ::close(descriptor_);
      throw UsageError("cannot write " + file_.string() + ": it is not a regular file; remove it");
    }
    if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
      int const error = errno;
      std::string const owner = owner_of(descriptor_);
      ::close(descriptor_);
      if (error == EWOULDBLOCK) {
        throw UsageError(folder.string() + " is being written by " + owner +
                         "; wait for it, or choose another folder");
      }
      throw UsageError("cannot lock " + file_.string() + ": " + std::strerror(error));
    }
    if (is_still_there(descriptor_, file_)) break;
    ::close(descriptor_);
  }
  std::string const text = this_process();
  [[maybe_unused]] int const cut = ::ftruncate(descriptor_, 0);
  [[maybe_unused]] ssize_t const written = ::pwrite(descriptor_, text.data(), text.size(), 0);
}

FolderLock::~FolderLock() {
  ::unlink(file_.c_str());
  ::close(descriptor_);
}

}  // namespace seplflow
