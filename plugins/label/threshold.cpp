#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "base/number_text.hpp"
#include "common/cam_methods.hpp"
#include "data/label_map.hpp"
#include "data/score_maps.hpp"
#include "label/score_arithmetic.hpp"
#include "stages.hpp"

namespace seplflow::label {
namespace {

// How a method makes labels of its CAMs, by default.
struct Published {
  std::optional<double> background, alpha;  // none: the background is scored itself
  bool may_score_background = false;        // it writes files of both kinds
};

Published published(CamMethod method) {
  switch (method) {
    case CamMethod::irn:
    case CamMethod::clims:
    case CamMethod::rib:
      return {.background = 0.15, .alpha = {}};
    case CamMethod::psa:
    case CamMethod::eps:
      return {.background = 0.2, .alpha = {}};
    case CamMethod::seam:
      return {.background = 0.26, .alpha = {}};
    case CamMethod::ppc:
      return {.background = 0.26, .alpha = {}, .may_score_background = true};
    case CamMethod::transcam:
      return {.background = 0.42, .alpha = {}};
    case CamMethod::puzzlecam:
    case CamMethod::l2g:
      return {.background = 0.25, .alpha = {}};
    case CamMethod::puzzlecam_rw:
      return {.background = 0.35, .alpha = {}};
    case CamMethod::recurseed:
      return {.background = {}, .alpha = 2, .may_score_background = true};
    case CamMethod::clipes:
      return {.background = {}, .alpha = 1};
    case CamMethod::rca:
      return {.background = {}, .alpha = 4};
    case CamMethod::sipe:
      return {.background = {}, .alpha = {}, .may_score_background = true};
  }
  return {};
}

// Pixels looked at together: their scores stay in the first cache.
constexpr std::size_t kBlock = 2048;

// The highest score of each pixel of a block, and the class that has it, the first of equals.
// Classes are as wide as scores, and no pixel is a branch, so that several are compared at once.
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

// A background that follows from the scores of the classes. It wins ties; where it is not a number,
// as a power of a negative number can be, it wins as it does in numpy's argmax.
struct Rule {
  std::optional<double> background, alpha;  // at most one

  template <class T>
  void apply(Winners<T>& winners, std::size_t pixels, Precision precision) const {
    ScoreArithmetic<T> const arithmetic{precision};
    if (background) {
      T const score = arithmetic.constant(*background);
      for (std::size_t i = 0; i < pixels; ++i) {
        winners.meet_background(i, score);
      }
    } else if (alpha) {
      T const power = arithmetic.constant(*alpha);
      for (std::size_t i = 0; i < pixels; ++i) {
        winners.meet_background(i, arithmetic.one_minus_to_the(power, winners.scores[i]));
      }
    }
  }
};

template <class T>
LabelMap argmax(ScoreMaps const& scores, Rule const& rule) {
  std::vector<Label> labels(scores.size().pixels());
  Winners<T> winners;
  for (std::size_t first = 0; first < labels.size(); first += kBlock) {
    std::size_t const pixels = std::min(kBlock, labels.size() - first);
    for (std::size_t k = 0; k < scores.classes().size(); ++k) {
      scores.visit_plane(k, [&](auto plane) {
        if constexpr (std::is_same_v<typename decltype(plane)::value_type, T>) {
          Label const label = scores.classes()[k];
          if (k == 0) {
            winners.begin(plane.subspan(first, pixels), label);
          } else {
            winners.meet(plane.subspan(first, pixels), label);
          }
        }
      });
    }
    rule.apply(winners, pixels, scores.precision());
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
                   "background and alpha are two rules for one thing; leave one of them out");
    }
    if (!method) return;
    Published const defaults = published(*method);
    if (!defaults.background && !defaults.alpha) {
      for (auto const& [name, value] : {std::pair("background", background), {"alpha", alpha}}) {
        if (!value) continue;
        check.refuse(name, "the scores of \"" + to_text(*method) +
                               "\" have a background of their own, so labels are a plain argmax; "
                               "leave " +
                               name + " out, or method");
      }
    } else if (!background && !alpha) {
      background = defaults.background;
      alpha = defaults.alpha;
    }
  }

  LabelMap operator()(SampleContext const& context, ScoreMaps const& scores) const {
    if (scores.classes().empty()) return LabelMap(scores.size());
    if (is_published() && !scores.method().empty() && scores.method() != to_text(*method)) {
      context.warn("the rule is the published one of another method than the scores are of",
                   "rule of " + to_text(*method) + ", scores of " + scores.method());
    }
    Rule const rule = rule_for(scores);
    return scores.precision() == Precision::full ? argmax<double>(scores, rule)
                                                 : argmax<float>(scores, rule);
  }

