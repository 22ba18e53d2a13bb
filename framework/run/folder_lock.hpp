// Lets one run at a time write to a folder.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "run/owner_file.hpp"

namespace seplflow {

// Holds FOLDER/.lock while it exists. The kernel ends the lock with its process, however that ends.
// Where the file system does not support locks, FOLDER/.lock-owner takes their place.
class FolderLock {
 public:
  // Throws UsageError when another process holds the lock, with its name.
  explicit FolderLock(std::filesystem::path const& folder);
  ~FolderLock();
  FolderLock(FolderLock const&) = delete;
  FolderLock& operator=(FolderLock const&) = delete;

  // Who holds the lock of a folder, "process 12 on n1"; empty when nobody does.
  static std::string owner(std::filesystem::path const& folder);

  static constexpr char const* kFile = ".lock";
  static constexpr char const* kOwnerFile = ".lock-owner";

 private:
  bool lock(std::filesystem::path const& folder);

  std::filesystem::path file_;
  int descriptor_ = -1;
  std::unique_ptr<OwnerFile> owner_;
};

// Returns when nobody holds the lock of the folder. Logs for whom it waits.
void wait_until_unlocked(std::filesystem::path const& folder);

}  // namespace seplflow
