#include "cli/pipeline_arguments.hpp"

#include <algorithm>

#include "pipeline/option_text.hpp"
#include "pipeline/run_settings.hpp"

namespace seplflow::cli {

void PipelineArguments::add_to(Command& command) {
  command.positional("PIPELINE", "pipeline file (TOML)", file).required = true;
  command.option("--set", "STAGE.OPTION=VALUE", "set an option, whatever the file says", overrides);
  command.option("--sweep", "STAGE.OPTION=VALUES",
                 "a variant for each value (0.2,0.4) or step of a range (0.2:0.8:0.1), and for "
                 "each combination of several sweeps",
                 sweeps);
  command.flag("--yes", "allow more than 10,000 variants", any_number_of_variants);
}

void PipelineArguments::add_run_option(Command& command, std::string const& name) {
  RunOption const& option = *find_run_option(name);
  std::string flag = "--" + name;
  std::ranges::replace(flag, '_', '-');
  if (name == "skip") {
    command.option(flag, "ID", "leave the sample out, such as one that crashes a stage", skip);
    return;
  }
  Argument& argument = command.checked(
      flag, option.declaration.help, option.declaration, [this, &option](std::string const& text) {
        if (option.declaration.type == OptionType::text) {
          RunSettings unused;
          option.set(unused, text);
        }
        overrides.push_back("run." + option.declaration.name + "=" + text);
      });
  if (name == "shard") argument.value = "I/N";
}

PipelineRequest PipelineArguments::request() const {
  PipelineRequest request;
  request.file = file;
  for (std::string const& argument : overrides) request.overrides.push_back({argument});
  if (!skip.empty()) request.overrides.push_back("run.skip=" + resolved_text(skip));
  for (std::string const& argument : sweeps) request.sweeps.push_back({argument});
  request.any_number_of_variants = any_number_of_variants;
  return request;
}

}  // namespace seplflow::cli
