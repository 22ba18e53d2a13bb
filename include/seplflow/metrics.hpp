// The result of an observer: a tree of names and values.
#pragma once

#include <seplflow/export.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace seplflow {

// An ordered tree that becomes a JSON object in metrics.json. Fractions are doubles in 0..1, counts
// are integers, an undefined value (0/0) is null.
class SEPLFLOW_API Metrics {
 public:
  using List = std::vector<Metrics>;
  using Value = std::variant<std::nullptr_t, std::int64_t, double, std::string, Metrics, List>;

  Metrics();
  Metrics(Metrics const&);
  Metrics(Metrics&&) noexcept;
  Metrics& operator=(Metrics const&);
  Metrics& operator=(Metrics&&) noexcept;
  ~Metrics();

  // Appends an entry. Throws Error when the tree already has the name.
  Metrics& set(std::string name, Value value);
  template <class T>
    requires std::is_arithmetic_v<T>
  Metrics& set(std::string name, T value) {
    using Held = std::conditional_t<std::is_integral_v<T>, std::int64_t, double>;
    return set_number(std::move(name), static_cast<Held>(value));
  }

  // The value, or null.
  static Value maybe(std::optional<double> value);

  bool empty() const { return entries_.empty(); }
  std::vector<std::pair<std::string, Value>> const& entries() const { return entries_; }

 private:
  Metrics& set_number(std::string name, std::int64_t value);
  Metrics& set_number(std::string name, double value);

  std::vector<std::pair<std::string, Value>> entries_;
};

}  // namespace seplflow
