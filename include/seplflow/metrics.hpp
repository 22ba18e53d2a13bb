// The result of an observer: a tree of names and values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace seplflow {

// An ordered tree that becomes a JSON object in metrics.json. Fractions are doubles in 0..1, counts
// are integers, an undefined value (0/0) is null.
class Metrics {
 public:
  using List = std::vector<Metrics>;
  using Value = std::variant<std::nullptr_t, std::int64_t, double, std::string, Metrics, List>;

  // Appends an entry; names are unique within a tree.
  Metrics& set(std::string name, Value value);

  // The value, or null.
  static Value maybe(std::optional<double> value);

  bool empty() const { return entries_.empty(); }
  std::vector<std::pair<std::string, Value>> const& entries() const { return entries_; }

 private:
  std::vector<std::pair<std::string, Value>> entries_;
};

inline Metrics& Metrics::set(std::string name, Value value) {
  entries_.emplace_back(std::move(name), std::move(value));
  return *this;
}

inline Metrics::Value Metrics::maybe(std::optional<double> value) {
  return value ? Value(*value) : Value(nullptr);
}

}  // namespace seplflow
