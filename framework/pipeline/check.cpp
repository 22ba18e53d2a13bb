#include <algorithm>
#include <fstream>
#include <functional>
#include <map>
#include <sstream>

#include "pipeline/document.hpp"
#include "pipeline/option_reader.hpp"
#include "pipeline/option_text.hpp"
#include "pipeline/pipeline.hpp"
#include "pipeline/run_options.hpp"

namespace seplflow {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> names_of(std::vector<Port> const& ports) {
  std::vector<std::string> names;
  for (Port const& port : ports) names.push_back(port.name);
  return names;
}

// Turns a document into a pipeline, step by step; each step reports what it can and the next works
// on what is left, so that one mistake hides no other.
class Checker {
 public:
  Checker(Document const& document, PipelineRequest const& request, StageCatalog const& catalog,
          std::vector<Problem>& problems)
      : document_(document), request_(request), catalog_(catalog), problems_(problems) {}

  Pipeline check() {
    read_name();
    read_run();
    for (StageEntry const& entry : document_.stages) identify(entry);
    for (Draft& draft : drafts_) connect(draft);
    require_one_source();
    require_acyclic();
    find_unused();
    for (Draft& draft : drafts_) configure(draft);
    if (!problems_.empty()) throw PipelineError(std::move(problems_));
    return assemble();
  }

 private:
  struct Draft {
    StageEntry const* entry;
    PipelineStage stage;          // without a declaration when its `use` is wrong
    bool inputs_known = true;     // false when a mistake in `in` was reported
  };

  void complain(Place const& place, std::string message) {
    problems_.push_back({place, std::move(message)});
  }

  static std::string owner(Draft const& draft) {
    return "stage \"" + draft.stage.name + "\" (" + draft.stage.declaration->name + ")";
  }

  void read_name() {
    pipeline_.file = fs::absolute(request_.file);
    pipeline_.name = request_.file.stem().string();
    if (!document_.name) return;
    if (auto name = read_text(*document_.name, request_.environment, problems_)) {
      if (auto const unsafe = why_unsafe_id(*name); unsafe || name->find('/') != std::string::npos) {
        complain(document_.name->value_place,
                 "the name of a pipeline names its run folder; " + toml_string(*name) + " " +
                     unsafe.value_or("holds a slash"));
      }
      pipeline_.name = std::move(*name);
    }
  }

  void read_run() {
    std::string const run = "[run]";
    for (Setting const& setting : document_.run) {
      auto const* const option = find_run_option(setting.key);
      if (!option) {
        complain(setting.place, "[run] has no option \"" + setting.key + "\"" +
                                    did_you_mean(setting.key, run_option_names()));
      } else if (auto const value = read_option(setting, option->declaration, run,
                                                request_.environment, problems_)) {
        option->set(pipeline_.run, *value);
      }
    }
  }

  // ---- which stage is meant ----

  void identify(StageEntry const& entry) {
    Draft draft;
    draft.entry = &entry;
    draft.stage.name = entry.name;
    draft.stage.declaration = declaration_of(entry);
    if (draft.stage.declaration) {
      draft.stage.inputs.resize(draft.stage.declaration->inputs.size());
      draft.stage.wanted.resize(draft.stage.declaration->outputs.size());
    }
    index_[entry.name] = drafts_.size();
    drafts_.push_back(std::move(draft));
  }

  StageDeclaration const* declaration_of(StageEntry const& entry) {
    Setting const* const use = entry.find("use");
    if (!use) {
      complain(entry.place, "stage \"" + entry.name +
                                "\" does not say what it is; add use = \"...\" (\"seplflow stages\" "
                                "lists what there is)");
      return nullptr;
    }
    auto const name = read_text(*use, request_.environment, problems_);
    if (!name) return nullptr;
    auto const found = catalog_.find(*name);
    if (!found.declaration) {
      std::string message = "there is no stage " + toml_string(*name) +
                            did_you_mean(*name, catalog_.names());
      if (auto const rejected = catalog_.rejected().size(); rejected > 0) {
        message += " (" + std::to_string(rejected) +
                   " plugins were rejected; \"seplflow stages\" says why)";
      }
      complain(use->value_place, std::move(message));
    } else if (found.files.size() > 1) {
      std::string message = "stage " + toml_string(*name) + " is defined by several plugins:";
      for (fs::path const& file : found.files) message += " " + file.string();
      complain(use->value_place, message + "; remove all but one from the plugin folders");
      return nullptr;
    }
    return found.declaration;
  }

