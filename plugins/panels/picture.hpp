// A column of a figure as pixels and outlines.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "figure_row.hpp"

namespace seplflow::panels {

enum class Style {
  overlay,  // colours over the image
  plain,    // colours on black
};

struct Look {
  Style style = Style::overlay;
  double opacity = 0.6;
  bool contours = true;
  PredictedIgnore predicted_255 = PredictedIgnore::miss;
};

// What happens to a pixel between the pseudo-label and the labels.
enum class Change { none, gained, lost, wrong };
constexpr Colour kGained{86, 180, 233}, kLost{213, 94, 0}, kWrong{150, 150, 150};

struct Picture {
  Size size;
  std::vector<std::uint8_t> rgb;        // row-major, 3 bytes for each pixel
  std::vector<std::uint16_t> outlined;  // contours lie where neighbours differ; empty for none
  std::vector<std::uint8_t> ignored;    // 255 where the label is 255, else 0; empty for none
  std::string remark;                   // why there is nothing to see: "no masks"
};

Picture picture_of(Column column, FigureRow const& row, Look const& look, Colours const& colours);

// What the legend of a column explains.
struct LegendNeeds {
  std::vector<bool> classes = std::vector<bool>(256);
  bool ignored = false, changes = false, wrong = false, heat = false;
  bool scaled_heat = false;  // scores above 1
};
void add_needs(Column column, FigureRow const& row, Look const& look, LegendNeeds& needs);

// From 0, dark blue, to 255, yellow.
Colour heat_colour(std::uint8_t heat);

}  // namespace seplflow::panels
