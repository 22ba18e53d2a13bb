// The per-image table of the SEPL authors' script.
#pragma once

#include <array>

#include <seplflow/seplflow.hpp>

namespace seplflow::eval {

// This is not the paper's mIoU, but users compare with it. True positives, predicted and true
// pixels are never reset between the classes of an image (class 1, then 1 and 2, ...), background
// and classes missing from the ground truth are left out, and each column is the mean of the
// running ratios.
struct ReferenceCsv {
  // mIoU, precision and recall of an image, rounded to three decimals; NaN when the ground truth
  // has no class.
  using Scores = std::array<double, 3>;
  struct Record {
    Scores pseudo, labels;
  };

  // Throws Error when sizes differ.
  Record operator()(LabelMap const& truth, LabelMap const& pseudo, LabelMap const& labels) const;
  std::string save(Record const& record) const;
  Record load(std::string_view bytes) const;
  Row fold(Sample const& sample, Record const& record);
  std::vector<std::string> columns() const;
  Findings finish() const;

 private:
  std::uint64_t images_ = 0, scored_ = 0;
  Scores pseudo_sum_{}, labels_sum_{};
};

}  // namespace seplflow::eval
