#include "base/similar_names.hpp"

#include <algorithm>
#include <numeric>

namespace seplflow {
namespace {

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

std::vector<std::string> similar_names(std::string_view typed,
                                       std::vector<std::string> const& candidates) {
  constexpr std::size_t kShortest = 3, kMost = 3;
  if (auto const name = nearest_name(typed, candidates)) return {*name};
  std::vector<std::string> names;
  std::ranges::copy_if(candidates, std::back_inserter(names), [&](std::string const& each) {
    return typed.size() >= kShortest && each.find(typed) != std::string::npos;
  });
  return names.size() <= kMost ? names : std::vector<std::string>();
}

std::string did_you_mean(std::string_view typed, std::vector<std::string> const& candidates) {
  auto const names = similar_names(typed, candidates);
  return names.empty() ? "" : "; did you mean " + quoted_list(names) + "?";
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
