// The evidence of labels or scores for each pixel, before a CRF considers its neighbours.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <seplflow/label_map.hpp>
#include <seplflow/score_maps.hpp>
#include "label/dense_crf.hpp"

namespace seplflow::label {

// The labels that a pixel may have, and the evidence for each. The evidence has one more label than
// `labels` when there are others, which no pixel has and which are all equal.
struct Candidates {
  std::vector<Label> labels;
  Unary unary;
};

// Every pixel has its label with probability gt_prob and each other label with
// (1 - gt_prob) / (n_labels - 1): pydensecrf's unary_from_labels with zero_unsure=False. Candidates
// are background and the labels of the map, ascending; n_labels defaults to their number. A pixel
// of 255 favours no candidate. Throws Error when n_labels is less than the number of candidates.
Candidates candidates_of(LabelMap const& labels, double gt_prob,
                         std::optional<std::int64_t> n_labels);

// The score of background if it has no map: a constant, or (1 - m)^alpha where m is the highest
// score of a class. At most one is set.
struct BackgroundScore {
  std::optional<double> constant, alpha;
};

// -log of the scores, limited to 1e-5 .. 1, in the precision of the scores: pydensecrf's
// unary_from_softmax. Scores need not sum to one. With a certainty they are first mixed with the
// uniform distribution. Candidates are background, unless it has a map, and the classes of the maps
// in their order. Throws Error unless background either has a map or is set.
Candidates candidates_of(ScoreMaps const& scores, BackgroundScore const& background,
                         std::optional<double> certainty);

}  // namespace seplflow::label
