// Arithmetic in the precision of scores, which reproduces a method's own results.
#pragma once

#include <cmath>
#include <span>
#include <type_traits>

#include <seplflow/score_maps.hpp>
#include <seplflow/stage.hpp>
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

// Whether a score lies so far outside of 0..1 that the rules for background, which are made for this
// range, make no sense: some dialects go down to -1. Has no early exit, so that it checks many
// scores at a time.
template <class T>
bool beyond_range(std::span<T const> scores) {
  constexpr T kLimit = static_cast<T>(1.001);
  int beyond = 0;
  for (T const score : scores) {
    beyond |= static_cast<int>(score > kLimit) | static_cast<int>(score < -kLimit);
  }
  return beyond != 0;
}

inline void warn_of_range(SampleContext const& context) {
  context.warn(
      "scores are outside of 0..1, the range that rules for background are made for; if they are "
      "logits or counted to 255, scale them with normalize in the stage that reads them",
      context.sample().id);
}

}  // namespace seplflow::label
