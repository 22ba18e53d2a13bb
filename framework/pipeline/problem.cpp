#include "pipeline/problem.hpp"

#include <algorithm>
#include <tuple>

#include "base/number_text.hpp"
#include "base/utf8.hpp"

namespace seplflow {
namespace {

std::string joined(std::vector<Problem> const& problems) {
  std::string text;
  std::size_t const shown = std::min(problems.size(), kShownProblems);
  for (std::size_t i = 0; i < shown; ++i) text += to_string(problems[i]) + "\n";
  return text + counted(problems.size(), "error");
}

// White space as wide as the first `columns` characters of the line are shown. Tabs stay tabs.
std::string indent_like(std::string_view line, std::uint32_t columns) {
  std::string indent;
  std::uint32_t left = columns;
  for (std::size_t i = 0; i < line.size() && (left > 0 || continues_character(line[i])); ++i) {
    if (continues_character(line[i])) continue;
    --left;
    std::string_view const character =
        line.substr(i, std::max<std::size_t>(1, character_size(line[i])));
    std::size_t const width = is_control(character) ? without_controls(character).size() : 1;
    indent += line[i] == '\t' ? "\t" : std::string(width, ' ');
  }
  return indent + std::string(left, ' ');
}

// The part of a very long line around the column, which becomes that of the part.
std::string_view shown_part(std::string_view line, std::uint32_t& column) {
  constexpr std::size_t kLongestLine = 1000;
  if (line.size() <= kLongestLine) return line;
  std::size_t at = 0;  // of the column
  for (std::uint32_t left = column; at < line.size(); ++at) {
    if (!continues_character(line[at]) && --left == 0) break;
  }
  std::size_t begin = at - std::min(at, kLongestLine / 2);
  while (begin < at && continues_character(line[begin])) ++begin;
  column = 1 + static_cast<std::uint32_t>(character_count(line.substr(begin, at - begin)));
  std::string_view part = line.substr(begin, kLongestLine);
  while (!part.empty() && begin + part.size() < line.size() &&
         continues_character(line[begin + part.size()])) {
    part.remove_suffix(1);
  }
  return part;
}

}  // namespace

std::string_view SourceText::line(std::uint32_t number) const {
  std::string_view rest = text;
  for (std::uint32_t i = 1; i < number; ++i) {
    std::size_t const end = rest.find('\n');
    if (end == std::string_view::npos) return {};
    rest.remove_prefix(end + 1);
  }
  rest = rest.substr(0, rest.find('\n'));
  if (!rest.empty() && rest.back() == '\r') rest.remove_suffix(1);
  return rest;
}

std::vector<Problem> in_order(std::vector<Problem> problems) {
  std::ranges::stable_sort(problems, {}, [](Problem const& problem) {
    return std::tuple(problem.place.source->argument, problem.place.line, problem.place.column);
  });
  return problems;
}

std::string to_string(Problem const& problem, std::string_view kind) {
  Place const& place = problem.place;
  std::uint32_t column = place.column;
  std::string_view const line = shown_part(place.source->line(place.line), column);
  std::string where = place.source->name;
  if (place.source->is_argument()) {
    std::uint32_t first = 1;
    where += " " + std::string(shown_part(place.source->text, first));
  } else {
    where += ":" + std::to_string(place.line) + ":" + std::to_string(place.column);
  }
  std::string const margin = "    ";
  return without_controls(where) + ": " + std::string(kind) + ": " +
         without_controls(problem.message) + "\n" + margin + without_controls(line) + "\n" +
         margin + indent_like(line, column - 1) + "^";
}

PipelineError::PipelineError(std::vector<Problem> problems)
    : UsageError(joined(in_order(problems))), problems_(in_order(std::move(problems))) {}

}  // namespace seplflow
