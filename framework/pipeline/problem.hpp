// Errors in a pipeline, with their places.
#pragma once

#include <compare>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <seplflow/error.hpp>
#include "base/similar_names.hpp"

namespace seplflow {

// A text that can contain errors: a pipeline file, or one argument of the command line.
struct SourceText {
  std::string name;  // the path as the user wrote it, or "--set"
  std::string text;
  std::size_t argument = 0;  // 0 for the file, else the number of the argument, from 1

  bool is_argument() const { return argument > 0; }

  std::string_view line(std::uint32_t number) const;  // from 1, without the line break
};

struct Place {
  std::shared_ptr<SourceText const> source;
  std::uint32_t line = 1, column = 1;  // from 1; columns count code points, as editors do
  friend auto operator<=>(Place const&, Place const&) = default;
};

struct Problem {
  Place place;
  std::string message;
  friend auto operator<=>(Problem const&, Problem const&) = default;
};

// "FILE:LINE:COLUMN: error: MESSAGE", the line, and a caret under the column. `kind` may be
// "warning" instead.
std::string to_string(Problem const& problem, std::string_view kind = "error");

// Further problems are only counted: each is shown with its line, which has to be found.
constexpr std::size_t kShownProblems = 50;

// Sorted by their places.
std::vector<Problem> in_order(std::vector<Problem> problems);

// All errors of a pipeline, sorted by their places; what() shows the first kShownProblems.
class PipelineError : public UsageError {
 public:
  explicit PipelineError(std::vector<Problem> problems);
  std::vector<Problem> const& problems() const { return problems_; }

 private:
  std::vector<Problem> problems_;
};

}  // namespace seplflow
