#include "run/folder_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <string>
#include <thread>

#include <seplflow/error.hpp>
#include "run/log.hpp"

namespace seplflow {
namespace {

// Whoever asks for the owner holds the lock for a moment.
constexpr int kAttempts = 5;
constexpr std::chrono::milliseconds kBetweenAttempts(10);
constexpr std::chrono::milliseconds kBetweenQuestions(500);

std::string owner_of(int descriptor) {
  std::array<char, 256> text{};
  ssize_t const size = ::pread(descriptor, text.data(), text.size() - 1, 0);
  std::string owner(text.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
  owner.erase(owner.find_last_not_of('\n') + 1);
  return owner;
}

// Lustre without the mount option flock, and some NFS servers.
bool is_unsupported(int error) {
  return error == ENOSYS || error == EOPNOTSUPP || error == ENOLCK || error == EINVAL;
}

// 0, or the error number.
int lock_now(int descriptor, int kind) {
  for (int attempt = 1; ::flock(descriptor, kind | LOCK_NB) != 0; ++attempt) {
    if (errno != EWOULDBLOCK || attempt == kAttempts) return errno;
    std::this_thread::sleep_for(kBetweenAttempts);
  }
  return 0;
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
  std::filesystem::path const owner_file = folder / kOwnerFile;
  if (!lock(folder)) {
    log_debug("the file system of " + folder.string() + " does not support flock; locking with " +
              owner_file.string());
    owner_ = std::make_unique<OwnerFile>(owner_file);
    return;
  }
  // A machine that mounts the file system without locks may write the folder.
  if (std::string const other = OwnerFile::living_owner(owner_file); !other.empty()) {
    ::close(descriptor_);
    throw UsageError(folder.string() + " is being written by another run (" + other +
                     "); wait for it, or choose another folder");
  }
  std::string const text = this_process() + "\n";
  [[maybe_unused]] int const cut = ::ftruncate(descriptor_, 0);
  [[maybe_unused]] ssize_t const written = ::pwrite(descriptor_, text.data(), text.size(), 0);
}

// False where the file system does not support it.
bool FolderLock::lock(std::filesystem::path const& folder) {
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
    if (int const error = lock_now(descriptor_, LOCK_EX); error != 0) {
      std::string const owner = owner_of(descriptor_);
      ::close(descriptor_);
      if (is_unsupported(error)) return false;
      if (error == EWOULDBLOCK) {
        throw UsageError(folder.string() + " is being written by another run" +
                         (owner.empty() ? "" : " (" + owner + ")") +
                         "; wait for it, or choose another folder");
      }
      throw UsageError("cannot lock " + file_.string() + ": " + std::strerror(error));
    }
    if (is_still_there(descriptor_, file_)) return true;
    ::close(descriptor_);
  }
}

FolderLock::~FolderLock() {
  ::unlink(file_.c_str());
  if (!owner_) ::close(descriptor_);
}

std::string FolderLock::owner(std::filesystem::path const& folder) {
  std::filesystem::path const file = folder / kFile;
  int const descriptor = ::open(file.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (descriptor >= 0) {
    int const error = lock_now(descriptor, LOCK_SH);
    std::string const owner = owner_of(descriptor);
    ::close(descriptor);
    if (error == EWOULDBLOCK) return owner.empty() ? "another run" : owner;
  }
  return OwnerFile::living_owner(folder / kOwnerFile);
}

void wait_until_unlocked(std::filesystem::path const& folder) {
  std::string waited_for;
  for (std::string owner; !(owner = FolderLock::owner(folder)).empty();) {
    if (owner != waited_for) {
      log_info("waiting for another run (" + owner + "), which still writes " + folder.string());
    }
    waited_for = owner;
    std::this_thread::sleep_for(kBetweenQuestions);
  }
}

}  // namespace seplflow
