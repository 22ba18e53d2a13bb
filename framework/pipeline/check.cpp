#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "base/error_of.hpp"
#include "base/text_file.hpp"
#include "pipeline/configuration.hpp"
#include "pipeline/document.hpp"
#include "pipeline/draft.hpp"
#include "pipeline/missing_files.hpp"
#include "pipeline/option_reader.hpp"
#include "pipeline/option_text.hpp"
#include "pipeline/pipeline.hpp"
#include "pipeline/published.hpp"
#include "pipeline/run_options.hpp"
#include "pipeline/sweep/expand.hpp"
#include "pipeline/sweep/nodes.hpp"
#include "pipeline/sweep/problems.hpp"
#include "pipeline/sweep/read_sweep.hpp"
#include "pipeline/sweep/text.hpp"
#include "pipeline/wiring.hpp"

namespace seplflow {
namespace {

namespace fs = std::filesystem;

// Turns a document into a pipeline, step by step; each step reports what it can and the next works
// on what is left, so that one mistake hides no other. What several variants have in common is
// looked at once.
class Checker {
 public:
  Checker(Document const& document, PipelineRequest const& request, StageCatalog const& catalog,
          std::vector<Problem>& problems)
      : document_(document),
        request_(request),
        catalog_(catalog),
        problems_(problems),
        sweep_(document),
        variant_problems_(document),
        variant_warnings_(document) {}

  Pipeline check() {
    read_name();
    read_run();
    find_entries();
    identify();
    wire_variants();
    configure_nodes();
    if (!problems_.empty() || !variant_problems_.empty()) {
      look_for_files(configured_stages());
      throw_if_any();
    }
    merge_nodes();
    require_shared_source();
    require_different_variants();
    read_published(document_, request_, pipeline_, problems_);
    look_for_files(pipeline_.stages);
    throw_if_any();
    pipeline_.warnings = in_order(variant_warnings_.report(sweep_));
    if (document_.sweeps()) {
      pipeline_.sweep_text = sweep_text(document_, sweep_, pipeline_, request_.environment);
    }
    return std::move(pipeline_);
  }

 private:
  // One wiring of the stages, of all variants that agree in what their stages are and read from.
  struct Wired {
    Drafts drafts;
    std::vector<std::size_t> order;
    bool sound = true;
    std::vector<Problem> problems;
    std::vector<std::size_t> variants;
  };

  void complain(Place const& place, std::string message) {
    problems_.push_back({place, std::move(message)});
  }

  void throw_if_any() {
    for (Problem& problem : variant_problems_.report(sweep_)) {
      problems_.push_back(std::move(problem));
    }
    if (!problems_.empty()) throw PipelineError(std::move(problems_));
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
        if (auto const error = error_of([&] { option->set(pipeline_.run, *value); })) {
          complain(setting.value_place, run + ": option \"" + setting.key + "\" " + *error);
        }
      }
    }
  }

  void find_entries() {
    entries_.resize(sweep_.size());
    for (std::size_t variant = 0; variant < sweep_.size(); ++variant) {
      for (std::size_t stage = 0; stage < document_.stages.size(); ++stage) {
        entries_[variant].push_back(&sweep_.entry(variant, stage));
      }
    }
  }

  void identify() {
    for (Sweep::Entry const& entry : sweep_.entries()) {
      std::vector<Problem> problems;
      declarations_.push_back(declaration_of(entry.settings, problems));
      if (!problems.empty()) variant_problems_.add(problems, variants_of(entry));
    }
  }

  std::vector<std::size_t> variants_of(Sweep::Entry const& entry) const {
    std::vector<std::size_t> variants;
    for (std::size_t variant = 0; variant < entries_.size(); ++variant) {
      if (entries_[variant][entry.stage] == &entry) variants.push_back(variant);
    }
    return variants;
  }