  // ---- how stages are wired ----

  void connect(Draft& draft) {
    if (!draft.stage.declaration) return;
    std::vector<Port> const& inputs = draft.stage.declaration->inputs;
    if (Setting const* const in = draft.entry->find("in")) {
      if (inputs.empty()) {
        complain(in->place, owner(draft) + " is a source and takes no input");
        return;
      }
      if (in->value->is_table()) {
        connect_by_name(draft, *in);
      } else {
        connect_only(draft, *in);
      }
    }
    if (draft.inputs_known) require_inputs(draft);
  }

  void connect_only(Draft& draft, Setting const& in) {
    std::vector<Port> const& inputs = draft.stage.declaration->inputs;
    auto const required = std::ranges::count_if(inputs, [](Port const& p) { return !p.optional; });
    if (required > 1) {
      std::string example;
      for (Port const& port : inputs) {
        if (!port.optional) example += (example.empty() ? "" : ", ") + port.name + " = \"...\"";
      }
      complain(in.value_place, owner(draft) + " has several inputs; write in = { " + example + " }");
      draft.inputs_known = false;
      return;
    }
    auto const port = std::ranges::find(inputs, required == 0, &Port::optional);
    connect_port(draft, static_cast<std::size_t>(port - inputs.begin()), in);
  }

  void connect_by_name(Draft& draft, Setting const& in) {
    for (auto const& [key, value] : *in.value->as_table()) {
      Setting const wire{std::string(key.str()),
                         {in.place.source, key.source().begin.line, key.source().begin.column},
                         {in.place.source, value.source().begin.line, value.source().begin.column},
                         &value,
                         "",
                         in.base};
      auto const port = find_port(draft.stage.declaration->inputs, wire.key);
      if (port) {
        connect_port(draft, *port, wire);
      } else {
        auto const names = names_of(draft.stage.declaration->inputs);
        complain(wire.place, owner(draft) + " has no input \"" + wire.key + "\"" +
                                 did_you_mean(wire.key, names) + " (it has " +
                                 quoted_list(names) + ")");
        draft.inputs_known = false;
      }
    }
  }

  void connect_port(Draft& draft, std::size_t port, Setting const& wire) {
    draft.inputs_known = false;  // until all of the below fits
    auto const target = read_text(wire, request_.environment, problems_);
    if (!target) return;
    std::string const stage = target->substr(0, target->find('.'));
    auto const found = index_.find(stage);
    if (found == index_.end()) {
      std::vector<std::string> names;
      for (auto const& [name, draft_index] : index_) names.push_back(name);
      complain(wire.value_place, owner(draft) + " reads from " + toml_string(stage) +
                                     ", but there is no such stage" + did_you_mean(stage, names));
      return;
    }
    Draft& producer = drafts_[found->second];
    if (!producer.stage.declaration) {
      draft.stage.inputs[port] = PipelineStage::Input{found->second, 0};
      return;
    }
    auto const output = output_of(producer, *target, wire);
    if (!output) return;
    Port const& gives = producer.stage.declaration->outputs[*output];
    Port const& takes = draft.stage.declaration->inputs[port];
    if (gives.type != takes.type) {
      complain(wire.value_place, owner(draft) + ": input \"" + takes.name + "\" takes " +
                                     takes.type + ", but output \"" + gives.name + "\" of stage " +
                                     toml_string(stage) + " (" +
                                     producer.stage.declaration->name + ") gives " + gives.type);
      return;
    }
    draft.stage.inputs[port] = PipelineStage::Input{found->second, *output};
    producer.stage.wanted[*output] = true;
    draft.inputs_known = true;
  }

  std::optional<std::size_t> output_of(Draft const& producer, std::string const& target,
                                       Setting const& wire) {
    std::vector<Port> const& outputs = producer.stage.declaration->outputs;
    if (outputs.empty()) {
      complain(wire.value_place, owner(producer) + " has no output to read from: it is the end of "
                                                   "its line");
      return std::nullopt;
    }
    std::size_t const dot = target.find('.');
    if (dot == std::string::npos) return 0;
    std::string const name = target.substr(dot + 1);
    auto const output = find_port(outputs, name);
    if (!output) {
      auto const names = names_of(outputs);
      complain(wire.value_place, owner(producer) + " has no output \"" + name + "\"" +
                                     did_you_mean(name, names) + " (it has " +
                                     quoted_list(names) + ")");
    }
    return output;
  }

