// Tiny stages for tests of pipelines and of what runs them: no files, no pictures, only numbers.
//
//   toy.source   0 inputs    sample, number (Number: its place), word (Word: its id)
//   toy.knobs    number      number; an option of every type and constraint that there is
//   toy.needs    number      number; required options: a folder and a file that exist
//   toy.next     number      number + 1; no options
//   toy.spell    number      word; another type than it takes
//   toy.join     left, right, optional extra (all Number) -> number (their sum), word (Word)
//   toy.moody    number      number; fails or declines at chosen samples
//   toy.tally    number, optional baseline -> observer: name,number[,baseline]; sum, count
//   toy.save     number      sink: NAME.txt
//
// Samples are "s0", "s1", ...
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <seplflow/seplflow.hpp>

#include "catalog/catalog.hpp"
#include "pipeline/pipeline.hpp"

namespace toy {

struct Number {
  std::int64_t value = 0;
};

struct Word {
  std::string value;
};

enum class Mood { calm, wild };

// A source of so many samples.
struct CountingSource {
  std::int64_t samples = 3;

  std::optional<seplflow::Sample> next();
  std::uint64_t count() const { return static_cast<std::uint64_t>(samples); }
  Number number(seplflow::Sample const& sample) const;
  Word word(seplflow::Sample const& sample) const;

 private:
  std::int64_t emitted_ = 0;
};

// Passes its number on; has an option of every type.
struct Knobs {
  bool flag = false;
  std::int64_t count = 1;  // 0..10
  std::int64_t whole = 0;  // any
  std::uint8_t byte = 7;   // what fits in it
  double ratio = 0.5;      // 0..1
  double factor = 1;       // any
  std::string text = "plain";
  Mood mood = Mood::calm;
  std::optional<Mood> maybe_mood;
  std::optional<double> maybe;
  std::filesystem::path path = "/";
  std::optional<std::filesystem::path> folder, file;
  std::vector<double> numbers = {1, 2};  // each 0..100
  std::vector<std::string> words = {"a"};

  Number operator()(Number const& number) const;
};

// Cannot do without its options.
struct Needs {
  std::filesystem::path dir, list;
  Number operator()(Number const& number) const { return number; }
};

struct Join {
  std::tuple<Number, Word> operator()(Number const& left, Number const& right,
                                      Number const* extra) const;
};

// Throws at every `fail_every`th sample and declines every `skip_every`th, counted from 1; 0 =
// none.
struct Moody {
  std::int64_t fail_every = 0, skip_every = 0;
  void check(seplflow::OptionCheck& check) const;  // refuses both at once
  std::optional<Number> operator()(seplflow::SampleContext const& context,
                                   Number const& number) const;
};

struct Tally {
  struct Record {
    std::int64_t number;
    std::optional<std::int64_t> baseline;
  };
  void check(seplflow::OptionCheck& check);
  Record operator()(Number const& number, Number const* baseline) const;
  seplflow::Row fold(seplflow::Sample const& sample, Record const& record);
  std::vector<std::string> columns() const;
  seplflow::Findings finish() const;

 private:
  bool has_baseline_ = false;
  std::int64_t sum_ = 0, count_ = 0;
};

struct Save {
  void operator()(seplflow::SampleContext const& context, Number const& number) const;
};

// The declarations of all of them.
std::vector<seplflow::StageDeclaration> declarations();

// A catalog of these stages and no plugin.
seplflow::StageCatalog const& catalog();

// A request for a file of that name, with an environment of these variables only. Overrides are
// relative to `working_folder`.
seplflow::PipelineRequest request(std::filesystem::path file = "toy.toml",
                                  std::map<std::string, std::string> environment = {},
                                  std::vector<std::string> overrides = {},
                                  std::filesystem::path working_folder = "/");

// parse_pipeline() with the toy stages.
seplflow::Pipeline parse(std::string text,
                         seplflow::PipelineRequest const& request = toy::request());

// The errors in a text, in the order they are reported in; none when there are none.
std::vector<seplflow::Problem> errors(std::string text,
                                      seplflow::PipelineRequest const& request = toy::request());

// The rest of the offending line from where the caret of a shown error is.
std::string pointed_at(std::string const& shown);

// The one error in a text as the user sees it. Throws std::runtime_error, listing them, when
// there is not exactly one.
std::string error(std::string text, seplflow::PipelineRequest const& request = toy::request());

// Three stages of a valid pipeline, with this line or these lines, which begin at its 6th, in
// "knobs".
inline std::string knobs(std::string const& lines) {
  return "[stages.src]\nuse = \"toy.source\"\n[stages.knobs]\nuse = \"toy.knobs\"\n"
         "in = \"src.number\"\n" +
         lines + "\n[stages.save]\nuse = \"toy.save\"\nin = \"knobs\"\n";
}

}  // namespace toy

template <>
struct seplflow::PortType<toy::Number> {
  static constexpr std::string_view name = "toy.Number";
};

template <>
struct seplflow::PortType<toy::Word> {
  static constexpr std::string_view name = "toy.Word";
};
