// The folder that a run leaves behind (docs/design.md, "The run folder").
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "data/error.hpp"
#include "plugin/stage.hpp"
#include "run/file_writer.hpp"
#include "run/json.hpp"

namespace seplflow {

// The folder cannot take the run.
class RunFolderError : public UsageError {
 public:
  using UsageError::UsageError;
};

// Owns the names of the files in a run folder. Everything appears whole, but for the ledger, which
// grows by whole lines. write() and write_json() are safe to call from many threads, and so are the
// folders that output() gives, but not output() itself.
class RunFolder {
 public:
  // Makes the folder. Throws RunFolderError when there is a file in its place, a run, or anything
  // else that is not ours to write over.
  explicit RunFolder(std::filesystem::path folder);

  // Removes what was written aside and never placed.
  ~RunFolder();

  std::filesystem::path const& path() const { return folder_; }

  void write(std::string const& file, std::string_view text) {
    writer_.write(folder_ / file, text);
  }
  void write_json(std::string const& file, Json const& json);

  // The same in place, for a disk that is too full for a second file (AtomicWriter::overwrite).
  void overwrite_json(std::string const& file, Json const& json);

  // Where the files of a sink go: RUN/STAGE.
  OutputFolder& output(std::string const& stage);

  // The ledger, to be appended to.
  std::unique_ptr<AppendFile> ledger() const;

  // A table in the making; place_table puts it at RUN/STAGE.csv when it is complete.
  std::unique_ptr<AppendFile> table(std::string const& stage) const;
  void place_table(AppendFile& table, std::string const& stage);

 private:
  class StageFolder;

  std::filesystem::path folder_;
  AtomicWriter writer_;
  std::map<std::string, std::unique_ptr<StageFolder>> outputs_;
};

}  // namespace seplflow
