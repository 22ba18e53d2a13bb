#include <seplflow/error.hpp>
#include <seplflow/metrics.hpp>

#include <algorithm>

namespace seplflow {

Metrics& Metrics::set(std::string name, Value value) {
  if (std::ranges::any_of(entries_, [&](auto const& entry) { return entry.first == name; })) {
    throw Error("the metric \"" + name + "\" is set twice");
  }
  entries_.emplace_back(std::move(name), std::move(value));
  return *this;
}

}  // namespace seplflow
