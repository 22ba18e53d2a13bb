// RUN/ledger.jsonl and RUN/ledger.records, which grow with every sample.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "run/file_writer.hpp"
#include "run/records.hpp"
#include "run/run_folder.hpp"

namespace seplflow {

// Sample by sample, so that a run that is killed leaves a journal of all it had finished. A run
// that goes on writes NAME.records.next and leaves NAME.records alone until it is complete: what
// was known stays known, whenever it is killed.
class Journal {
 public:
  struct Names {
    std::string records;  // "ledger.records"
    std::string ledger;   // "ledger.jsonl"; empty for a journal without one
  };

  Journal(RunFolder& folder, Names names);

  // `line` without its end; what the record says of it is filled in.
  void append(SampleRecord record, std::string_view line);
  void close();
  // After close(), when every sample of the data set is in it.
  void complete();

  // What the journals in `folder` remember, and what is wrong with them: damaged lines of the
  // ledger and damaged records, which are not used.
  struct Memory {
    RecordReader records;
    std::vector<std::string> problems;
  };
  static Memory recollect(std::filesystem::path const& folder, Names const& names);

  // The same in a folder that is ours: what was left by a run that went on and did not end is put
  // together with what it went on from.
  static Memory recollect(RunFolder& folder, Names const& names);

  // Removes the records.
  static void forget(RunFolder& folder, Names const& names);

 private:
  RunFolder& folder_;
  Names const names_;
  std::unique_ptr<RecordWriter> records_;
  std::unique_ptr<AppendFile> ledger_;
};

}  // namespace seplflow
