// The one exception that seplflow throws for anything a user can mend.
#pragma once

#include <stdexcept>
#include <string>

#if defined(__GNUC__)
#define SEPLFLOW_API __attribute__((visibility("default")))
#else
#define SEPLFLOW_API
#endif

namespace seplflow {

// What went wrong, where, what was expected, and what to do, in one sentence for the user. Stages
// throw it (any std::exception works too); the engine adds the stage and the sample. Files are
// quoted in messages, and may hold anything: control characters but line ends and tabs, which a
// terminal would obey, become \x1b and the like.
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
