// Intersection over union, precision and recall of labels against the ground truth.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include <seplflow/seplflow.hpp>

#include <seplflow/confusion_matrix.hpp>

namespace seplflow::eval {

// Published evaluators: what a predicted 255 means and which classes the mean includes.
enum class Convention { seam, irn, sipe, eps, deeplab, recurseed };

// Accumulates a confusion matrix over the data set for the labels, and another for a baseline.
struct Miou {
  std::optional<Convention> convention;
  PredictedIgnore predicted_255 = PredictedIgnore::miss;
  ClassMean mean = ClassMean::with_union;

  // One image.
  struct Scored {
    ConfusionMatrix confusion;
    std::vector<ConfusionMatrix::Pair> pairs;  // of `confusion`: many variants add them up
    Scores scores;                             // over the classes that `mean` includes
    std::uint64_t predicted_255 = 0;           // pixels where the ground truth has a class
  };
  struct Record {
    Scored labels;
    std::optional<Scored> baseline;
    std::vector<Label> truth_labels = {};  // that the ground truth shows, ascending
    std::uint64_t truth_pixels = 0, truth_255 = 0;
  };

  void check(OptionCheck& check);
  Record operator()(SampleContext const& context, LabelMap const& truth, LabelMap const& labels,
                    LabelMap const* baseline, ImageLabels const* image_labels) const;
  std::string save(Record const& record) const;
  Record load(std::string_view bytes) const;
  Row fold(Sample const& sample, Record const& record);
  std::vector<std::string> columns() const;
  Findings finish() const;

 private:
  // The mean of each score over the images that have a value.
  struct ImageMean {
    void add(Scores const& scores);
    Scores value() const;
    Scores sum{0.0, 0.0, 0.0};
    std::uint64_t images[3] = {0, 0, 0};
  };
  Scored scored(LabelMap const& truth, LabelMap const& predicted, std::size_t classes) const;
  Scored scored_labels(LabelMap const& truth, LabelMap const& labels, std::size_t classes) const;
  Scored scored_baseline(LabelMap const& truth, LabelMap const& baseline,
                         std::size_t classes) const;
  Scored scored(ConfusionMatrix confusion, std::uint64_t pixels_255) const;

  // The results for the labels, or for the baseline.
  struct Side {
    std::optional<ConfusionMatrix> total;
    std::uint64_t images = 0;
    ImageMean image_mean;
    std::uint64_t pixels = 0;         // that were counted
    std::uint64_t predicted_255 = 0;  // among them, or dropped where the ground truth has a class
    void add(Scored const& image);
    Scores scores(ClassMean over) const;
    Metrics metrics(ClassesPtr const& classes, ClassMean over) const;
    // Among the pixels whose ground truth is a class.
    std::optional<double> share_of_255(PredictedIgnore predicted) const;
  };
  // What the ground truth of all samples shows.
  struct Shown {
    std::array<bool, 256> labels{};
    std::uint64_t pixels = 0, ignored = 0;
    void add(Record const& record);
  };
  void require_shown_class() const;
  std::string never_shown() const;
  std::string conditions() const;
  std::string text_of_255() const;

  bool has_baseline_ = false;
  ClassesPtr classes_;
  Side labels_, baseline_;
  Shown shown_;
};

}  // namespace seplflow::eval
