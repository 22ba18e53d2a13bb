#include "catalog/catalog.hpp"

#define BOOST_DLL_USE_STD_FS
#include <elf.h>
#include <link.h>

#include <algorithm>
#include <boost/dll/runtime_symbol_info.hpp>
#include <boost/dll/shared_library.hpp>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <set>

#include <seplflow/detail/descriptor.hpp>
#include <seplflow/plugin.hpp>
#include "base/error_of.hpp"

namespace seplflow {
namespace {

namespace fs = std::filesystem;
constexpr char const* kDescriptorSymbol = "seplflow_plugin";

void require_equal_setting(char const* what, char const* plugin, char const* host) {
  if (std::strcmp(plugin, host) != 0) {
    throw Error(std::string("it was built with a different ") + what + " (\"" + plugin +
                "\"; this program: \"" + host + "\"); rebuild it with this one");
  }
}

// Reads only what all versions of the descriptor have, until it knows that the version fits.
void require_compatible(seplflow_plugin_descriptor const& descriptor) {
  if (std::memcmp(descriptor.magic, "SEPLFLOW", sizeof descriptor.magic) != 0) {
    throw Error("it has no valid seplflow descriptor");
  }
  if (descriptor.abi_major != kAbiMajor || descriptor.abi_minor > kAbiMinor) {
    throw Error("it was built for plugin ABI " +
                abi_text(descriptor.abi_major, descriptor.abi_minor) + ", but this program has " +
                abi_text(kAbiMajor, kAbiMinor) + "; rebuild it against the installed seplflow");
  }
  if (descriptor.size < kDescriptorSize) {
    throw Error("its descriptor is shorter than its ABI version requires");
  }
  require_equal_setting("toolchain", descriptor.toolchain, kToolchain);
  require_equal_setting("layout of types", descriptor.layout_flags, kLayoutFlags);
}

// The reason of the dynamic loader, without the text that Boost.DLL adds.
std::string loader_reason(std::string message) {
  constexpr std::string_view kBefore = "dlerror system message: ";
  if (auto const begin = message.find(kBefore); begin != std::string::npos) {
    message.erase(0, begin + kBefore.size());
    if (auto const end = message.rfind("): "); end != std::string::npos) message.erase(end);
  }
  return "it cannot be loaded: " + message;
}

constexpr char const* kTruncated = "it cannot be loaded: the file is truncated";

// Why the file must not be passed to the dynamic loader; nothing if it may. The loader maps a
// library without reading it, so a truncated one would crash the program.
std::optional<std::string> why_not_loadable(fs::path const& file) {
  std::error_code error;
  if (!fs::is_regular_file(file, error)) return "it is not a regular file";
  auto const size = fs::file_size(file, error);
  std::ifstream stream(file, std::ios::binary);
  ElfW(Ehdr) header{};
  if (error || !stream) return "it cannot be read";
  if (!stream.read(reinterpret_cast<char*>(&header), sizeof header)) return kTruncated;
  if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) {
    return "it cannot be loaded: the file is not a shared library";
  }
  // A library for another machine has other headers; the loader reports that itself.
  if (header.e_phentsize != sizeof(ElfW(Phdr))) return std::nullopt;
  std::vector<ElfW(Phdr)> segments(header.e_phnum);
  stream.seekg(static_cast<std::streamoff>(header.e_phoff));
  auto const bytes = static_cast<std::streamsize>(segments.size() * sizeof(ElfW(Phdr)));
  if (!stream.read(reinterpret_cast<char*>(segments.data()), bytes)) return kTruncated;
  bool const whole = std::ranges::all_of(segments, [&](ElfW(Phdr) const& segment) {
    return segment.p_offset <= size && segment.p_filesz <= size - segment.p_offset;
  });
  if (!whole) return kTruncated;
  return std::nullopt;
}

boost::dll::shared_library open_library(fs::path const& file) {
  if (auto const why = why_not_loadable(file)) throw Error(*why);
  try {
    using boost::dll::load_mode::rtld_local;
    using boost::dll::load_mode::rtld_now;
    return boost::dll::shared_library(file, rtld_now | rtld_local);
  } catch (std::system_error const& error) {
    throw Error(loader_reason(error.what()));
  }
}

Plugin declared_by(seplflow_plugin_descriptor const& descriptor) {
  Plugin plugin;
  if (auto const error = error_of([&] { descriptor.declare(&plugin); })) {
    throw Error("its declarations are invalid: " + *error);
  }
  return plugin;
}

std::vector<fs::path> libraries_in(fs::path const& folder) {
  std::vector<fs::path> files;
  for (fs::directory_entry const& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() == ".so") files.push_back(entry.path());
  }
  std::ranges::sort(files);
  return files;
}

}  // namespace

