// What the stages of a run warned of, counted.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/engine.hpp"

namespace seplflow {

// All that a stage said of one kind, in all its variants.
struct WarningCount {
  std::string stage;
  std::string what;           // as in Warning
  std::string first, detail;  // the first sample in the order of the data set, and its detail
  std::uint64_t samples = 0;

  // "cam: WHAT: 12 samples, first 2007_000032 (sheep)"
  std::string text() const;
  // "cam: WHAT: sample 2007_000032 (sheep)"
  std::string first_text() const;
};

// Bounded: what is of no kind of the first kKinds is one more. Not thread-safe.
class WarningLog {
 public:
  static constexpr std::size_t kKinds = 100;

  // Counts what was warned of a sample, which counts once for a stage and kind. Samples come in the
  // order of the data set. Returns the kinds that are new.
  std::vector<WarningCount> add(Pipeline const& pipeline, Retired const& retired);

  // Adds the kinds of a later pass over the same samples that are not known yet.
  void add_new(WarningLog const& later);

  std::vector<WarningCount> counts() const;

 private:
  struct Entry {
    WarningCount count;
    std::optional<std::uint64_t> last;  // sample's place in the data set
  };

  Entry& entry(std::string const& stage, std::string const& what);

  std::vector<Entry> entries_;
};

}  // namespace seplflow
