// A pipeline file as written: what is set where, before it is known whether it makes sense.
// Internal to the pipeline layer; nothing outside it sees TOML.
#pragma once

#include <toml++/toml.h>

#include <filesystem>
#include <list>
#include <map>
#include <memory>
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
  toml::node const* value = nullptr;  // owned by the document
  std::string raw;                    // the value's text, when it comes from the command line
  std::filesystem::path base;         // what relative paths in it are relative to
  bool from_argument() const { return place.source->is_argument(); }
};

// A key of the table that is a setting's value.
Setting nested(Setting const& table, toml::key const& key, toml::node const& value);

struct StageEntry {
  std::string name;
  Place place;
  std::vector<Setting> settings;  // in file order, each key once

  Setting const* find(std::string_view key) const;
};

struct Document {
  std::shared_ptr<SourceText const> source;
  std::list<toml::table> storage;
  std::optional<Setting> name;
  std::vector<StageEntry> stages;  // in file order
  std::vector<Setting> run;
};

// Reads the text and applies the overrides. Mistakes go to `problems`; a syntax error throws
// PipelineError at once, since the parser stops there.
Document read_document(std::string text, PipelineRequest const& request,
                       std::vector<Problem>& problems);

}  // namespace seplflow