struct StageCatalog::State {
  struct Entry {
    StageDeclaration declaration;
    fs::path file;
  };

  // The declarations refer to code of the libraries, so they must be destroyed first.
  std::vector<boost::dll::shared_library> libraries;
  std::vector<Entry> entries;
  std::vector<LoadedPlugin> plugins;
  std::vector<RejectedPlugin> rejected;
  std::set<fs::path> seen;

  void load(fs::path const& file) {
    std::error_code unknown;
    fs::path const canonical = fs::weakly_canonical(file, unknown);
    if (!unknown && !seen.insert(canonical).second) return;
    try {
      auto library = open_library(file);
      if (!library.has(kDescriptorSymbol)) {
        throw Error("it is not a seplflow plugin: it has no symbol \"" +
                    std::string(kDescriptorSymbol) + "\"");
      }
      auto const& descriptor = library.get<seplflow_plugin_descriptor const>(kDescriptorSymbol);
      require_compatible(descriptor);
      Plugin const declared = declared_by(descriptor);
      LoadedPlugin plugin{file, declared.version(), descriptor.version, descriptor.abi_major,
                          descriptor.abi_minor, {}};
      auto stages = declared.finish();
      for (StageDeclaration& declaration : stages.declared) {
        declaration.library = file.string();
        plugin.stages.push_back(declaration.name);
        entries.push_back({std::move(declaration), file});
      }
      for (auto& [stage, reason] : stages.rejected) {
        rejected.push_back({file, "stage " + stage + ": " + reason, stage});
      }
      plugins.push_back(std::move(plugin));
      libraries.push_back(std::move(library));
    } catch (Error const& error) {
      rejected.push_back({file, error.what()});
    }
  }

  void load_place(fs::path const& place) {
    std::error_code error;
    if (fs::is_directory(place, error)) {
      try {
        for (fs::path const& file : libraries_in(place)) load(file);
      } catch (fs::filesystem_error const& unreadable) {
        rejected.push_back({place, "the folder cannot be read: " + unreadable.code().message()});
      }
    } else if (fs::exists(place, error)) {
      load(place);
    } else {
      rejected.push_back({place, error ? "it cannot be accessed: " + error.message()
                                       : "there is no such folder or library"});
    }
  }
};

StageCatalog::StageCatalog(std::vector<fs::path> const& places,
                           std::vector<StageDeclaration> built_in)
    : state_(std::make_unique<State>()) {
  for (StageDeclaration& declaration : built_in) {
    state_->entries.push_back({std::move(declaration), "(built in)"});
  }
  for (fs::path const& place : places) state_->load_place(place);
}

StageCatalog::~StageCatalog() = default;
StageCatalog::StageCatalog(StageCatalog&&) noexcept = default;

StageCatalog::Found StageCatalog::find(std::string_view name) const {
  Found found;
  for (State::Entry const& entry : state_->entries) {
    if (entry.declaration.name != name) continue;
    if (!found.declaration) found.declaration = &entry.declaration;
    found.files.push_back(entry.file);
  }
  return found;
}

std::vector<std::string> StageCatalog::names() const {
  std::set<std::string> names;
  for (State::Entry const& entry : state_->entries) names.insert(entry.declaration.name);
  return {names.begin(), names.end()};
}

std::vector<StageCatalog::LoadedPlugin> const& StageCatalog::plugins() const {
  return state_->plugins;
}

std::vector<StageCatalog::RejectedPlugin> const& StageCatalog::rejected() const {
  return state_->rejected;
}

std::vector<fs::path> default_plugin_places() {
  std::vector<fs::path> places;
  if (char const* const path = std::getenv("SEPLFLOW_PLUGIN_PATH")) {
    std::string_view rest = path;
    while (!rest.empty()) {
      std::size_t const end = std::min(rest.find(':'), rest.size());
      if (end > 0) places.emplace_back(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
  }
  fs::path const own = boost::dll::program_location().parent_path() / SEPLFLOW_PLUGINS_FROM_PROGRAM;
  places.push_back(own.lexically_normal());
  return places;
}

}  // namespace seplflow
