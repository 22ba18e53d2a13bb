#include "pipeline/check.hpp"

#include <algorithm>
#include <compare>
#include <map>
#include <set>
#include <tuple>

#include "base/error_of.hpp"
#include "pipeline/option_reader.hpp"
#include "pipeline/option_text.hpp"
#include "pipeline/published.hpp"
#include "pipeline/sweep/expand.hpp"

namespace seplflow {
namespace {

namespace fs = std::filesystem;

std::string read_name(Document const& document, PipelineRequest const& request,
                      std::vector<Problem>& problems) {
  std::string const stem = request.file.stem().string();
  if (!document.name) return stem;
  auto const name = read_text(*document.name, request.environment, problems);
  if (!name) return stem;
  auto const unsafe = why_unsafe_id(*name);
  if (unsafe || name->find('/') != std::string::npos) {
    problems.push_back({document.name->value_place,
                        "the run folder is named after the pipeline, but the name " +
                            toml_string(*name) + " " + unsafe.value_or("contains a slash")});
  }
  return *name;
}

RunSettings read_run(Document const& document, Environment const& environment,
                     std::vector<Problem>& problems) {
  RunSettings run;
  for (Setting const& setting : document.run) {
    auto const* const option = find_run_option(setting.key);
    if (!option) {
      problems.push_back({setting.place, "[run] has no option \"" + setting.key + "\"" +
                                             did_you_mean(setting.key, run_option_names())});
      continue;
    }
    auto const value = read_option(setting, option->declaration, "[run]", environment, problems);
    if (!value) continue;
    if (auto const error = error_of([&] { option->set(run, *value); })) {
      problems.push_back({setting.value_place, "[run]: option \"" + setting.key + "\" " + *error});
    }
  }
  return run;
}

// The score that best_by names: STAGE.SCORE, of an evaluator. Which scores an evaluator has is not
// known before it has run.
std::string read_best_by(Document const& document, Environment const& environment,
                         Pipeline const& pipeline, std::vector<Problem>& problems) {
  if (!document.best_by) return "";
  Setting const& setting = *document.best_by;
  auto const complain = [&](std::string message) {
    problems.push_back({setting.value_place, "[sweep]: " + std::move(message)});
  };
  if (!document.sweeps()) {
    problems.push_back({setting.place, "best_by selects one of the variants of a sweep, but this "
                                       "pipeline has no variants"});
  }
  auto const name = read_text(setting, environment, problems);
  if (!name) return "";
  std::vector<std::string> evaluators;
  for (PipelineStage const& stage : pipeline.stages) {
    if (stage.declaration->kind != StageKind::observer) continue;
    if (std::ranges::find(evaluators, stage.name) == evaluators.end()) {
      evaluators.push_back(stage.name);
    }
  }
  std::string const stage = name->substr(0, name->find('.'));
  if (stage.size() + 1 >= name->size()) {
    complain("best_by is written EVALUATOR.SCORE, for example best_by = \"" +
             (evaluators.empty() ? "score" : evaluators.front()) + ".miou\"");
  } else if (std::ranges::find(evaluators, stage) == evaluators.end()) {
    complain("best_by names the stage " + toml_string(stage) + ", which is not an evaluator of " +
             "this pipeline" + did_you_mean(stage, evaluators) +
             (evaluators.empty() ? "" : " (it has " + quoted_list(evaluators) + ")"));
  }
  return *name;
}

std::string unknown_stage(std::string const& name, StageCatalog const& catalog) {
  std::string message =
      "there is no stage " + toml_string(name) + did_you_mean(name, catalog.names());
  for (auto const& rejected : catalog.rejected()) {
    if (rejected.stage == name) {
      return "plugin " + rejected.file.string() + " declares a stage " + toml_string(name) +
             " that cannot be used: " + rejected.reason;
    }
  }
  return message + catalog.rejected_hint();
}

}  // namespace

StageDeclaration const* find_declaration(StageEntry const& entry, StageCatalog const& catalog,
                                         Environment const& environment,
                                         std::vector<Problem>& problems) {
  Setting const* const use = entry.find("use");
  if (!use) {
    problems.push_back({entry.place, "stage \"" + entry.name +
                                         "\" has no \"use\"; add use = \"...\" (run \"seplflow "
                                         "stages\" for the list of stages)"});
    return nullptr;
  }
  auto const name = use->value ? read_text(*use, environment, problems) : std::nullopt;
  if (!name) return nullptr;
  auto const found = catalog.find(*name);
  if (!found.declaration) {
    problems.push_back({use->value_place, unknown_stage(*name, catalog)});
  } else if (found.files.size() > 1) {
    std::string message = "stage " + toml_string(*name) + " is defined by several plugins:";
    for (fs::path const& file : found.files) message += " " + file.string();
    problems.push_back(
        {use->value_place, message + "; remove all but one from the plugin folders"});
    return nullptr;
  } else if (auto const& library = found.declaration->missing_library; !library.empty()) {
    problems.push_back({use->value_place, "stage " + toml_string(*name) +
                                              " cannot run: seplflow was built without " + library +
                                              "; install it and rebuild seplflow"});
  }
  return found.declaration;
}

namespace {

// ---- The steps ----

// Adds the outputs that are wanted in `more`. Whether that changed anything.
bool widen(std::vector<bool>& wanted, std::vector<bool> const& more) {
  bool changed = false;
  for (std::size_t i = 0; i < more.size(); ++i) {
    if (!more[i] || wanted[i]) continue;
    wanted[i] = true;
    changed = true;
  }
  return changed;
}

// Stages of variants are one node if they have the same entry and read from the same nodes.
struct NodeKey {
  StageEntry const* entry;
  std::vector<std::optional<PipelineStage::Input>> inputs;
  auto operator<=>(NodeKey const&) const = default;
};

// Checks a document step by step. Each step reports its errors, and the next one works on what is
// valid, so that no error hides another. What variants have in common is checked once.
class Checker {
 public:
  Checker(Document const& document, PipelineRequest const& request, StageCatalog const& catalog,
          std::vector<Problem> problems)
      : document_(document),
        request_(request),
        catalog_(catalog),
        problems_(std::move(problems)),
        sweep_(document),
        variant_problems_(document),
        variant_warnings_(document) {}

