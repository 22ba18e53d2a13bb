// The fenced blocks of a Markdown file.
#pragma once

#include <algorithm>
#include <regex>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

struct MarkdownBlock {
  int line = 0;          // of its opening fence
  std::string language;  // first word of the info string
  std::string tags;      // what follows it
  std::string text;

  // The value of NAME=VALUE or NAME="VALUE" among the tags, or "".
  std::string tag(std::string const& name) const {
    std::smatch match;
    std::regex const pattern("(?:^| )" + name + "=(?:\"([^\"]*)\"|([^ \"]+))");
    return std::regex_search(tags, match, pattern) ? match[1].str() + match[2].str() : "";
  }
};

// Throws for what would be a block without a language, or pass for text: indented blocks, indented
// fences, and a fence that is not closed.
inline std::vector<MarkdownBlock> blocks_of(std::string const& markdown) {
  std::vector<MarkdownBlock> blocks;
  std::istringstream lines(markdown);
  bool inside = false, after_blank = true;
  std::size_t text_indent = 0;  // of the list item that the line belongs to
  int number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    std::size_t const indent = line.find_first_not_of(' ');
    bool const is_fence = indent != std::string::npos && line.substr(indent).starts_with("```");
    if (is_fence && indent == 0) {
      inside = !inside;
      std::size_t const space = std::min(line.find(' '), line.size());
      std::string const tags = space < line.size() ? line.substr(space + 1) : "";
      if (inside) blocks.push_back({number, line.substr(3, space - 3), tags, ""});
    } else if (inside) {
      blocks.back().text += line + "\n";
    } else {
      bool const is_blank = indent == std::string::npos;
      if (is_fence || (after_blank && !is_blank && indent >= text_indent + 4)) {
        throw std::runtime_error("line " + std::to_string(number) +
                                 ": write a block between ``` fences that are not indented");
      }
      std::smatch item;
      if (std::regex_search(line, item, std::regex("^( *)([-*]|[0-9]+\\.) +"))) {
        text_indent = static_cast<std::size_t>(item.length());
      } else if (indent == 0) {
        text_indent = 0;
      }
      after_blank = is_blank;
    }
  }
  if (inside) throw std::runtime_error("a ``` fence is not closed");
  return blocks;
}
