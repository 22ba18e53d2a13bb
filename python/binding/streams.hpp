// seplflow.stream: the samples of a pipeline as they are made.
#pragma once

#include <pybind11/pybind11.h>

namespace seplflow::python {

namespace py = pybind11;

// SampleStream.
void define_streams(py::module_& module);

}  // namespace seplflow::python
