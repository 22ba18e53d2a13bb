// The warnings of the stages of a run, counted.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/engine.hpp"

namespace seplflow {

// All warnings of one kind from a stage, in all its variants.
struct WarningCount {
  std::string stage;
  std::string what;           // as in Warning
  std::string first, detail;  // the first sample in data set order, and its detail
  std::uint64_t samples = 0;
  std::optional<std::uint64_t> last;  // the place of the last sample in the data set

  // "cam: WHAT" if it is about the run as a whole (`first` is empty), else
  // "cam: WHAT: 12 samples, first 2007_000032 (sheep)", or "cam: WHAT: sample 2007_000032 (sheep)"
  std::string text() const;
};

// Bounded: all kinds after the first kKinds are counted as one. Not thread-safe.
class WarningLog {
 public:
  static constexpr std::size_t kKinds = 100;

  // Counts the warnings about a sample, once for each stage and kind. Samples come in data set
  // order. Returns the kinds that are new.
  std::vector<WarningCount> add(Pipeline const& pipeline, Retired const& retired);

  // Counts a warning about all samples of a stage.
  WarningCount const& add(std::string const& stage, std::string const& what, std::uint64_t samples);

  // Adds those kinds of a later pass over the same samples that are not known yet.
  void add_new(WarningLog const& later);

  std::vector<WarningCount> const& counts() const { return counts_; }

 private:
  WarningCount& count_of(std::string const& stage, std::string const& what);

  std::vector<WarningCount> counts_;
};

}  // namespace seplflow
