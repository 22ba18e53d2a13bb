// The exception that seplflow throws for everything that a user can fix.
#pragma once

#include <seplflow/export.hpp>

#include <stdexcept>
#include <string>
#include <string_view>

namespace seplflow {

// Control characters, which a terminal would interpret, become \x1b and the like; line ends and
// tabs stay.
SEPLFLOW_API std::string without_controls(std::string_view text);

// Its message is one sentence for the user: what went wrong, where, what was expected, and what to
// do. Stages throw it (any std::exception works too); the engine adds the stage and the sample.
// Messages quote files, which may contain anything, so they are shown without_controls().
class SEPLFLOW_API Error : public std::runtime_error {
 public:
  explicit Error(std::string const& message);
  ~Error() override;
};

// The command line or the pipeline is wrong, so nothing was run.
class SEPLFLOW_API UsageError : public Error {
 public:
  using Error::Error;
  ~UsageError() override;
};

}  // namespace seplflow
