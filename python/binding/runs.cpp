#include "binding/runs.hpp"

#include <pybind11/stl.h>

#include <algorithm>
#include <mutex>

#include <seplflow/error.hpp>
#include "base/error_of.hpp"
#include "binding/engine_use.hpp"
#include "binding/port_values.hpp"
#include "binding/python_values.hpp"
#include "binding/run_task.hpp"
#include "cli/run_views.hpp"
#include "compare/image_table.hpp"
#include "pipeline/check.hpp"
#include "pipeline/open_samples.hpp"
#include "report/report.hpp"
#include "run/inputs_outside.hpp"
#include "run/json.hpp"
#include "run/replay.hpp"
#include "run/run_file.hpp"
#include "run/run_place.hpp"

namespace seplflow::python {
namespace {

namespace fs = std::filesystem;
using Texts = std::vector<std::string>;

PipelineRequest pipeline_request(std::string const& file, Texts overrides, Texts sweeps) {
  PipelineRequest request;
  request.file = file;
  request.overrides = std::move(overrides);
  request.sweeps = std::move(sweeps);
  return request;
}

std::unique_ptr<RunTask> start_run(std::string const& file, Texts overrides, Texts sweeps,
                                   std::string const& out, bool resume, bool overwrite,
                                   bool remove_unlisted, Texts command_line) {
  PipelineRequest const pipeline =
      pipeline_request(file, std::move(overrides), std::move(sweeps));
  RunRequest request;
  request.out = out;
  request.command_line = std::move(command_line);
  request.resume = resume;
  request.overwrite = overwrite;
  request.remove_unlisted = remove_unlisted;
  return std::make_unique<RunTask>(pipeline, std::move(request));
}

py::tuple progress_of(RunTask const& task) {
  ProgressState const state = task.progress();
  return py::make_tuple(state.finished, state.total, state.failed, state.reused,
                        text_of(state.slow));
}

py::list messages_of(RunTask& task) {
  py::list messages;
  for (auto const& [level, text] : task.messages()) {
    messages.append(py::make_tuple(level, text_of(text)));
  }
  return messages;
}

py::dict report_of(RunTask const& task) {
  RunReport const& report = task.report();
  py::dict dict;
  dict["status"] = std::string(to_string(report.status));
  dict["error"] = text_of(report.totals.error);
  dict["folder"] = text_of(report.folder.string());
  return dict;
}

py::dict check(std::string const& file, Texts overrides, Texts sweeps, bool quick) {
  PipelineRequest request = pipeline_request(file, std::move(overrides), std::move(sweeps));
  request.look_for_files = true;
  StageCatalog const catalog = default_catalog();
  Pipeline const pipeline = load_pipeline(request, catalog);
  auto const chosen = expected_samples(pipeline);
  require_inputs_outside(pipeline, default_run_folder(pipeline));
  OpenedSamples const opened = quick ? OpenedSamples() : open_samples(pipeline);
  if (!opened.errors.empty()) throw PipelineError(opened.errors);
  py::gil_scoped_acquire const acquired;
  py::list warnings, stages;
  for (Problem const& each : pipeline.warnings) warnings.append(text_of(each.message));
  for (Problem const& each : opened.warnings) warnings.append(text_of(each.message));
  for (PipelineStage const& stage : pipeline.stages) {
    stages.append(py::make_tuple(stage.name, stage.declaration->name));
  }
  py::dict result;
  result["name"] = pipeline.name;
  result["stages"] = stages;
  result["variants"] = pipeline.sweeps() ? pipeline.variants.size() : 0;
  result["samples"] = chosen;
  result["warnings"] = warnings;
  return result;
}

py::str shown_run(std::string const& folder) {
  Json json;
  {
    py::gil_scoped_release const released;
    json = cli::shown_run_json(folder);
  }
  return text_of(json_text(json));
}

// The columns and cells of a CSV file of a run.
py::tuple table(std::string const& folder, std::string const& file) {
  RunPlace const place = run_place(folder);
  FinishedRun run{place.folder, place.sweep, place.record, {}, {}};
  // They say whether texts are behind an apostrophe. A copied folder may have no settings.
  fs::path const settings = fs::path(folder) / "pipeline.toml";
  error_of([&] { run.settings = setting_texts(read_run_file(settings), settings.string()); });
  py::list columns, rows;
  ImageTable const table = read_table(run, fs::path(folder) / file, "");
  for (std::string const& each : table.columns) columns.append(text_of(each));
  for (auto const& cells : table.rows) {
    py::list row;
    for (std::string const& cell : cells) row.append(text_of(cell));
    rows.append(row);
  }
  return py::make_tuple(columns, rows);
}

// The stages of a finished run on one sample after the other. The last sample is kept, so that further
// values of it cost nothing.
class OpenRun {
 public:
  OpenRun(std::string const& folder, Texts overrides)
      : catalog_(default_catalog()), replay_({folder, std::move(overrides)}, catalog_) {
    keep_loaded(replay_.pipeline());
  }

  PortValue value(std::string const& id, std::string const& output) {
    std::scoped_lock const lock(mutex_);
    auto const [place, port] = output_named(output);
    return {values_of(id).value(place), port};
  }

  std::string explanation(std::string const& id, std::string const& stage) {
    std::scoped_lock const lock(mutex_);
    return json_text(cli::explanation_json(replay_, values_of(id), stage));
  }