  Pipeline check() {
    Pipeline pipeline;
    pipeline.file = fs::absolute(request_.file);
    pipeline.name = read_name(document_, request_, problems_);
    pipeline.run = read_run(document_, request_.environment, problems_);
    for (AxisEntry const& entry : document_.axes) {
      Axis axis{entry.key, {}};
      for (Change const& value : entry.values) axis.values.push_back(value.text);
      pipeline.axes.push_back(std::move(axis));
    }
    pipeline.variants = wire_variants();
    for (Draft& node : nodes_) configure(node);
    if (!problems_.empty() || !variant_problems_.empty()) {
      std::vector<PipelineStage const*> configured;
      for (Draft const& node : nodes_) {
        if (node.configured) configured.push_back(&node.stage);
      }
      look_for_files(configured, pipeline.run);
      throw_if_any();
    }
    pipeline.stages = merge_equal_stages(pipeline.variants);
    problems_ = check_variants(pipeline, sweep_);
    read_published(document_, request_, pipeline, problems_);
    pipeline.best_by = read_best_by(document_, request_.environment, pipeline, problems_);
    std::vector<PipelineStage const*> stages;
    for (PipelineStage const& stage : pipeline.stages) stages.push_back(&stage);
    pipeline.some_samples = look_for_files(stages, pipeline.run);
    throw_if_any();
    pipeline.warnings = in_order(variant_warnings_.report(sweep_));
    if (document_.sweeps()) {
      pipeline.sweep_text = sweep_text(document_, sweep_, pipeline, request_.environment);
    }
    return pipeline;
  }

 private:
  using Entries = std::vector<Sweep::Entry const*>;  // of a variant, by stage
  using Inputs = std::vector<std::optional<PipelineStage::Input>>;

  void throw_if_any() {
    for (Problem& problem : variant_problems_.report(sweep_)) {
      problems_.push_back(std::move(problem));
    }
    if (!problems_.empty()) throw PipelineError(std::move(problems_));
  }

  std::vector<Entries> find_entries() {
    std::vector<Entries> entries(sweep_.size());
    for (std::size_t variant = 0; variant < entries.size(); ++variant) {
      for (std::size_t stage = 0; stage < document_.stages.size(); ++stage) {
        entries[variant].push_back(&sweep_.entry(variant, stage));
      }
    }
    return entries;
  }

