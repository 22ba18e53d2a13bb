// How a mask agrees with the class of the pseudo-label that it is assigned to.
#pragma once

#include <seplflow/overlap_table.hpp>

namespace seplflow {

struct MaskAgreement {
  double support;   // o_s = |S and P_k| / |S|
  double coverage;  // o_p = |S and P_k| / |P_k|

  // Whether SEPL keeps the mask; a ratio that equals its threshold is not enough.
  bool is_kept(double t1, double t2) const { return support > t1 || coverage > t2; }
};

// Of a mask that is assigned to a class.
inline MaskAgreement agreement_of(OverlapTable const& overlaps, std::size_t mask) {
  return {overlaps.supports()[mask], overlaps.coverages()[mask]};
}

}  // namespace seplflow
