#include "cli/screen.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "base/utf8.hpp"

namespace seplflow::cli {
namespace {

constexpr std::size_t kWidestText = 100;
constexpr std::size_t kUsualWidth = 80;

std::string environment(char const* name) {
  char const* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

bool shows_colours(bool is_terminal) {
  if (!environment("NO_COLOR").empty()) return false;
  std::string const force = environment("CLICOLOR_FORCE");
  if (!force.empty() && force != "0") return true;
  std::string const kind = environment("TERM");
  return is_terminal && !kind.empty() && kind != "dumb";
}

std::size_t terminal_width(int descriptor) {
  long const columns = std::strtol(environment("COLUMNS").c_str(), nullptr, 10);
  if (columns > 0) return static_cast<std::size_t>(columns);
  winsize size{};
  bool const is_known = ::ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return is_known ? size.ws_col : kUsualWidth;
}

std::string wrapped_line(std::string_view line, std::size_t width, std::size_t hanging) {
  std::size_t const indent = std::min(line.find_first_not_of(' '), line.size());
  std::string text;
  std::size_t used = indent + hanging;  // of the last line; nothing is broken before it has more
  std::string current(line.substr(0, indent));
  for (std::size_t at = indent; at < line.size();) {
    std::size_t const end = std::min(line.find(' ', at), line.size());
    std::string_view const word = line.substr(at, end - at);
    std::size_t const column = width_of(current);
    if (column > used && column + width_of(word) > width) {
      current.erase(current.find_last_not_of(' ') + 1);
      text += current + '\n';
      current = std::string(indent + hanging, ' ');
    }
    current += word;
    at = std::min(line.find_first_not_of(' ', end), line.size());
    current += line.substr(end, at - end);
  }
  return text + current;
}

}  // namespace

std::string Screen::paint(Colour colour, std::string const& text) const {
  return colours ? "\x1b[" + std::to_string(static_cast<int>(colour)) + "m" + text + "\x1b[0m"
                 : text;
}

std::size_t Screen::text_width() const {
  return width == 0 ? kUsualWidth : std::min(width, kWidestText);
}

Screen screen_of(int descriptor) {
  bool const is_terminal = ::isatty(descriptor) != 0;
  return {is_terminal ? terminal_width(descriptor) : 0, shows_colours(is_terminal)};
}

std::size_t width_of(std::string_view text) {
  std::size_t width = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '\x1b') {
      at = std::min(text.find('m', at), text.size());
    } else if (!continues_character(text[at])) {
      ++width;
    }
  }
  return width;
}

std::string wrapped(std::string_view text, std::size_t width, std::size_t hanging) {
  if (width == 0) return std::string(text);
  std::string lines;
  while (true) {
    std::size_t const end = text.find('\n');
    std::string_view const line = text.substr(0, end);
    lines += width_of(line) > width ? wrapped_line(line, width, hanging) : std::string(line);
    if (end == std::string_view::npos) return lines;
    lines += '\n';
    text.remove_prefix(end + 1);
  }
}

}  // namespace seplflow::cli
