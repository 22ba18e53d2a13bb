// Reads what one key and its value change. Internal to the pipeline layer.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "pipeline/document.hpp"

namespace seplflow {

// What the readers of a sweep work on.
struct SweepContext {
  PipelineRequest const& request;
  Document& document;
  std::vector<Problem>& problems;

  // Expands ${...}; nothing, with a problem, when the setting is no string.
  std::optional<std::string> text(Setting const& setting) const;
  void complain(Place const& place, std::string message) const {
    problems.push_back({place, std::move(message)});
  }
};

// What "stage.option", or "stage" alone, names.
struct Target {
  std::size_t stage;   // index into Document::stages
  std::string option;  // empty for the stage as a whole
  bool is_whole() const { return option.empty(); }
};

// Nothing, with a problem, when there is no such thing to be changed.
std::optional<Target> read_target(std::string const& key, Place const& place,
                                  SweepContext const& context);

// The change by a value of one option, and by a table over a whole stage, whose `name` is no
// setting.
Change option_change(Setting const& value, Target const& target);
Change table_change(Setting const& table, std::size_t stage);

// A mistake leaves open what these settings are: they are given, nobody knows how.
void forget(Target const& target, Document& document);
void forget(Change const& change, Document& document);

}  // namespace seplflow
