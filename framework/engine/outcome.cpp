#include "engine/engine.hpp"
#include "engine/in_flight.hpp"

namespace seplflow {

std::string_view to_string(Outcome outcome) {
  switch (outcome) {
    case Outcome::done:
      return "done";
    case Outcome::skipped:
      return "skipped";
    case Outcome::failed:
      return "failed";
    case Outcome::cancelled:
      return "cancelled";
  }
  return "";
}

// In the order of the enumeration.
Outcome worse_outcome(Outcome a, Outcome b) {
  return a >= b ? a : b;
}

std::string stall_report(Pipeline const& pipeline, RunTotals const& totals) {
  std::string text = "the graph stalled: " + std::to_string(totals.emitted) +
                     " samples were emitted but " + std::to_string(totals.retired()) + " retired;";
  bool any = false;
  for (std::size_t i = 0; i < pipeline.stages.size(); ++i) {
    if (totals.stages[i].held == 0) continue;
    text += (any ? ", " : " held before ") + std::string("\"") + pipeline.stages[i].name +
            "\": " + std::to_string(totals.stages[i].held);
    any = true;
  }
  if (!any) text += " all stages passed everything on, so they are held before retirement";
  return text + "; this is a defect of seplflow, please report it with the pipeline file";
}

}  // namespace seplflow
