// Records which files a stage reads before the run, and how they were then. Not for authors, who
// call OptionCheck::reads().
#pragma once

#include <seplflow/export.hpp>

#include <cstdint>
#include <filesystem>
#include <map>

struct stat;

namespace seplflow {

// What a resumed run compares of a file.
struct FileState {
  bool exists = false;
  std::uint64_t size = 0;
  std::uint64_t seconds = 0, nanoseconds = 0;  // of its last change
  bool operator==(FileState const&) const = default;
};

SEPLFLOW_API FileState state_of(std::filesystem::path const& file);
SEPLFLOW_API FileState state_in(struct stat const& status);

// While it exists, it takes the states that are recorded on its thread. If one is created while
// another exists, only the inner one takes them.
class SEPLFLOW_API FilesRead {
 public:
  using States = std::map<std::filesystem::path, FileState>;

  FilesRead();
  ~FilesRead();
  FilesRead(FilesRead const&) = delete;
  FilesRead& operator=(FilesRead const&) = delete;

  // Records a file that is about to be read. Of several states of a file the first counts: if the
  // file changes afterwards, a resumed run does not take it for the one that was read.
  static void record(std::filesystem::path const& file, FileState const& state);

  // By normalised paths.
  States const& states() const { return states_; }

 private:
  States states_;
  FilesRead* outer_;
};

}  // namespace seplflow
