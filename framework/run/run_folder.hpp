// The folder with everything that a run writes (docs/pipelines.md, "The run folder").
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
#include <vector>

#include <seplflow/error.hpp>
#include "run/file_writer.hpp"
#include "run/folder_lock.hpp"
#include "run/json.hpp"

namespace seplflow {

// The version of the layout of run folders. Folders of later versions are not read.
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

// run.json, the record of the run in a folder.
struct RunRecord {
  int format = 0;
  std::string name, status;
  Json json = Json::object();

  bool is_complete() const { return status == "done" || status == "done_with_failures"; }
};

// Nothing when the folder has no run.json. Throws DamagedRunRecord when it cannot be read, and
// RunFolderError when its format is newer.
std::optional<RunRecord> run_record_in(std::filesystem::path const& folder);

// A run folder that this process writes; no other process writes it meanwhile. Every file appears
// complete. Names of files are relative to the folder. Writing is safe from many threads.
class RunFolder {
 public:
  enum class Claim {
    new_run,     // the folder must not hold a run with results
    resumption,  // it may hold a run, which is resumed
    overwriting,  // or replaced
    merge         // as for a new run, but it may hold the shards that are merged
  };

  // Creates the folder. Throws RunFolderError when a file is in its place, or when it holds a run
  // that is not to be resumed or anything else that is not ours, and UsageError when another
  // process writes there.
  RunFolder(std::filesystem::path folder, Claim claim);

  // Removes what was written aside but not moved into place.
  ~RunFolder();

  // Absolute, so that a stage that changes the current folder harms nothing; and as it was given.
  std::filesystem::path const& path() const { return folder_; }
  std::filesystem::path const& given() const { return given_; }

  // The log of the run. Not a result: like run.json, it differs from run to run.
  std::filesystem::path log_file() const { return folder_ / "log.txt"; }

  // The run that was there before; nothing in a new folder. Its format is 0 when run.json is
  // damaged.
  std::optional<RunRecord> const& before() const { return before_; }

  // The samples on which the run before was at work when it was killed.
  std::vector<std::string> const& at_work_before() const { return at_work_before_; }

  // Removes run.json: the folder has become a new one.
  void forget_before();

  void write(std::filesystem::path const& file, std::string_view text);
  void write_json(std::filesystem::path const& file, Json const& json);

  // Writes run.json so that it survives a loss of power: it identifies the folder as a run, and
  // everything else that is lost can be written again.
  // `room` more bytes can be overwritten later, if the disk has them.
  void write_record(Json const& json, std::size_t room = 0);

  // Overwrites a file in place, for a disk that is too full for a second file.
  void overwrite_json(std::filesystem::path const& file, Json const& json);

  // A file of a sink. Throws Error when this run has already written or kept a file of that name.
  void write_output(std::filesystem::path const& file, std::span<std::uint8_t const> bytes);

  // The same for a file that another run has written: links it here, or moves it.
  void take_output(std::filesystem::path const& from, std::filesystem::path const& file,
                   TakeFiles how);

  // Keeps a sink's file that exists already.
  void keep_output(std::filesystem::path const& file);

  // Removes the files below a sink's folder that this run has neither written nor kept, if the
  // fingerprint of their name below that folder is in `known`; then removes empty folders. Returns
  // the number of files.
  std::size_t remove_outputs(std::filesystem::path const& folder,
                             std::unordered_set<std::uint64_t> const& known);

  // Removes a file unless this run has written it. Returns whether it existed.
  bool remove_other(std::filesystem::path const& file);

  void remove(std::filesystem::path const& file);
  void remove_if_empty(std::filesystem::path const& folder);

  // The file in which a process that is killed leaves its work (pipeline/current_work.hpp).
  std::filesystem::path work_file() const { return writer_.aside() / "work"; }

  // The folder for files that are not complete yet.
  std::filesystem::path const& aside() const { return writer_.aside(); }

  // A folder, which is created, for the state of the stage with this content key (FoldStart). It
  // outlives the run.
  std::filesystem::path state_folder(std::uint64_t key);
  // Removes the folders of other stages.
  void remove_states_but(std::vector<std::uint64_t> const& keys);

  // Moves a complete file into place, or copies it.
  void place(std::filesystem::path const& complete, std::filesystem::path const& file);
  void place_copy(std::filesystem::path const& complete, std::filesystem::path const& file);

 private:
  void note_written(std::filesystem::path const& file);
  std::filesystem::path to_write(std::filesystem::path const& file);

  std::filesystem::path given_, folder_;
  FolderLock lock_;
  std::optional<RunRecord> before_;
  std::vector<std::string> at_work_before_;
  AtomicWriter writer_;
  std::mutex outputs_mutex_;                 // guards what follows
  std::set<std::filesystem::path> written_;  // files that are not outputs
  std::set<std::filesystem::path> folders_;  // that are known not to be symbolic links
  // Fingerprints of the sinks' files in a resumed run; in a new folder the files themselves tell.
  std::unordered_set<std::uint64_t> outputs_;
};

}  // namespace seplflow
