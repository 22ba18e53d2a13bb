#include "support/toy_stages.hpp"

#include <span>
#include <stdexcept>

#include "base/utf8.hpp"

namespace toy {

using namespace seplflow;

std::optional<Sample> CountingSource::next() {
  if (emitted_ == samples) return std::nullopt;
  Sample sample;
  sample.id = "s" + std::to_string(emitted_++);
  return sample;
}

Number CountingSource::number(Sample const& sample) const {
  return {static_cast<std::int64_t>(sample.index)};
}

Word CountingSource::word(Sample const& sample) const {
  return {sample.id};
}

Number Knobs::operator()(Number const& number) const {
  return number;
}

std::tuple<Number, Word> Join::operator()(Number const& left, Number const& right,
                                          Number const* extra) const {
  std::int64_t const sum = left.value + right.value + (extra ? extra->value : 0);
  return {Number{sum}, Word{std::to_string(sum)}};
}

void Moody::check(OptionCheck& check) const {
  if (fail_every > 0 && skip_every > 0) {
    check.refuse("skip_every", "it either fails or declines; leave one of the two out");
  }
}

std::optional<Number> Moody::operator()(SampleContext const& context, Number const& number) const {
  auto const place = static_cast<std::int64_t>(context.sample().index) + 1;
  if (fail_every > 0 && place % fail_every == 0) throw Error("in a bad mood");
  if (skip_every > 0 && place % skip_every == 0) return std::nullopt;
  return number;
}

void Tally::check(OptionCheck& check) {
  has_baseline_ = check.connected("baseline");
}

Tally::Record Tally::operator()(Number const& number, Number const* baseline) const {
  if (!baseline) return {number.value, std::nullopt};
  return {number.value, baseline->value};
}

Row Tally::fold(Sample const& sample, Record const& record) {
  sum_ += record.number;
  ++count_;
  Row row = {sample.id, record.number};
  if (record.baseline) row.emplace_back(*record.baseline);
  return row;
}

std::vector<std::string> Tally::columns() const {
  if (has_baseline_) return {"name", "number", "baseline"};
  return {"name", "number"};
}

Findings Tally::finish() const {
  Findings findings;
  findings.metrics.set("sum", sum_).set("count", count_);
  return findings;
}

void Save::operator()(SampleContext const& context, Number const& number) const {
  std::string const text = std::to_string(number.value) + "\n";
  context.output().write(
      context.sample().id + ".txt",
      std::span(reinterpret_cast<std::uint8_t const*>(text.data()), text.size()));
}

namespace {

Number next(Number const& number) {
  return {number.value + 1};
}
Word spell(Number const& number) {
  return {std::to_string(number.value)};
}

void declare_knobs(Plugin& plugin) {
  auto const moods = choices<Mood>({{"calm", Mood::calm}, {"wild", Mood::wild}});
  plugin.stage<Knobs>("toy.knobs", "Pass a number on, with an option of every type")
      .inputs("number")
      .output("number")
      .option("flag", &Knobs::flag, "yes or no")
      .option("count", &Knobs::count, "a few", in_range(0, 10))
      .option("whole", &Knobs::whole, "any whole number")
      .option("byte", &Knobs::byte, "a small number")
      .option("ratio", &Knobs::ratio, "a share", in_range(0, 1))
      .option("factor", &Knobs::factor, "any number", unit("meters"))
      .option("text", &Knobs::text, "any text")
      .option("mood", &Knobs::mood, "how it feels", moods)
      .option("maybe_mood", &Knobs::maybe_mood, "how it feels, if at all", moods)
      .option("maybe", &Knobs::maybe, "a number, if any")
      .option("path", &Knobs::path, "any path")
      .option("folder", &Knobs::folder, "a folder that is there", existing_folder())
      .option("file", &Knobs::file, "a file that is there", existing_file())
      .option("numbers", &Knobs::numbers, "some numbers", in_range(0, 100))
      .option("words", &Knobs::words, "some words");
}

}  // namespace

std::vector<StageDeclaration> declarations() {
  Plugin plugin;
  plugin.stage<CountingSource>("toy.source", "Count")
      .output("number", &CountingSource::number)
      .output("word", &CountingSource::word)
      .option("samples", &CountingSource::samples, "how many samples", at_least(0));
  declare_knobs(plugin);
  plugin.stage<Needs>("toy.needs", "Pass a number on, given a folder and a file")
      .inputs("number")
      .output("number")
      .option("dir", &Needs::dir, "the folder", existing_folder(), required())
      .option("list", &Needs::list, "the list", existing_file(), required());
  plugin.stage<next>("toy.next", "Add one").inputs("number").output("number");
  plugin.stage<spell>("toy.spell", "Spell a number").inputs("number").output("word");
  plugin.stage<Join>("toy.join", "Add numbers")
      .inputs("left", "right", "extra")
      .outputs("number", "word");
  plugin.stage<Moody>("toy.moody", "Pass a number on, mostly")
      .inputs("number")
      .output("number")
      .option("fail_every", &Moody::fail_every, "throws at every so many", at_least(0))
      .option("skip_every", &Moody::skip_every, "declines every so many", at_least(0));
  plugin.stage<Tally>("toy.tally", "Add up numbers").inputs("number", "baseline");
  plugin.stage<Save>("toy.save", "Write a number to a file").inputs("number");
  return plugin.finish().declared;
}

StageCatalog const& catalog() {
  static StageCatalog const toys({}, declarations());
  return toys;
}

PipelineRequest request(std::filesystem::path file, std::map<std::string, std::string> environment,
                        std::vector<std::string> overrides, std::filesystem::path working_folder) {
  PipelineRequest request;
  request.file = std::move(file);
  for (std::string& argument : overrides) request.overrides.push_back({std::move(argument)});
  request.working_folder = std::move(working_folder);
  request.environment = [environment = std::move(environment)](
                            std::string const& name) -> std::optional<std::string> {
    auto const found = environment.find(name);
    if (found == environment.end()) return std::nullopt;
    return found->second;
  };
  return request;
}

Pipeline parse(std::string text, PipelineRequest const& request) {
  return parse_pipeline(std::move(text), request, catalog());
}

std::vector<Problem> errors(std::string text, PipelineRequest const& request) {
  try {
    parse(std::move(text), request);
  } catch (PipelineError const& error) {
    return error.problems();
  }
  return {};
}

std::string pointed_at(std::string const& shown) {
  std::size_t const caret_line = shown.rfind('\n') + 1;
  std::size_t const line = shown.rfind('\n', caret_line - 2) + 1;
  std::size_t const characters = shown.size() - 1 - caret_line;  // before the caret
  std::size_t at = line;
  for (std::size_t i = 0; i < characters && at < caret_line - 1; ++i) {
    for (++at; continues_character(shown[at]);) ++at;
  }
  return shown.substr(at, caret_line - 1 - at);
}

std::string error(std::string text, PipelineRequest const& request) {
  std::vector<Problem> const all = errors(std::move(text), request);
  if (all.size() == 1) return to_string(all[0]);
  std::string list = "expected one error, got " + std::to_string(all.size());
  for (Problem const& problem : all) list += "\n" + to_string(problem);
  throw std::runtime_error(list);
}

}  // namespace toy
