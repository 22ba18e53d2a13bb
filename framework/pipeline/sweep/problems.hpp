// Mistakes that variants share: each told once, with the variants that have it. Internal to the
// pipeline layer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "pipeline/problem.hpp"
#include "pipeline/sweep/expand.hpp"

namespace seplflow {

class VariantProblems {
 public:
  explicit VariantProblems(Document const& document);

  void add(std::vector<Problem> const& problems, std::vector<std::size_t> const& variants);

  bool empty() const { return found_.empty(); }

  // In the order in which they were found. Those that not all variants have, or that the only one
  // has, begin with the name of the first and the number of the others.
  std::vector<Problem> report(Sweep const& sweep);

 private:
  struct Found {
    Problem problem;
    std::vector<std::size_t> variants;
  };
  using Key = std::tuple<SourceText const*, std::uint32_t, std::uint32_t, std::string>;

  static Key key_of(Place const& place, std::string message);

  std::set<Key> ranges_;  // where a mistake of one value is likely one of all, and told once
  std::vector<Found> found_;
  std::map<Key, std::size_t> index_;
};

}  // namespace seplflow
