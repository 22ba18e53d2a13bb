// Lets one run at a time write to a folder.
#pragma once

#include <filesystem>

namespace seplflow {

// Holds FOLDER/.lock while it exists. The kernel ends the lock with its process, however that ends.
class FolderLock {
 public:
  // Throws UsageError when another process holds the lock, with its name, and when the file system
  // does not support locks.
  explicit FolderLock(std::filesystem::path const& folder);
  ~FolderLock();
  FolderLock(FolderLock const&) = delete;
  FolderLock& operator=(FolderLock const&) = delete;

  static constexpr char const* kFile = ".lock";

 private:
  std::filesystem::path file_;
  int descriptor_;
};

}  // namespace seplflow