  std::string picture(std::string const& id, std::string const& stage) {
    std::scoped_lock const lock(mutex_);
    auto const png = cli::explanation_picture(replay_, values_of(id), stage);
    return {png.begin(), png.end()};
  }

  // What may make values differ from those of the run.
  Texts differences(std::string const& id) {
    std::scoped_lock const lock(mutex_);
    Texts notes;
    for (std::string const& input : replay_.changed_inputs(values_of(id).sample())) {
      notes.push_back("the files of \"" + input + "\" for sample \"" + id +
                      "\" are not those that the run read");
    }
    if (std::string const text = replay_.what_differs(); !text.empty()) notes.push_back(text);
    return notes;
  }

  // "STAGE.OUTPUT" and type, in the order of the pipeline.
  std::vector<std::pair<std::string, std::string>> outputs() const {
    std::vector<std::pair<std::string, std::string>> list;
    for (PipelineStage const& stage : replay_.pipeline().stages) {
      for (Port const& port : stage.declaration->outputs) {
        list.emplace_back(stage.name + "." + port.name, port.type);
      }
    }
    return list;
  }

  // The label map that the first observer or sink with an input "labels" reads; else the last one.
  std::string labels_output() const {
    Pipeline const& pipeline = replay_.pipeline();
    std::string last;
    for (PipelineStage const& stage : pipeline.stages) {
      auto const& ports = stage.declaration->inputs;
      auto const labels = find_port(ports, "labels");
      if (stage.is_end() && labels && stage.inputs[*labels] &&
          ports[*labels].type == PortType<LabelMap>::name) {
        return name_of(*stage.inputs[*labels]);
      }
      for (std::size_t i = 0; i < stage.declaration->outputs.size(); ++i) {
        if (stage.declaration->outputs[i].type != PortType<LabelMap>::name) continue;
        last = stage.name + "." + stage.declaration->outputs[i].name;
      }
    }
    if (last.empty()) throw UsageError("no stage of this run returns a label map");
    return last;
  }

 private:
  std::string name_of(PipelineStage::Input const& output) const {
    PipelineStage const& stage = replay_.pipeline().stages[output.stage];
    return stage.name + "." + stage.declaration->outputs[output.output].name;
  }

  SampleValues& values_of(std::string const& id) {
    if (!values_ || values_->sample().id != id) {
      values_.reset();
      values_.emplace(std::move(replay_.samples({id}).front()));
    }
    return *values_;
  }

  std::pair<PipelineStage::Input, Port> output_named(std::string const& output) const {
    auto const& stages = replay_.pipeline().stages;
    std::size_t const dot = output.find('.');
    auto const stage = std::ranges::find(stages, output.substr(0, dot), &PipelineStage::name);
    Texts names;
    for (PipelineStage const& each : stages) names.push_back(each.name);
    if (stage == stages.end()) {
      throw UsageError("the run has no stage \"" + output.substr(0, dot) + "\"" +
                       did_you_mean(output.substr(0, dot), names) + " (it has " +
                       quoted_list(names) + ")");
    }
    auto const& ports = stage->declaration->outputs;
    std::string const name =
        dot == std::string::npos && !ports.empty() ? ports[0].name : output.substr(dot + 1);
    auto const port = find_port(ports, name);
    if (!port) throw UsageError(label_of(*stage) + no_port("output", name, ports));
    return {{static_cast<std::size_t>(stage - stages.begin()), *port}, ports[*port]};
  }

  std::mutex mutex_;
  StageCatalog catalog_;
  Replay replay_;
  std::optional<SampleValues> values_;
};

py::tuple report(Texts const& runs, Texts overrides, std::size_t panels) {
  Report page;
  {
    py::gil_scoped_release const released;
    page = make_report({{runs.begin(), runs.end()}, std::move(overrides), panels});
  }
  py::list missing;
  for (std::string const& each : page.missing) missing.append(text_of(each));
  return py::make_tuple(text_of(page.html), missing);
}

using Released = py::call_guard<py::gil_scoped_release>;

py::object value_of(OpenRun& run, std::string const& id, std::string const& output) {
  PortValue value;
  {
    py::gil_scoped_release const released;
    value = run.value(id, output);
  }
  return python_of(std::move(value), true);
}

}  // namespace

void define_runs(py::module_& module) {
  py::class_<RunTask>(module, "RunTask")
      .def(py::init(&start_run), Released())
      .def("wait", &RunTask::wait, Released())
      .def("interrupt", &RunTask::interrupt, Released())
      .def("progress", &progress_of)
      .def("messages", &messages_of)
      .def("report", &report_of);
  py::class_<OpenRun>(module, "OpenRun")
      .def(py::init<std::string, Texts>(), Released())
      .def("value", &value_of)
      .def("explanation", [](OpenRun& run, std::string const& id, std::string const& stage) {
        std::string text;
        {
          py::gil_scoped_release const released;
          text = run.explanation(id, stage);
        }
        return text_of(text);
      })
      .def("picture", [](OpenRun& run, std::string const& id, std::string const& stage) {
        std::string png;
        {
          py::gil_scoped_release const released;
          png = run.picture(id, stage);
        }
        return py::bytes(png);
      })
      .def("differences", &OpenRun::differences, Released())
      .def("outputs", &OpenRun::outputs)
      .def("labels_output", &OpenRun::labels_output);
  module.def("check", &check, Released());
  module.def("shown_run", &shown_run);
  module.def("table", &table);
  module.def("report", &report);
}

}  // namespace seplflow::python
