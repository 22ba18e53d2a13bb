#include "binding/stages.hpp"

#include <pybind11/stl.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <utility>

#include <seplflow/detail/warnings.hpp>
#include <seplflow/error.hpp>
#include "base/error_of.hpp"
#include "binding/engine_use.hpp"
#include "binding/port_values.hpp"
#include "binding/python_values.hpp"
#include "catalog/plugin_places.hpp"
#include "pipeline/check.hpp"
#include "pipeline/option_text.hpp"
#include "pipeline/single_stage.hpp"

namespace seplflow::python {
namespace {

namespace fs = std::filesystem;

// Changes when a plugin is added to or removed from a place.
std::string state_of_places() {
  std::string state;
  for (fs::path const& place : default_plugin_places()) {
    std::error_code unknown;
    auto const time = fs::last_write_time(place, unknown).time_since_epoch().count();
    state += place.string() + "\n" + std::to_string(unknown ? 0 : time) + "\n";
  }
  return state;
}

std::string joined_messages(PipelineError const& error) {
  std::string text;
  for (Problem const& problem : error.problems()) {
    text += (text.empty() ? "" : "\n") + problem.message;
  }
  return text;
}

py::object option_as_python(std::optional<OptionValue> const& value) {
  if (!value) return py::none();
  return std::visit([](auto const& held) { return py::cast(held); }, *value);
}

// Configured once for each set of optional inputs that calls connect, because check() sees them.
class Stage {
 public:
  Stage(std::string const& use, std::string options, std::vector<std::string> requested)
      : catalog_(shared_catalog()),
        use_(use),
        options_(std::move(options)),
        requested_(std::move(requested)) {
    stage_ = &configured_for_any();
    require_transform();
    for (std::string const& name : requested_) {
      auto const& outputs = stage_->declaration->outputs;
      if (!find_port(outputs, name)) throw UsageError(label() + no_port("output", name, outputs));
    }
  }

  py::object call(py::object const& sample, py::dict const& given) {
    StageDeclaration const& declaration = *stage_->declaration;
    Sample context = sample_for(sample);
    std::vector<Value> values(declaration.inputs.size());
    for (auto const& [key, object] : given) {
      auto const name = key.cast<std::string>();
      auto const port = find_port(declaration.inputs, name);
      if (!port) throw py::type_error(label() + no_port("input", name, declaration.inputs));
      if (object.is_none()) continue;
      values[*port] = value_for(declaration.inputs[*port], object, what(*port));
    }
    std::vector<std::string> connected;
    for (std::size_t i = 0; i < values.size(); ++i) {
      Port const& port = declaration.inputs[i];
      // A stage that loads files works on the sample itself.
      bool const is_sample = !values[i] && port.type == PortType<Sample>::name;
      if (is_sample) values[i] = std::make_shared<Sample const>(context);
      if (values[i] && port.optional) connected.push_back(port.name);
      if (values[i] && port.type == PortType<Image>::name && !context.size) {
        context.size = static_cast<Image const*>(values[i].get())->size();
      }
      if (values[i] || port.optional) continue;
      throw py::type_error("input \"" + port.name + "\" (" + port.type + ") of " + label() +
                           " is not connected; pass " + port.name + "=...");
    }
    return result_of(work(configured(connected), context, values));
  }

  py::dict options() const {
    py::dict options;
    auto const& declared = stage_->declaration->options;
    for (std::size_t i = 0; i < declared.size(); ++i) {
      options[py::str(declared[i].name)] = option_as_python(stage_->instance->option(i));
    }
    return options;
  }

  py::dict ports(std::vector<Port> StageDeclaration::*list) const {
    py::dict ports;
    for (Port const& port : stage_->declaration->*list) {
      ports[py::str(port.name)] = port.type + (port.optional ? ", optional" : "");
    }
    return ports;
  }

  std::string help() const {
    StageDeclaration const& declaration = *stage_->declaration;
    std::string text = declaration.name + ": " + declaration.summary + "\n\ninputs\n";
    auto const add = [&](Port const& port, char const* optional) {
      text += "  " + port.name + ": " + port.type + (port.optional ? optional : "") + "\n";
    };
    for (Port const& port : declaration.inputs) add(port, ", optional");
    text += "\noutputs\n";
    for (Port const& port : declaration.outputs) add(port, ", made if it is in outputs=[...]");
    if (!declaration.options.empty()) text += "\noptions\n";
    for (OptionDeclaration const& option : declaration.options) {
      text += "  " + option.name + " (" + describe_option(option) + ")\n      " + option.help + "\n";
    }
    return text;
  }

  std::string const& name() const { return use_; }

 private:
  using Values = std::optional<std::vector<Value>>;

  std::string label() const { return label_of(*stage_); }

  std::string what(std::size_t input) const {
    return label() + ": input \"" + stage_->declaration->inputs[input].name + "\"";
  }

  void require_transform() const {
    StageKind const kind = stage_->declaration->kind;
    if (kind == StageKind::transform) return;
    throw UsageError(label() + " is of kind " + std::string(to_string(kind)) +
                     "; seplflow.stage calls transforms, and a pipeline runs the other kinds");
  }

