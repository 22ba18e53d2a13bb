// The stages of a Python file as the framework sees them.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "catalog/plugin_library.hpp"
#include "catalog/python/python_file.hpp"
#include "catalog/python/worker_pool.hpp"

namespace seplflow {

// Internal to the catalog. `declarations` is what the interpreter said of the file: nothing is run until a pipeline uses a
// stage. Stages with errors are in Stages::rejected. Throws Error when the text is not one that an
// interpreter has written.
PluginLibrary python_library(std::filesystem::path const& file, PythonFile const& python,
                             std::string const& declarations,
                             std::shared_ptr<WorkerPool> const& pool);

// Whether an option of a stage can change what it computes. Those that Python stages have for their
// processes cannot, except for the interpreter.
bool can_change_results(StageDeclaration const& stage, OptionDeclaration const& option);

}  // namespace seplflow
