// RUN/ledger.jsonl and RUN/ledger.records, which grow with every sample.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "run/file_writer.hpp"
#include "run/resume/records.hpp"
#include "run/run_folder.hpp"

namespace seplflow {

// Sample by sample, so that a run that is killed leaves a journal of all it had finished. A run
// that goes on writes NAME.next and leaves NAME alone until it is complete: what was known stays
// known, whenever it is killed.
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

  // Puts a journal that is closed, and holds every sample of the data set, in place of the one that
  // the run went on from.
  static void complete(RunFolder& folder, Names const& names);

  // What the journals in a folder remember, and what is wrong with them: damaged records, whose
  // samples are done again, and damaged lines of the ledger, which are written anew.
  struct Memory {
    RecordReader records;
    std::vector<std::string> problems;
  };
  static Memory recollect(std::filesystem::path const& folder, Names const& names);

  // The same in a folder that is ours: what was left by a run that went on and did not end is put
  // together with what it went on from.
  static Memory recollect(RunFolder& folder, Names const& names);

  static void remove(RunFolder& folder, Names const& names);

 private:
  RunFolder& folder_;
  Names const names_;
  std::unique_ptr<RecordWriter> records_;
  std::unique_ptr<AppendFile> ledger_;
};

}  // namespace seplflow
