// The terminal that a stream leads to, or whatever else reads it.
#pragma once

#include <string>
#include <string_view>

namespace seplflow::cli {

enum class Colour { red = 31, green = 32, yellow = 33 };  // as terminals number them

struct Screen {
  std::size_t width = 0;  // characters in a line; 0 = no limit
  bool colours = false;

  // The text in this colour, where the screen shows colours.
  std::string paint(Colour colour, std::string const& text) const;
  // The width for running text, which is hard to read in long lines.
  std::size_t text_width() const;
};

// A pipe has no colours and lines of any length. NO_COLOR, CLICOLOR_FORCE, TERM and COLUMNS count.
Screen screen_of(int descriptor);

// Characters that the text takes on a screen.
std::size_t width_of(std::string_view text);

// The text with lines broken at spaces so that none is wider than `width` (0 = no limit), if words
// allow. What follows a break is indented like its line, and `hanging` more.
std::string wrapped(std::string_view text, std::size_t width, std::size_t hanging = 0);

}  // namespace seplflow::cli
