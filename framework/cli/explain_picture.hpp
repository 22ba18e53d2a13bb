// The picture of seplflow explain: what a stage was given, what it decided, and what came of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <seplflow/classes.hpp>
#include <seplflow/explanation.hpp>
#include <seplflow/image.hpp>
#include <seplflow/label_map.hpp>

namespace seplflow::cli {

// One picture of the row: a title, and labels or items over the image. All have one size.
struct ExplainPanel {
  std::string title;
  std::optional<LabelMap> labels = {};
  // Numbered regions of these items, the larger below; those that are kept are filled with the
  // colour of their class, the others only outlined.
  std::vector<std::size_t> items = {};
};

// A PNG of the panels side by side. Without an image they are drawn on gray. Small images are
// enlarged, so that the numbers can be read.
std::vector<std::uint8_t> explain_picture(std::optional<Image> const& image, Size size,
                                          Explanation const& explanation,
                                          std::vector<ExplainPanel> const& panels,
                                          Colours const& colours);

}  // namespace seplflow::cli
