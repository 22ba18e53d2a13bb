// Counts of (true class, predicted class) over pixels, and the scores computed from them.
#pragma once

#include <seplflow/bytes.hpp>
#include <seplflow/export.hpp>
#include <seplflow/label_map.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace seplflow {

// What a predicted 255 means where the ground truth has a class. Published evaluators differ, by
// tens of points of mIoU.
enum class PredictedIgnore {
  miss,        // a false negative of the true class, a false positive of none
  background,  // as if background were predicted
  drop,        // the pixel is ignored
};

// Has 64-bit counters: the background of COCO alone overflows 32 bits. Pixels whose ground truth is
// 255 are never counted. Mutable; not safe to change from several threads.
class SEPLFLOW_API ConfusionMatrix {
 public:
  explicit ConfusionMatrix(std::size_t classes);

  std::size_t classes() const { return classes_; }

  // Adds an image. Throws Error, and leaves the matrix unchanged, when the sizes differ (naming
  // both) or a label of either map is neither one of the classes nor 255.
  void add(LabelMap const& truth, LabelMap const& predicted, PredictedIgnore predicted_ignore);

  // Counts another prediction of an image in place of one that was added. Takes as long as both differ
  // in many runs, so it suits predictions that have most pixels in common. Throws as add() does.
  void replace(LabelMap const& truth, LabelMap const& before, LabelMap const& now,
               PredictedIgnore predicted_ignore);

  // The pairs of classes that occur, which are few in an image. They can be added to a matrix with
  // as many classes.
  struct Pair {
    std::uint32_t place;  // in the matrix
    std::uint64_t pixels;
  };
  std::vector<Pair> pairs() const;
  ConfusionMatrix& operator+=(std::vector<Pair> const& pairs);

  std::uint64_t count(std::size_t truth, std::size_t predicted) const {
    return counts_[truth * (classes_ + 1) + predicted];
  }
  // Pixels of the true class whose prediction 255 counts as a miss.
  std::uint64_t missed(std::size_t truth) const { return count(truth, classes_); }

  std::uint64_t true_positives(std::size_t k) const { return count(k, k); }
  std::uint64_t false_positives(std::size_t k) const;
  std::uint64_t false_negatives(std::size_t k) const;

  // For results that outlive a run. read() throws Error when the bytes do not hold a matrix.
  void write(ByteWriter& bytes) const;
  static ConfusionMatrix read(ByteReader& bytes);

  bool operator==(ConfusionMatrix const&) const = default;

 private:
  std::size_t classes_;
  std::vector<std::uint64_t>
      counts_;  // classes x (classes + 1); the last column counts missed 255s
};

// The classes over which a mean is taken.
enum class ClassMean {
  all,         // every class
  with_union,  // classes in the ground truth or the prediction: tp + fp + fn > 0
  with_truth,  // classes in the ground truth: tp + fn > 0
};

// Fractions in 0..1; nothing where the value is 0/0.
struct Scores {
  std::optional<double> iou, precision, recall;
};

// tp / (tp + fp + fn), tp / (tp + fp), tp / (tp + fn) of one class.
SEPLFLOW_API Scores class_scores(ConfusionMatrix const& confusion, std::size_t k);

// The means over the same set of classes for all three. A 0/0 counts as 0 when its class is in the
// set; nothing when the set is empty.
SEPLFLOW_API Scores mean_scores(ConfusionMatrix const& confusion, ClassMean mean);

}  // namespace seplflow
