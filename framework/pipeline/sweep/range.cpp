#include "pipeline/sweep/range.hpp"

#include <algorithm>
#include <limits>

#include "base/error.hpp"

namespace seplflow {
namespace {

std::size_t decimals_of(std::string const& number) {
  std::size_t const point = number.find('.');
  return point == std::string::npos ? 0 : number.size() - point - 1;
}

// The number in units of the last decimal.
std::int64_t scaled(std::string number, std::size_t decimals) {
  number.append(decimals - decimals_of(number), '0');
  std::erase(number, '.');
  std::int64_t value = 0;
  if (std::from_chars(number.data(), number.data() + number.size(), value).ec != std::errc()) {
    throw Error("the numbers of the range have too many digits for exact arithmetic");
  }
  return value;
}

}  // namespace

Range::Range(std::string const& from, std::string const& to, std::string const& step)
    : decimals_(std::max({decimals_of(from), decimals_of(to), decimals_of(step)})),
      from_(scaled(from, decimals_)) {
  std::int64_t const last = scaled(to, decimals_), by = scaled(step, decimals_);
  if (by == 0) throw Error("the step of the range is 0, so the range would never end");
  if (last != from_ && (last > from_) != (by > 0)) {
    throw Error("the step of the range leads away from its end; from " + from + " to " + to +
                " the step must be " + (last > from_ ? "positive" : "negative"));
  }
  step_ = static_cast<std::uint64_t>(by);
  std::uint64_t const way = static_cast<std::uint64_t>(last) - static_cast<std::uint64_t>(from_);
  std::uint64_t const steps = by > 0 ? way / step_ : (0 - way) / (0 - step_);
  count_ = steps == std::numeric_limits<std::uint64_t>::max() ? steps : steps + 1;
}

}  // namespace seplflow
