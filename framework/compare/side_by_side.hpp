// The metrics of an evaluator in several runs, number by number and class by class.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "compare/comparison.hpp"
#include "compare/finished_run.hpp"

namespace seplflow {

// Whether numbers are fractions: metrics.json writes those with a decimal point, and counts
// without.
class Scale {
 public:
  void note(Json const& value);
  bool is_fraction() const { return has_point_ && is_bounded_; }

 private:
  bool has_point_ = false, is_bounded_ = true;
};

class SideBySide {
 public:
  explicit SideBySide(std::size_t runs) : runs_(runs) {}

  // The metrics of one run, with a prefix for the names of their numbers.
  void add(std::size_t run, Json const& tree, std::string const& prefix = "");

  void move_to(Comparison::Evaluator& evaluator);

 private:
  struct ClassList {
    Comparison::Classes classes;
    Scale scale;
    std::map<std::pair<std::optional<std::int64_t>, std::string>, std::size_t> places;
  };

  void add_classes(std::size_t run, Json const& json, std::string const& name);

  std::size_t runs_;
  std::vector<std::pair<Comparison::Number, Scale>> numbers_;
  std::map<std::string, std::size_t> places_;
  std::vector<ClassList> lists_;
};

// What the runs say about a score; null where none of them knows it.
Json meaning_of(std::vector<FinishedRun> const& runs, std::string const& stage,
                std::string const& metric);

// Corrects what is otherwise guessed from the values.
void apply_meanings(Comparison::Evaluator& evaluator, std::vector<FinishedRun> const& runs);

}  // namespace seplflow
