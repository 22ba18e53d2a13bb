#include "pipeline/sweep/read_sweep.hpp"

#include <algorithm>

#include "pipeline/sweep/axis_range.hpp"
#include "pipeline/sweep/names.hpp"
#include "pipeline/sweep/read_axes.hpp"
#include "pipeline/sweep/read_variants.hpp"
#include "pipeline/sweep/written_axes.hpp"

namespace seplflow {
namespace {

constexpr std::uint64_t kManyVariants = 10'000;
// Whatever the user says, more than these fit into no memory.
constexpr std::uint64_t kMostVariants = 1'000'000;
constexpr std::uint64_t kUncountable = 1'000'000'000'000'000'000;

std::uint64_t size_of(AxisEntry const& axis) {
  return axis.range ? axis.range->range.count() : axis.values.size();
}

// Refuses more variants than anybody wants, at the longest axis.
bool refuse_too_many(SweepContext const& context) {
  Document const& document = context.document;
  std::uint64_t count = std::max<std::uint64_t>(1, document.variants.size());
  for (AxisEntry const& axis : document.axes) {
    std::uint64_t const size = size_of(axis);
    count = size > kUncountable / count ? kUncountable : count * size;
  }
  if (count <= (context.request.any_number_of_variants ? kMostVariants : kManyVariants)) {
    return false;
  }
  auto const longest = std::ranges::max_element(document.axes, {}, size_of);
  std::string const number = count >= kUncountable ? "more than 10^18" : std::to_string(count);
  std::string const remark =
      count > kMostVariants
          ? "; no machine holds more than " + std::to_string(kMostVariants)
          : ", more than " + std::to_string(kManyVariants) + "; with --yes it is done all the same";
  context.complain(longest == document.axes.end() ? document.variants[0].place : longest->place,
                   "the sweep has " + number + " variants" + remark);
  return true;
}

void forget_all(Document& document) {
  for (AxisEntry const& axis : document.axes) {
    if (axis.range) forget(axis.range->change, document);
    for (AxisValue const& value : axis.values) forget(value.change, document);
  }
  for (NamedVariant const& variant : document.variants) {
    for (Change const& change : variant.changes) forget(change, document);
  }
  document.axes.clear();
  document.variants.clear();
}

}  // namespace

void read_sweep(WrittenSweep const& written, PipelineRequest const& request, Document& document,
                std::vector<Problem>& problems) {
  SweepContext const context{request, document, problems};
  for (WrittenAxis const& axis : written_axes(written.axes, written.arguments, context)) {
    read_axis(axis, context);
  }
  if (written.variants) read_variants(*written.variants, context);
  refuse_contradictions(written.overrides, context);
  if (refuse_too_many(context)) {
    forget_all(document);
    return;
  }
  for (AxisEntry& axis : document.axes) {
    if (axis.range) expand_range(axis, document);
    name_values(axis, context);
  }
}

}  // namespace seplflow