  void require_inputs(Draft& draft) {
    for (std::size_t i = 0; i < draft.stage.inputs.size(); ++i) {
      Port const& port = draft.stage.declaration->inputs[i];
      if (draft.stage.inputs[i] || port.optional) continue;
      complain(draft.entry->place, owner(draft) + " has nothing on its input \"" + port.name +
                                       "\" (" + port.type + "); add it to in = ...");
    }
  }

  void require_one_source() {
    Draft const* first = nullptr;
    bool all_known = true;
    for (Draft const& draft : drafts_) {
      if (!draft.stage.declaration) {
        all_known = false;
      } else if (draft.stage.declaration->kind == StageKind::source) {
        if (first) {
          complain(draft.entry->place, owner(draft) + " is a second source beside \"" +
                                           first->stage.name +
                                           "\"; a pipeline streams one data set");
        } else {
          first = &draft;
        }
      }
    }
    if (!first && all_known) {
      complain({document_.source}, "the pipeline has no source of samples; add a dataset stage");
    }
  }

  void require_acyclic() {
    std::vector<int> state(drafts_.size(), 0);  // 0 not seen, 1 on the path, 2 done
    std::vector<std::size_t> path;
    std::function<void(std::size_t)> const visit = [&](std::size_t i) {
      if (state[i] == 2) return;
      if (state[i] == 1) {
        std::string circle;
        for (auto at = std::ranges::find(path, i); at != path.end(); ++at) {
          circle += drafts_[*at].stage.name + " -> ";
        }
        Setting const* const in = drafts_[i].entry->find("in");
        complain(in->place, "stages read from each other in a circle: " + circle +
                                drafts_[i].stage.name + " (\"a -> b\": a reads from b)");
        cyclic_ = true;
        return;
      }
      state[i] = 1;
      path.push_back(i);
      for (auto const& input : drafts_[i].stage.inputs) {
        if (input) visit(input->stage);
      }
      path.pop_back();
      state[i] = 2;
      order_.push_back(i);
    };
    for (std::size_t i = 0; i < drafts_.size(); ++i) visit(i);
  }

  void find_unused() {
    if (cyclic_) return;
    std::vector<bool> used(drafts_.size());
    bool all_known = true;
    for (auto i = order_.rbegin(); i != order_.rend(); ++i) {
      Draft const& draft = drafts_[*i];
      if (!draft.stage.declaration || !draft.inputs_known) all_known = false;
      if (!draft.stage.declaration) continue;
      StageKind const kind = draft.stage.declaration->kind;
      if (kind == StageKind::observer || kind == StageKind::sink) used[*i] = true;
      if (!used[*i]) continue;
      for (auto const& input : draft.stage.inputs) {
        if (input) used[input->stage] = true;
      }
    }
    if (!all_known) return;  // a wire that could not be read may be the one that uses it
    for (std::size_t i = 0; i < drafts_.size(); ++i) {
      if (used[i]) continue;
      complain(drafts_[i].entry->place,
               owner(drafts_[i]) +
                   " is unused: no evaluator and no output depends on it; remove it or connect it");
    }
  }

  // ---- what stages are told ----

  void configure(Draft& draft) {
    if (!draft.stage.declaration) return;
    StageDeclaration const& declaration = *draft.stage.declaration;
    std::size_t const before = problems_.size();
    std::vector<std::string> given;
    draft.stage.instance = declaration.make();
    for (Setting const& setting : draft.entry->settings) {
      if (setting.key == "use" || setting.key == "in") continue;
      if (setting.key == "on_error") {
        set_on_error(draft, setting);
      } else if (auto const option = find_option(declaration, setting.key)) {
        auto const value = read_option(setting, declaration.options[*option], owner(draft),
                                       request_.environment, problems_);
        if (value) draft.stage.instance->set_option(*option, *value);
        given.push_back(setting.key);
      } else {
        refuse_unknown(draft, setting);
      }
    }
    for (OptionDeclaration const& option : declaration.options) {
      if (option.required && std::ranges::find(given, option.name) == given.end()) {
        complain(draft.entry->place, owner(draft) + " needs the option \"" + option.name + "\" (" +
                                         takes(option) + "): " + option.help);
      }
    }
    if (problems_.size() == before) let_it_check(draft, std::move(given));
  }

