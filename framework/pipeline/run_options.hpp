// The options of [run], declared as a stage declares its own.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/pipeline.hpp"
#include "plugin/option.hpp"

namespace seplflow {

struct RunOption {
  OptionDeclaration declaration;
  // Throws Error, to be read after the option's name, for a text that is none of its values.
  std::function<void(RunSettings&, OptionValue const&)> set;
};

// The texts of their values.
Choices<OnError> const& on_error_choices();
Choices<Keep> const& keep_choices();

RunOption const* find_run_option(std::string_view name);
std::vector<std::string> run_option_names();
std::vector<RunOption> const& run_options();

}  // namespace seplflow
