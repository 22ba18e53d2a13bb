// The options of stages that score labels against the ground truth.
#pragma once

#include <seplflow/confusion_matrix.hpp>
#include <seplflow/seplflow.hpp>

namespace seplflow {

inline auto const kPredictedIgnore =
    choices<PredictedIgnore>({{"miss", PredictedIgnore::miss},
                              {"background", PredictedIgnore::background},
                              {"drop", PredictedIgnore::drop}});
constexpr char const* kPredictedIgnoreHelp =
    "how to count a predicted 255: as a miss of the true class, as background, or not at all";

inline auto const kClassMean = choices<ClassMean>(
    {{"all", ClassMean::all}, {"union", ClassMean::with_union}, {"truth", ClassMean::with_truth}});
constexpr char const* kClassMeanHelp =
    "which classes a mean includes: all, those in ground truth or prediction, or those in the "
    "ground "
    "truth";

}  // namespace seplflow
