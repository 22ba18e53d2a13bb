// Sweeps of toy stages.
#pragma once

#include "pipeline/pipeline.hpp"
#include "support/catch.hpp"
#include "support/temp_folder.hpp"
#include "support/toy_stages.hpp"

using namespace seplflow;

using Names = std::vector<std::string>;

// src -> knobs -> more -> tally, save
inline std::string const kBase =
    "[stages.src]\nuse = \"toy.source\"\n"
    "[stages.knobs]\nuse = \"toy.knobs\"\nin = \"src.number\"\n"
    "[stages.more]\nuse = \"toy.knobs\"\nin = \"knobs\"\n"
    "[stages.tally]\nuse = \"toy.tally\"\n"
    "in = { number = \"more\", baseline = \"src.number\" }\n"
    "[stages.save]\nuse = \"toy.save\"\nin = \"more\"\n";  // 14 lines

inline std::string sweep(std::string const& lines) {
  return kBase + "[sweep]\n" + lines;
}

inline PipelineRequest swept(std::vector<std::string> arguments,
                             std::vector<std::string> sets = {}) {
  auto request = toy::request("/p/toy.toml", {{"E", "env"}}, std::move(sets), "/w");
  for (std::string& argument : arguments) request.sweeps.push_back({std::move(argument)});
  return request;
}

inline Pipeline parse(std::string const& text, PipelineRequest const& request = swept({})) {
  return toy::parse(text, request);
}

inline Names names(Pipeline const& pipeline) {
  Names result;
  for (Variant const& variant : pipeline.variants) result.push_back(variant.name);
  return result;
}

inline Names names(std::string const& text, PipelineRequest const& request = swept({})) {
  return names(parse(text, request));
}

inline PipelineStage const& stage(Pipeline const& pipeline, std::size_t variant,
                                  std::string_view name) {
  for (std::size_t const i : pipeline.variants.at(variant).stages) {
    if (pipeline.stages[i].name == name) return pipeline.stages[i];
  }
  throw std::logic_error("no stage " + std::string(name));
}

inline std::optional<OptionValue> option(Pipeline const& pipeline, std::size_t variant,
                                         std::string_view name, std::string_view of) {
  PipelineStage const& found = stage(pipeline, variant, name);
  return found.instance->option(*find_option(*found.declaration, of));
}

template <class T>
inline std::vector<T> knob(Pipeline const& pipeline, std::string_view of) {
  std::vector<T> values;
  for (std::size_t i = 0; i < pipeline.variants.size(); ++i) {
    values.push_back(std::get<T>(option(pipeline, i, "knobs", of).value()));
  }
  return values;
}

inline std::string complaint(std::string const& text, PipelineRequest const& request = swept({})) {
  return toy::error(text, request);
}

inline std::string message(std::string const& text, PipelineRequest const& request = swept({})) {
  auto const found = toy::errors(text, request);
  if (found.size() == 1) return found[0].message;
  return complaint(text, request);
}
