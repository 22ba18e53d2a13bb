// The Python module seplflow._seplflow. What users call is in python/seplflow/*.py.
#include <dlfcn.h>
#include <pybind11/pybind11.h>

#include <filesystem>

#include <seplflow/error.hpp>
#include <seplflow/version.hpp>
#include "binding/port_values.hpp"
#include "binding/python_values.hpp"
#include "binding/runs.hpp"
#include "binding/stages.hpp"
#include "binding/streams.hpp"
#include "catalog/plugin_places.hpp"
#include "pipeline/problem.hpp"

namespace seplflow::python {
namespace {

void set_error(char const* type, std::string const& text) {
  py::object const known = py::module_::import("seplflow._errors").attr(type);
  ::PyErr_SetObject(known.ptr(), text_of(text).ptr());
}

void set_pipeline_error(PipelineError const& error) {
  py::list problems;
  for (Problem const& problem : error.problems()) {
    problems.append(py::make_tuple(text_of(problem.place.source->name), problem.place.line,
                                   problem.place.column, text_of(problem.message)));
  }
  py::object const type = py::module_::import("seplflow._errors").attr("PipelineError");
  ::PyErr_SetObject(type.ptr(), py::object(type(text_of(error.what()), problems)).ptr());
}

void translate(std::exception_ptr thrown) {
  try {
    if (thrown) std::rethrow_exception(thrown);
  } catch (PipelineError const& error) {
    set_pipeline_error(error);
  } catch (UsageError const& error) {
    set_error("UsageError", error.what());
  } catch (Error const& error) {
    set_error("Error", error.what());
  }
}

// Plugins are beside libseplflow, in the build folder and in an install.
void find_plugins() {
  Dl_info info{};
  void const* const in_library = reinterpret_cast<void const*>(&without_controls);
  if (::dladdr(in_library, &info) == 0 || info.dli_fname == nullptr) return;
  std::error_code unknown;
  auto const library = std::filesystem::weakly_canonical(info.dli_fname, unknown);
  set_installed_plugins(library.parent_path() / "seplflow/plugins");
}

}  // namespace
}  // namespace seplflow::python

PYBIND11_MODULE(_seplflow, module) {
  using namespace seplflow::python;
  py::register_local_exception_translator(&translate);
  find_plugins();
  module.attr("version") = SEPLFLOW_VERSION;
  define_values(module);
  define_stages(module);
  define_runs(module);
  define_streams(module);
}
