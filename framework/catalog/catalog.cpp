#include "catalog/catalog.hpp"

#include <algorithm>
#include <optional>
#include <set>

#include <seplflow/detail/descriptor.hpp>
#include "base/error_of.hpp"
#include "base/number_text.hpp"
#include "catalog/inspection.hpp"
#include "catalog/library_note.hpp"
#include "catalog/plugin_index.hpp"
#include "catalog/plugin_library.hpp"
#include "catalog/plugin_places.hpp"
#include "catalog/python/python_stages.hpp"

namespace seplflow {
namespace {

namespace fs = std::filesystem;

// Files of the places, or places that cannot be used.
struct Candidate {
  fs::path file;
  std::optional<std::string> refused = {};
  bool is_other = false;
  LibraryNote note = {};
  PluginSummary summary = {};
  std::optional<PythonFile> python = {};
};

// Python files beside plugins may be anything.
bool is_unrelated(fs::path const& file) {
  bool is_related = true;
  error_of([&] { is_related = mentions_seplflow(read_python_plugin(file)); });
  return !is_related;
}

std::vector<fs::path> libraries_in(fs::path const& folder) {
  std::vector<fs::path> files;
  for (fs::directory_entry const& entry : fs::directory_iterator(folder)) {
    fs::path const& file = entry.path();
    bool const may_be_python = is_python(file) && !is_unrelated(file);
    if (file.extension() == ".so" || may_be_python) files.push_back(file);
  }
  std::ranges::sort(files);
  return files;
}

// Each file once, also if two places lead to it.
class Candidates {
 public:
  void add_place(fs::path const& place) {
    std::error_code error;
    if (fs::is_directory(place, error)) {
      try {
        for (fs::path const& file : libraries_in(place)) add(file);
      } catch (fs::filesystem_error const& unreadable) {
        refuse(place, "the folder cannot be read: " + unreadable.code().message());
      }
    } else if (fs::exists(place, error)) {
      add(place);
    } else {
      refuse(place, error ? "it cannot be accessed: " + error.message()
                          : "there is no such folder or library");
    }
  }

  std::vector<Candidate> take() { return std::move(list_); }

 private:
  void refuse(fs::path const& place, std::string reason) {
    list_.push_back({place, std::move(reason)});
  }

  void add(fs::path const& file) {
    std::error_code unknown;
    fs::path const canonical = fs::weakly_canonical(file, unknown);
    if (!unknown && !seen_.insert(canonical).second) return;
    Candidate& candidate = list_.emplace_back(Candidate{file});
    candidate.refused = error_of([&] {
      if (is_python(file)) return read_python(candidate);
      auto const note = read_library_note(file);
      candidate.is_other = !note;
      if (!note) throw Error("it is not a seplflow plugin: SEPLFLOW_PLUGIN is not in its sources");
      require_compatible(*note);
      candidate.note = *note;
    });
  }

  static void read_python(Candidate& candidate) {
    candidate.python = read_python_plugin(candidate.file);
    candidate.is_other = !imports_plugin(*candidate.python);
    if (candidate.is_other) {
      throw Error("it is not a seplflow plugin: it does not import seplflow.plugin");
    }
    interpreter_program(candidate.python->interpreter);
    candidate.note = {kAbiMajor, kAbiMinor, kToolchain, kLayoutFlags, SEPLFLOW_VERSION};
  }

