// Reads what changes a pipeline: --set, and the [sweep], [[variant]] and --sweep of a sweep.
// Internal to the pipeline layer.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/document.hpp"

namespace seplflow {

// Whether a key of a stage is not an option of its own, but one that every stage has.
inline bool is_wiring(std::string_view key) {
  return key == "use" || key == "in" || key == "on_error";
}

// What the readers of overrides and of a sweep work on.
struct SweepContext {
  PipelineRequest const& request;
  StageCatalog const& catalog;
  Document& document;
  std::vector<Problem>& problems;

  void complain(Place const& place, std::string message) const {
    problems.push_back({place, std::move(message)});
  }
  // Expands ${...}; nothing, with a problem, when the setting is not a string.
  std::optional<std::string> text(Setting const& setting) const;
  // The option as the document's own `use` of the stage declares it, if it does.
  OptionDeclaration const* find_option(std::size_t stage, std::string_view option) const;
};

// Applies the overrides of the request.
void apply_overrides(SweepContext const& context);

// The stage and option that "stage.option", or "stage" alone, names, without a value; nothing, with
// a problem, when they cannot be changed.
std::optional<Change> read_target(std::string const& key, Place const& place,
                                  SweepContext const& context);

// The change of an option to a value, or of a whole stage by a table, whose `name` is not a
// setting.
Change with_value(Change target, Setting const& value);

// Marks a setting of a stage as given but unknown, because of an error that has been reported.
void forget(std::size_t stage, std::string const& key, Document& document);

// ---- Names of variants ----

// A value in the names of variants: 0.3, true, texts unchanged, lists joined by "-".
std::string text_of(toml::node const& value);
std::string text_of(Setting const& setting);
std::string text_of(OptionValue const& value);

// The text without the characters that the name of a folder should not contain.
std::string folder_name(std::string_view text);

// Names the tables of an axis that have no name, and refuses values that would have the same name.
void name_values(AxisEntry& axis, SweepContext const& context);

// ---- Sweeps ----

// Adds the axes to the document: those of the file in its order, then those of the command line,
// which replace an axis of the file with the same key. Where an error leaves open what an axis
// sets, it is not added, and what it sets is marked as unknown.
void read_axes(SweepContext const& context);

// Replaces the one value that stands for the range of an axis by the values of the range.
void expand_range(AxisEntry& axis, Document& document);

// Fills the document's axes and variants. Where an error leaves a setting of a stage unknown, the
// stage gets it without a value, so that nothing reports it as missing.
void read_sweep(SweepContext const& context);

}  // namespace seplflow