 private:
  Rule rule_for(ScoreMaps const& scores) const {
    if (!scores.has_background()) {
      if (background || alpha) return {background, alpha};
      std::string const rules = "background (a number), alpha (background = (1 - max)^alpha), or ";
      if (!method) {
        throw Error("these scores have no background of their own, so a rule must give one: set " +
                    rules + "method for its published default");
      }
      throw Error("the scores of method = \"" + to_text(*method) +
                  "\" have a background of their own, but these have none, so a rule must give "
                  "one: in place of this method set " +
                  rules + "the method that made them");
    }
    if ((background || alpha) && !(is_published() && published(*method).may_score_background)) {
      throw Error(
          "these scores have a background of their own, so that labels are a plain argmax; "
          "leave out " +
          std::string(background ? "background" : "alpha") + " = " +
          shortest(background ? *background : *alpha) + (method ? " and method" : ""));
    }
    return {};
  }

  // Whether the rule is the method's own.
  bool is_published() const {
    if (!method) return false;
    Published const defaults = published(*method);
    return background == defaults.background && alpha == defaults.alpha;
  }
};

}  // namespace

void declare_threshold(Plugin& plugin) {
  plugin
      .stage<Threshold>("label.threshold",
                        "Labels from CAMs: the class with the highest score, or background")
      .inputs("scores")
      .output("labels")
      .option("background", &Threshold::background, "the score of background, the same everywhere",
              in_range(0, 1))
      .option("alpha", &Threshold::alpha,
              "the score of background is (1 - m)^alpha, m being the highest score of a class",
              at_least(0))
      .option("method", &Threshold::method,
              "the method that made the scores; its published rule is used where neither "
              "background nor alpha is set",
              cam_method_choices())
      .details(
          "A pixel gets the class with the highest score, or background where no class scores "
          "higher than background does. Of classes with equal scores, the first in the file wins, "
          "and of files that name classes by number alone (PSA and its descendants) the lowest.\n"
          "\n"
          "Scores of methods that score background themselves (SIPE, the arrays of PPC, the second "
          "kind of RecurSeed) need no option: labels are the plain argmax, and a threshold is an "
          "error, but for the published one of a method that writes both kinds (`ppc`, "
          "`recurseed`), "
          "which is recorded and then is for its other files.\n"
          "\n"
          "Where the rule is the published one of `method`, and the stage that read the scores "
          "says that they are of another, that is warned of.\n"
          "\n"
          "Arithmetic is that of the file, so that the result is the method's own, pixel by pixel: "
          "thresholds are rounded to its type first, and with float16, as CLIP-ES stores it, every "
          "operation is rounded to float16, as numpy does.\n"
          "\n"
          "| `method` | Published rule |\n"
          "|---|---|\n"
          "| `irn` | `background = 0.15` (evaluation of CAMs) |\n"
          "| `clims` | `background = 0.15` (evaluation of CAMs; on COCO its code's default is 0.1, "
          "its README's 0.15) |\n"
          "| `rib` | `background = 0.15` (its code's default `cam_eval_thres`, which its "
          "evaluation "
          "replaces by the best of 0.20 to 0.49, on COCO of 0.10 to 0.50) |\n"
          "| `psa`, `eps` | `background = 0.2` |\n"
          "| `seam` | `background = 0.26` |\n"
          "| `ppc` | `background = 0.26` (on SEAM; on EPS, where its CAMs are scaled otherwise, "
          "its "
          "code's default is 0.2, and its script's 0.22) |\n"
          "| `transcam` | `background = 0.42` (of the labels after its random walk; of CAMs its "
          "evaluation takes the best of 0 to 0.59) |\n"
          "| `puzzlecam`, `l2g` | `background = 0.25` |\n"
          "| `puzzlecam_rw` | `background = 0.35` (its README; its code's default is 0.25) |\n"
          "| `clipes` | `alpha = 1` |\n"
          "| `recurseed` | `alpha = 2` |\n"
          "| `rca` | `alpha = 4` |\n"
          "| `sipe` | none: argmax |\n"
          "\n"
          "A sweep finds the best threshold: `--sweep label.background=0.1,0.2,0.3`, where `label` "
          "is the stage's name in the pipeline. Most publications chose theirs with the truth at "
          "hand.");
}

}  // namespace seplflow::label
