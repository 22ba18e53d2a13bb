// The stage kit for tests that have their options as values, and one stage for each declaration.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include <seplflow/testing.hpp>
#include "pipeline/option_text.hpp"

using seplflow::testing::voc_sample;

// What a pipeline file says of a stage.
struct StageSetup {
  std::map<std::string, seplflow::OptionValue> options = {};
  std::vector<std::string> connected_inputs = {}, wanted_outputs = {};

  seplflow::testing::Setup in_toml() const {
    seplflow::testing::Setup setup;
    for (auto const& [name, value] : options) {
      setup.options += name + " = " + seplflow::resolved_text(value) + "\n";
    }
    setup.inputs = connected_inputs;
    setup.outputs = wanted_outputs;
    return setup;
  }
};

class StageDriver : public seplflow::testing::StageKit {
 public:
  explicit StageDriver(std::function<void(seplflow::Plugin&)> const& declare,
                       StageSetup const& setup = {})
      : StageKit(declare, "", setup.in_toml()) {}
};

inline std::vector<std::string> ids_of(StageDriver& source) {
  std::vector<std::string> ids;
  for (seplflow::Sample const& sample : source.samples()) ids.push_back(sample.id);
  return ids;
}

inline std::vector<seplflow::Label> classes_of(seplflow::ScoreMaps const& scores) {
  return {scores.classes().begin(), scores.classes().end()};
}
