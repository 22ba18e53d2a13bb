// Which axes a sweep has: those of [sweep] and of --sweep. Internal to the pipeline layer.
#pragma once

#include <string>
#include <vector>

#include "pipeline/sweep/change.hpp"

namespace seplflow {

// An axis before its values are looked at.
struct WrittenAxis {
  std::string key;
  Setting setting;                // its value is the file's; none on the command line
  std::vector<Setting> elements;  // on the command line
};

// In the order of the file, then those of the command line, which also take the place of others.
// `sweep` is the table of the file, if there is one; arguments are numbered after so many others.
std::vector<WrittenAxis> written_axes(std::optional<Setting> const& sweep, std::size_t arguments,
                                      SweepContext const& context);

}  // namespace seplflow
