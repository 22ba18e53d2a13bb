// Labels by the support that all masks over a pixel give to each class.
#pragma once

#include <memory>
#include <tuple>
#include <vector>

#include <seplflow/score_maps.hpp>
#include <seplflow/seplflow.hpp>
#include "common/support.hpp"

namespace seplflow::sepl {

// The support of class k at a pixel is the weighted mean, over the masks that cover it, of the
// share of the mask that the pseudo-label gives to k. A 4-connected piece of what no mask covers
// counts as a mask. A pixel gets the class whose support exceeds the threshold of its class most.
// labels_by_support() has the arithmetic.
struct Consensus : SupportOptions {
  // The effect of the options on an image.
  struct Verdict {
    std::shared_ptr<PixelGroups const> groups;  // does not depend on the options
    std::vector<Label> labels;                  // by group
    std::vector<double> support;                // classes x groups; empty unless it is wanted
    bool operator==(Verdict const& other) const {
      return labels == other.labels && support == other.support;
    }
  };

  void check(OptionCheck& check);
  // Throws Error when the masks have another size than the labels.
  Verdict decide(LabelMap const& pseudo, MaskSet const& masks) const;
  // The labels, and the support of each class of the pseudo-label; without classes if nothing uses
  // it.
  static std::tuple<LabelMap, ScoreMaps> carry_out(Verdict const& verdict, LabelMap const& pseudo,
                                                   MaskSet const& masks);
  // Which masks speak for and against which classes, and the thresholds.
  Explanation explain(SampleContext const& context, LabelMap const& pseudo,
                      MaskSet const& masks) const;

 private:
  bool wants_support_ = false;
};

}  // namespace seplflow::sepl