  std::vector<Candidate> list_;
  std::set<fs::path> seen_;
};

// What a library declares depends on its file, and that of Python code on the interpreter, too.
std::string stamp_of(Candidate const& candidate) {
  std::string const stamp = PluginIndex::stamp_of(candidate.file);
  if (stamp.empty() || !candidate.python) return stamp;
  return stamp + interpreter_stamp(candidate.python->interpreter);
}

// Completes the candidates by what the index or a child process says of them.
void examine(std::vector<Candidate>& candidates, StageCatalog::Settings const& settings) {
  PluginIndex index(settings.index);
  std::vector<Candidate*> unknown;
  std::vector<std::string> stamps;
  for (Candidate& candidate : candidates) {
    if (candidate.refused) continue;
    std::string stamp = stamp_of(candidate);
    if (auto summary = index.find(fs::absolute(candidate.file), stamp)) {
      candidate.summary = std::move(*summary);
    } else {
      unknown.push_back(&candidate);
      stamps.push_back(std::move(stamp));
    }
  }
  std::vector<fs::path> files;
  for (Candidate const* const candidate : unknown) files.push_back(candidate->file);
  auto inspected = inspect(files, settings.patience, settings.on_wait);
  for (std::size_t i = 0; i < unknown.size(); ++i) {
    unknown[i]->summary = std::move(inspected[i].summary);
    // A file that changed meanwhile may be another one than was examined.
    if (inspected[i].is_lasting && stamp_of(*unknown[i]) == stamps[i]) {
      index.add(fs::absolute(files[i]), stamps[i], unknown[i]->summary);
    }
  }
  index.save();
}

}  // namespace

struct StageCatalog::State {
  // A library by its summary, and itself once it is needed.
  struct Library {
    fs::path file;
    PluginSummary summary;
    std::optional<PluginLibrary> loaded = {};

    PluginSummary::Stage const* stage(std::string_view name) const {
      auto const found = std::ranges::find(summary.stages, name, &PluginSummary::Stage::name);
      return found == summary.stages.end() ? nullptr : &*found;
    }
  };

  std::vector<StageDeclaration> built_in;
  std::vector<Library> libraries;
  std::vector<KnownPlugin> plugins;
  std::vector<RejectedPlugin> rejected;
  std::vector<std::string> warnings;
  std::shared_ptr<WorkerPool> const workers = std::make_shared<WorkerPool>();

  // Declares the stages of a Python file. Nothing is loaded for that.
  std::optional<PluginLibrary> declared_in_python(Candidate& candidate) {
    std::optional<PluginLibrary> library;
    PluginSummary& summary = candidate.summary;
    if (candidate.refused || !candidate.python || summary.declarations.empty()) return library;
    candidate.refused = error_of([&] {
      library = python_library(candidate.file, *candidate.python, summary.declarations, workers);
    });
    if (!library) return library;
    for (StageDeclaration const& stage : library->stages.declared) {
      summary.stages.push_back({stage.name, stage.summary, ""});
    }
    auto const& wrong = library->stages.rejected;
    summary.rejected.insert(summary.rejected.end(), wrong.begin(), wrong.end());
    return library;
  }

  void add(Candidate candidate) {
    PluginSummary& summary = candidate.summary;
    if (!candidate.refused && !summary.refused.empty()) candidate.refused = summary.refused;
    auto python = declared_in_python(candidate);
    if (candidate.refused) {
      rejected.push_back({candidate.file, *candidate.refused, {}, candidate.is_other});
      return;
    }
    LibraryNote const& note = candidate.note;
    KnownPlugin plugin{candidate.file, summary.version, note.version,
                       note.abi_major, note.abi_minor,  {}};
    for (auto const& stage : summary.stages) plugin.stages.push_back(stage.name);
    for (auto const& [stage, reason] : summary.rejected) {
      rejected.push_back({candidate.file, "stage " + stage + ": " + reason, stage});
    }
    plugins.push_back(std::move(plugin));
    libraries.push_back({std::move(candidate.file), std::move(summary), std::move(python)});
  }

