// Arithmetic in the precision of scores, which reproduces a method's own results.
#pragma once

#include <cmath>

#include "base/half.hpp"
#include "data/score_maps.hpp"

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

}  // namespace seplflow::label
