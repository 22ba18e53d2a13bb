// Refines labels along the edges of the image.
#pragma once

#include <cstdint>
#include <optional>
#include <tuple>

#include <seplflow/seplflow.hpp>

#include <seplflow/image_labels.hpp>
#include "label/dense_crf.hpp"

namespace seplflow::label {

// Published parameter sets.
enum class CrfPreset { irn, psa, clipes };

// The fully connected CRF over labels or scores, as methods apply it with pydensecrf.
struct Crf {
  std::optional<CrfPreset> preset;
  std::int64_t iterations = 10;
  std::optional<double> gaussian_sxy, gaussian_compat;
  std::optional<double> bilateral_sxy, bilateral_srgb, bilateral_compat;
  std::optional<double> gt_prob;
  std::optional<std::int64_t> n_labels;
  std::optional<double> background, alpha;
  double min_confidence = 0;

  // Fills in the values of the preset. Refuses options that are for the other kind of input.
  void check(OptionCheck& check);

  // Exactly one of labels and scores is null. The classes of image_labels, if not null, count among
  // the labels even if the label map does not contain them. Throws Error when labels or scores have
  // another size than the image, the labels contain a value that is not a class of the sample, or
  // the scores have no background.
  // The labels, and the marginals of background and the other candidates if they are wanted.
  std::tuple<LabelMap, ScoreMaps> operator()(SampleContext const& context, Image const& image,
                                             LabelMap const* labels, ScoreMaps const* scores,
                                             ImageLabels const* image_labels) const;

 private:
  PairwiseParameters pairwise() const;
  void require_fit(SampleContext const& context, Image const& image, LabelMap const* labels,
                   ScoreMaps const* scores) const;

  bool with_scores_ = false;
};

}  // namespace seplflow::label
