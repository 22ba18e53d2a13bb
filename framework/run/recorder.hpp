// Keeps what the engine reports. Internal to the run.
#pragma once

#include <atomic>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "engine/engine.hpp"
#include "run/resume/content_keys.hpp"
#include "run/resume/history.hpp"
#include "run/resume/journal.hpp"
#include "run/run.hpp"
#include "run/run_folder.hpp"
#include "run/tables.hpp"
#include "run/trace.hpp"
#include "run/warning_log.hpp"

namespace seplflow {

class Recorder final : public RunListener {
 public:
  struct Parts {
    Pipeline const& pipeline;
    ContentKeys const& keys;
    RunFolder& folder;
    std::vector<std::vector<std::filesystem::path>> const& homes;  // by stage
    Journal& journal;
    History* history;  // null when there is none
    Trace* trace;      // null when none is wanted
  };

  // All parts must outlive it.
  explicit Recorder(Parts parts);

  std::vector<Trail> recall(Sample const& sample) override;
  std::uint64_t stamp(std::vector<std::filesystem::path> const& files) override;
  std::string deliver(std::size_t stage, std::vector<OutputFile> const& files) override;
  void row(std::size_t stage, Row const& row) override;
  void line(std::size_t stage, std::string const& line) override;
  void retired(Retired const& retired) override;
  void worked(std::size_t stage, Sample const& sample, Clock::time_point begin,
              Clock::time_point end) override;

  std::uint64_t failed() const { return failed_.load(std::memory_order_relaxed); }
  std::vector<FailedSample> const& failed_samples() const { return failed_samples_; }
  WarningLog const& warnings() const { return warnings_; }

  // Puts the tables of observers and the lists of sinks where they belong, when they are complete.
  // Those of `ends`, by stage.
  void place_tables(std::vector<bool> const& ends);

  // The names of the lists that were placed, relative to the run's folder.
  std::vector<std::filesystem::path> const& lists() const { return lists_; }

 private:
  std::string ledger_line(Retired const& retired);
  SampleRecord::Entry::Kind kind_of(Trail const& trail) const;
  SampleRecord record_of(Retired const& retired) const;
  void place_table(std::size_t stage);

  Parts const parts_;
  Tables tables_;
  std::vector<std::filesystem::path> lists_;
  std::vector<FailedSample> failed_samples_;
  WarningLog warnings_;
  std::atomic<std::uint64_t> failed_{0};
};

}  // namespace seplflow
