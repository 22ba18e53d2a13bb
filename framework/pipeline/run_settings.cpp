#include "pipeline/run_settings.hpp"

#include <algorithm>
#include <charconv>

#include <seplflow/error.hpp>
#include "pipeline/scheduled_shard.hpp"

namespace seplflow {
namespace {

template <class T>
std::optional<OptionValue> default_of(T const& value) {
  return value;
}
template <class T>
std::optional<OptionValue> default_of(std::optional<T> const&) {
  return std::nullopt;
}

OptionDeclaration declared(std::string name, std::string help) {
  OptionDeclaration declaration;
  declaration.name = std::move(name);
  declaration.help = std::move(help);
  return declaration;
}

template <class M>
RunOption integer(std::string name, std::string help, double minimum, std::optional<double> maximum,
                  M RunSettings::*member) {
  OptionDeclaration declaration = declared(std::move(name), std::move(help));
  declaration.type = OptionType::integer;
  declaration.minimum = minimum;
  declaration.maximum = maximum;
  declaration.default_value = default_of(RunSettings().*member);
  return {declaration, [member](RunSettings& run, OptionValue const& value) {
            run.*member = std::get<std::int64_t>(value);
          }};
}

template <class E, class M>
RunOption choice(std::string name, std::string help, Choices<E> const& choices,
                 M RunSettings::*member) {
  OptionDeclaration declaration = declared(std::move(name), std::move(help));
  std::optional<E> const by_default = RunSettings().*member;
  if (by_default) declaration.default_value = choices.text_of(*by_default);
  declaration.choices = *OptionConstraint(choices).choices;
  return {declaration, [&choices, member](RunSettings& run, OptionValue const& value) {
            run.*member = *choices.value_of(std::get<std::string>(value));
          }};
}

std::optional<Shard> read_shard(std::string const& text) {
  Shard shard;
  char const* const end = text.data() + text.size();
  auto const index = std::from_chars(text.data(), end, shard.index);
  if (index.ec != std::errc() || index.ptr == end || *index.ptr != '/') return std::nullopt;
  auto const count = std::from_chars(index.ptr + 1, end, shard.count);
  bool const is_read = count.ec == std::errc() && count.ptr == end;
  if (!is_read || shard.index < 0 || shard.index >= shard.count) return std::nullopt;
  return shard;
}

// "auto" and "auto/N"; nothing for any other text.
std::optional<ScheduledShard> read_auto(std::string const& text) {
  if (text == "auto") return scheduled_shard({}, process_environment());
  if (!text.starts_with("auto/")) return std::nullopt;
  auto const counted = read_shard("0/" + text.substr(5));
  if (!counted) return std::nullopt;
  return scheduled_shard(counted->count, process_environment());
}

ScheduledShard shard_of(std::string const& text) {
  if (auto const found = read_auto(text)) return *found;
  if (auto const shard = read_shard(text)) return {*shard, ""};
  throw Error("must be \"I/N\" with I from 0 to N - 1, such as \"0/3\", or \"auto\" or \"auto/N\" in "
              "a job of a scheduler; got \"" +
              text + "\"");
}

RunOption shard() {
  return {declared("shard",
                   "only the I-th of every N samples, \"I/N\", counted from 0: one of N runs that "
                   "are merged; \"auto\" or \"auto/N\": as the scheduler numbers its tasks"),
          [](RunSettings& run, OptionValue const& value) {
            auto const [shard, from] = shard_of(std::get<std::string>(value));
            run.shard = shard;
            run.shard_from = from;
          }};
}

RunOption skip() {
  OptionDeclaration declaration =
      declared("skip", "the ids of samples that are left out, such as one that crashes a stage");
  declaration.type = OptionType::texts;
  return {declaration, [](RunSettings& run, OptionValue const& value) {
            run.skip = std::get<std::vector<std::string>>(value);
          }};
}

}  // namespace

std::string text_of(Shard const& shard) {
  return std::to_string(shard.index) + "/" + std::to_string(shard.count);
}

Choices<OnError> const& on_error_choices() {
  static auto const all = choices<OnError>({{"stop", OnError::stop}, {"skip", OnError::skip}});
  return all;
}

Choices<Keep> const& keep_choices() {
  static auto const all =
      choices<Keep>({{"all", Keep::all}, {"best", Keep::best}, {"none", Keep::none}});
  return all;
}

Choices<CsvText> const& csv_choices() {
  static auto const all =
      choices<CsvText>({{"exact", CsvText::exact}, {"spreadsheet", CsvText::spreadsheet}});
  return all;
}

Choices<SweepCsv> const& sweep_csv_choices() {
  static auto const all =
      choices<SweepCsv>({{"means", SweepCsv::means}, {"classes", SweepCsv::classes}});
  return all;
}

namespace {

std::optional<Sample> next_of_all(StageInstance& source, RunSettings const& run, Dealt& dealt) {
  if (run.limit && dealt.samples >= static_cast<std::uint64_t>(*run.limit)) return std::nullopt;
  if (dealt.all) return std::nullopt;
  std::optional<Sample> sample = source.next();
  dealt.all = !sample;
  if (sample) sample->index = dealt.samples++;
  return sample;
}

// The numbers 0, 1, ... in the order of what `value` says of them, equal ones as they are.
template <class F>
std::vector<std::size_t> order_by(std::size_t count, F const& value) {
  std::vector<std::size_t> order(count);
  for (std::size_t i = 0; i < count; ++i) order[i] = i;
  std::ranges::stable_sort(order, {}, value);
  return order;
}

// Which sample of the round each shard gets. A round that is not full goes to the first shards.
std::vector<std::size_t> deal(std::vector<Sample> const& round, std::vector<std::uint64_t>& pixels) {
  std::vector<std::size_t> samples(round.size());
  for (std::size_t i = 0; i < round.size(); ++i) samples[i] = i;
  if (!std::ranges::all_of(round, [](Sample const& sample) { return sample.size.has_value(); })) {
    return samples;
  }
  auto const pixels_of = [&](std::size_t i) {
    return static_cast<std::uint64_t>(round[i].size->pixels());
  };
  auto const by_size =
      order_by(round.size(), [&](std::size_t i) { return ~pixels_of(i); });  // the largest first
  auto const by_load = order_by(round.size(), [&](std::size_t shard) { return pixels[shard]; });
  for (std::size_t k = 0; k < round.size(); ++k) {
    samples[by_load[k]] = by_size[k];
    pixels[by_load[k]] += pixels_of(by_size[k]);
  }
  return samples;
}

std::optional<Sample> next_of_shard(StageInstance& source, RunSettings const& run, Dealt& dealt) {
  if (run.shard.count == 1) return next_of_all(source, run, dealt);
  auto const count = static_cast<std::size_t>(run.shard.count);
  auto const index = static_cast<std::size_t>(run.shard.index);
  dealt.pixels.resize(count);
  std::vector<Sample> round;
  while (round.size() < count) {
    std::optional<Sample> sample = next_of_all(source, run, dealt);
    if (!sample) break;
    round.push_back(std::move(*sample));
  }
  if (index >= round.size()) return std::nullopt;
  return std::move(round[deal(round, dealt.pixels)[index]]);
}

}  // namespace

std::optional<Sample> next_sample(StageInstance& source, RunSettings const& run,
                                  Dealt& dealt, std::vector<std::string>* left_out) {
  while (std::optional<Sample> sample = next_of_shard(source, run, dealt)) {
    if (std::ranges::find(run.skip, sample->id) == run.skip.end()) return sample;
    if (left_out) left_out->push_back(sample->id);
  }
  return std::nullopt;
}

std::uint64_t chosen_samples(std::uint64_t count, RunSettings const& run) {
  if (run.limit) count = std::min(count, static_cast<std::uint64_t>(*run.limit));
  auto const shards = static_cast<std::uint64_t>(run.shard.count);
  auto const index = static_cast<std::uint64_t>(run.shard.index);
  return count / shards + (index < count % shards ? 1 : 0);
}

std::vector<RunOption> const& run_options() {
  static std::vector<RunOption> const options = {
      integer("jobs", "threads that work on samples; 0 = all cores", 0, 4096, &RunSettings::jobs),
      integer("in_flight", "samples in flight at once; 0 = chosen from jobs", 0, 65536,
              &RunSettings::in_flight),
      choice("on_error", "what happens when a sample fails: stop the run, or skip the sample",
             on_error_choices(), &RunSettings::on_error),
      integer("max_failures", "with skip, more failed samples than this stop the run; 0 = no limit",
              0, {}, &RunSettings::max_failures),
      integer("epochs",
              "how often each sample is taken (default: once, or as often as a stage such as "
              "train.deeplab needs)",
              1, {}, &RunSettings::epochs),
      integer("seed",
              "takes the samples in a random order that follows from this number, another one in "
              "each epoch (default: the order of the data set)",
              0, {}, &RunSettings::seed),
      integer("limit", "only this many samples, the first of the data set", 1, {},
              &RunSettings::limit),
      shard(),
      skip(),
      choice("keep", "whose files a sweep writes: those of all variants, of the best, or of none",
             keep_choices(), &RunSettings::keep),
      choice("csv",
             "texts in CSV files: exact, or with an apostrophe before those that a spreadsheet "
             "would take for a formula (= + - @)",
             csv_choices(), &RunSettings::csv),
      choice("sweep_csv", "scores in sweep.csv: means, or those of each class too",
             sweep_csv_choices(), &RunSettings::sweep_csv),
      integer("slow_after",
              "seconds after which the progress names a stage that works on one sample; 0 = never",
              0, {}, &RunSettings::slow_after),
  };
  return options;
}

RunOption const* find_run_option(std::string_view name) {
  auto const found = std::ranges::find(run_options(), name, [](RunOption const& option) {
    return std::string_view(option.declaration.name);
  });
  return found == run_options().end() ? nullptr : &*found;
}

std::vector<std::string> run_option_names() {
  std::vector<std::string> names;
  for (RunOption const& option : run_options()) names.push_back(option.declaration.name);
  return names;
}

}  // namespace seplflow
