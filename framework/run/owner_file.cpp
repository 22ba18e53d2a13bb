#include "run/owner_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <fstream>
#include <optional>
#include <sstream>

#include <seplflow/error.hpp>
#include "base/text_file.hpp"
#include "run/log.hpp"

namespace seplflow {
namespace {

namespace fs = std::filesystem;
using LookClock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kBetweenLooks(200);
// A file that was renewed less than so many seconds ago has a living owner, as far as clocks agree.
constexpr std::int64_t kFreshSeconds = 60;

std::string first_line_of(fs::path const& file) {
  std::ifstream stream(file);
  std::string line;
  std::getline(stream, line);
  return line;
}

// Tells machines apart, and containers on one machine whose numbers of processes differ.
std::string this_machine() {
  std::error_code unknown;
  return first_line_of("/proc/sys/kernel/random/boot_id") + " " +
         fs::read_symlink("/proc/self/ns/pid", unknown).string();
}

// When a process began; empty if it does not exist. Numbers of processes are used again.
std::string begin_of(std::string const& process) {
  std::string const stat = first_line_of("/proc/" + process + "/stat");
  // The name of the program, in parentheses, may contain anything.
  std::size_t place = stat.rfind(')');
  constexpr int kFieldsAfterName = 20;
  for (int i = 0; i < kFieldsAfterName && place != std::string::npos; ++i) {
    place = stat.find(' ', place + 1);
  }
  if (place == std::string::npos) return "";
  return stat.substr(place + 1, stat.find(' ', place + 1) - place - 1);
}

std::string owner_text() {
  std::string const process = std::to_string(::getpid());
  return this_process() + "\n" + this_machine() + "\n" + process + " " + begin_of(process) + "\n";
}

// What an owner file says, and how it is.
struct Owner {
  std::string name, machine, process, begin;
  unsigned long long inode = 0;
  std::int64_t seconds = 0, nanoseconds = 0;

  bool is_here() const { return machine == this_machine(); }
  bool runs_here() const { return !process.empty() && begin_of(process) == begin; }
  bool operator==(Owner const&) const = default;
};

// Opens the file each time, because network file systems look at a file anew when it is opened.
std::optional<Owner> owner_in(fs::path const& file) {
  int const descriptor = ::open(file.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (descriptor < 0) {
    if (errno == ENOENT || errno == ESTALE) return std::nullopt;
    throw UsageError("cannot read " + file.string() + ": " + std::strerror(errno) +
                     "; it says who writes the folder: remove it if nobody does");
  }
  struct stat status {};
  std::array<char, 1024> text{};
  ssize_t const size = ::fstat(descriptor, &status) == 0
                           ? ::pread(descriptor, text.data(), text.size() - 1, 0)
                           : -1;
  ::close(descriptor);
  if (size < 0) return std::nullopt;
  std::istringstream lines(text.data());
  Owner owner;
  std::getline(lines, owner.name);
  std::getline(lines, owner.machine);
  lines >> owner.process >> owner.begin;
  owner.inode = status.st_ino;
  owner.seconds = status.st_mtim.tv_sec;
  owner.nanoseconds = status.st_mtim.tv_nsec;
  return owner;
}

// Whether the file changes or disappears within the patience.
bool is_renewed(fs::path const& file, Owner const& before, std::chrono::milliseconds patience) {
  auto const end = LookClock::now() + patience;
  while (LookClock::now() < end) {
    std::this_thread::sleep_for(kBetweenLooks);
    auto const now = owner_in(file);
    if (!now || !(*now == before)) return true;
  }
  return false;
}

bool is_alive(fs::path const& file, Owner const& owner, std::chrono::milliseconds patience) {
  if (owner.is_here()) return owner.runs_here();
  log_info("waiting to see whether " + (owner.name.empty() ? "another run" : owner.name) +
           " still writes " + file.parent_path().string());
  if (!is_renewed(file, owner, patience)) return false;
  return owner_in(file).has_value();
}

// Removes the file of an owner that is gone, unless another process was faster.
void take_away(fs::path const& file, Owner const& gone) {
  fs::path const aside = unique_name_beside(file);
  if (std::rename(file.c_str(), aside.c_str()) != 0) return;
  auto const taken = owner_in(aside);
  if (taken && !(*taken == gone) && ::link(aside.c_str(), file.c_str()) != 0) {
    log_warning("cannot put back " + file.string() + ": " + std::strerror(errno));
  }
  ::unlink(aside.c_str());
}

}  // namespace

std::string this_process() {
  std::array<char, 256> host{};
  ::gethostname(host.data(), host.size() - 1);
  return "process " + std::to_string(::getpid()) + " on " + host.data();
}

OwnerFile::OwnerFile(fs::path file, Times times) : file_(std::move(file)) {
  while (!create()) {
    auto const owner = owner_in(file_);
    if (!owner) continue;
    if (is_alive(file_, *owner, times.patience)) {
      throw UsageError(file_.parent_path().string() + " is being written by another run" +
                       (owner->name.empty() ? "" : " (" + owner->name + ")") +
                       "; wait for it, or choose another folder");
    }
    take_away(file_, *owner);
  }
  thread_ = std::thread([this, times] { renew_until_end(times.renewal); });
}

OwnerFile::~OwnerFile() {
  {
    std::scoped_lock const lock(mutex_);
    end_ = true;
  }
  ended_.notify_all();
  thread_.join();
  struct stat status {};
  if (::stat(file_.c_str(), &status) == 0 && status.st_ino == inode_) ::unlink(file_.c_str());
}

std::string OwnerFile::living_owner(fs::path const& file) {
  auto const owner = owner_in(file);
  if (!owner) return "";
  bool const is_fresh = std::time(nullptr) - owner->seconds < kFreshSeconds;
  if (owner->is_here() ? !owner->runs_here() : !is_fresh) return "";
  return owner->name.empty() ? "another run" : owner->name;
}

// False when the file exists.
bool OwnerFile::create() {
  int const descriptor =
      ::open(file_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
  if (descriptor < 0 && errno == EEXIST) return false;
  if (descriptor < 0) {
    throw UsageError("cannot write " + file_.string() + ": " + std::strerror(errno));
  }
  std::string const text = owner_text();
  struct stat status {};
  bool const is_written = ::write(descriptor, text.data(), text.size()) ==
                              static_cast<ssize_t>(text.size()) &&
                          ::fstat(descriptor, &status) == 0;
  bool const is_closed = ::close(descriptor) == 0;
  if (!is_written || !is_closed) {
    ::unlink(file_.c_str());
    throw UsageError("cannot write " + file_.string() + ": the disk may be full");
  }
  inode_ = status.st_ino;
  return true;
}

void OwnerFile::renew_until_end(std::chrono::milliseconds renewal) {
  std::unique_lock lock(mutex_);
  while (!ended_.wait_for(lock, renewal, [this] { return end_; })) {
    struct stat status {};
    bool const is_ours = ::stat(file_.c_str(), &status) == 0 && status.st_ino == inode_;
    if (is_ours) {
      ::utimensat(AT_FDCWD, file_.c_str(), nullptr, AT_SYMLINK_NOFOLLOW);
    } else if (errno == ENOENT || status.st_ino != 0) {
      // This process stood still for so long that another one took it for dead.
      log_error("another run has taken over " + file_.parent_path().string() +
                ", because this one did not renew " + file_.filename().string() + "; stopping");
      ::kill(::getpid(), SIGTERM);
      return;
    }
  }
}

}  // namespace seplflow
