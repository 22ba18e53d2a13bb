// The layout of a figure: rows of panels with titles, captions and a legend.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "picture.hpp"

namespace seplflow::panels {

struct FigureOptions {
  std::vector<Column> columns;
  std::vector<std::string> titles;  // one for each column, or none
  bool caption = true, legend = true;
  std::optional<std::int64_t> width, height;  // of the figure, of a panel
  Look look;
  Colours colours;  // empty for those of the data set

  bool has_text() const { return caption || legend || !titles.empty(); }
};

// The rows of a figure, which are loaded one at a time.
struct FigureRows {
  std::size_t count = 0;
  std::function<FigureRow(std::size_t)> load;
  std::function<std::string(std::size_t)> group = {};  // "worst", before the caption of a row
};

// Draws the figure. Throws Error when it would be larger than a PNG or a page can be.
Image draw_image(FigureRows const& rows, FigureOptions const& options);

// The same as a PDF of one page, with text and outlines as vectors; 300 pixels are an inch.
std::vector<std::uint8_t> draw_pdf(FigureRows const& rows, FigureOptions const& options);

}  // namespace seplflow::panels
