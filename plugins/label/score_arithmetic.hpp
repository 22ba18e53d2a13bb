// Arithmetic in the precision of scores, so that what follows from them is the method's own result.
#pragma once

#include <cmath>

#include "base/half.hpp"
#include "data/score_maps.hpp"

namespace seplflow::label {

// T holds the values of the precision: float those of half and single, double those of full.
template <class T>
struct ScoreArithmetic {
  Precision precision;

  // A result of T as the precision has it.
  T rounded(T value) const {
    return precision == Precision::half ? static_cast<T>(round_to_half(value)) : value;
  }
  // A number of the pipeline as the precision has it, rounded once.
  T constant(double value) const {
    return precision == Precision::half ? static_cast<T>(round_to_half(value))
                                        : static_cast<T>(value);
  }
  // (1 - value)^power, rounded after either step; `power` is a constant().
  T one_minus_to_the(T power, T value) const {
    T const rest = rounded(T{1} - value);
    return power == T{1} ? rest : rounded(std::pow(rest, power));
  }
};

}  // namespace seplflow::label
