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
    "}`), a class that the image does not show causes a warning. It states when another numbering of "
    "the classes fits: one that is shifted by one, or COCO's category ids from 1 to 90. A sample "
    "without image-level labels is not compared. With `restrict_to_image_labels = "
    "true` it is dropped: its pixels become background, or its scores are removed.";

// Call this in check() of the loader.
inline void check_restriction(OptionCheck& check, bool restrict_to_image_labels) {
  if (!restrict_to_image_labels) return;
  check.relies_on("image_labels");
  if (check.connected("image_labels")) return;
  check.refuse("restrict_to_image_labels",
               "the input image_labels is not connected; connect it: in = { sample = \"DATASET\", "
               "image_labels = \"DATASET.image_labels\" }, where DATASET is the stage that emits "
               "the samples");
}

// A data set may not know the image-level labels of a sample.
inline void require_image_labels(ImageLabels const* image_labels, bool restrict_to_image_labels) {
  if (image_labels || !restrict_to_image_labels) return;
  throw Error("restrict_to_image_labels = true, but the data set has no image-level labels for this "
              "sample; give it some with its option image_labels, or remove the option");
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

// The label of a COCO category: the ids are 1 to 90, but 10 of them are not used.
inline std::optional<Label> label_of_coco_category(Label id) {
  constexpr std::array<Label, 10> kUnused = {12, 26, 29, 30, 45, 66, 68, 69, 71, 83};
  if (id == 0 || id > 90 || std::ranges::find(kUnused, id) != kUnused.end()) return std::nullopt;
  auto const before = std::ranges::count_if(kUnused, [id](Label unused) { return unused < id; });
  return static_cast<Label>(id - before);
}

// If another numbering of the classes explains why they contradict the image-level labels, what it
// is: the end of a message. Background and 255 do not count.
template <class Labels>
std::string numbering_that_fits(Labels const& classes, ImageLabels const& image_labels,
                                std::size_t class_count) {
  constexpr std::size_t kCocoClasses = 81;
  auto const fits = [&](auto const& renumbered) {
    bool any = false;
    for (Label const label : classes) {
      if (label == kBackground || label == kIgnore) continue;
      std::optional<Label> const other = renumbered(label);
      if (!other) return false;
      if (*other == kBackground) continue;
      if (!std::ranges::binary_search(image_labels.classes, *other)) return false;
      any = true;
    }
    return any;
  };
  // Many of COCO's ids are one higher than the labels, so that single images fit both.
  bool const is_lower = fits([](Label label) { return std::optional<Label>(label - 1); });
  bool const is_coco = class_count == kCocoClasses && fits(label_of_coco_category);
  if (is_lower && is_coco) {
    return "; all of them fit as COCO's category ids from 1 to 90, where labels from 1 to 80 are "
           "expected, or after a constant shift of -1";
  }
  if (is_lower) {
    return "; all of them fit after a constant shift of -1 (each class one lower)";
  }
  if (fits([](Label label) { return std::optional<Label>(label + 1); })) {
    return "; all of them fit after a constant shift of +1 (each class one higher)";
  }
  if (is_coco) {
    return "; all of them fit as COCO's category ids from 1 to 90, where labels from 1 to 80 are "
           "expected";
  }
  return "";
}

// Warns of the classes that are denied. `classes` are all that the value has; `what` names the value
// with its verb: "the pseudo-label holds".
template <class Labels>
void warn_of_denied(SampleContext const& context, std::vector<Label> const& denied,
                    Labels const& all, ImageLabels const& image_labels, std::string_view what) {
  std::string names;
  for (Label const label : denied) {
    auto const& classes = context.sample().classes;
    names += (names.empty() ? "" : ", ") + (classes && classes->contains(label)
                                                ? classes->names()[label]
                                                : "class " + std::to_string(label));
  }
  std::size_t const count = context.sample().classes ? context.sample().classes->count() : 0;
  context.warn(std::string(what) + " classes that the image-level labels exclude" +
                   numbering_that_fits(all, image_labels, count),
               std::move(names));
}

// Returns the labels unchanged if `image_labels` is null or denies no class. Otherwise warns of the
// denied classes or, when restricting, turns their pixels into background. `what` names the labels
// in the warning: "pseudo-label". image_labels are ascending.
inline LabelMap with_image_labels(SampleContext const& context, LabelMap labels,
                                  ImageLabels const* image_labels, bool restrict_to_image_labels,
                                  std::string_view what) {
  require_image_labels(image_labels, restrict_to_image_labels);
  if (!image_labels) return labels;
  auto const shown = image_labels_of(labels).classes;
  std::vector<Label> const denied = denied_classes(shown, *image_labels);
  if (denied.empty()) return labels;
  if (!restrict_to_image_labels) {
    warn_of_denied(context, denied, shown, *image_labels, "the " + std::string(what) + " holds");
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
  require_image_labels(image_labels, restrict_to_image_labels);
  if (!image_labels) return scores;
  std::vector<Label> const denied = denied_classes(scores.classes(), *image_labels);
  if (denied.empty()) return scores;
  if (!restrict_to_image_labels) {
    warn_of_denied(context, denied, scores.classes(), *image_labels,
                   "the " + std::string(what) + " holds");
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
