// What is counted near the boundaries of one image.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include <seplflow/confusion_matrix.hpp>

namespace seplflow::eval {

struct BoundaryOptions {
  double dilation_ratio = 0.02;                  // of the image's diagonal
  double tolerance = 0.008;                      // of the image's diagonal
  std::vector<std::int64_t> bands = {2, 5, 10};  // pixels, ascending
};

// Pixels of one class.
struct BoundaryCounts {
  // Of its mask, at most the dilation away from a pixel outside: in the ground truth, in the
  // labels, and in both.
  std::uint64_t truth_region = 0, labels_region = 0, both_regions = 0;
  // Of its contour, and of these those with a pixel of the other contour within the tolerance.
  std::uint64_t truth_contour = 0, truth_matched = 0;
  std::uint64_t labels_contour = 0, labels_matched = 0;

  BoundaryCounts& operator+=(BoundaryCounts const& other);

  // Fractions in 0..1; nothing where they are 0/0.
  std::optional<double> iou() const;
  std::optional<double> precision() const;  // of the contour
  std::optional<double> recall() const;
  std::optional<double> f() const;
};

struct ImageCounts {
  std::map<Label, BoundaryCounts> classes;                // those that have any pixels
  std::vector<std::vector<ConfusionMatrix::Pair>> bands;  // of a confusion matrix for each band
};

// A ground truth, to which several label maps can be compared. O(pixels), and for the contours
// O(area of the box around the contours of each class).
class BoundaryTruth {
 public:
  // `classes` is the number of classes. The ground truth must live as long.
  BoundaryTruth(LabelMap const& truth, std::size_t classes, BoundaryOptions const& options);

  // Throws Error when the sizes differ. The labels must be classes or 255.
  ImageCounts compare(LabelMap const& labels) const;

 private:
  using Contours = std::map<Label, std::vector<std::uint32_t>>;  // row-major positions, by class

  void count_regions(std::vector<Label> const& labels, ImageCounts& counts) const;
  void count_contours(std::vector<Label> const& labels, ImageCounts& counts) const;
  void count_bands(LabelMap const& labels, ImageCounts& counts) const;

  LabelMap const& truth_;
  std::size_t const classes_;
  BoundaryOptions const& options_;
  Size const size_;
  std::uint32_t dilation_, radius_;      // pixels
  std::vector<std::uint32_t> distance_;  // to the next pixel with another label
  Contours contours_;
};

}  // namespace seplflow::eval