  StageDeclaration const* declaration_of(StageEntry const& entry,
                                         std::vector<Problem>& problems) const {
    auto const complain = [&](Place const& place, std::string message) {
      problems.push_back({place, std::move(message)});
    };
    Setting const* const use = entry.find("use");
    if (!use) {
      complain(entry.place,
               "stage \"" + entry.name +
                   "\" does not say what it is; add use = \"...\" (\"seplflow stages\" "
                   "lists what there is)");
      return nullptr;
    }
    if (!use->value) return nullptr;
    auto const name = read_text(*use, request_.environment, problems);
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
    } else if (auto const& library = found.declaration->lacks; !library.empty()) {
      complain(use->value_place, "stage " + toml_string(*name) + " is not built: it needs " +
                                     library + "; install that and build seplflow again");
    }
    return found.declaration;
  }

  // ---- Wiring ----

  void wire_variants() {
    // What the wiring of a stage depends on, numbered; and the wirings by those numbers.
    std::map<Face, std::size_t> faces;
    std::vector<std::size_t> face_of;
    for (Sweep::Entry const& entry : sweep_.entries()) {
      face_of.push_back(faces.emplace(face(entry), faces.size()).first->second);
    }
    std::map<std::vector<std::size_t>, std::size_t> known;
    for (std::size_t variant = 0; variant < entries_.size(); ++variant) {
      std::vector<std::size_t> key;
      for (Sweep::Entry const* const entry : entries_[variant]) {
        key.push_back(face_of[entry->number]);
      }
      auto const [found, is_new] = known.emplace(std::move(key), wirings_.size());
      if (is_new) wirings_.push_back(wired(variant));
      wirings_[found->second].variants.push_back(variant);
      add_nodes(variant, found->second);
    }
    for (Wired const& wiring : wirings_) {
      variant_problems_.add(wiring.problems, wiring.variants);
    }
  }

  using Face = std::tuple<std::size_t, StageDeclaration const*, toml::node const*,
                          SourceText const*, std::uint32_t, std::uint32_t>;

  Face face(Sweep::Entry const& entry) const {
    Setting const* const in = entry.settings.find("in");
    Place const& place = entry.settings.place;
    return {entry.stage,
            declarations_[entry.number],
            in ? in->value : nullptr,
            place.source.get(),
            place.line,
            place.column};
  }

  Wired wired(std::size_t variant) {
    Wired wiring;
    for (Sweep::Entry const* const entry : entries_[variant]) {
      Draft draft;
      draft.entry = &entry->settings;
      draft.stage.name = entry->settings.name;
      draft.stage.place = entry->settings.place;
      draft.stage.declaration = declarations_[entry->number];
      if (draft.stage.declaration) {
        draft.stage.inputs.resize(draft.stage.declaration->inputs.size());
        draft.stage.wanted.resize(draft.stage.declaration->outputs.size());
      } else {
        wiring.sound = false;
      }
      wiring.drafts.index[entry->settings.name] = wiring.drafts.list.size();
      wiring.drafts.list.push_back(std::move(draft));
    }
    wiring.order = wire(wiring.drafts, document_, request_.environment, wiring.problems);
    for (Draft const& draft : wiring.drafts.list) {
      if (!draft.inputs_known) wiring.sound = false;
    }
    if (!wiring.problems.empty()) wiring.sound = false;
    return wiring;
  }

  // ---- Nodes ----

  void add_nodes(std::size_t variant, std::size_t number) {
    Wired const& wiring = wirings_[number];
    std::vector<StageEntry const*> entries;
    for (Sweep::Entry const* const entry : entries_[variant]) entries.push_back(&entry->settings);
    if (wiring.sound) {
      nodes_of_.push_back(nodes_.add(variant, wiring.drafts, wiring.order, entries));
      return;
    }
    for (std::size_t i = 0; i < entries.size(); ++i) {
      nodes_.add_loose(variant, number, wiring.drafts.list[i], *entries[i]);
    }
  }

  void configure_node(Nodes::Node& node) {
    std::vector<Problem> problems, warnings;
    configure(node.draft, request_.environment, problems, warnings);
    variant_problems_.add(problems, node.variants);
    variant_warnings_.add(warnings, node.variants);
  }

  void configure_nodes() {
    for (Nodes::Node& node : nodes_.list()) configure_node(node);
  }

  // What is in order where not all is.
  std::vector<PipelineStage> configured_stages() {
    std::vector<PipelineStage> stages;
    for (Nodes::Node const& node : nodes_.list()) {
      if (!node.draft.configured) continue;
      stages.push_back(node.draft.stage);
      stages.back().variants = node.variants;
    }
    return stages;
  }

  // Tells of the files that samples lack, where it is asked for and there is one source of them.
  void look_for_files(std::vector<PipelineStage> const& stages) {
    if (!request_.look_for_files) return;
    std::vector<PipelineStage const*> sources, others;
    for (PipelineStage const& stage : stages) {
      bool const is_source = stage.declaration->kind == StageKind::source;
      (is_source ? sources : others).push_back(&stage);
    }
    if (sources.size() != 1) return;
    PipelineStage const& source = *sources.front();
    try {
      others.insert(others.begin(), &source);
      for (MissingFiles& missing : missing_files(others, pipeline_.run)) {
        PipelineStage const& stage = *others[missing.stage];
        bool const skips = pipeline_.on_error(stage) == OnError::skip;
        (skips ? variant_warnings_ : variant_problems_)
            .add({Problem{stage.place, std::move(missing.message)}}, stage.variants);
      }
    } catch (std::exception const& error) {
      std::string message = owner(source) + " cannot enumerate its samples: " + error.what();
      variant_problems_.add({Problem{source.place, std::move(message)}}, source.variants);
    }
  }

  void merge_nodes() {
    pipeline_.stages = merge(std::move(nodes_.list()), nodes_of_,
                             [this](Nodes::Node& node) { configure_node(node); });
    for (AxisEntry const& entry : document_.axes) {
      Axis axis{entry.key, {}};
      for (Change const& value : entry.values) axis.values.push_back(value.text);
      pipeline_.axes.push_back(std::move(axis));
    }
    for (std::size_t i = 0; i < nodes_of_.size(); ++i) {
      pipeline_.variants.push_back(
          {sweep_.name(i), sweep_.label(i), sweep_.values(i), std::move(nodes_of_[i])});
    }
  }

  // ---- What variants may not be ----

  std::size_t source_of(Variant const& variant) const {
    for (std::size_t i = 0; i < variant.stages.size(); ++i) {
      if (pipeline_.stages[variant.stages[i]].declaration->kind == StageKind::source) return i;
    }
    return 0;
  }

  void require_shared_source() {
    Variant const& first = pipeline_.variants.front();
    std::size_t const shared = source_of(first);
    for (std::size_t i = 1; i < pipeline_.variants.size(); ++i) {
      Variant const& variant = pipeline_.variants[i];
      std::size_t const source = source_of(variant);
      if (variant.stages[source] == first.stages[shared]) continue;
      complain(sweep_.difference(0, i, {shared, source}),
               "the variants \"" + first.name + "\" and \"" + variant.name +
                   "\" read different data; all variants stream one data set: run them one by "
                   "one with --set");
      return;
    }
  }

  void require_different_variants() {
    if (!problems_.empty()) return;
    std::map<std::vector<std::size_t>, std::size_t> seen;
    std::set<std::pair<SourceText const*, std::pair<std::uint32_t, std::uint32_t>>> places;
    std::map<std::string, std::size_t> names;
    for (std::size_t i = 0; i < pipeline_.variants.size(); ++i) {
      Variant const& variant = pipeline_.variants[i];
      auto const [same, is_new] = seen.emplace(variant.stages, i);
      auto const [called, is_new_name] = names.emplace(variant.name, i);
      if (!is_new_name) {
        complain(sweep_.difference(called->second, i),
                 "two variants would be called \"" + variant.name + "\"");
        return;
      }
      if (variant.name.size() > kLongestName) {
        complain(sweep_.difference(0, i),
                 "the name of a variant names its folder and cannot be longer than " +
                     std::to_string(kLongestName) + " bytes; \"" + variant.name.substr(0, 60) +
                     "...\" has " + std::to_string(variant.name.size()) +
                     "; give the values names: { name = \"...\", value = ... }");
        return;
      }
      if (is_new) continue;
      // A value that is there twice is so in every variant with it; once is enough.
      Place const place = sweep_.difference(same->second, i);
      if (!places.insert({place.source.get(), {place.line, place.column}}).second) continue;
      complain(place, "the variants \"" + pipeline_.variants[same->second].name + "\" and \"" +
                          variant.name + "\" are equal in every stage; remove one of them");
    }
  }

  static constexpr std::size_t kLongestName = 255;

  Document const& document_;
  PipelineRequest const& request_;
  StageCatalog const& catalog_;
  std::vector<Problem>& problems_;
  Sweep sweep_;
  VariantProblems variant_problems_, variant_warnings_;
  std::vector<std::vector<Sweep::Entry const*>> entries_;  // by variant and stage
  std::vector<StageDeclaration const*> declarations_;      // by entry
  std::vector<Wired> wirings_;
  Nodes nodes_;
  std::vector<std::vector<std::size_t>> nodes_of_;  // by variant and stage
  Pipeline pipeline_;
};

}  // namespace

std::string Pipeline::some_variant(PipelineStage const& stage) const {
  if (variants.empty() || serves_all(stage)) return "";
  std::size_t const others = stage.variants.size() - 1;
  return " in \"" + variants[stage.variants.front()].name + "\"" +
         (others == 0 ? ""
                      : " and " + std::to_string(others) + (others == 1 ? " other" : " others"));
}

bool Pipeline::is_grid() const {
  return axes.size() == 2 && axes[0].values.size() * axes[1].values.size() == variants.size();
}

PipelineStage const& Pipeline::source() const {
  return *std::ranges::find(stages, StageKind::source,
                            [](PipelineStage const& stage) { return stage.declaration->kind; });
}

Pipeline parse_pipeline(std::string text, PipelineRequest const& request,
                        StageCatalog const& catalog) {
  std::vector<Problem> problems;
  Document document = read_document(std::move(text), request, problems);
  read_sweep({request, catalog, document, problems});
  return Checker(document, request, catalog, problems).check();
}

Pipeline load_pipeline(PipelineRequest const& request, StageCatalog const& catalog) {
  return parse_pipeline(read_text_file(request.file), request, catalog);
}

}  // namespace seplflow
