#include "pipeline/sweep/problems.hpp"

namespace seplflow {

VariantProblems::VariantProblems(Document const& document) {
  for (AxisEntry const& axis : document.axes) {
    if (axis.range) ranges_.insert(axis.values.front().origin.value_place);
  }
}

void VariantProblems::add(std::vector<Problem> const& problems,
                          std::vector<std::size_t> const& variants) {
  for (Problem const& problem : problems) {
    Problem key = problem;
    if (ranges_.contains(key.place)) key.message.clear();
    auto const [known, is_new] = index_.emplace(std::move(key), found_.size());
    if (is_new) found_.push_back({problem, {}});
    found_[known->second].second.insert(variants.begin(), variants.end());
  }
}

std::vector<Problem> VariantProblems::report(Sweep const& sweep) const {
  std::vector<Problem> problems;
  for (auto const& [problem, variants] : found_) {
    std::string const name = sweep.name(*variants.begin());
    std::size_t const others = variants.size() - 1;
    std::string who;
    if (!name.empty() && (variants.size() < sweep.size() || others == 0)) {
      who = "variant \"" + name + "\"";
      if (others > 0)
        who += " and " + std::to_string(others) + (others == 1 ? " other" : " others");
      who += ": ";
    }
    problems.push_back({problem.place, who + problem.message});
  }
  return problems;
}

}  // namespace seplflow
