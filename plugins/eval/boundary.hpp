// Scores of labels near boundaries.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include <seplflow/seplflow.hpp>
#include "boundary_counts.hpp"

namespace seplflow::eval {

// Boundary IoU, boundary F-score, and mIoU in bands along the boundaries of the ground truth.
struct Boundary : BoundaryOptions {
  struct Record {
    std::uint64_t classes = 0;
    ImageCounts labels;
    std::optional<ImageCounts> baseline;
  };

  void check(OptionCheck& check);
  // Throws Error when sizes differ, or a label is neither a class nor 255.
  Record operator()(SampleContext const& context, LabelMap const& truth, LabelMap const& labels,
                    LabelMap const* baseline) const;
  std::string save(Record const& record) const;
  Record load(std::string_view bytes) const;
  std::vector<std::string> columns() const;
  Row fold(Sample const& sample, Record const& record);
  Findings finish() const;

 private:
  using Values = std::vector<std::optional<double>>;  // by name

  // The results for the labels, or for the baseline.
  struct Side {
    std::map<Label, BoundaryCounts> classes;
    std::vector<ConfusionMatrix> bands;
    std::vector<double> sums;  // of the values of images that have one
    std::vector<std::uint64_t> images_with;
    void add(ImageCounts const& image, Values const& values, std::uint64_t count);
  };

  std::vector<std::string> names() const;
  Values values_of(ImageCounts const& image, std::uint64_t classes) const;
  Values values_of(Side const& side) const;
  Metrics metrics_of(Side const& side) const;

  bool has_baseline_ = false;
  ClassesPtr classes_;
  std::uint64_t images_ = 0;
  Side labels_, baseline_;
};

}  // namespace seplflow::eval