  void set_on_error(Draft& draft, Setting const& setting) {
    auto const& option = *find_run_option("on_error");
    RunSettings settings;
    if (auto const value = read_option(setting, option.declaration, owner(draft),
                                       request_.environment, problems_)) {
      option.set(settings, *value);
      draft.stage.on_error = settings.on_error;
    }
  }

  void refuse_unknown(Draft const& draft, Setting const& setting) {
    StageDeclaration const& declaration = *draft.stage.declaration;
    std::vector<std::string> names = {"use", "in", "on_error"};
    for (OptionDeclaration const& option : declaration.options) names.push_back(option.name);
    std::string message = owner(draft) + " has no option \"" + setting.key + "\"";
    std::string const hint = did_you_mean(setting.key, names);
    message += hint;
    if (!hint.empty()) {
      std::size_t const quote = hint.find('"') + 1;
      auto const option =
          find_option(declaration, hint.substr(quote, hint.find('"', quote) - quote));
      if (option) message += " (" + describe(declaration.options[*option]) + ")";
    } else {
      message += " (it has " + quoted_list(names) + ")";
    }
    complain(setting.place, std::move(message));
  }

  void let_it_check(Draft& draft, std::vector<std::string> given) {
    StageDeclaration const& declaration = *draft.stage.declaration;
    std::vector<std::string> connected, wanted;
    for (std::size_t i = 0; i < draft.stage.inputs.size(); ++i) {
      if (draft.stage.inputs[i]) connected.push_back(declaration.inputs[i].name);
    }
    for (std::size_t i = 0; i < draft.stage.wanted.size(); ++i) {
      if (draft.stage.wanted[i]) wanted.push_back(declaration.outputs[i].name);
    }
    OptionCheck check(std::move(given), std::move(connected), std::move(wanted));
    try {
      draft.stage.instance->check(check);
    } catch (std::exception const& error) {
      check.refuse("", error.what());
    } catch (...) {
      check.refuse("", "its check threw something that is no std::exception");
    }
    for (auto const& [option, message] : check.problems()) {
      Setting const* const setting = draft.entry->find(option);
      complain(setting ? setting->value_place : draft.entry->place, owner(draft) + ": " + message);
    }
  }

  // The document's order, except that a stage comes after those that it reads from.
  Pipeline assemble() {
    std::vector<std::size_t> position(drafts_.size());
    for (std::size_t i = 0; i < order_.size(); ++i) position[order_[i]] = i;
    for (std::size_t const i : order_) {
      PipelineStage stage = std::move(drafts_[i].stage);
      for (auto& input : stage.inputs) {
        if (input) input->stage = position[input->stage];
      }
      pipeline_.stages.push_back(std::move(stage));
    }
    return std::move(pipeline_);
  }

  Document const& document_;
  PipelineRequest const& request_;
  StageCatalog const& catalog_;
  std::vector<Problem>& problems_;
  std::vector<Draft> drafts_;
  std::map<std::string, std::size_t> index_;
  std::vector<std::size_t> order_;
  bool cyclic_ = false;
  Pipeline pipeline_;
};

}  // namespace

PipelineStage const& Pipeline::source() const {
  return *std::ranges::find(stages, StageKind::source,
                            [](PipelineStage const& stage) { return stage.declaration->kind; });
}

Pipeline parse_pipeline(std::string text, PipelineRequest const& request,
                        StageCatalog const& catalog) {
  std::vector<Problem> problems;
  Document const document = read_document(std::move(text), request, problems);
  return Checker(document, request, catalog, problems).check();
}

Pipeline load_pipeline(PipelineRequest const& request, StageCatalog const& catalog) {
  std::string const name = request.file.string();
  if (fs::is_directory(request.file)) throw Error(name + " is a folder, not a pipeline file");
  std::ifstream file(request.file, std::ios::binary);
  std::ostringstream text;
  if (file) text << file.rdbuf();
  if (!file || file.bad()) {
    throw Error("cannot read the pipeline file " + name + ": " +
                (fs::exists(request.file) ? "no permission" : "there is no such file"));
  }
  return parse_pipeline(std::move(text).str(), request, catalog);
}

}  // namespace seplflow
