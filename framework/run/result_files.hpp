// What observers found, as the files that a run leaves, and where files of variants go.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include <seplflow/detail/stage_instance.hpp>
#include "engine/engine.hpp"
#include "pipeline/pipeline.hpp"
#include "run/run_folder.hpp"

namespace seplflow {

// Which variants' files a sweep writes: as the pipeline says, else all of up to eight variants, and
// none of more when there is an evaluator.
Keep keep_of(Pipeline const& pipeline);

// Throws UsageError when the pipeline's `keep` makes no sense: there are no variants, or no
// evaluator that could find the best one.
void require_sound_keep(Pipeline const& pipeline);

// RUN/variants/VARIANT, relative to RUN; RUN itself in a pipeline without variants.
std::filesystem::path home_of(Pipeline const& pipeline, Variant const& variant);

// Where a stage's files and tables go: to RUN when it serves all variants, else to each of its
// variants. Relative to RUN.
std::vector<std::filesystem::path> homes_of(Pipeline const& pipeline, PipelineStage const& stage);

// What each observer found, and what other stages counted; nothing for stages that do neither. By
// stage.
using AllFindings = std::vector<std::optional<Findings>>;

// Throws Error unless the row has a cell for each column of the stage.
void require_row(PipelineStage const& stage, Row const& row);

// {"masks": {"total", "per_sample", "samples_without"}, ...}: what a stage counted.
Metrics metrics_of(std::vector<Tally> const& tallies);

// The scores of a variant's observers by stage and path ("score.gain.miou"), in their order; nothing
// where a value is null. And its counts ("score.images"). Lists are left out, except for the scores
// of classes ("score.classes.cat.iou") if they are wanted.
struct VariantNumbers {
  std::vector<std::pair<std::string, std::optional<double>>> scores, counts;
};
VariantNumbers numbers_of(Pipeline const& pipeline, Variant const& variant,
                          AllFindings const& findings, SweepCsv wanted = SweepCsv::means);

// "STAGE: TEXT", of the conditions or remarks of its observers that have any and do not serve all
// variants.
std::vector<std::string> texts_of(Pipeline const& pipeline, Variant const& variant,
                                  AllFindings const& findings, std::string Findings::*text);

// By published number and variant, what was found for it; nothing where there is no such score.
std::vector<std::vector<std::optional<double>>> beside_published(Pipeline const& pipeline,
                                                                 AllFindings const& findings);

// Why the run is over other samples than the published numbers ("limit = 20", ...); empty if it is
// not known to be, or nothing was published.
std::string why_other_samples(Pipeline const& pipeline, RunTotals const& totals);

// The scores that the observers of a variant declare, by stage and metric: "score.gain.miou".
std::vector<std::pair<std::string, Score>> declared_scores(Pipeline const& pipeline,
                                                           Variant const& variant,
                                                           AllFindings const& findings);

// The observer of the least rank has the score that counts by default: an eval.miou; of several, one
// with a baseline, the first by name; without eval.miou another observer, by the same rule.
std::tuple<bool, bool, std::string_view> evaluator_rank(std::string_view use, bool has_baseline,
                                                        std::string_view stage);

// The score by which a variant is compared: the one that best_by names. By default the first one of
// the observer with the least rank.
std::optional<Score> score_of(Pipeline const& pipeline, Variant const& variant,
                              AllFindings const& findings);

// The variant with the best score (the least one where less is better), the first among equals;
// nothing when none has one.
std::optional<std::size_t> best_variant(Pipeline const& pipeline, AllFindings const& findings);

// What is missing where best_variant() finds none: "no evaluator returned a score ...".
std::string why_no_best(Pipeline const& pipeline, AllFindings const& findings);

// metrics.json and the tables of classes of the run and, in a sweep, of each variant with its
// pipeline.toml, and sweep.csv.
void write_scores(RunFolder& folder, Pipeline const& pipeline, AllFindings const& findings);

// sweep.csv: a row for each variant with its axes, its scores and its counts.
std::string sweep_csv(Pipeline const& pipeline, AllFindings const& findings);

}  // namespace seplflow
