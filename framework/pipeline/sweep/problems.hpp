// Errors that variants share: each is reported once, with the variants that have it. Internal to
// the pipeline layer.
#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <vector>

#include "pipeline/problem.hpp"
#include "pipeline/sweep/expand.hpp"

namespace seplflow {

class VariantProblems {
 public:
  explicit VariantProblems(Document const& document);

  void add(std::vector<Problem> const& problems, std::vector<std::size_t> const& variants);

  bool empty() const { return found_.empty(); }

  // In the order in which they were found. A problem that only some variants have, or that the only
  // variant has, begins with the name of the first and the number of the others.
  std::vector<Problem> report(Sweep const& sweep) const;

 private:
  std::set<Place> ranges_;  // at each of these all problems count as one
  std::vector<std::pair<Problem, std::set<std::size_t>>> found_;  // with their variants
  std::map<Problem, std::size_t> index_;                          // into found_
};

}  // namespace seplflow
