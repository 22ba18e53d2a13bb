// seplflow.stage: one stage on arrays.
#pragma once

#include <pybind11/pybind11.h>

#include <memory>
#include <string>

#include "catalog/catalog.hpp"

namespace seplflow::python {

namespace py = pybind11;

// The stages of all plugins; found again when a plugin folder or SEPLFLOW_PLUGIN_PATH has changed.
// Warns of plugins that cannot be used. Hold the GIL.
std::shared_ptr<StageCatalog const> shared_catalog();

// Stage, stages() and value().
void define_stages(py::module_& module);

}  // namespace seplflow::python
