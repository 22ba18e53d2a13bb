// What labels and scores say of each pixel before a CRF makes its neighbours heard.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "data/label_map.hpp"
#include "data/score_maps.hpp"
#include "label/dense_crf.hpp"

namespace seplflow::label {

// The labels that a pixel may have, and the evidence for each. The evidence has one label more than
// `labels` when there are others, which no pixel has and which are all alike.
struct Candidates {
  std::vector<Label> labels;
  Unary unary;
};

// Every pixel has its label with probability gt_prob, and each of the others with
// (1 - gt_prob) / (n_labels - 1): pydensecrf's unary_from_labels with zero_unsure=False. Candidates
// are background and the labels of the map, ascending; n_labels is their number where it is not
// given. A pixel of 255 speaks for all alike. Throws Error when n_labels is less than the number
// of candidates.
Candidates candidates_of(LabelMap const& labels, double gt_prob,
                         std::optional<std::int64_t> n_labels);

// The score of background where it is not among the maps: a constant, or (1 - m)^alpha, m being the
// highest score of a class. At most one is set.
struct BackgroundScore {
  std::optional<double> constant, alpha;
};

// -log of the scores, cut off at 1e-5 and 1, in the precision of the scores: pydensecrf's
// unary_from_softmax. Scores need not sum to one. With a certainty they are mixed with the uniform
// distribution before. Candidates are background, unless it is among the maps, and the classes of
// the maps in their order. Throws Error when background is neither among the maps nor set, or both.
Candidates candidates_of(ScoreMaps const& scores, BackgroundScore const& background,
                         std::optional<double> certainty);

}  // namespace seplflow::label
