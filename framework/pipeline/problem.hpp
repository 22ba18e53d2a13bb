// Mistakes in a pipeline, with the place where each was made.
#pragma once

#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace seplflow {

// A text that mistakes can be in: a pipeline file, or one argument of the command line.
struct SourceText {
  std::string name;  // path as the user gave it, or "--set"
  std::string text;
  // 0 for the file, else the place among the arguments, from 1.
  std::size_t argument = 0;

  bool is_argument() const { return argument > 0; }

  std::string_view line(std::uint32_t number) const;  // from 1, without its end
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

// In the order of their places.
std::vector<Problem> in_order(std::vector<Problem> problems);

// All mistakes of a pipeline in the order of their places; what() shows them all.
class PipelineError : public UsageError {
 public:
  explicit PipelineError(std::vector<Problem> problems);
  std::vector<Problem> const& problems() const { return problems_; }

 private:
  std::vector<Problem> problems_;
};

// The candidate nearest to a mistyped name, or nothing when none is near.
std::optional<std::string> nearest(std::string_view typed,
                                   std::vector<std::string> const& candidates);

// `; did you mean "NAME"?` for it, or nothing.
std::string did_you_mean(std::string_view typed, std::vector<std::string> const& candidates);

// The same, or else ` (it has "a" or "b")` where there is anything.
std::string suggestion(std::string_view typed, std::vector<std::string> const& candidates);

// "a", "a or b", "a, b or c", each in quotes.
std::string quoted_list(std::vector<std::string> const& names);

}  // namespace seplflow
