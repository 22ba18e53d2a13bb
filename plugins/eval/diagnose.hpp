// The causes of wrong pixels, after section 4 of SEPL.
#pragma once

#include <array>
#include <optional>

#include <seplflow/seplflow.hpp>
#include "common/support.hpp"

namespace seplflow::eval {

// In the order in which they are tried: the first that applies to a wrong pixel is its cause.
enum class Cause {
  class_missing,
  class_invented,
  no_mask,
  enveloping_mask,
  spanning_mask,
  threshold,
  overlap,
  pseudo_label,
  other,
};
constexpr std::array<char const*, 9> kCauses = {"class_missing",   "class_invented", "no_mask",
                                                "enveloping_mask", "spanning_mask",  "threshold",
                                                "overlap",         "pseudo_label",   "other"};

// The rule that made the labels.
enum class Rule { select, consensus };

// Divides the pixels at which the labels differ from the ground truth by cause.
struct Diagnose : SupportOptions {
  Rule rule = Rule::select;
  double t1 = 0.5, t2 = 0.85;

  struct Record {
    std::uint64_t known = 0;                             // pixels whose ground truth is not 255
    std::uint64_t loss = 0;                              // of these, those whose label is wrong
    std::array<std::uint64_t, kCauses.size()> causes{};  // add up to the loss
    // With t1 below this support, or t2 below this coverage, a good mask is kept at each pixel that
    // the thresholds lost; nothing if they lost none.
    std::optional<double> t1_below, t2_below;
    // Of sepl.consensus: the threshold of each class of the pseudo-label, and how many masks speak
    // for a class and how many for none.
    std::vector<std::pair<Label, double>> thresholds = {};
    std::uint64_t masks_for = 0, masks_against = 0;
  };

  void check(OptionCheck& check);
  // `kept` are the masks that were kept, in the order of `masks`; without it t1 and t2 tell, or the
  // options of sepl.consensus which masks speak for their class. Throws Error when sizes differ, or
  // a kept mask is not one of the masks.
  Record operator()(SampleContext const& context, LabelMap const& pseudo, MaskSet const& masks,
                    LabelMap const& labels, LabelMap const& truth, MaskSet const* kept) const;
  std::string save(Record const& record) const;
  Record load(std::string_view bytes) const;
  std::vector<std::string> columns() const;
  Row fold(Sample const& sample, Record const& record);
  Findings finish() const;

 private:
  bool has_kept_ = false;
  Record total_;
  std::uint64_t images_ = 0;
  std::array<std::uint64_t, kCauses.size()> images_with_{};
};

}  // namespace seplflow::eval
