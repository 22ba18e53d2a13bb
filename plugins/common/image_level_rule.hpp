// What becomes of classes that the image-level labels of a sample deny.
//
// A method of weakly supervised segmentation knows which classes an image shows and considers no
// other. A pseudo-label or a score map that holds another class is of other image-level labels, or
// of another image.
#pragma once

#include <algorithm>
#include <array>
#include <optional>
#include <seplflow.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace seplflow {

// Help of the option restrict_to_image_labels, for a loader with an optional input `image_labels`.
constexpr char const* kRestrictHelp =
    "drop the classes that the image-level labels deny, as the methods do; else they are warned of "
    "(needs the input image_labels)";

// For the loader's details().
constexpr char const* kRestrictDetails =
    "With the input `image_labels` (`in = { sample = \"voc\", image_labels = "
    "\"voc.image_labels\" }`) a class that the image does not show is warned of, or dropped where "
    "`restrict_to_image_labels` is true: its pixels become background, or its scores are left out.";

// To be called by the loader's check().
inline void check_restriction(OptionCheck& check, bool restrict_to_image_labels) {
  if (!restrict_to_image_labels || check.connected("image_labels")) return;
  check.refuse("restrict_to_image_labels",
               "nothing says what the image-level labels are; connect them: in = { sample = "
               "\"DATASET\", image_labels = \"DATASET.image_labels\" }, where DATASET is the "
               "stage that the samples come from");
}

// Those of the classes, background and 255 apart, that the image does not show.
template <class Labels>
std::vector<Label> denied_classes(Labels const& classes, ImageLabels const& image_labels) {
  std::vector<Label> denied;
  for (Label const label : classes) {
    if (label == kBackground || label == kIgnore) continue;
    if (!std::ranges::binary_search(image_labels.classes, label)) denied.push_back(label);
  }
  return denied;
}

// `what` is what holds the classes: "pseudo-label".
inline void warn_of_denied(SampleContext const& context, std::vector<Label> const& denied,
                           std::string_view what) {
  std::string names;
  for (Label const label : denied) {
    auto const& classes = context.sample().classes;
    names += (names.empty() ? "" : ", ") + (classes && classes->contains(label)
                                                ? classes->names()[label]
                                                : "class " + std::to_string(label));
  }
  context.warn("the " + std::string(what) + " holds classes that the image-level labels deny",
               std::move(names));
}

// The labels as they are to be used: unchanged where `image_labels` is null or denies nothing. Else
// warns of the denied classes or, to restrict, makes their pixels background. `what` names the
// labels in the warning: "pseudo-label". image_labels are ascending.
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

// The same for scores, which lose the planes of denied classes.
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
