// The variants of a pipeline: their names, the settings of their stages, their errors, and their
// text. Internal to the pipeline layer.
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "pipeline/document.hpp"

namespace seplflow {

// The product of the [[variant]]s and the axes, numbered; the last axis changes fastest. Without
// either there is one variant, which has no name.
class Sweep {
 public:
  explicit Sweep(Document const& document);

  std::size_t size() const { return size_; }
  std::string name(std::size_t variant) const;
  std::string label(std::size_t variant) const;  // the name of its [[variant]]; else empty
  std::vector<std::size_t> values(std::size_t variant) const;  // for each axis, which value

  // The settings of a stage in a variant. Variants that give it the same settings share one entry,
  // so there are far fewer entries than variants. `number` counts the entries of all stages.
  struct Entry {
    std::size_t number;
    std::size_t stage;  // index into Document::stages
    StageEntry settings;
  };
  Entry const& entry(std::size_t variant, std::size_t stage);
  std::deque<Entry> const& entries() const { return entries_; }

  // The place where the second of two variants says how it differs from the first.
  Place difference(std::size_t a, std::size_t b) const;
  // The axis or [[variant]] that makes one of these stages differ.
  Place difference(std::size_t a, std::size_t b, std::vector<std::size_t> const& stages) const;

 private:
  std::size_t value(std::size_t variant, std::size_t axis) const {
    return variant / strides_[axis] % document_.axes[axis].values.size();
  }
  std::size_t named(std::size_t variant) const { return variant / axes_size_; }
  // What the [[variant]] and the axes change in a stage, in the order in which they do.
  std::vector<Change const*> changes(std::size_t variant, std::size_t stage) const;

  Document const& document_;
  std::vector<std::size_t> strides_;
  std::size_t axes_size_ = 1, size_ = 1;
  std::deque<Entry> entries_;
  // The numbers of the entries, by stage and changes.
  std::map<std::pair<std::size_t, std::vector<Change const*>>, std::size_t> numbers_;
};

// Errors that variants share: each is reported once, with the variants that have it.
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

// All variants must read one data set, and differ in names and settings.
std::vector<Problem> check_variants(Pipeline const& pipeline, Sweep const& sweep);

// The stages, [sweep] and [[variant]] of a checked pipeline. Values are resolved, and options that
// the sweep does not change are spelled out. Wires stay as they were written, since the names of a
// stage's outputs may differ between variants.
std::string sweep_text(Document const& document, Sweep& sweep, Pipeline const& pipeline,
                       Environment const& environment);

}  // namespace seplflow