  // The declaration of each entry.
  std::vector<StageDeclaration const*> find_declarations(std::vector<Entries> const& variants) {
    std::vector<StageDeclaration const*> declarations;
    for (Sweep::Entry const& entry : sweep_.entries()) {
      std::vector<Problem> problems;
      declarations.push_back(
          find_declaration(entry.settings, catalog_, request_.environment, problems));
      if (problems.empty()) continue;
      for (std::size_t variant = 0; variant < variants.size(); ++variant) {
        if (variants[variant][entry.stage] == &entry) variant_problems_.add(problems, {variant});
      }
    }
    return declarations;
  }

  // The variants, whose stages are nodes. Variants share a wiring if their stages have the same
  // declarations and the same `in`.
  std::vector<Variant> wire_variants() {
    auto const entries = find_entries();
    auto const declarations = find_declarations(entries);
    std::vector<std::size_t> const wire_keys = wire_keys_of(declarations);
    std::map<std::vector<std::size_t>, DraftSet> known;
    std::vector<DraftSet*> wirings;  // by variant
    for (std::size_t variant = 0; variant < entries.size(); ++variant) {
      std::vector<std::size_t> key;
      for (auto const* const entry : entries[variant]) key.push_back(wire_keys[entry->number]);
      auto const [wiring, is_new] = known.try_emplace(std::move(key));
      if (is_new) {
        wiring->second =
            wire_stages(drafts_of(entries[variant], declarations), document_, request_.environment);
      }
      variant_problems_.add(wiring->second.problems, {variant});
      wirings.push_back(&wiring->second);
    }
    report_unused(known);
    std::vector<Variant> variants;
    for (std::size_t variant = 0; variant < entries.size(); ++variant) {
      variants.push_back({sweep_.name(variant), sweep_.label(variant), sweep_.values(variant),
                          add_nodes(variant, *wirings[variant], entries[variant])});
    }
    return variants;
  }

  // A variant leaves out the stages that it does not use. A stage that none uses is an error; it is
  // checked nevertheless.
  void report_unused(std::map<std::vector<std::size_t>, DraftSet>& wirings) {
    for (std::size_t stage = 0; stage < document_.stages.size(); ++stage) {
      auto const may_use = [&](auto const& wiring) {
        return wiring.second.used.empty() || wiring.second.used[stage];
      };
      if (std::ranges::any_of(wirings, may_use)) continue;
      for (auto& [key, wiring] : wirings) wiring.used[stage] = true;
      Draft const& draft = wirings.begin()->second.drafts[stage];
      problems_.push_back(
          {draft.entry->place,
           label_of(draft) +
               " is unused: no evaluator or sink depends on it; remove it or connect it"});
    }
  }

  // A number for each entry, equal for entries that are wired in the same way.
  std::vector<std::size_t> wire_keys_of(
      std::vector<StageDeclaration const*> const& declarations) const {
    using Key =
        std::tuple<std::size_t, StageDeclaration const*, toml::node const*, Place, std::size_t>;
    std::map<Key, std::size_t> known;
    std::vector<std::size_t> numbers;
    for (Sweep::Entry const& entry : sweep_.entries()) {
      Setting const* const in = entry.settings.find("in");
      StageDeclaration const* const declaration = declarations[entry.number];
      // What a source offers depends on its options.
      bool const is_source = declaration && declaration->kind == StageKind::source;
      Key const key{entry.stage, declaration, in ? in->value : nullptr, entry.settings.place,
                    is_source ? entry.number : 0};
      numbers.push_back(known.emplace(key, known.size()).first->second);
    }
    return numbers;
  }

  static std::vector<Draft> drafts_of(Entries const& entries,
                                      std::vector<StageDeclaration const*> const& declarations) {
    std::vector<Draft> drafts;
    for (Sweep::Entry const* const entry : entries) {
      Draft draft;
      draft.entry = &entry->settings;
      draft.stage.name = entry->settings.name;
      draft.stage.place = entry->settings.place;
      draft.stage.declaration = declarations[entry->number];
      if (draft.stage.declaration) {
        draft.stage.inputs.resize(draft.stage.declaration->inputs.size());
        draft.switched_off.resize(draft.stage.declaration->inputs.size());
        draft.stage.wanted.resize(draft.stage.declaration->outputs.size());
      }
      drafts.push_back(std::move(draft));
    }
    return drafts;
  }

