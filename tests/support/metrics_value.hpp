// Looks into what an observer found.
#pragma once

#include <stdexcept>
#include <string>

#include "data/metrics.hpp"

// The entry of that name; throws when there is none.
inline seplflow::Metrics::Value const& value_of(seplflow::Metrics const& metrics,
                                                std::string const& name) {
  for (auto const& [each, value] : metrics.entries()) {
    if (each == name) return value;
  }
  throw std::logic_error("no metric " + name);
}
