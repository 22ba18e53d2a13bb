#include "binding/streams.hpp"

#include <pybind11/stl.h>

#include <seplflow/error.hpp>
#include "binding/python_values.hpp"
#include "binding/sample_stream.hpp"

namespace seplflow::python {
namespace {

std::unique_ptr<SampleStream> open_stream(std::string const& file,
                                          std::vector<std::string> overrides,
                                          std::vector<std::string> outputs, std::size_t prefetch) {
  StreamRequest request;
  request.pipeline.file = file;
  request.pipeline.overrides = std::move(overrides);
  request.outputs = std::move(outputs);
  request.prefetch = prefetch;
  return std::make_unique<SampleStream>(request);
}

void require_here(SampleStream const& stream) {
  if (stream.is_here()) return;
  throw UsageError(
      "this stream belongs to the process that this one was forked from; create the stream in this "
      "process, as an IterableDataset does in __iter__");
}

// Nothing when the time is over; (values, warnings) else, where None for the values is the end.
py::object next_sample_of(SampleStream& stream, double seconds) {
  require_here(stream);
  SampleQueue::Taken taken;
  {
    py::gil_scoped_release const released;
    taken = stream.take(seconds);
  }
  py::list warnings;
  for (std::string const& warning : taken.warnings) warnings.append(text_of(warning));
  if (!taken.error.empty()) throw Error(taken.error);
  if (!taken.item && !taken.is_end && warnings.empty()) return py::none();
  if (!taken.item) return py::make_tuple(py::none(), warnings, taken.is_end);
  py::list values;
  values.append(text_of(taken.item->sample.id));
  for (std::size_t i = 0; i < taken.item->values.size(); ++i) {
    values.append(python_of({taken.item->values[i], stream.ports()[i]}, false));
  }
  return py::make_tuple(values, warnings, false);
}

}  // namespace

void define_streams(py::module_& module) {
  using Unlocked = py::call_guard<py::gil_scoped_release>;
  py::class_<SampleStream>(module, "SampleStream")
      .def(py::init(&open_stream), Unlocked())
      .def("next", &next_sample_of)
      .def("close", &SampleStream::close, Unlocked());
}

}  // namespace seplflow::python
