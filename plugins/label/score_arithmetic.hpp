// Arithmetic in the precision of scores, which reproduces a method's own results.
#pragma once

#include <cmath>
#include <type_traits>

#include <seplflow/score_maps.hpp>
#include "base/half.hpp"

namespace seplflow::label {

// T holds values of the precision: float for half and single, double for full.
template <class T>
struct ScoreArithmetic {
  Precision precision;

  // Rounds a result to the precision.
  T rounded(T value) const {
    return precision == Precision::half ? static_cast<T>(round_to_half(value)) : value;
  }
  // Rounds a number of the pipeline to the precision, once.
  T constant(double value) const {
    return precision == Precision::half ? static_cast<T>(round_to_half(value))
                                        : static_cast<T>(value);
  }
  // (1 - value)^power, rounded after each step; `power` is a constant().
  T one_minus_to_the(T power, T value) const {
    T const rest = rounded(T{1} - value);
    return power == T{1} ? rest : rounded(std::pow(rest, power));
  }
};

// Visits a plane if T holds its values.
template <class T, class Visit>
void visit_plane_as(ScoreMaps const& scores, std::size_t plane, Visit const& visit) {
  scores.visit_plane(plane, [&](auto values) {
    if constexpr (std::is_same_v<typename decltype(values)::value_type, T>) visit(values);
  });
}

}  // namespace seplflow::label
