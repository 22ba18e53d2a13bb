// The settings of a run: the options of [run], declared as a stage declares its own, and which
// samples of the data set they choose.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <seplflow/option.hpp>
#include <seplflow/detail/stage_instance.hpp>

namespace seplflow {

// What happens when a sample fails.
enum class OnError { stop, skip };

// The variants whose files are written.
enum class Keep { all, best, none };

// How texts stand in CSV files.
enum class CsvText {
  exact,
  spreadsheet,  // behind an apostrophe where a spreadsheet would take them for a formula
};

// The scores in the table of a sweep.
enum class SweepCsv {
  means,
  classes,  // those of each class too
};

// The texts of their values.
Choices<OnError> const& on_error_choices();
Choices<Keep> const& keep_choices();
Choices<CsvText> const& csv_choices();
Choices<SweepCsv> const& sweep_csv_choices();

// One of every `count` samples that follow each other: the one whose place in the data set leaves
// the remainder `index` when divided by `count`, or another one, so that shards are of equal size.
struct Shard {
  std::int64_t index = 0, count = 1;
  bool operator==(Shard const&) const = default;
};

// "I/N"
std::string text_of(Shard const& shard);

struct RunSettings {
  std::int64_t jobs = 0;       // 0 = all cores
  std::int64_t in_flight = 0;  // samples in flight; 0 = chosen from jobs
  OnError on_error = OnError::stop;
  // With OnError::skip: the run stops when more samples than this fail; 0 = no limit.
  std::int64_t max_failures = 0;
  std::optional<std::int64_t> epochs;  // how often each sample is taken; absent: see SampleOrder
  std::optional<std::int64_t> seed;    // of the order of the samples; absent: as in the data set
  std::optional<std::int64_t> limit;  // only the first samples
  Shard shard;                        // of those, only these
  std::string shard_from;             // the scheduler's variables that said so; or empty
  std::vector<std::string> skip;      // ids of samples that are left out
  std::optional<Keep> keep;           // absent: chosen from the number of variants
  CsvText csv = CsvText::exact;
  SweepCsv sweep_csv = SweepCsv::means;
  std::int64_t slow_after = 60;  // seconds on one sample after which a stage is named; 0 = never
};

// How far the samples of a data set have been dealt to the shards.
struct Dealt {
  std::uint64_t samples = 0;          // that were taken from the source
  bool all = false;                   // whether the source has no more
  std::vector<std::uint64_t> pixels;  // that each shard has, as far as sizes are known
};

// Takes from the source the next sample that the limit and the shard choose; nothing after the
// last. Of N samples that follow each other each of N shards gets one: where all their sizes are
// known, the shard with the fewest pixels gets the largest, and so on. Adds the ids of `skip` that
// it passes over to `left_out`.
std::optional<Sample> next_sample(StageInstance& source, RunSettings const& run, Dealt& dealt,
                                  std::vector<std::string>* left_out = nullptr);

// How many of `count` samples the limit and the shard choose.
std::uint64_t chosen_samples(std::uint64_t count, RunSettings const& run);

struct RunOption {
  OptionDeclaration declaration;
  // Throws Error for a text that is not one of its values; the message follows the option's name.
  std::function<void(RunSettings&, OptionValue const&)> set;
};

RunOption const* find_run_option(std::string_view name);
std::vector<std::string> run_option_names();
std::vector<RunOption> const& run_options();

}  // namespace seplflow
