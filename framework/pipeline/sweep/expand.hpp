// The variants of a pipeline, numbered: what each is called, and what its stages are set to.
// Internal to the pipeline layer.
#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <vector>

#include "pipeline/document.hpp"

namespace seplflow {

// The product of the [[variant]]s and the axes; the last axis is the fastest. Without any there is
// one variant, without a name.
class Sweep {
 public:
  explicit Sweep(Document const& document);

  std::size_t size() const { return size_; }
  std::string name(std::size_t variant) const;
  std::vector<std::size_t> values(std::size_t variant) const;  // for each axis, which of them

  // What a variant's stage is set to. Variants that set it to the same share one entry, so that
  // there are far fewer entries than variants; `number` tells them apart, over all stages.
  struct Entry {
    std::size_t number;
    std::size_t stage;  // index into Document::stages
    StageEntry settings;
  };
  Entry const& entry(std::size_t variant, std::size_t stage);
  std::deque<Entry> const& entries() const { return entries_; }

  // Where the second of two variants says what it has other than the first.
  Place difference(std::size_t a, std::size_t b) const;
  // The axis or [[variant]] in which they differ over one of these stages.
  Place difference(std::size_t a, std::size_t b, std::vector<std::size_t> const& stages) const;

 private:
  // What changes one stage, and the entries by which of those changes a variant has.
  struct Changes {
    std::vector<std::size_t> named;  // for each [[variant]], 0 when it leaves the stage alone
    std::size_t named_count = 1;
    std::vector<std::size_t> axes;     // those over the whole stage first
    std::vector<std::size_t> entries;  // numbers
  };

  std::size_t value(std::size_t variant, std::size_t axis) const {
    return variant / strides_[axis] % document_.axes[axis].values.size();
  }
  std::size_t named(std::size_t variant) const { return variant / axes_size_; }
  void find_changes(std::size_t stage);
  StageEntry settings(std::size_t variant, std::size_t stage) const;

  Document const& document_;
  std::vector<std::size_t> strides_;
  std::size_t axes_size_ = 1, size_ = 1;
  std::vector<Changes> changes_;  // by stage
  std::deque<Entry> entries_;
};

}  // namespace seplflow
