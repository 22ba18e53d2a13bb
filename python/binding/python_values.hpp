// Values of ports as Python has them.
#pragma once

#include <pybind11/pybind11.h>

#include "binding/port_values.hpp"

namespace seplflow::python {

// Label maps and images are arrays over the memory of the value, or copies of it; masks and overlaps are
// objects that hold the value; a null value is None. Only values that nobody else changes or reads may
// be given without a copy, since arrays can be written.
py::object python_of(PortValue value, bool copy);

// Value, Masks and Overlaps.
void define_values(py::module_& module);

}  // namespace seplflow::python