  // Null, with the reason in rejected, if the library does not keep what its summary promised. Then
  // the stage is not listed any more.
  StageDeclaration const* declaration(Library& library, std::string_view name) {
    auto const error = error_of([&] {
      if (!library.loaded) library.loaded = load_plugin_library(library.file);
    });
    if (error) {
      for (auto const& stage : library.summary.stages) {
        rejected.push_back({library.file, *error, stage.name});
      }
      library.summary.stages.clear();
      return nullptr;
    }
    auto const& declared = library.loaded->stages.declared;
    auto const found = std::ranges::find(declared, name, &StageDeclaration::name);
    if (found != declared.end()) return &*found;
    rejected.push_back({library.file,
                        "it does not declare this stage any more, although its file did not change",
                        std::string(name)});
    std::erase_if(library.summary.stages, [&](auto const& stage) { return stage.name == name; });
    return nullptr;
  }
};

StageCatalog::StageCatalog(std::vector<fs::path> const& places,
                           std::vector<StageDeclaration> built_in, Settings const& settings)
    : state_(std::make_unique<State>()) {
  state_->built_in = std::move(built_in);
  Candidates found;
  for (fs::path const& place : places) found.add_place(place);
  std::vector<Candidate> candidates = found.take();
  examine(candidates, settings);
  for (Candidate& candidate : candidates) state_->add(std::move(candidate));
  std::vector<fs::path> writable = places;
  for (State::Library const& library : state_->libraries) writable.push_back(library.file);
  for (fs::path const& place : writable) {
    if (auto why = why_writable_by_others(place)) state_->warnings.push_back(std::move(*why));
  }
}

StageCatalog::~StageCatalog() = default;
StageCatalog::StageCatalog(StageCatalog&&) noexcept = default;

StageCatalog::Found StageCatalog::find(std::string_view name) const {
  Found found;
  for (StageDeclaration const& declaration : state_->built_in) {
    if (declaration.name != name) continue;
    if (!found.declaration) found.declaration = &declaration;
    found.files.push_back("(built in)");
  }
  for (State::Library& library : state_->libraries) {
    auto const* const declaration =
        library.stage(name) ? state_->declaration(library, name) : nullptr;
    if (!declaration) continue;
    if (!found.declaration) found.declaration = declaration;
    found.files.push_back(library.file);
  }
  return found;
}

StageCatalog::Listed StageCatalog::listed(std::string_view name) const {
  Listed listed;
  for (StageDeclaration const& declaration : state_->built_in) {
    if (declaration.name != name) continue;
    listed = {declaration.summary, declaration.missing_library, {"(built in)"}};
  }
  for (State::Library const& library : state_->libraries) {
    auto const* const stage = library.stage(name);
    if (!stage) continue;
    if (listed.files.empty()) listed = {stage->summary, stage->missing_library, {}};
    listed.files.push_back(library.file);
  }
  return listed;
}

std::vector<std::string> StageCatalog::names() const {
  std::set<std::string> names;
  for (StageDeclaration const& declaration : state_->built_in) names.insert(declaration.name);
  for (State::Library const& library : state_->libraries) {
    for (auto const& stage : library.summary.stages) names.insert(stage.name);
  }
  return {names.begin(), names.end()};
}

std::vector<StageDeclaration const*> StageCatalog::all() const {
  std::vector<StageDeclaration const*> declarations;
  for (std::string const& name : names()) {
    if (auto const* const found = find(name).declaration) declarations.push_back(found);
  }
  return declarations;
}

std::vector<StageCatalog::KnownPlugin> const& StageCatalog::plugins() const {
  return state_->plugins;
}

std::vector<StageCatalog::RejectedPlugin> const& StageCatalog::rejected() const {
  return state_->rejected;
}

std::string StageCatalog::rejected_hint() const {
  auto const count = static_cast<std::uint64_t>(
      std::ranges::count(state_->rejected, false, &RejectedPlugin::is_other));
  if (count == 0) return "";
  return " (" + counted(count, "plugin was", "plugins were") +
         " rejected; run \"seplflow stages\" for the reason)";
}

std::vector<std::string> const& StageCatalog::warnings() const {
  return state_->warnings;
}

StageCatalog default_catalog(std::function<void(fs::path const&)> on_wait) {
  StageCatalog::Settings settings{default_plugin_index()};
  settings.on_wait = std::move(on_wait);
  return StageCatalog(default_plugin_places(), {}, settings);
}

}  // namespace seplflow
