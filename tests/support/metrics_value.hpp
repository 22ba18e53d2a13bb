// Looks up metrics of an observer.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

#include <seplflow/metrics.hpp>

// The metric called `name`. Throws if there is none.
inline seplflow::Metrics::Value const& value_of(seplflow::Metrics const& metrics,
                                                std::string_view name) {
  for (auto const& [each, value] : metrics.entries()) {
    if (each == name) return value;
  }
  throw std::logic_error("no metric " + std::string(name));
}
