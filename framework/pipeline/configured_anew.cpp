#include "pipeline/pipeline.hpp"

namespace seplflow {

std::shared_ptr<StageInstance> configured_anew(PipelineStage const& stage) {
  StageDeclaration const& declaration = *stage.declaration;
  std::shared_ptr<StageInstance> instance = declaration.make();
  std::vector<std::string> given, connected, wanted;
  for (std::size_t i = 0; i < declaration.options.size(); ++i) {
    if (auto const value = stage.instance->option(i)) {
      instance->set_option(i, *value);
      given.push_back(declaration.options[i].name);
    }
  }
  for (std::size_t i = 0; i < stage.inputs.size(); ++i) {
    if (stage.inputs[i]) connected.push_back(declaration.inputs[i].name);
  }
  for (std::size_t i = 0; i < stage.wanted.size(); ++i) {
    if (stage.wanted[i]) wanted.push_back(declaration.outputs[i].name);
  }
  OptionCheck check(std::move(given), std::move(connected), std::move(wanted));
  instance->check(check);
  for (OptionCheck::Problem const& problem : check.problems()) {
    throw Error("stage \"" + stage.name + "\": " + problem.message);
  }
  return instance;
}

}  // namespace seplflow
