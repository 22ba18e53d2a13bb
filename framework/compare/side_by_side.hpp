// The metrics of several runs, number by number and class by class.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "compare/comparison.hpp"
#include "run/json.hpp"

namespace seplflow {

// Which numbers are fractions. metrics.json writes the fraction 1 as the count 1, so what a name
// means is told by all its values in an evaluator.
class Fractions {
 public:
  void note(std::string const& name, std::optional<double> value);
  bool contain(std::string const& name) const;

 private:
  std::map<std::string, std::pair<bool, bool>> seen_;
};

// The trees of an evaluator's metrics, put side by side.
class SideBySide {
 public:
  SideBySide(std::size_t runs, Fractions& fractions) : runs_(runs), fractions_(fractions) {}

  void add(std::size_t run, Json const& tree, std::string const& prefix = "");
  void give(Comparison::Evaluator& evaluator);

 private:
  struct PlacedNumber {
    Comparison::Number number;
    std::string leaf;
  };
  using Key = std::pair<std::optional<std::int64_t>, std::string>;
  struct PlacedClasses {
    Comparison::Classes classes;
    std::map<Key, std::size_t> places;
  };

  void add_classes(std::size_t run, Json const& list, std::string const& name);

  std::size_t runs_;
  Fractions& fractions_;
  std::vector<PlacedNumber> numbers_;
  std::map<std::string, std::size_t> places_;
  std::vector<PlacedClasses> lists_;
};

}  // namespace seplflow
