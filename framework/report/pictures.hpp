// The pictures of a report: label maps of a few images, before and after. Internal to the report.
#pragma once

#include <string>
#include <vector>

#include "report/run_data.hpp"

namespace seplflow {

struct Panels {
  Json json = Json::array();         // for the page
  std::vector<std::string> missing;  // which pictures cannot be shown, and why
  std::vector<std::string> notes;    // on those that are
};

// So many of the best, worst and random images of the first run, and of those that differ most
// between the runs. Their label maps are computed again, with these options instead of those of the
// runs.
Panels make_panels(std::vector<RunData> const& runs, std::size_t count,
                   std::vector<std::string> const& overrides);

}  // namespace seplflow
