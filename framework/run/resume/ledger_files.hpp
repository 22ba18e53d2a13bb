// RUN/ledger.jsonl and RUN/ledger.records, which grow with every sample.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "run/file_writer.hpp"
#include "run/resume/sample_memory.hpp"
#include "run/run_folder.hpp"

namespace seplflow {

// They grow sample by sample, so that a killed run leaves those of all that it had finished. A
// resumed run writes NAME.next and leaves NAME alone until it is complete: whenever it is killed,
// nothing is lost that was known before.
class LedgerFiles {
 public:
  struct Names {
    std::string records;  // "ledger.records"
    std::string ledger;   // "ledger.jsonl"; empty for records without lines
  };

  LedgerFiles(RunFolder& folder, Names names);

  // `line` without its end. Fills in what the memory says of it.
  void append(SampleMemory memory, std::string_view line);

  void close();

  // Puts files that are closed, and have every sample of the data set, in place of those that the
  // run resumed.
  static void complete(RunFolder& folder, Names const& names);

  // The memories in a folder. Adds a message to `problems` for every damaged memory, whose sample
  // is processed again, and every damaged line of the ledger, which is written again.
  static MemoryReader read(std::filesystem::path const& folder, Names const& names,
                           std::vector<std::string>& problems);

  // The same for a folder that this run writes: what an unfinished resumed run left there is first
  // merged with what it had resumed.
  static MemoryReader read(RunFolder& folder, Names const& names,
                           std::vector<std::string>& problems);

  static void remove(RunFolder& folder, Names const& names);

 private:
  RunFolder& folder_;
  Names const names_;
  MemoryWriter memories_;
  std::optional<AppendFile> ledger_;
};

}  // namespace seplflow
