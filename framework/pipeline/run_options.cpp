#include "pipeline/run_options.hpp"

#include <algorithm>
#include <charconv>

namespace seplflow {
namespace {

constexpr double kMany = 1e15;

RunOption count(std::string name, std::string help, double minimum, double maximum,
                std::function<void(RunSettings&, std::int64_t)> set) {
  OptionDeclaration declaration;
  declaration.name = std::move(name);
  declaration.type = OptionType::integer;
  declaration.help = std::move(help);
  declaration.minimum = minimum;
  declaration.maximum = maximum;
  if (minimum == 0) declaration.default_value = std::int64_t{0};
  return {declaration, [set](RunSettings& run, OptionValue const& value) {
            set(run, std::get<std::int64_t>(value));
          }};
}

RunOption on_error() {
  OptionDeclaration declaration;
  declaration.name = "on_error";
  declaration.help = "what happens when a sample fails: stop the run, or skip the sample";
  on_error_choices().apply(declaration);
  declaration.default_value = "stop";
  return {declaration, [](RunSettings& run, OptionValue const& value) {
            run.on_error = *on_error_choices().value_of(std::get<std::string>(value));
          }};
}

RunOption shard() {
  OptionDeclaration declaration;
  declaration.name = "shard";
  declaration.help =
      "only the I-th of every N samples, \"I/N\", counted from 0: one of N runs that are merged";
  return {declaration, [](RunSettings& run, OptionValue const& value) {
            auto const& text = std::get<std::string>(value);
            char const* const end = text.data() + text.size();
            auto const index = std::from_chars(text.data(), end, run.shard.index);
            bool sound = index.ec == std::errc() && index.ptr != end && *index.ptr == '/';
            if (sound) {
              auto const count = std::from_chars(index.ptr + 1, end, run.shard.count);
              sound = count.ec == std::errc() && count.ptr == end;
            }
            if (sound && run.shard.index >= 0 && run.shard.index < run.shard.count) return;
            run.shard = {};
            throw Error("is \"" + text +
                        "\"; it takes \"I/N\" with I from 0 to N - 1, for example \"0/3\"");
          }};
}

RunOption keep() {
  OptionDeclaration declaration;
  declaration.name = "keep";
  declaration.help = "whose files a sweep writes: those of all variants, of the best, or of none";
  keep_choices().apply(declaration);
  return {declaration, [](RunSettings& run, OptionValue const& value) {
            run.keep = *keep_choices().value_of(std::get<std::string>(value));
          }};
}

}  // namespace

Choices<OnError> const& on_error_choices() {
  static auto const all = choices<OnError>({{"stop", OnError::stop}, {"skip", OnError::skip}});
  return all;
}

Choices<Keep> const& keep_choices() {
  static auto const all =
      choices<Keep>({{"all", Keep::all}, {"best", Keep::best}, {"none", Keep::none}});
  return all;
}

std::vector<RunOption> const& run_options() {
  static std::vector<RunOption> const options = {
      count("jobs", "threads that work on samples; 0 = all cores", 0, 4096,
            [](RunSettings& run, std::int64_t value) { run.jobs = value; }),
      count("in_flight", "samples in flight at once; 0 = chosen from jobs", 0, 65536,
            [](RunSettings& run, std::int64_t value) { run.in_flight = value; }),
      on_error(),
      count("max_failures", "with skip, more failed samples than this stop the run; 0 = no limit",
            0, kMany, [](RunSettings& run, std::int64_t value) { run.max_failures = value; }),
      count("limit", "only this many samples, the first of the data set", 1, kMany,
            [](RunSettings& run, std::int64_t value) { run.limit = value; }),
      shard(),
      keep(),
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
