// What Python passes to a stage, as values on its ports.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <memory>
#include <string>

#include <seplflow/port.hpp>

namespace seplflow::python {

namespace py = pybind11;

// A value with the port that it fits: what Python holds of types that it cannot look into.
struct PortValue {
  Value value;
  Port port;
};

// The value of an object for a port. `what` names the port in messages. Copies pixels; the masks and
// tables that a stage returned are shared. Raises TypeError, with what is wanted, for another type,
// dtype or shape, and ValueError for pixels that the type cannot hold.
Value value_for(Port const& port, py::handle object, std::string const& what);

// A sample from its id or a seplflow.Sample; None is a sample without a name.
Sample sample_for(py::handle object);

// Text of the program, which quotes files and need not be UTF-8.
py::str text_of(std::string const& text);

// Warns through Python's warnings as seplflow.StageWarning.
void warn(std::string const& text);

}  // namespace seplflow::python
