#include "run/warning_log.hpp"

#include <algorithm>

namespace seplflow {

std::string WarningCount::text() const {
  if (first.empty()) return stage + ": " + what;
  return stage + ": " + what + ": " +
         (samples == 1 ? "sample " : std::to_string(samples) + " samples, first ") + first +
         (detail.empty() ? "" : " (" + detail + ")");
}

std::vector<WarningCount> WarningLog::add(Pipeline const& pipeline, Retired const& retired) {
  std::vector<WarningCount> kinds;
  for (auto const& [stage, warning] : retired.warnings) {
    WarningCount& count = count_of(pipeline.stages[stage].name, warning.what);
    if (count.last == retired.sample.index) continue;
    count.last = retired.sample.index;
    if (++count.samples > 1) continue;
    count.first = retired.sample.id;
    count.detail = warning.detail;
    kinds.push_back(count);
  }
  return kinds;
}

WarningCount const& WarningLog::add(std::string const& stage, std::string const& what,
                                    std::uint64_t samples) {
  WarningCount& count = count_of(stage, what);
  if (count.samples == 0) count.samples = samples;
  return count;
}

WarningCount& WarningLog::count_of(std::string const& stage, std::string const& what) {
  auto const found = std::ranges::find_if(counts_, [&](WarningCount const& count) {
    return count.stage == stage && count.what == what;
  });
  if (found != counts_.end()) return *found;
  if (counts_.size() > kKinds) return counts_.back();
  bool const is_last = counts_.size() == kKinds;
  WarningCount& count = counts_.emplace_back();
  count.stage = is_last ? "others" : stage;
  count.what = is_last ? "there are further kinds of warnings" : what;
  return count;
}

void WarningLog::add_new(WarningLog const& later) {
  for (WarningCount const& each : later.counts_) {
    WarningCount& known = count_of(each.stage, each.what);
    if (known.samples == 0) known = each;
  }
}

}  // namespace seplflow
