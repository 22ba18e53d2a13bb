// A pipeline file as written: its settings and their places, before they are checked. Internal to
// the pipeline layer; nothing outside it sees TOML.
#pragma once

#include <toml++/toml.h>

#include <charconv>
#include <filesystem>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "pipeline/pipeline.hpp"
#include "pipeline/problem.hpp"

namespace seplflow {

// One `key = value`, in the file or on the command line.
struct Setting {
  std::string key;
  Place place;  // of the key
  Place value_place;
  toml::node const* value = nullptr;  // owned by the document; null if an error was reported
  std::optional<std::string> raw;     // the text of a value that is alone on the command line
  std::filesystem::path base;         // the folder that relative paths in it are relative to
  bool from_argument() const { return place.source->is_argument(); }
};

// "KEY=VALUE" as it stands behind a flag. The value is set as text only, and the key is empty if
// there is no "=". Arguments are numbered from 1.
Setting read_argument(std::string flag, std::string const& argument, std::size_t number,
                      std::filesystem::path const& working_folder);

// A key of the table that is a setting's value, and all of them in file order.
Setting nested(Setting const& table, toml::key const& key, toml::node const& value);
std::vector<Setting> settings_of(Setting const& table);

// An element of the list that is a setting's value, with the setting's key.
Setting element(Setting const& list, toml::node const& value);

// The setting with that key, or null.
Setting const* find(std::vector<Setting> const& settings, std::string_view key);

// Replaces the setting with the same key, or appends the setting.
void replace(std::vector<Setting>& settings, Setting setting);

struct StageEntry {
  std::string name;
  Place place;
  std::vector<Setting> settings;  // in file order, each key once
  // The table of a sweep that all settings but `in` and `on_error` come from, where one swaps the
  // stage.
  toml::node const* swapped_by = nullptr;

  Setting const* find(std::string_view key) const;
};

// What a value of an axis, or a [[variant]], changes in a stage.
struct Change {
  std::size_t stage = 0;          // index into Document::stages
  std::string option;             // empty for a table over the whole stage
  Setting origin;                 // the value or table as written
  std::vector<Setting> settings;  // they replace those of the stage
  bool swaps = false;             // a table with `use`: no setting of the stage but its wires stays
  std::string text;               // of a value of an axis: what the names of variants call it

  bool is_whole() const { return option.empty(); }
};

// A range of a sweep, in exact decimal arithmetic: 0.6 to 0.9 by 0.05 ends at 0.9.
class Range {
 public:
  // The numbers are decimals without an exponent, such as "3" or "-0.05". Throws Error, saying what
  // to do, when `step` is 0 or leads away from `to`, or when the numbers together have too many
  // digits.
  Range(std::string const& from, std::string const& to, std::string const& step);

  // The number of values, or the largest number possible if there are more.
  std::uint64_t count() const { return count_; }
  // Whether all three numbers are integers.
  bool has_integers() const { return decimals_ == 0; }

  template <class T>
  T value(std::uint64_t place) const {
    // Unsigned numbers may overflow on the way to a value that does not.
    std::uint64_t const digits = static_cast<std::uint64_t>(from_) + place * step_;
    std::string text = std::to_string(static_cast<std::int64_t>(digits));
    if (!has_integers()) text += "e-" + std::to_string(decimals_);
    T value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
  }

 private:
  // The numbers are integers in units of the last of so many decimals.
  std::size_t decimals_ = 0;
  std::int64_t from_ = 0;
  std::uint64_t step_ = 0, count_ = 0;
};

// An axis of the sweep: the values of one option, or tables over a whole stage.
struct AxisEntry {
  std::string key;
  Place place;
  std::vector<Change> values;  // at least one; until expand_range(), one stands for the range
  std::optional<Range> range;  // its values all have the place of the range

  bool is_whole() const { return values.front().is_whole(); }
};

struct NamedVariant {
  std::string name;
  Place place;
  std::vector<Change> changes;  // whole tables before single options
};

struct Document {
  std::shared_ptr<SourceText const> source;
  std::list<toml::table> storage;
  std::optional<Setting> name;
  std::optional<Setting> sweep, variant;  // [sweep] and [[variant]], before read_sweep()
  std::vector<StageEntry> stages;         // in file order
  std::vector<Setting> run, published;
  std::optional<Setting> best_by;      // of [sweep]
  std::vector<AxisEntry> axes;         // in file order, then those of the command line
  std::vector<NamedVariant> variants;  // in file order

  bool sweeps() const { return !axes.empty() || !variants.empty(); }

  // A value of the command line: TOML, or else a string.
  toml::node const* add_value(std::string const& raw);
  // The stage of that name; the names of all.
  std::optional<std::size_t> find_stage(std::string_view called) const;
  std::vector<std::string> stage_names() const;
  // "stage.option" in quotes, as errors name it.
  std::string quoted(std::size_t stage, std::string const& option) const;
};

// toml::parse(), but a key of very many parts, for which the parser would use up its stack, is a
// syntax error. Throws toml::parse_error.
toml::table parsed_toml(std::string const& text, std::string const& name);

// What a syntax error of a pipeline file means.
std::string syntax_error(toml::parse_error const& error, SourceText const& source);

// Reads the text, but not the overrides. Errors go to `problems`, but a syntax error throws
// PipelineError at once, since the parser stops there.
Document read_document(std::string text, PipelineRequest const& request,
                       std::vector<Problem>& problems);

}  // namespace seplflow
