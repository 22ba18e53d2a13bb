// One run at a time in a folder.
#pragma once

#include <filesystem>

namespace seplflow {

// Holds FOLDER/.lock while it lives. The kernel holds the lock for the process, so that none
// outlives it, however it ends.
class FolderLock {
 public:
  // Throws UsageError, naming the process, when another one holds it, and when the file system
  // cannot lock.
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
