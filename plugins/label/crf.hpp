// Labels that follow the edges of the image.
#pragma once

#include <cstdint>
#include <optional>
#include <seplflow.hpp>

#include "data/image_labels.hpp"
#include "label/pairwise.hpp"

namespace seplflow::label {

// Published sets of parameters.
enum class CrfPreset { irn, psa, clipes };

// The fully connected CRF over labels or scores, as the methods apply it with pydensecrf.
struct Crf {
  std::optional<CrfPreset> preset;
  std::int64_t iterations = 10;
  std::optional<double> gaussian_sxy, gaussian_compat;
  std::optional<double> bilateral_sxy, bilateral_srgb, bilateral_compat;
  std::optional<double> gt_prob;
  std::optional<std::int64_t> n_labels;
  std::optional<double> background, alpha;
  double min_confidence = 0;

  // Fills in what the preset says. Refuses what is for the other kind of input.
  void check(OptionCheck& check);

  // One of labels and scores is null. The classes of image_labels, where that is not null, count
  // among the labels even where the label map has none of them. Throws Error when labels or scores
  // have another size than the image, or the labels hold what is no class of the sample, or the
  // scores lack a background.
  LabelMap operator()(SampleContext const& context, Image const& image, LabelMap const* labels,
                      ScoreMaps const* scores, ImageLabels const* image_labels) const;

 private:
  PairwiseParameters pairwise() const;
};

}  // namespace seplflow::label
