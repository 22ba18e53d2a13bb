#include "pipeline/problem.hpp"

#include <algorithm>
#include <numeric>
#include <tuple>

#include "base/utf8.hpp"

namespace seplflow {
namespace {

std::string joined(std::vector<Problem> const& problems) {
  std::string text;
  for (Problem const& problem : problems) text += to_string(problem) + "\n";
  text += std::to_string(problems.size()) + (problems.size() == 1 ? " error" : " errors");
  return text;
}

// White space as wide as the first `columns` characters of the line. Tabs stay tabs.
std::string indent_like(std::string_view line, std::uint32_t columns) {
  std::string indent;
  for (char const c : line) {
    if (continues_character(c)) continue;
    if (indent.size() >= columns) break;
    indent += c == '\t' ? '\t' : ' ';
  }
  indent.resize(columns, ' ');
  return indent;
}

// Damerau-Levenshtein distance: insertions, deletions, replacements, swaps of neighbours.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1), above(b.size() + 1), row(b.size() + 1);
  std::iota(above.begin(), above.end(), 0);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      std::size_t const replace = above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, replace});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before[j - 2] + 1);
      }
    }
    std::swap(before, above);
    std::swap(above, row);
  }
  return above[b.size()];
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
  std::string_view const line = place.source->line(place.line);
  std::string where = place.source->name;
  if (place.source->is_argument()) {
    where += " " + place.source->text;
  } else {
    where += ":" + std::to_string(place.line) + ":" + std::to_string(place.column);
  }
  std::string const margin = "    ";
  return where + ": " + std::string(kind) + ": " + problem.message + "\n" + margin +
         std::string(line) + "\n" + margin + indent_like(line, place.column - 1) + "^";
}

PipelineError::PipelineError(std::vector<Problem> problems)
    : UsageError(joined(in_order(problems))), problems_(in_order(std::move(problems))) {}

std::optional<std::string> nearest_name(std::string_view typed,
                                        std::vector<std::string> const& candidates) {
  std::optional<std::string> best;
  // A name that differs in more than a third of its letters is another word, not a typo.
  std::size_t least = std::max<std::size_t>(1, (typed.size() + 2) / 3) + 1;
  for (std::string const& candidate : candidates) {
    std::size_t const distance = edit_distance(typed, candidate);
    if (distance >= least) continue;
    best = candidate;
    least = distance;
  }
  return best;
}

std::string did_you_mean(std::string_view typed, std::vector<std::string> const& candidates) {
  auto const name = nearest_name(typed, candidates);
  return name ? "; did you mean \"" + *name + "\"?" : "";
}

std::string suggestion(std::string_view typed, std::vector<std::string> const& candidates) {
  std::string hint = did_you_mean(typed, candidates);
  if (!hint.empty() || candidates.empty()) return hint;
  return " (it has " + quoted_list(candidates) + ")";
}

std::string quoted_list(std::vector<std::string> const& names) {
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i > 0) text += i + 1 == names.size() ? " or " : ", ";
    text += "\"" + names[i] + "\"";
  }
  return text;
}

}  // namespace seplflow
