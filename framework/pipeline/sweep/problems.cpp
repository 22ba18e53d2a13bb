#include "pipeline/sweep/problems.hpp"

#include <algorithm>

namespace seplflow {

VariantProblems::VariantProblems(Document const& document) {
  for (AxisEntry const& axis : document.axes) {
    if (!axis.range) continue;
    ranges_.insert(key_of(axis.values.front().change.origin.value_place, ""));
  }
}

VariantProblems::Key VariantProblems::key_of(Place const& place, std::string message) {
  return {place.source.get(), place.line, place.column, std::move(message)};
}

void VariantProblems::add(std::vector<Problem> const& problems,
                          std::vector<std::size_t> const& variants) {
  for (Problem const& problem : problems) {
    Key key = key_of(problem.place, "");
    if (!ranges_.contains(key)) key = key_of(problem.place, problem.message);
    auto const [known, is_new] = index_.emplace(std::move(key), found_.size());
    if (is_new) found_.push_back({problem, {}});
    auto& all = found_[known->second].variants;
    all.insert(all.end(), variants.begin(), variants.end());
  }
}

std::vector<Problem> VariantProblems::report(Sweep const& sweep) {
  std::vector<Problem> problems;
  for (Found& found : found_) {
    std::ranges::sort(found.variants);
    found.variants.erase(std::unique(found.variants.begin(), found.variants.end()),
                         found.variants.end());
    std::size_t const count = found.variants.size();
    if (count < sweep.size() || sweep.size() == 1) {
      std::string const name = sweep.name(found.variants.front());
      std::string who = name.empty() ? "" : "variant \"" + name + "\"";
      if (count > 1) {
        who += " and " + std::to_string(count - 1) + (count == 2 ? " other" : " others");
      }
      if (!who.empty()) found.problem.message = who + ": " + found.problem.message;
    }
    problems.push_back(std::move(found.problem));
  }
  return problems;
}

}  // namespace seplflow
