#include "run/warning_log.hpp"

#include <algorithm>

namespace seplflow {

std::string WarningCount::text() const {
  if (samples == 1) return first_text();
  return stage + ": " + what + ": " + std::to_string(samples) + " samples, first " + first +
         (detail.empty() ? "" : " (" + detail + ")");
}

std::string WarningCount::first_text() const {
  return stage + ": " + what + ": sample " + first + (detail.empty() ? "" : " (" + detail + ")");
}

std::vector<WarningCount> WarningLog::add(Pipeline const& pipeline, Retired const& retired) {
  std::vector<WarningCount> kinds;
  for (auto const& [stage, warning] : retired.warnings) {
    auto& [count, last] = entry(pipeline.stages[stage].name, warning.what);
    if (last == retired.sample.index) continue;
    last = retired.sample.index;
    if (++count.samples > 1) continue;
    count.first = retired.sample.id;
    count.detail = warning.detail;
    kinds.push_back(count);
  }
  return kinds;
}

WarningLog::Entry& WarningLog::entry(std::string const& stage, std::string const& what) {
  auto const found = std::ranges::find_if(entries_, [&](Entry const& entry) {
    return entry.count.stage == stage && entry.count.what == what;
  });
  if (found != entries_.end()) return *found;
  if (entries_.size() > kKinds) return entries_.back();
  WarningCount count{stage, what, "", "", 0};
  if (entries_.size() == kKinds) {
    count.stage = "others";
    count.what = "there are warnings of yet other kinds";
  }
  return entries_.emplace_back(Entry{std::move(count), std::nullopt});
}

void WarningLog::add_new(WarningLog const& later) {
  for (Entry const& entry : later.entries_) {
    Entry& known = this->entry(entry.count.stage, entry.count.what);
    if (known.count.samples == 0) known = entry;
  }
}

std::vector<WarningCount> WarningLog::counts() const {
  std::vector<WarningCount> counts;
  for (Entry const& entry : entries_) counts.push_back(entry.count);
  return counts;
}

}  // namespace seplflow
