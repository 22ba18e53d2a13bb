#include <algorithm>
#include <fstream>
#include <sstream>

#include "pipeline/configuration.hpp"
#include "pipeline/document.hpp"
#include "pipeline/draft.hpp"
#include "pipeline/option_reader.hpp"
#include "pipeline/option_text.hpp"
#include "pipeline/pipeline.hpp"
#include "pipeline/run_options.hpp"
#include "pipeline/wiring.hpp"

namespace seplflow {
namespace {

namespace fs = std::filesystem;

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
    auto const order = wire(drafts_, document_, request_.environment, problems_);
    for (Draft& draft : drafts_.list) configure(draft, request_.environment, problems_);
    if (!problems_.empty()) throw PipelineError(std::move(problems_));
    return assemble(order);
  }

 private:
  void complain(Place const& place, std::string message) {
    problems_.push_back({place, std::move(message)});
  }

  void read_name() {
    pipeline_.file = fs::absolute(request_.file);
    pipeline_.name = request_.file.stem().string();
    if (!document_.name) return;
    if (auto name = read_text(*document_.name, request_.environment, problems_)) {
      if (auto const unsafe = why_unsafe_id(*name);
          unsafe || name->find('/') != std::string::npos) {
        complain(document_.name->value_place, "the name of a pipeline names its run folder; " +
                                                  toml_string(*name) + " " +
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

  void identify(StageEntry const& entry) {
    Draft draft;
    draft.entry = &entry;
    draft.stage.name = entry.name;
    draft.stage.declaration = declaration_of(entry);
    if (draft.stage.declaration) {
      draft.stage.inputs.resize(draft.stage.declaration->inputs.size());
      draft.stage.wanted.resize(draft.stage.declaration->outputs.size());
    }
    drafts_.index[entry.name] = drafts_.list.size();
    drafts_.list.push_back(std::move(draft));
  }

  StageDeclaration const* declaration_of(StageEntry const& entry) {
    Setting const* const use = entry.find("use");
    if (!use) {
      complain(entry.place,
               "stage \"" + entry.name +
                   "\" does not say what it is; add use = \"...\" (\"seplflow stages\" "
                   "lists what there is)");
      return nullptr;
    }
    auto const name = read_text(*use, request_.environment, problems_);
    if (!name) return nullptr;
    auto const found = catalog_.find(*name);
    if (!found.declaration) {
      std::string message =
          "there is no stage " + toml_string(*name) + did_you_mean(*name, catalog_.names());
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

  // The document's order, except that a stage comes after those that it reads from.
  Pipeline assemble(std::vector<std::size_t> const& order) {
    std::vector<std::size_t> position(drafts_.list.size());
    for (std::size_t i = 0; i < order.size(); ++i) position[order[i]] = i;
    for (std::size_t const i : order) {
      PipelineStage stage = std::move(drafts_.list[i].stage);
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
  Drafts drafts_;
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
  std::error_code unknown;
  if (fs::is_directory(request.file, unknown))
    throw UsageError(name + " is a folder, not a pipeline file");
  std::ifstream file(request.file, std::ios::binary);
  std::ostringstream text;
  if (file) text << file.rdbuf();
  if (!file || file.bad()) {
    throw UsageError("cannot read the pipeline file " + name + ": " +
                     (fs::status(request.file, unknown).type() == fs::file_type::not_found
                          ? "there is no such file"
                          : "no permission"));
  }
  return parse_pipeline(std::move(text).str(), request, catalog);
}

}  // namespace seplflow
