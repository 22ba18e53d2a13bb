#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>

#include "base/error_of.hpp"
#include "base/number_text.hpp"
#include "cli/commands.hpp"
#include "cli/errors.hpp"
#include "cli/explain_picture.hpp"
#include "cli/explain_tables.hpp"
#include "cli/run_views.hpp"
#include "cli/table.hpp"
#include "compare/image_table.hpp"
#include "pipeline/option_text.hpp"
#include "run/crash_report.hpp"
#include "run/explained_sample.hpp"
#include "run/replay.hpp"
#include "run/run_file.hpp"

namespace seplflow::cli {
namespace {

namespace fs = std::filesystem;

struct ExplainArguments {
  std::string run, id, stage, out;
  std::vector<std::string> overrides;
  FormatArguments format;
};

// A sample with what its stages explain, and the label maps around them.
struct Explained {
  SampleValues& values;
  std::vector<ExplainedStage> stages;
  std::vector<std::pair<std::size_t, Row>> rows;  // of evaluators
  std::vector<std::string> notes;                 // what may differ from the run
};

std::string names_of(Pipeline const& pipeline, std::vector<std::size_t> const& stages) {
  std::string names;
  for (std::size_t const s : stages) {
    names += (names.empty() ? "\"" : ", \"") + pipeline.stages[s].name + "\"";
  }
  return names;
}

std::vector<std::size_t> chosen_stages(Pipeline const& pipeline, std::string const& name) {
  auto const all = explainable_stages(pipeline, false);
  if (all.empty()) {
    std::string types;
    for (PipelineStage const& stage : pipeline.stages) {
      types += (types.empty() ? "" : ", ") + stage.declaration->name;
    }
    throw UsageError("no stage of this run explains its decisions (it has " + types +
                     "); sepl.select and others do: docs/plugins.md says how a stage can");
  }
  if (name.empty()) return explainable_stages(pipeline, true);
  for (std::size_t const s : all) {
    if (pipeline.stages[s].name == name) return {s};
  }
  throw UsageError("no stage \"" + name + "\" of this run explains its decisions; use " +
                   names_of(pipeline, all));
}

// Where a cell of the run's table is not what the stages return now.
std::string difference_from_run(FinishedRun const& run, PipelineStage const& stage, Row const& row,
                                std::string const& id) {
  auto const file = table_of(run, stage.name);
  auto const cells = file ? row_of_image(run, *file, id) : std::nullopt;
  if (!cells || cells->size() != row.size() || columns_of(run, *file) != stage.columns) return "";
  for (std::size_t c = 1; c < row.size(); ++c) {
    auto const* const now = std::get_if<double>(&row[c]);
    auto const before = number_in((*cells)[c]);
    if (!now || !before || *before == *now) continue;
    return "the run has " + shortest(*before) + " as " + stage.columns[c] + " of this image in " +
           file->string() + ", but its stages return " + shortest(*now) +
           " now: this does not explain the values of the run";
  }
  return "";
}

void add_notes(Explained& explained, Replay& replay) {
  RunPlace const& place = replay.place();
  for (std::string const& input : replay.changed_inputs(explained.values.sample())) {
    explained.notes.push_back("the files of \"" + input +
                              "\" for this image are not those that the run read");
  }
  FinishedRun run{place.folder, place.sweep, place.record, {}, {}};
  fs::path const pipeline = place.folder / "pipeline.toml";
  error_of([&] { run.settings = setting_texts(read_run_file(pipeline), pipeline.string()); });
  bool differs = false;
  for (auto const& [s, row] : explained.rows) {
    std::string const text = difference_from_run(run, replay.pipeline().stages[s], row,
                                                 explained.values.sample().id);
    if (!text.empty()) explained.notes.push_back(text);
    differs = differs || !text.empty();
  }
  std::string const why = replay.what_differs();
  if ((differs || explained.rows.empty()) && !why.empty()) explained.notes.push_back(why);
}

// The label maps that a stage reads, what it returns, and the ground truth, by the names of ports.
std::vector<TitledLabels> maps_around(SampleValues& values, ExplainedStage const& explained) {
  std::vector<TitledLabels> maps;
  Pipeline const& pipeline = values.pipeline();
  auto const add = [&](std::string title, PipelineStage::Input const& output, bool is_input) {
    Port const& port = pipeline.stages[output.stage].declaration->outputs[output.output];
    if (port.type != PortType<LabelMap>::name) return;
    Value value;
    // What cannot be read, such as ground truth that nobody needed, is left out.
    error_of([&] { value = values.value(output); });
    if (!value) return;
    maps.push_back({std::move(title), *static_cast<LabelMap const*>(value.get()), is_input});
  };
  PipelineStage const& stage = pipeline.stages[explained.stage];
  for (std::size_t i = 0; i < stage.inputs.size(); ++i) {
    if (stage.inputs[i]) add(stage.declaration->inputs[i].name, *stage.inputs[i], true);
  }
  if (explained.labels) maps.push_back({stage.name, *explained.labels, false});
  std::size_t const source = pipeline.source_index();
  auto const& outputs = pipeline.source().declaration->outputs;
  for (std::size_t output = 1; output < outputs.size(); ++output) {
    if (outputs[output].name == "truth") add("truth", {source, output}, false);
  }
  return maps;
}

std::optional<Image> image_of(SampleValues& values) {
  std::size_t const source = values.pipeline().source_index();
  auto const& outputs = values.pipeline().source().declaration->outputs;
  for (std::size_t output = 1; output < outputs.size(); ++output) {
    if (outputs[output].type != PortType<Image>::name) continue;
    Value value;
    error_of([&] { value = values.value({source, output}); });
    if (value) return *static_cast<Image const*>(value.get());
  }
  return std::nullopt;
}

// The size of all panels: that of the labels, or of the regions. Nothing when there is neither.
std::optional<Size> size_of_picture(Explanation const& explanation,
                                    std::vector<TitledLabels> const& maps) {
  if (!maps.empty()) return maps.front().labels.size();
  for (Explanation::Item const& item : explanation.items) {
    if (item.region) return item.region->size();
  }
  return std::nullopt;
}

// From left to right: image, labels before, items kept and dropped, labels after, ground truth.
std::vector<ExplainPanel> panels_of(Explanation const& explanation,
                                    std::vector<TitledLabels> const& maps, Size size,
                                    bool has_image) {
  std::vector<ExplainPanel> panels;
  if (has_image) panels.push_back({"image", LabelMap(size)});
  auto const add_maps = [&](bool inputs) {
    for (auto const& [title, labels, is_input] : maps) {
      if (is_input == inputs && labels.size() == size) panels.push_back({title, labels});
    }
  };
  add_maps(true);
  ExplainPanel kept{"kept"}, dropped{"dropped"};
  for (std::size_t i = 0; i < explanation.items.size(); ++i) {
    auto const& item = explanation.items[i];
    if (!item.region || item.region->size() != size) continue;
    (item.kept ? kept : dropped).items.push_back(i);
  }
  panels.push_back(std::move(kept));
  panels.push_back(std::move(dropped));
  add_maps(false);
  return panels;
}

struct DrawnPanels {
  std::vector<std::uint8_t> png;
  std::string titles;  // of its panels
};

// Of the last stage.
DrawnPanels picture_of(Explained& explained) {
  ExplainedStage const& stage = explained.stages.back();
  auto const maps = maps_around(explained.values, stage);
  auto const size = size_of_picture(stage.explanation, maps);
  if (!size) {
    throw UsageError("nothing of stage \"" + explained.values.pipeline().stages[stage.stage].name +
                     "\" can be drawn: it has neither regions nor label maps");
  }
  auto image = image_of(explained.values);
  if (image && image->size() != *size) image.reset();
  auto const panels = panels_of(stage.explanation, maps, *size, image.has_value());
  ClassesPtr const& classes = explained.values.sample().classes;
  DrawnPanels picture{explain_picture(image, *size, stage.explanation, panels,
                                  classes ? classes->colours() : Colours()),
                  ""};
  for (ExplainPanel const& panel : panels) {
    picture.titles += (picture.titles.empty() ? "" : ", ") + panel.title;
  }
  return picture;
}

// Returns the titles of its panels.
std::string write_picture(Explained& explained, std::string const& file) {
  DrawnPanels const picture = picture_of(explained);
  std::ofstream stream(file, std::ios::binary);
  stream.write(reinterpret_cast<char const*>(picture.png.data()),
               static_cast<std::streamsize>(picture.png.size()));
  if (!stream.flush()) throw Error("cannot write " + file);
  return picture.titles;
}

std::string title_of(Pipeline const& pipeline, ExplainedStage const& explained) {
  PipelineStage const& stage = pipeline.stages[explained.stage];
  std::string options;
  for (auto const& trial : explained.explanation.trials) {
    auto const value = stage.instance->option(*find_option(*stage.declaration, trial.option));
    if (value) options += (options.empty() ? ": " : ", ") + trial.option + " = " + resolved_text(*value);
  }
  std::size_t kept = 0;
  for (auto const& item : explained.explanation.items) kept += item.kept ? 1 : 0;
  return stage.name + " (" + stage.declaration->name + ")" + options + "; " +
         counted(explained.explanation.items.size(), explained.explanation.item) + ", " +
         std::to_string(kept) + " kept";
}

void print_on_terminal(Explained& explained, Replay const& replay) {
  Pipeline const& pipeline = explained.values.pipeline();
  Sample const& sample = explained.values.sample();
  Page page(screen_of(STDOUT_FILENO));
  page << without_controls(sample.id);
  if (!replay.place().variant.empty()) {
    page << without_controls((replay.chose_best() ? ", the best variant " : ", variant ") +
                             replay.place().variant);
  }
  page << '\n';
  for (ExplainedStage const& stage : explained.stages) {
    DataTable items = item_table(sample, stage);
    items.title = title_of(pipeline, stage);
    page << '\n';
    page.add(summary_of(items));
    for (std::string const& note : stage.explanation.notes) {
      page << "  " << without_controls(note) << '\n';
    }
    DataTable const pixels = pixel_table(sample, maps_around(explained.values, stage));
    if (pixels.columns.size() > 1) {
      page << '\n';
      page.add(summary_of(pixels));
    }
    for (DataTable const& table : trial_tables(stage)) {
      page << '\n';
      page.add(summary_of(table));
    }
  }
  for (auto const& [s, row] : explained.rows) {
    page << '\n';
    page.add(summary_of(row_table(pipeline.stages[s], row)));
  }
  page.print(std::cout);
}

Json trials_json(ExplainedStage const& stage) {
  Json list = Json::array();
  for (auto const& trial : stage.trials) {
    Json options = Json::object();
    for (std::size_t t = 0; t < trial.values.size(); ++t) {
      Explanation::Trial const& tried = stage.explanation.trials[t];
      std::visit([&](auto const& value) { options[tried.option] = value; },
                 tried.values[trial.values[t]]);
    }
    list.push_back({{"options", options},
                    {"kept", trial.kept_items},
                    {"score", trial.score ? Json(*trial.score) : Json()},
                    {"as_in_the_run", trial.is_current}});
  }
  return list;
}

Json stage_json(Explained& explained, ExplainedStage const& stage) {
  Pipeline const& pipeline = explained.values.pipeline();
  Sample const& sample = explained.values.sample();
  Json items = json_of(item_table(sample, stage));
  for (std::size_t i = 0; i < items.size(); ++i) {
    Json limits = Json::array();
    for (auto const& [option, value, below] : stage.explanation.items[i].limits) {
      limits.push_back({{"option", option}, {below ? "kept_below" : "kept_above", value}});
    }
    items[i]["limits"] = std::move(limits);
  }
  return {{"stage", pipeline.stages[stage.stage].name},
          {"use", pipeline.stages[stage.stage].declaration->name},
          {"items", std::move(items)},
          {"notes", stage.explanation.notes},
          {"pixels", json_of(pixel_table(sample, maps_around(explained.values, stage)))},
          {"trial_score", stage.score.empty() ? Json() : Json(stage.score_stage + "." + stage.score)},
          {"trials", trials_json(stage)}};
}

Json explained_json(Explained& explained, Replay const& replay) {
  Json json = {{"run", replay.place().folder.string()},
               {"variant", replay.place().variant},
               {"image", explained.values.sample().id},
               {"notes", explained.notes},
               {"stages", Json::array()},
               {"scores", Json::object()}};
  for (auto const& stage : explained.stages) json["stages"].push_back(stage_json(explained, stage));
  for (auto const& [s, row] : explained.rows) {
    PipelineStage const& evaluator = explained.values.pipeline().stages[s];
    DataTable table{"", evaluator.columns, {}};
    auto& cells = table.rows.emplace_back();
    for (Cell const& cell : row) cells.push_back({cell, DataCell::Kind::plain});
    json["scores"][evaluator.name] = json_of(table)[0];
  }
  return json;
}

Explained explained_sample(Replay& replay, SampleValues& values,
                           std::vector<std::size_t> const& stages) {
  Explained explained{values, {}, {}, {}};
  for (std::size_t const s : stages) {
    explained.stages.push_back(explained_stage(explained.values, s));
  }
  explained.rows = rows_of(explained.values);
  add_notes(explained, replay);
  return explained;
}

int explain(ExplainArguments const& arguments) {
  CrashReport const report;
  TableFormat const format = arguments.format.format();
  StageCatalog const catalog = catalog_with_warnings();
  Replay replay({arguments.run, arguments.overrides}, catalog);
  auto const stages = chosen_stages(replay.pipeline(), arguments.stage);
  auto samples = replay.samples({arguments.id});
  Explained explained = explained_sample(replay, samples.front(), stages);
  for (std::string const& note : explained.notes) print_warning(note);
  if (format == TableFormat::terminal) {
    print_on_terminal(explained, replay);
  } else if (format == TableFormat::json) {
    std::cout << json_text(explained_json(explained, replay), 2) << '\n';
  } else {
    std::vector<DataTable> tables;
    for (auto const& stage : explained.stages) {
      tables.push_back(item_table(explained.values.sample(), stage));
      if (format != TableFormat::csv) tables.back().title = title_of(replay.pipeline(), stage);
    }
    print_tables(std::cout, tables, format,
                 "choose one with --stage " + names_of(replay.pipeline(), stages));
  }
  if (arguments.out.empty()) return kDone;
  std::string const titles = write_picture(explained, arguments.out);
  if (format == TableFormat::terminal) {
    std::string const& stage = replay.pipeline().stages[explained.stages.back().stage].name;
    std::cout << "\nIn " << without_controls(arguments.out) << ", stage \"" << stage
              << "\", from left to right: " << without_controls(titles) << '\n';
  }
  return kDone;
}

}  // namespace

Json explanation_json(Replay& replay, SampleValues& values, std::string const& stage) {
  Explained explained =
      explained_sample(replay, values, chosen_stages(replay.pipeline(), stage));
  return explained_json(explained, replay);
}

std::vector<std::uint8_t> explanation_picture(Replay& replay, SampleValues& values,
                                              std::string const& stage) {
  auto const stages = chosen_stages(replay.pipeline(), stage);
  Explained explained{values, {explained_stage(values, stages.back())}, {}, {}};
  return picture_of(explained).png;
}

Command explain_command() {
  auto const arguments = std::make_shared<ExplainArguments>();
  Command command{.name = "explain",
                  .summary = "Explain what a run made of one image: which masks it kept, and why",
                  .run = [arguments] { return explain(*arguments); },
                  .examples =
                      "  seplflow explain runs/demo scene_000142\n"
                      "  seplflow explain runs/demo scene_000142 --out why.png\n"};
  command
      .positional("RUN", "folder of a run, a variant of a sweep, or a sweep (its best variant)",
                  arguments->run)
      .required = true;
  command.positional("IMAGE", "the image, as the tables of the run name it", arguments->id)
      .required = true;
  command.option("--out", "FILE", "write a picture of the masks and labels (PNG)", arguments->out);
  command.option("--stage", "NAME", "explain this stage of the pipeline (default: the last ones)",
                 arguments->stage);
  command.option("--set", "STAGE.OPTION=VALUE", "set an option, such as a folder that was moved",
                 arguments->overrides);
  arguments->format.add_to(command, "the table of masks");
  return command;
}

}  // namespace seplflow::cli
