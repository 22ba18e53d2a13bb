// Tables on the terminal.
#pragma once

#include <functional>
#include <ostream>
#include <sstream>
#include <string>

#include <seplflow/detail/stage_instance.hpp>
#include "cli/screen.hpp"
#include "pipeline/pipeline.hpp"

namespace seplflow::cli {

// What a command prints: collected as text, and printed so that it fits the screen.
class Page : public std::ostringstream {
 public:
  explicit Page(Screen const& screen) : screen_(screen) {}

  // Title, header (unless all columns are nameless) and rows, in columns as wide as their widest
  // cell. Columns that do not fit the screen follow in a block of their own. Differences are green
  // where they are gains and red where they are losses. Control characters are shown as text.
  void add(SummaryTable const& table);

  // Whether all columns of the table fit side by side.
  bool fits(SummaryTable const& table) const;

  // Long lines are broken.
  void print(std::ostream& stream) const;

 private:
  Screen const screen_;
};

// For a sweep of two axes, or of one axis and named variants: the first axis across, the second or
// the names down, with a cell for each variant.
SummaryTable grid(Pipeline const& pipeline, std::string title,
                  std::function<std::string(std::size_t variant)> const& cell);

}  // namespace seplflow::cli