  // Adds the stages of a variant and returns the node of each. Variants come in ascending order.
  // The nodes of a wiring with errors only serve to check their options.
  std::vector<std::size_t> add_nodes(std::size_t variant, DraftSet const& wiring,
                                     Entries const& entries) {
    std::vector<std::size_t> nodes(entries.size()), used;
    for (std::size_t const i : wiring.order) {
      if (!wiring.used.empty() && !wiring.used[i]) continue;
      Draft const& draft = wiring.drafts[i];
      NodeKey const key{&entries[i]->settings,
                        renumbered(draft.stage.inputs, nodes, wiring.is_sound)};
      auto const [known, is_new] = node_of_.emplace(key, nodes_.size());
      nodes[i] = known->second;
      if (is_new) nodes_.push_back(draft);
      Draft& node = nodes_[nodes[i]];
      node.entry = key.entry;
      node.stage.inputs = key.inputs;
      node.stage.variants.push_back(variant);
      widen(node.stage.wanted, draft.stage.wanted);
    }
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      if (wiring.used.empty() || wiring.used[i]) used.push_back(nodes[i]);
    }
    return used;
  }

  // Configured nodes that turn out to do the same in the same place of the graph become one stage.
  // The stages of the variants, which are nodes, become indices into the result.
  std::vector<PipelineStage> merge_equal_stages(std::vector<Variant>& variants) {
    using Identity = std::tuple<std::string, std::string, std::optional<OnError>, Inputs>;
    std::map<Identity, std::size_t> known;
    std::vector<std::size_t> kept, place(nodes_.size());
    std::vector<bool> widened;
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      PipelineStage& stage = nodes_[i].stage;
      stage.inputs = renumbered(stage.inputs, place, true);
      auto const [same, is_new] = known.emplace(
          Identity(stage.name, computation_of(stage), stage.on_error, stage.inputs), kept.size());
      place[i] = same->second;
      if (is_new) {
        kept.push_back(i);
        widened.push_back(false);
      } else if (widen(nodes_[kept[place[i]]].stage.wanted, stage.wanted)) {
        widened[place[i]] = true;
      }
    }
    std::vector<PipelineStage> stages;
    for (std::size_t i = 0; i < kept.size(); ++i) {
      if (widened[i]) configure(nodes_[kept[i]]);
      stages.push_back(std::move(nodes_[kept[i]].stage));
      stages.back().variants.clear();
    }
    for (std::size_t variant = 0; variant < variants.size(); ++variant) {
      for (std::size_t& stage : variants[variant].stages) {
        stage = place[stage];
        stages[stage].variants.push_back(variant);
      }
    }
    return stages;
  }

  static Inputs renumbered(Inputs inputs, std::vector<std::size_t> const& numbers, bool is_sound) {
    for (auto& input : inputs) {
      if (input && is_sound) input->stage = numbers[input->stage];
    }
    return inputs;
  }

  void configure(Draft& node) {
    std::vector<Problem> problems, warnings;
    configure_stage(node, request_.environment, problems, warnings);
    variant_problems_.add(problems, node.stage.variants);
    variant_warnings_.add(warnings, node.stage.variants);
  }

  std::vector<Sample> look_for_files(std::vector<PipelineStage const*> const& stages,
                                     RunSettings const& run) {
    if (!request_.look_for_files) return {};
    return report_missing_files(stages, run, variant_problems_, variant_warnings_);
  }

  Document const& document_;
  PipelineRequest const& request_;
  StageCatalog const& catalog_;
  std::vector<Problem> problems_;
  Sweep sweep_;
  VariantProblems variant_problems_, variant_warnings_;
  std::vector<Draft> nodes_;
  std::map<NodeKey, std::size_t> node_of_;
};

}  // namespace

Pipeline check_document(Document const& document, PipelineRequest const& request,
                        StageCatalog const& catalog, std::vector<Problem> problems) {
  return Checker(document, request, catalog, std::move(problems)).check();
}

}  // namespace seplflow
