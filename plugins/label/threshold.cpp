#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include <seplflow/label_map.hpp>
#include <seplflow/score_maps.hpp>
#include "base/number_text.hpp"
#include "common/cam_methods.hpp"
#include "label/score_arithmetic.hpp"
#include "stages.hpp"

namespace seplflow::label {
namespace {

// A background score that is computed from the scores of the classes. Background wins ties; NaN,
// such as a power of a negative number, wins as in numpy's argmax.
struct Rule {
  std::optional<double> background, alpha;  // at most one

  bool operator==(Rule const&) const = default;
};

struct PublishedRule {
  CamMethod method;
  Rule rule;
};

using enum CamMethod;

// How methods turn their CAMs into labels by default. Without a background score, their CAMs have a
// map for background.
constexpr std::array kPublishedRules{
    PublishedRule{irn, {0.15, {}}},
    PublishedRule{clims, {0.15, {}}},
    PublishedRule{rib, {0.15, {}}},
    PublishedRule{psa, {0.2, {}}},
    PublishedRule{eps, {0.2, {}}},
    PublishedRule{seam, {0.26, {}}},
    PublishedRule{ppc, {0.26, {}}},
    PublishedRule{transcam, {0.42, {}}},
    PublishedRule{puzzlecam, {0.25, {}}},
    PublishedRule{l2g, {0.25, {}}},
    PublishedRule{puzzlecam_rw, {0.35, {}}},
    PublishedRule{recurseed, {{}, 2.0}},
    PublishedRule{clipes, {{}, 1.0}},
    PublishedRule{rca, {{}, 4.0}},
    PublishedRule{sipe, {}},
};

Rule published_rule(CamMethod method) {
  return std::ranges::find(kPublishedRules, method, &PublishedRule::method)->rule;
}

// Whether some files of the method have a map for background.
bool may_score_background(CamMethod method) {
  return method == ppc || method == recurseed || method == sipe;
}

// The pixels of a block; their scores stay in the first-level cache.
constexpr std::size_t kBlock = 2048;

// The highest score of each pixel in a block, and the first class that has it. Classes are as wide
// as scores, and there are no branches, so that the compiler can vectorise the loops.
template <class T>
struct Winners {
  using Class = std::conditional_t<sizeof(T) == sizeof(std::int32_t), std::int32_t, std::int64_t>;
  std::array<T, kBlock> scores;
  std::array<Class, kBlock> classes;

  void begin(std::span<T const> plane, Label label) {
    std::ranges::copy(plane, scores.begin());
    std::fill_n(classes.begin(), plane.size(), label);
  }
  void meet(std::span<T const> plane, Label label) {
    for (std::size_t i = 0; i < plane.size(); ++i) {
      T const score = plane[i], best = scores[i];
      Class const wins = -static_cast<Class>(score > best);  // all bits or none
      classes[i] ^= (classes[i] ^ label) & wins;
      scores[i] = score > best ? score : best;
    }
  }
  // Background wins unless the class scores higher.
  void meet_background(std::size_t i, T score) {
    classes[i] = scores[i] > score ? classes[i] : kBackground;
  }
};

template <class T>
void apply(Rule const& rule, Winners<T>& winners, std::size_t pixels, Precision precision) {
  ScoreArithmetic<T> const arithmetic{precision};
  if (rule.background) {
    T const score = arithmetic.constant(*rule.background);
    for (std::size_t i = 0; i < pixels; ++i) winners.meet_background(i, score);
  } else if (rule.alpha) {
    T const power = arithmetic.constant(*rule.alpha);
    for (std::size_t i = 0; i < pixels; ++i) {
      winners.meet_background(i, arithmetic.one_minus_to_the(power, winners.scores[i]));
    }
  }
}

// `beyond` says whether the highest score of any pixel is far outside of 0..1.
template <class T>
LabelMap argmax(ScoreMaps const& scores, Rule const& rule, bool& beyond) {
  std::vector<Label> labels(scores.size().pixels());
  Winners<T> winners;
  for (std::size_t first = 0; first < labels.size(); first += kBlock) {
    std::size_t const pixels = std::min(kBlock, labels.size() - first);
    for (std::size_t k = 0; k < scores.classes().size(); ++k) {
      visit_plane_as<T>(scores, k, [&](auto plane) {
        Label const label = scores.classes()[k];
        if (k == 0) {
          winners.begin(plane.subspan(first, pixels), label);
        } else {
          winners.meet(plane.subspan(first, pixels), label);
        }
      });
    }
    beyond = beyond || beyond_range(std::span<T const>(winners.scores).first(pixels));
    apply(rule, winners, pixels, scores.precision());
    for (std::size_t i = 0; i < pixels; ++i) {
      labels[first + i] = static_cast<Label>(winners.classes[i]);
    }
  }
  return LabelMap(scores.size(), std::move(labels));
}

struct Threshold {
  std::optional<double> background, alpha;
  std::optional<CamMethod> method;

  void check(OptionCheck& check) {
    if (background && alpha) {
      check.refuse(check.given("alpha") ? "alpha" : "background",
                   "background and alpha are alternative rules; remove one of them");
    }
    if (!method) return;
    Rule const published = published_rule(*method);
    if (published == Rule()) {
      for (auto const& [name, value] : {std::pair("background", background), {"alpha", alpha}}) {
        if (!value) continue;
        check.refuse(name, "the scores of " + setting_of(*method) +
                               " have a map for background, so labels are a plain argmax; remove " +
                               name + " or method");
      }
    } else if (!background && !alpha) {
      background = published.background;
      alpha = published.alpha;
    }
  }