  // A stage may need one of its optional inputs, and which are connected is known only when it is called.
  // So its options are right if any choice of inputs accepts them.
  PipelineStage const& configured_for_any() {
    std::vector<std::vector<std::string>> choices = {{}};
    std::vector<std::string> all;
    if (auto const* const declaration = catalog_->find(use_).declaration) {
      for (Port const& port : declaration->inputs) {
        if (!port.optional) continue;
        choices.push_back({port.name});
        all.push_back(port.name);
      }
    }
    choices.push_back(all);
    std::exception_ptr first;
    for (auto const& connected : choices) {
      try {
        return configured(connected);
      } catch (UsageError const&) {
        if (!first) first = std::current_exception();
      }
    }
    std::rethrow_exception(first);
  }

  PipelineStage const& configured(std::vector<std::string> const& connected) {
    auto const known = stages_.find(connected);
    if (known != stages_.end()) return known->second;
    std::vector<Problem> warnings;
    try {
      PipelineStage stage = single_stage(use_, options_, connected, requested_, *catalog_, warnings);
      keep_loaded(*stage.declaration);
      for (Problem const& warning : warnings) warn(warning.message);
      return stages_.emplace(connected, std::move(stage)).first->second;
    } catch (PipelineError const& error) {
      throw UsageError(joined_messages(error));
    }
  }

  Values work(PipelineStage const& stage, Sample const& sample, std::vector<Value> const& values) {
    std::vector<void const*> inputs;
    for (Value const& value : values) inputs.push_back(value.get());
    Warnings warnings;
    Values result;
    std::optional<std::string> error;
    {
      py::gil_scoped_release const released;
      std::unique_lock lock(one_at_a_time_, std::defer_lock);
      if (stage.declaration->serial) lock.lock();
      SampleContext const context(sample, nullptr, &warnings);
      error = error_of([&] { result = stage.instance->run(context, inputs); });
      if (result) make_pixels(*result);
    }
    for (Warning const& each : warnings.take()) {
      warn(label() + ": " + each.what + (each.detail.empty() ? "" : " (" + each.detail + ")"));
    }
    if (error) throw Error(label() + ": " + *error);
    return result;
  }

  // A label map that was painted has no pixels before they are asked for.
  void make_pixels(std::vector<Value> const& values) const {
    auto const& outputs = stage_->declaration->outputs;
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (!values[i] || outputs[i].type != PortType<LabelMap>::name) continue;
      static_cast<LabelMap const*>(values[i].get())->pixels();
    }
  }

  py::object result_of(Values&& values) const {
    if (!values) return py::none();
    auto const& outputs = stage_->declaration->outputs;
    if (std::ranges::count(stage_->wanted, true) == 1) {
      return python_of({values->at(0), outputs[0]}, false);
    }
    py::dict result;
    // Two outputs may be the same pixels.
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      if (!stage_->wanted[i]) continue;
      result[py::str(outputs[i].name)] = python_of({(*values)[i], outputs[i]}, true);
    }
    return result;
  }

  std::shared_ptr<StageCatalog const> catalog_;
  std::string use_, options_;
  std::vector<std::string> requested_;  // outputs that are made on request
  std::map<std::vector<std::string>, PipelineStage> stages_;
  PipelineStage const* stage_ = nullptr;
  std::mutex one_at_a_time_;
};

// A value for several stages, so that it is converted once.
py::object shared_value(std::string const& type, py::object const& object, std::string const& what) {
  auto const holds = [&](Port port) {
    return py::cast(PortValue{value_for(port, object, what), port});
  };
  if (type == PortType<LabelMap>::name) return holds(detail::port_of<LabelMap>(""));
  if (type == PortType<MaskSet>::name) return holds(detail::port_of<MaskSet>(""));
  throw py::value_error("no shared value of type " + type);
}

py::dict listed_stages() {
  py::dict stages;
  auto const catalog = shared_catalog();
  for (std::string const& name : catalog->names()) {
    stages[py::str(name)] = catalog->listed(name).summary;
  }
  return stages;
}

}  // namespace

std::shared_ptr<StageCatalog const> shared_catalog() {
  static std::string state;
  static auto& catalog = *new std::shared_ptr<StageCatalog const>();
  std::string const now = state_of_places();
  if (catalog && now == state) return catalog;
  catalog = std::make_shared<StageCatalog const>(default_catalog());
  state = now;
  for (std::string const& warning : catalog->warnings()) warn(warning);
  for (auto const& rejected : catalog->rejected()) {
    if (rejected.is_other) continue;
    warn("plugin " + rejected.file.string() + " is rejected: " + rejected.reason);
  }
  return catalog;
}

void define_stages(py::module_& module) {
  py::class_<Stage>(module, "Stage")
      .def(py::init<std::string, std::string, std::vector<std::string>>(), py::arg("name"),
           py::arg("options"), py::arg("requested") = std::vector<std::string>())
      .def("call", &Stage::call)
      .def_property_readonly("name", &Stage::name)
      .def_property_readonly("options", &Stage::options)
      .def_property_readonly("inputs",
                             [](Stage const& stage) { return stage.ports(&StageDeclaration::inputs); })
      .def_property_readonly(
          "outputs", [](Stage const& stage) { return stage.ports(&StageDeclaration::outputs); })
      .def_property_readonly("help", &Stage::help);
  module.def("stages", &listed_stages);
  module.def("value", &shared_value);
}

}  // namespace seplflow::python
