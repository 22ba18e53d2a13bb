#include "diagnose.hpp"

#include <algorithm>

#include "base/number_text.hpp"
#include "eval/diagnosed_image.hpp"
#include "stages.hpp"

namespace seplflow::eval {
namespace {

Voices voices_of(std::vector<bool> const& kept, OverlapTable const& overlaps) {
  Voices voices(kept.size());
  for (std::size_t m = 0; m < kept.size(); ++m) {
    auto const k = overlaps.assigned(m);
    if (kept[m] && k) voices[m].push_back(overlaps.classes()[*k]);
  }
  return voices;
}

Voices voices_of(PixelGroups const& groups, std::vector<double> const& thresholds) {
  Voices voices(groups.voters.size() - groups.pieces.size());
  for (std::size_t m = 0; m < voices.size(); ++m) {
    for (std::size_t k = 0; k < groups.classes.size(); ++k) {
      if (speaks_for(groups.voters[m], k, thresholds[k])) voices[m].push_back(groups.classes[k]);
    }
  }
  return voices;
}

// Whether each mask is one of the kept ones, which are in the same order.
std::vector<bool> found_in(MaskSet const& kept, MaskSet const& masks) {
  std::vector<bool> found(masks.count());
  std::size_t next = 0;
  for (std::size_t m = 0; m < masks.count() && next < kept.count(); ++m) {
    found[m] = kept.mask(next) == masks.mask(m);
    next += found[m] ? 1 : 0;
  }
  if (next < kept.count()) {
    throw Error(
        "mask " + std::to_string(next) +
        " of \"kept\" is not one of \"masks\", or not in their order; connect the masks that "
        "the stage selects from");
  }
  return found;
}

std::vector<bool> kept_by(double t1, double t2, OverlapTable const& overlaps) {
  std::vector<bool> kept(overlaps.masks());
  for (std::size_t m = 0; m < kept.size(); ++m) {
    kept[m] = overlaps.assigned(m) && agreement_of(overlaps, m).is_kept(t1, t2);
  }
  return kept;
}

void lower(std::optional<double>& least, double value) {
  least = std::min(least.value_or(value), value);
}

// `unexplained` are the pixels that sepl.select cannot have labelled so; null if another rule did.
Diagnose::Record counted_causes(DiagnosedImage& image, std::uint64_t* unexplained) {
  Diagnose::Record record;
  image.for_each([&](std::uint32_t cell, Labels at, std::uint32_t pixels) {
    if (unexplained && !image.is_explained(cell, at)) *unexplained += pixels;
    if (at.truth == kIgnore) return;
    record.known += pixels;
    if (at.now == at.truth) return;
    Cause const cause = image.cause_of(cell, at);
    record.loss += pixels;
    record.causes[static_cast<std::size_t>(cause)] += pixels;
    if (cause != Cause::threshold) return;
    MaskAgreement const best = image.best_cut(cell, at);
    lower(record.t1_below, best.support);
    lower(record.t2_below, best.coverage);
  });
  return record;
}

// Of sepl.consensus. A mask that knows no pixel of the pseudo-label does not speak.
void add_voices(Diagnose::Record& record, PixelGroups const& groups,
                std::vector<double> const& thresholds, Voices const& voices) {
  record.t1_below.reset();
  record.t2_below.reset();
  for (std::size_t k = 0; k < thresholds.size(); ++k) {
    record.thresholds.emplace_back(groups.classes[k], thresholds[k]);
  }
  for (std::size_t m = 0; m < voices.size(); ++m) {
    if (groups.voters[m].known == 0) continue;
    ++(voices[m].empty() ? record.masks_against : record.masks_for);
  }
}

void warn_if_unlike(SampleContext const& context, LabelMap const& labels,
                    LabelMap const& expected) {
  std::uint64_t unlike = 0;
  for_each_overlap(labels.runs(), expected.runs(),
                   [&](Label a, Label b, std::uint32_t pixels) { unlike += a == b ? 0 : pixels; });
  if (unlike == 0) return;
  context.warn(
      "the labels are not what sepl.consensus makes of these masks with these options, so causes "
      "may be wrong; set base_weight, pseudo_weight, min_support and keep_ignore as in the stage "
      "that made the labels",
      counted(unlike, "pixel"));
}

// "cat 0.42, dog 0.3"
std::string thresholds_text(Sample const& sample, Diagnose::Record const& record) {
  std::string text;
  for (auto const& [label, threshold] : record.thresholds) {
    bool const is_named = sample.classes && sample.classes->contains(label);
    text += (text.empty() ? "" : ", ") +
            (is_named ? sample.classes->names()[label] : "class " + std::to_string(label)) + " " +
            shortest(threshold);
  }
  return text;
}

// What the cause is called: with sepl.consensus no mask is painted over another.
std::string name_of(std::size_t cause, Rule rule) {
  bool const is_overlap = cause == static_cast<std::size_t>(Cause::overlap);
  return rule == Rule::consensus && is_overlap ? "outvoted" : kCauses[cause];
}

}  // namespace

void Diagnose::check(OptionCheck& check) {
  has_kept_ = check.connected("kept");
  // A resolved pipeline has every option with its default.
  Diagnose const defaults;
  auto const refuse_set = [&](char const* option, bool is_default, char const* why) {
    if (!is_default) check.refuse(option, why);
  };
  bool const is_consensus = rule == Rule::consensus;
  if (is_consensus && has_kept_) {
    check.refuse("rule",
                 "sepl.consensus keeps no masks, so the input \"kept\" must not be connected");
  }
  if (is_consensus || has_kept_) {
    char const* const why =
        is_consensus ? "this is an option of sepl.select, but rule = \"consensus\""
                     : "the input \"kept\" tells which masks were kept; remove one of the two";
    refuse_set("t1", t1 == defaults.t1, why);
    refuse_set("t2", t2 == defaults.t2, why);
  }
  if (is_consensus) return;
  char const* const why = "this is an option of sepl.consensus; set rule = \"consensus\" too";
  refuse_set("base_weight", base_weight == defaults.base_weight, why);
  refuse_set("pseudo_weight", pseudo_weight == defaults.pseudo_weight, why);
  refuse_set("min_support", min_support == defaults.min_support, why);
  refuse_set("keep_ignore", keep_ignore == defaults.keep_ignore, why);
}

Diagnose::Record Diagnose::operator()(SampleContext const& context, LabelMap const& pseudo,
                                      MaskSet const& masks, LabelMap const& labels,
                                      LabelMap const& truth, MaskSet const* kept) const {
  require_same_size(masks, pseudo, "the pseudo-label");
  require_same_size(labels.size(), "the labels", pseudo.size(), "the pseudo-label");
  require_same_size(truth.size(), "the ground truth", pseudo.size(), "the pseudo-label");
  OverlapTable const overlaps(pseudo, masks);
  if (rule == Rule::consensus) {
    PixelGroups const groups(pseudo, masks);
    SupportedLabels const decided = labels_by_support(groups, *this, false);
    Voices const voices = voices_of(groups, decided.thresholds);
    DiagnosedImage image(rule, overlaps, voices, pseudo, masks, labels, truth);
    Record record = counted_causes(image, nullptr);
    add_voices(record, groups, decided.thresholds, voices);
    warn_if_unlike(context, labels, label_map_of(groups, decided.labels));
    return record;
  }
  auto const is_kept = kept ? found_in(*kept, masks) : kept_by(t1, t2, overlaps);
  DiagnosedImage image(rule, overlaps, voices_of(is_kept, overlaps), pseudo, masks, labels, truth);
  std::uint64_t unexplained = 0;
  Record const record = counted_causes(image, &unexplained);
  if (unexplained > 0) {
    context.warn("the labels are not what sepl.select makes of these masks " +
                     (kept ? std::string("if it keeps those of the input \"kept\"")
                           : "with t1 = " + shortest(t1) + " and t2 = " + shortest(t2)) +
                     ", so causes may be wrong; connect \"kept\" to the output of the stage that "
                     "made the labels, set its t1 and t2, or set rule = \"consensus\" if that is "
                     "sepl.consensus",
                 counted(unexplained, "pixel"));
  }
  return record;
}

std::string Diagnose::save(Record const& record) const {
  ByteWriter bytes;
  bytes.count(record.known).count(record.loss);
  for (std::uint64_t const pixels : record.causes) bytes.count(pixels);
  bytes.maybe(record.t1_below).maybe(record.t2_below);
  if (rule == Rule::consensus) {
    bytes.count(record.masks_for).count(record.masks_against).count(record.thresholds.size());
    for (auto const& [label, threshold] : record.thresholds) bytes.count(label).number(threshold);
  }
  return bytes.take();
}

Diagnose::Record Diagnose::load(std::string_view bytes) const {
  ByteReader reader(bytes);
  Record record;
  record.known = reader.count();
  record.loss = reader.count();
  for (std::uint64_t& pixels : record.causes) pixels = reader.count();
  record.t1_below = reader.maybe();
  record.t2_below = reader.maybe();
  if (rule == Rule::consensus) {
    record.masks_for = reader.count();
    record.masks_against = reader.count();
    for (std::size_t left = reader.length(); left > 0; --left) {
      auto const label = static_cast<Label>(reader.count());
      record.thresholds.emplace_back(label, reader.number());
    }
  }
  reader.end();
  return record;
}

std::vector<std::string> Diagnose::columns() const {
  std::vector<std::string> columns = {"sample", "loss"};
  for (std::size_t i = 0; i < kCauses.size(); ++i) columns.push_back(name_of(i, rule));
  if (rule == Rule::consensus) {
    columns.insert(columns.end(), {"masks_for", "masks_against", "thresholds"});
  } else {
    columns.insert(columns.end(), {"t1_below", "t2_below"});
  }
  return columns;
}

Row Diagnose::fold(Sample const& sample, Record const& record) {
  ++images_;
  total_.known += record.known;
  total_.loss += record.loss;
  Row row = {sample.id, record.loss};
  for (std::size_t i = 0; i < kCauses.size(); ++i) {
    total_.causes[i] += record.causes[i];
    images_with_[i] += record.causes[i] > 0 ? 1 : 0;
    row.push_back(record.causes[i]);
  }
  if (rule == Rule::consensus) {
    row.insert(row.end(),
               {record.masks_for, record.masks_against, thresholds_text(sample, record)});
  } else {
    row.insert(row.end(), {record.t1_below, record.t2_below});
  }
  return row;
}

Findings Diagnose::finish() const {
  Findings findings;
  auto const share = [](std::uint64_t part, std::uint64_t whole) {
    return whole == 0 ? "-"
                      : seplflow::percent(static_cast<double>(part) / static_cast<double>(whole));
  };
  SummaryTable table;
  table.title = "wrong pixels by cause over " + counted(images_, "image");
  table.columns = {"", "pixels", "percent", "images"};
  table.rows.push_back({"loss", std::to_string(total_.loss), share(total_.loss, total_.known), ""});
  Metrics& metrics = findings.metrics;
  metrics.set("images", images_).set("pixels", total_.known).set("loss", total_.loss);
  auto const add_score = [&](std::string const& name, std::uint64_t pixels) {
    findings.scores.push_back({.name = name,
                               .value = static_cast<double>(pixels),
                               .metric = name,
                               .unit = "pixels",
                               .better = Better::less,
                               .minimum = 0.0});
  };
  add_score("loss", total_.loss);
  for (std::size_t i = 0; i < kCauses.size(); ++i) {
    std::uint64_t const pixels = total_.causes[i];
    std::string const name = name_of(i, rule);
    metrics.set(name, pixels);
    add_score(name, pixels);
    table.rows.push_back({name, std::to_string(pixels), share(pixels, total_.loss),
                          std::to_string(images_with_[i])});
  }
  findings.conditions = rule == Rule::consensus
                            ? "sepl.consensus with base_weight = " + shortest(base_weight) +
                                  ", pseudo_weight = " + shortest(pseudo_weight) +
                                  ", min_support = " + shortest(min_support)
                        : has_kept_ ? "kept masks as connected"
                                    : "t1 = " + shortest(t1) + ", t2 = " + shortest(t2);
  findings.summary.push_back(std::move(table));
  return findings;
}

void declare_diagnose(Plugin& plugin) {
  plugin
      .stage<Diagnose>("eval.diagnose",
                       "Divides the wrong pixels of each image by cause: the pseudo-label, the "
                       "masks, or the selection")
      .inputs("pseudo", "masks", "labels", "truth", "kept")
      .option("rule", &Diagnose::rule,
              "the stage that made the labels: sepl.select or sepl.consensus",
              choices<Rule>({{"select", Rule::select}, {"consensus", Rule::consensus}}))
      .option("t1", &Diagnose::t1,
              "threshold t1 of the sepl.select that made the labels, if kept is not connected",
              in_range(0, 1))
      .option("t2", &Diagnose::t2,
              "threshold t2 of the sepl.select that made the labels, if kept is not connected",
              in_range(0, 1))
      .option("base_weight", &Diagnose::base_weight,
              "base_weight of the sepl.consensus that made the labels", at_least(0))
      .option("pseudo_weight", &Diagnose::pseudo_weight,
              "pseudo_weight of the sepl.consensus that made the labels", at_least(0))
      .option("min_support", &Diagnose::min_support,
              "min_support of the sepl.consensus that made the labels", in_range(0, 1))
      .option("keep_ignore", &Diagnose::keep_ignore,
              "keep_ignore of the sepl.consensus that made the labels")
      .details(
          "The loss of an image is the number of pixels whose label differs from the ground "
          "truth, without those whose ground truth is 255. Each of these pixels has one cause, so "
          "the causes add up to the loss on every image. They follow section 4 of SEPL (Chen, "
          "Mai, Li, Chao, 2023).\n\n"
          "Terms: a mask *fits* the class that more than half of its pixels have in the ground "
          "truth, background included; pixels of 255 are left out, and a mask may fit no class. A "
          "mask is *assigned* to a class as by `sepl.assign`. It is *kept* if it is in the input "
          "`kept`; without this input, if `sepl.select` keeps it with `t1` and `t2`. A kept mask "
          "is *misled* if at most half of its pixels that have its class in "
          "the pseudo-label also have it in the ground truth. Mask E *envelops* mask F if F is "
          "smaller and more than half of F is in E.\n\n"
          "Let a wrong pixel have the class T in the ground truth and the label L. Its cause is "
          "the first of these that applies:\n\n"
          "| Cause | T is a class | T is background |\n"
          "|---|---|---|\n"
          "| `class_missing` | the pseudo-label of the image does not have T | |\n"
          "| `class_invented` | L is a class that the ground truth of the image does not have | "
          "the "
          "same |\n"
          "| `no_mask` | no mask covers the pixel: SAM overlooked it | L is the pseudo-label of a "
          "class without kept masks, and no mask fits L |\n"
          "| `enveloping_mask` | a kept mask of L covers the pixel, is not misled, and envelops a "
          "mask over the pixel that fits T | a kept mask of L covers the pixel, is not misled, and "
          "envelops a mask over the pixel that fits background; or it does not fit L and envelops "
          "a mask that fits L and leaves the pixel out |\n"
          "| `spanning_mask` | no mask over the pixel fits T: they span other objects or classes | "
          "a kept mask of L covers the pixel and is not misled |\n"
          "| `threshold` | masks over the pixel fit T and are assigned to T, but none of them is "
          "kept | L is the pseudo-label of a class without kept masks, and a mask that leaves the "
          "pixel out fits L and is assigned to L |\n"
          "| `overlap` | such a mask is kept, but another class got the pixel | |\n"
          "| `pseudo_label` | masks over the pixel fit T, but the pseudo-label assigns none of "
          "them to T | all kept masks of L over the pixel are misled; or L is the pseudo-label of "
          "a class without kept masks, and the masks that fit L are not assigned to it or cover "
          "the pixel; or L is the pseudo-label, and no mask covers the pixel; or both are 255 |\n"
          "| `other` | everything else | everything else |\n\n"
          "With labels of `sepl.select` and the masks that it keeps, `other` is always 0. Labels "
          "that it cannot have made of these masks cause a warning with the number of pixels: the "
          "thresholds differ then, or another rule made the labels. In a sweep over the options "
          "of `sepl.select`, connect `kept`, so that each variant has its own masks:\n\n"
          "```toml\n"
          "[stages.causes]\n"
          "use = \"eval.diagnose\"\n"
          "in  = { pseudo = \"cam\", masks = \"sam\", labels = \"select\", truth = \"voc.truth\", "
          "kept = \"select.kept\" }\n"
          "```\n\n"
          "Examples, one for each cause:\n\n"
          "- The picture shows a cat. The pseudo-label has only background: all pixels of the cat "
          "are `class_missing`. It has a dog instead: they still are, because the first cause "
          "counts. It has the cat, and a dog on the wall: the wall is `class_invented`.\n"
          "- SAM has a mask of the cat without its tail, and none over the tail: the tail is "
          "`no_mask`.\n"
          "- A mask of a cat and of a larger piece of carpet holds 90 % of the pseudo-label, so t2 "
          "keeps it. There is also a mask of the cat alone. The carpet is `enveloping_mask`, "
          "because the smaller mask would have sufficed. Without the smaller mask, it is "
          "`spanning_mask`.\n"
          "- The mask of the cat is assigned to cat with a support of 0.45 and a coverage of 0.7, "
          "so it is not kept. The ears, which the pseudo-label does not have, are `threshold`. "
          "`t1_below` is 0.45 and `t2_below` 0.7.\n"
          "- The masks of a person and of a motorbike cross, and both are kept. The foot of the "
          "person, which became motorbike, is `overlap`, unless the mask of the motorbike envelops "
          "that of the person.\n"
          "- The pseudo-label shows the cat and a lamp as cat. The mask of the lamp is kept as "
          "cat: "
          "it is misled, and the lamp is `pseudo_label`. There are two cats, and the pseudo-label "
          "shows one: the other, which has a mask, is `pseudo_label`.\n\n"
          "`STAGE.csv` has the columns `sample`, `loss`, one for each cause, `t1_below` and "
          "`t2_below`. With `t1` below `t1_below`, or with `t2` below `t2_below`, a good mask is "
          "kept by the paper's rule at each pixel of the cause `threshold`; both are empty where "
          "there are none. "
          "`metrics.json` has the totals by the same names, and the number of `images` and of "
          "`pixels` whose ground truth is known.\n\n"
          "**Labels of `sepl.consensus`**: set `rule = \"consensus\"`, and its options if they are "
          "not the defaults. It keeps no masks. A mask *speaks for* a class if the share of it "
          "that "
          "the pseudo-label gives to the class, without pixels of 255, exceeds the threshold of "
          "the class in the image; else it speaks against it. In the table, read \"a kept mask of "
          "L\" as \"a mask that speaks for L\", \"kept\" as \"speaks for T\", and *misled* as "
          "above, for each class that the mask speaks for. Three things differ:\n\n"
          "- `overlap` is called `outvoted`: a mask over the pixel fits T and speaks for it, but "
          "the masks over the pixel together give more support to another class, or not enough to "
          "T.\n"
          "- L where T is background, no mask over the pixel speaks for L, and L is the "
          "pseudo-label: always `pseudo_label` where a mask covers the pixel. If L is not the "
          "pseudo-label, no mask covers the pixel, and the piece that it lies in became L as a "
          "whole: `no_mask`.\n"
          "- `STAGE.csv` has `masks_for` and `masks_against`, the number of masks that speak for "
          "a class and of those that speak against all, and `thresholds`, that of each class of "
          "the pseudo-label, instead of `t1_below` and `t2_below`.");
}

}  // namespace seplflow::eval
