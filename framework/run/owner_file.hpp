// A lock for file systems without flock: a file that its owner keeps alive.
#pragma once

#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <string>
#include <thread>

namespace seplflow {

// Creates a file in one step, so that one of several processes gets it, and renews its time while it
// exists. A process that is killed leaves the file. Another process on the same machine sees that
// the owner is gone; one on another machine sees that the time is not renewed.
class OwnerFile {
 public:
  struct Times {
    std::chrono::milliseconds renewal = std::chrono::seconds(5);
    std::chrono::milliseconds patience = std::chrono::seconds(30);  // with a file of another machine
  };

  // Throws UsageError when a living process owns the file, or when it cannot be created.
  explicit OwnerFile(std::filesystem::path file) : OwnerFile(std::move(file), Times()) {}
  OwnerFile(std::filesystem::path file, Times times);
  ~OwnerFile();
  OwnerFile(OwnerFile const&) = delete;
  OwnerFile& operator=(OwnerFile const&) = delete;

  // The owner, "process 12 on n1", if the file was renewed lately or its process exists; or empty.
  // Does not wait.
  static std::string living_owner(std::filesystem::path const& file);

 private:
  bool create();
  void renew_until_end(std::chrono::milliseconds renewal);

  std::filesystem::path const file_;
  unsigned long long inode_ = 0;
  std::mutex mutex_;
  std::condition_variable ended_;
  bool end_ = false;  // guarded by mutex_
  std::thread thread_;
};

// "process 12 on n1"
std::string this_process();

}  // namespace seplflow
