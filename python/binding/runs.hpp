// Runs of pipelines, and finished runs.
#pragma once

#include <pybind11/pybind11.h>

namespace seplflow::python {

namespace py = pybind11;

// RunTask, Replay, check(), shown_run() and table().
void define_runs(py::module_& module);

}  // namespace seplflow::python
