#include "crf_unary.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string>

#include <seplflow/error.hpp>
#include "label/score_arithmetic.hpp"

namespace seplflow::label {
namespace {

template <class T>
float energy(ScoreArithmetic<T> arithmetic, T probability) {
  T const least = arithmetic.constant(1e-5);
  // NaN is no evidence.
  T const clipped = probability >= least ? std::min(probability, T{1}) : least;
  return static_cast<float>(-arithmetic.rounded(std::log(clipped)));
}

template <class T>
float energy(ScoreArithmetic<T> arithmetic, T probability, double certainty, std::size_t labels) {
  double const mixed = arithmetic.rounded(arithmetic.constant(certainty) * probability) +
                       (1 - certainty) / static_cast<double>(labels);
  return energy(ScoreArithmetic<double>{Precision::full}, mixed);
}

template <class T>
std::vector<T> background_plane(ScoreMaps const& scores, BackgroundScore const& background) {
  ScoreArithmetic<T> const arithmetic{scores.precision()};
  std::size_t const pixels = scores.size().pixels();
  if (background.constant) {
    return std::vector<T>(pixels, arithmetic.constant(*background.constant));
  }
  std::vector<T> plane(pixels, -std::numeric_limits<T>::infinity());
  for (std::size_t k = 0; k < scores.classes().size(); ++k) {
    visit_plane_as<T>(scores, k, [&](auto values) {
      for (std::size_t i = 0; i < pixels; ++i) plane[i] = std::max(plane[i], values[i]);
    });
  }
  T const power = arithmetic.constant(*background.alpha);
  for (T& value : plane) value = arithmetic.one_minus_to_the(power, value);
  return plane;
}

template <class T>
LabelField energies_of(ScoreMaps const& scores, BackgroundScore const& background,
                       std::optional<double> certainty) {
  ScoreArithmetic<T> const arithmetic{scores.precision()};
  std::size_t const implied = scores.has_background() ? 0 : 1;
  std::size_t const labels = scores.classes().size() + implied;
  LabelField energies(scores.size(), labels);
  auto const fill = [&](std::size_t label, auto const& values) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      energies.at(label, i) = certainty ? energy(arithmetic, values[i], *certainty, labels)
                                        : energy(arithmetic, values[i]);
    }
  };
  if (implied) fill(0, background_plane<T>(scores, background));
  for (std::size_t k = 0; k < scores.classes().size(); ++k) {
    visit_plane_as<T>(scores, k, [&](auto values) { fill(k + implied, values); });
  }
  return energies;
}

void require_one_background(ScoreMaps const& scores, BackgroundScore const& background) {
  bool const given = background.constant || background.alpha;
  if (!scores.has_background() && !given && !scores.classes().empty()) {
    throw Error(
        "these scores have no map for background, so a rule must give its score: set background (a "
        "number) or alpha (background = (1 - max)^alpha)");
  }
  if (scores.has_background() && given) {
    throw Error("these scores have a map for background; remove " +
                std::string(background.constant ? "background" : "alpha"));
  }
}

}  // namespace

Candidates candidates_of(LabelMap const& labels, double gt_prob,
                         std::optional<std::int64_t> n_labels) {
  auto const& areas = label_areas(labels);
  std::vector<Label> candidates;
  std::array<std::size_t, 256> place{};
  for (std::size_t label = 0; label < kIgnore; ++label) {
    if (label != kBackground && areas[label] == 0) continue;
    place[label] = candidates.size();
    candidates.push_back(static_cast<Label>(label));
  }
  std::size_t const known = candidates.size();
  auto const count = static_cast<std::size_t>(n_labels.value_or(static_cast<std::int64_t>(known)));
  if (count < known) {
    throw Error("the label map contains " + std::to_string(known) +
                " classes, background included, but n_labels is " + std::to_string(count));
  }
  auto const others = static_cast<double>(std::max<std::size_t>(count - 1, 1));
  auto const own = static_cast<float>(-std::log(gt_prob));
  auto const other = static_cast<float>(-std::log((1 - gt_prob) / others));
  auto const unsure = static_cast<float>(std::log(static_cast<double>(count)));
  LabelField energies(labels.size(), known + (count > known ? 1 : 0));
  auto const pixels = labels.pixels();
  for (std::size_t i = 0; i < pixels.size(); ++i) {
    bool const is_known = pixels[i] != kIgnore;
    for (std::size_t k = 0; k < energies.labels(); ++k) {
      energies.at(k, i) = is_known ? other : unsure;
    }
    if (is_known) energies.at(place[pixels[i]], i) = own;
  }
  auto const twins = static_cast<std::uint32_t>(std::max<std::size_t>(count - known, 1));
  return {std::move(candidates), {std::move(energies), twins}};
}

Candidates candidates_of(ScoreMaps const& scores, BackgroundScore const& background,
                         std::optional<double> certainty) {
  require_one_background(scores, background);
  std::vector<Label> candidates;
  if (!scores.has_background()) candidates.push_back(kBackground);
  candidates.insert(candidates.end(), scores.classes().begin(), scores.classes().end());
  if (scores.classes().empty()) return {std::move(candidates), {LabelField(scores.size(), 1), 1}};
  LabelField energies = scores.precision() == Precision::full
                            ? energies_of<double>(scores, background, certainty)
                            : energies_of<float>(scores, background, certainty);
  return {std::move(candidates), {std::move(energies), 1}};
}

}  // namespace seplflow::label
