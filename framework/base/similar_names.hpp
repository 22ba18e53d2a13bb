// What a user who mistyped a name may have meant.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <seplflow/error.hpp>

namespace seplflow {

// The candidate most similar to a mistyped name, or nothing if none is similar.
SEPLFLOW_API std::optional<std::string> nearest_name(std::string_view typed,
                                                     std::vector<std::string> const& candidates);

// That candidate, or else the few that contain what was typed.
SEPLFLOW_API std::vector<std::string> similar_names(std::string_view typed,
                                                    std::vector<std::string> const& candidates);

// `; did you mean "NAME"?` with these candidates, or nothing.
SEPLFLOW_API std::string did_you_mean(std::string_view typed,
                                      std::vector<std::string> const& candidates);

// The same, or else ` (it has "a" or "b")` if there are candidates.
SEPLFLOW_API std::string suggestion(std::string_view typed,
                                    std::vector<std::string> const& candidates);

// "a", "a or b", "a, b or c", each in quotes.
SEPLFLOW_API std::string quoted_list(std::vector<std::string> const& names);

}  // namespace seplflow
