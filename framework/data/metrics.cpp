#include <seplflow/error.hpp>
#include <seplflow/metrics.hpp>

#include <algorithm>

namespace seplflow {

Metrics::Metrics() = default;
Metrics::Metrics(Metrics const&) = default;
Metrics::Metrics(Metrics&&) noexcept = default;
Metrics& Metrics::operator=(Metrics const&) = default;
Metrics& Metrics::operator=(Metrics&&) noexcept = default;
Metrics::~Metrics() = default;

Metrics& Metrics::set(std::string name, Value value) {
  if (std::ranges::any_of(entries_, [&](auto const& entry) { return entry.first == name; })) {
    throw Error("the metric \"" + name + "\" is set twice");
  }
  if (entries_.empty()) entries_.reserve(4);  // few have only one or two
  entries_.emplace_back(std::move(name), std::move(value));
  return *this;
}

Metrics& Metrics::set_number(std::string name, std::int64_t value) {
  return set(std::move(name), Value(value));
}

Metrics& Metrics::set_number(std::string name, double value) {
  return set(std::move(name), Value(value));
}

Metrics::Value Metrics::maybe(std::optional<double> value) {
  return value ? Value(*value) : Value(nullptr);
}

}  // namespace seplflow
