// The folder that a run leaves behind (docs/pipelines.md, "The run folder").
#pragma once

#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>

#include "base/error.hpp"
#include "run/file_writer.hpp"
#include "run/folder_lock.hpp"
#include "run/json.hpp"

namespace seplflow {

// Of the layout of run folders. A higher one is not ours to read.
constexpr int kRunFormat = 1;

// The folder cannot take the run.
class RunFolderError : public UsageError {
 public:
  using UsageError::UsageError;
};

// run.json cannot be read.
class DamagedRunRecord : public RunFolderError {
 public:
  using RunFolderError::RunFolderError;
};

// What run.json says of the run in a folder.
struct RunRecord {
  int format = 0;
  std::string name, status;
  Json json = Json::object();
};

// Nothing when the folder has no run.json. Throws DamagedRunRecord when it cannot be read, and
// RunFolderError when it is of a newer format.
std::optional<RunRecord> run_record_in(std::filesystem::path const& folder);

// A run folder that is being written; nobody else writes it meanwhile. Every file appears whole.
// Files are named relative to the folder. Writing is safe from many threads.
class RunFolder {
 public:
  enum class Claim {
    new_run,     // the folder holds none
    resumption,  // it may hold one, which goes on
  };

  // Makes the folder. Throws RunFolderError when there is a file in its place, anything else that
  // is not ours to write over, or a run that is not to go on, and UsageError when another process
  // writes there.
  RunFolder(std::filesystem::path folder, Claim claim);

  // Removes what was written aside and never placed.
  ~RunFolder();

  std::filesystem::path const& path() const { return folder_; }

  // Where the run's log is to be appended.
  std::filesystem::path log_file() const { return folder_ / "log.txt"; }

  // The run that was there before; nothing in a new folder. Of format 0 when its record is damaged.
  std::optional<RunRecord> const& before() const { return before_; }

  void write(std::filesystem::path const& file, std::string_view text);
  void write_json(std::filesystem::path const& file, Json const& json);

  // Writes run.json so that it outlives a loss of power: by it the folder is known for a run, and
  // what else was lost is made again.
  void write_record(Json const& json);

  // A file in place, for a disk that is too full for a second file (AtomicWriter::overwrite).
  void overwrite_json(std::filesystem::path const& file, Json const& json);

  // A file of a sink. Throws Error when this run has written or kept one of that name. Safe to call
  // from many threads, as keep_output().
  void write_output(std::filesystem::path const& file, std::span<std::uint8_t const> bytes);

  // A sink's file that is there and stays.
  void keep_output(std::filesystem::path const& file);

  // Removes those files below a sink's folder that this run has neither written nor kept, of which
  // the fingerprint of the name below the folder is among `known`, and then the folders that are
  // empty. Returns how many files.
  std::size_t remove_outputs(std::filesystem::path const& folder,
                             std::unordered_set<std::uint64_t> const& known);

  // Removes a file unless this run has written it. Returns whether there was one.
  bool remove_other(std::filesystem::path const& file);

  void remove(std::filesystem::path const& file);
  void remove_if_empty(std::filesystem::path const& folder);

  // For what is not complete yet.
  std::filesystem::path const& aside() const { return writer_.aside(); }

  // Moves a file that is complete into place, or copies it.
  void place(std::filesystem::path const& complete, std::filesystem::path const& file);
  void place_copy(std::filesystem::path const& complete, std::filesystem::path const& file);

 private:
  void note_output(std::filesystem::path const& file);
  void note_written(std::filesystem::path const& file);

  std::filesystem::path folder_;
  FolderLock lock_;
  std::optional<RunRecord> before_;
  AtomicWriter writer_;
  std::mutex outputs_mutex_;                 // guards what follows
  std::set<std::filesystem::path> written_;  // beside outputs
  // Of a run that goes on, fingerprints of its sinks' files; a new folder can be asked itself.
  std::unordered_set<std::uint64_t> outputs_;
};

}  // namespace seplflow