  LabelMap operator()(SampleContext const& context, ScoreMaps const& scores) const {
    if (scores.classes().empty()) return LabelMap(scores.size());
    if (is_published() && !scores.method().empty() && scores.method() != name_of(*method)) {
      context.warn("the rule was published for another method than the one that made the scores",
                   "rule for " + name_of(*method) + ", scores by " + scores.method());
    }
    Rule const rule = rule_for(scores);
    bool beyond = false;
    LabelMap labels = scores.precision() == Precision::full ? argmax<double>(scores, rule, beyond)
                                                            : argmax<float>(scores, rule, beyond);
    if (beyond && rule != Rule()) warn_of_range(context);
    return labels;
  }

 private:
  Rule rule_for(ScoreMaps const& scores) const {
    if (!scores.has_background()) {
      if (background || alpha) return {background, alpha};
      std::string const rules = "background (a number), alpha (background = (1 - max)^alpha), or ";
      if (!method) {
        throw Error("these scores have no map for background, so a rule must give its score: set " +
                    rules + "method for its published rule");
      }
      throw Error("the scores of " + setting_of(*method) +
                  " have a map for background, but these have none, so a rule must give its score: "
                  "replace this method by " +
                  rules + "the method that made the scores");
    }
    if ((background || alpha) && !(is_published() && may_score_background(*method))) {
      throw Error("these scores have a map for background, so labels are a plain argmax; remove " +
                  std::string(background ? "background" : "alpha") + " = " +
                  shortest(background ? *background : *alpha) + (method ? " and method" : ""));
    }
    return {};
  }

  // Whether the rule is the published one of the method.
  bool is_published() const { return method && Rule{background, alpha} == published_rule(*method); }
};

}  // namespace

void declare_threshold(Plugin& plugin) {
  plugin
      .stage<Threshold>("label.threshold",
                        "Labels each pixel with the class of the highest CAM score, or background")
      .inputs("scores")
      .output("labels")
      .option("background", &Threshold::background, "a constant score for background",
              in_range(0, 1))
      .option("alpha", &Threshold::alpha,
              "background scores (1 - m)^alpha, where m is the highest score of a class",
              at_least(0))
      .option("method", &Threshold::method,
              "the method that made the scores; without background and alpha, its published rule "
              "applies",
              kCamMethods)
      .details(
          "A pixel gets the class with the highest score, or background if no class scores higher "
          "than background. If classes have equal scores, the first in the file wins; in files "
          "that name classes by number only (PSA and its descendants), the lowest number wins.\n"
          "\n"
          "Scores of methods with a map for background (SIPE, the arrays of PPC, some files of "
          "RecurSeed) need no option: labels are the plain argmax, and a threshold is an error. "
          "The exception is the published rule of a method that writes files with and without "
          "background (`ppc`, `recurseed`): it is recorded, and applies only to the files "
          "without.\n"
          "\n"
          "A warning reports when the published rule of `method` is applied to scores of another "
          "method, as far as the stage that read them knows. Another reports scores that are far "
          "outside of 0..1, such as logits: `normalize` of the stage that reads them scales them.\n"
          "\n"
          "Arithmetic uses the type of the file, so that the result equals the method's own, pixel "
          "by pixel: thresholds are rounded to that type first, and with float16, which CLIP-ES "
          "stores, every operation is rounded to float16, as in numpy.\n"
          "\n"
          "| `method` | Published rule |\n"
          "|---|---|\n"
          "| `irn` | `background = 0.15` (evaluation of CAMs) |\n"
          "| `clims` | `background = 0.15` (evaluation of CAMs; on COCO its code's default is 0.1 "
          "and its README's is 0.15) |\n"
          "| `rib` | `background = 0.15` (its code's default `cam_eval_thres`; its evaluation "
          "replaces it by the best of 0.20 to 0.49, on COCO of 0.10 to 0.50) |\n"
          "| `psa`, `eps` | `background = 0.2` |\n"
          "| `seam` | `background = 0.26` |\n"
          "| `ppc` | `background = 0.26` (on SEAM; on EPS, where its CAMs are scaled differently, "
          "its code's default is 0.2 and its script's is 0.22) |\n"
          "| `transcam` | `background = 0.42` (for the labels after its random walk; its "
          "evaluation of CAMs takes the best of 0 to 0.59) |\n"
          "| `puzzlecam`, `l2g` | `background = 0.25` |\n"
          "| `puzzlecam_rw` | `background = 0.35` (its README; its code's default is 0.25) |\n"
          "| `clipes` | `alpha = 1` |\n"
          "| `recurseed` | `alpha = 2` |\n"
          "| `rca` | `alpha = 4` |\n"
          "| `sipe` | none: argmax |\n"
          "\n"
          "A sweep finds the best threshold: `--sweep label.background=0.1,0.2,0.3`, where `label` "
          "is the name of the stage in the pipeline. Most publications chose theirs with the "
          "ground truth at hand.");
}

}  // namespace seplflow::label
