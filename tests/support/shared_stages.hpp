// Stages that count their calls, and what became of each variant.
#pragma once

#include <algorithm>
#include <atomic>
#include <map>
#include <set>

#include "support/catch.hpp"
#include "support/lambda_pipeline.hpp"

using namespace seplflow;
using Number = LambdaPipeline::Number;
using Inputs = LambdaPipeline::Inputs;
using Counter = std::atomic<int>;

inline auto const kPass = [](Sample const&, Inputs const& in) { return std::optional(*in[0]); };

inline LambdaPipeline::Run counted(Counter& calls) {
  return [&calls](Sample const&, Inputs const& in) {
    ++calls;
    return std::optional(*in[0]);
  };
}

inline std::string at(std::string const& name, int variant) {
  return name + "@" + std::to_string(variant);
}

inline std::span<std::uint8_t const> bytes(std::string_view text) {
  return {reinterpret_cast<std::uint8_t const*>(text.data()), text.size()};
}

using Counts = std::vector<std::uint64_t>;  // skipped, failed, cancelled

inline Counts counts_of(VariantCounts const& variant) {
  return {variant.skipped, variant.failed, variant.cancelled};
}
