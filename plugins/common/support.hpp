// The rule of sepl.consensus: labels by the support that all masks over a pixel give to each class.
#pragma once

#include <vector>

#include "common/pixel_groups.hpp"

namespace seplflow {

struct SupportOptions {
  double base_weight = 0.3;
  double pseudo_weight = 0.1;
  double min_support = 0.15;
  bool keep_ignore = false;
};

struct SupportedLabels {
  std::vector<Label> labels;       // by group
  std::vector<double> thresholds;  // by class of the groups
  std::vector<double> support;     // classes x groups; empty unless it is wanted
  std::vector<bool> wins;  // by class: whether it wins a pixel; else it keeps the pseudo-label
};

// All ratios are of exact integers and sums are in the order of the masks, so results are equal on
// every machine, provided that the compiler does not fuse multiply and add (-ffp-contract=off).
SupportedLabels labels_by_support(PixelGroups const& groups, SupportOptions const& options,
                                  bool wants_support);

// The pixels of each group with its label.
LabelMap label_map_of(PixelGroups const& groups, std::vector<Label> const& labels);

// Whether the voter speaks for the class: a pixel that it alone covers would get the class if the
// weight of the pseudo-label were 0. Otherwise it speaks against the class.
inline bool speaks_for(PixelGroups::Voter const& voter, std::size_t k, double threshold) {
  return voter.share(k) > threshold;
}

}  // namespace seplflow
