// What to do about classes that the image-level labels of a sample deny.
//
// A weakly supervised method knows which classes an image shows and considers no others. A
// pseudo-label or score map with another class belongs to other image-level labels, or to another
// image.
#pragma once

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <seplflow/seplflow.hpp>

namespace seplflow {

// The help text of restrict_to_image_labels, for loaders with an optional input `image_labels`.
constexpr char const* kRestrictHelp =
    "drop classes that the image-level labels exclude, as the methods do, instead of warning about "
    "them (needs the input image_labels)";

// For details() of the loaders.
constexpr char const* kRestrictDetails =
    "With the input `image_labels` (`in = { sample = \"voc\", image_labels = \"voc.image_labels\" "
    "}`), a class that the image does not show causes a warning. With `restrict_to_image_labels = "
    "true` it is dropped: its pixels become background, or its scores are removed.";

// Call this in check() of the loader.
inline void check_restriction(OptionCheck& check, bool restrict_to_image_labels) {
  if (!restrict_to_image_labels || check.connected("image_labels")) return;
  check.refuse("restrict_to_image_labels",
               "the input image_labels is not connected; connect it: in = { sample = \"DATASET\", "
               "image_labels = \"DATASET.image_labels\" }, where DATASET is the stage that emits "
               "the samples");
}

// The classes, except background and 255, that the image does not show.
template <class Labels>
std::vector<Label> denied_classes(Labels const& classes, ImageLabels const& image_labels) {
  std::vector<Label> denied;
  for (Label const label : classes) {
    if (label == kBackground || label == kIgnore) continue;
    if (!std::ranges::binary_search(image_labels.classes, label)) denied.push_back(label);
  }
  return denied;
}

// `what` names the value with the classes: "pseudo-label".
inline void warn_of_denied(SampleContext const& context, std::vector<Label> const& denied,
                           std::string_view what) {
  std::string names;
  for (Label const label : denied) {
    auto const& classes = context.sample().classes;
    names += (names.empty() ? "" : ", ") + (classes && classes->contains(label)
                                                ? classes->names()[label]
                                                : "class " + std::to_string(label));
  }
  context.warn("the " + std::string(what) + " holds classes that the image-level labels exclude",
               std::move(names));
}

// Returns the labels unchanged if `image_labels` is null or denies no class. Otherwise warns of the
// denied classes or, when restricting, turns their pixels into background. `what` names the labels
// in the warning: "pseudo-label". image_labels are ascending.
inline LabelMap with_image_labels(SampleContext const& context, LabelMap labels,
                                  ImageLabels const* image_labels, bool restrict_to_image_labels,
                                  std::string_view what) {
  if (!image_labels) return labels;
  std::vector<Label> const denied = denied_classes(image_labels_of(labels).classes, *image_labels);
  if (denied.empty()) return labels;
  if (!restrict_to_image_labels) {
    warn_of_denied(context, denied, what);
    return labels;
  }
  std::array<bool, 256> is_denied{};
  for (Label const label : denied) is_denied[label] = true;
  std::vector<Label> pixels(labels.pixels().begin(), labels.pixels().end());
  for (Label& pixel : pixels) {
    if (is_denied[pixel]) pixel = kBackground;
  }
  return LabelMap(labels.size(), std::move(pixels));
}

// The same for scores; restricting removes the planes of denied classes.
inline ScoreMaps with_image_labels(SampleContext const& context, ScoreMaps scores,
                                   ImageLabels const* image_labels, bool restrict_to_image_labels,
                                   std::string_view what) {
  if (!image_labels) return scores;
  std::vector<Label> const denied = denied_classes(scores.classes(), *image_labels);
  if (denied.empty()) return scores;
  if (!restrict_to_image_labels) {
    warn_of_denied(context, denied, what);
    return scores;
  }
  std::vector<Label> kept;
  std::vector<float> single;
  std::vector<double> full;
  for (std::size_t i = 0; i < scores.classes().size(); ++i) {
    if (std::ranges::find(denied, scores.classes()[i]) != denied.end()) continue;
    kept.push_back(scores.classes()[i]);
    scores.visit_plane(i, [&](auto plane) {
      if constexpr (std::is_same_v<typename decltype(plane)::value_type, double>) {
        full.insert(full.end(), plane.begin(), plane.end());
      } else {
        single.insert(single.end(), plane.begin(), plane.end());
      }
    });
  }
  if (scores.precision() == Precision::full) {
    return ScoreMaps(scores.size(), std::move(kept), std::move(full)).made_by(scores.method());
  }
  return ScoreMaps(scores.size(), std::move(kept), std::move(single), scores.precision())
      .made_by(scores.method());
}

}  // namespace seplflow
