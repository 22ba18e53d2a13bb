#include "catalog/plugin_library.hpp"

#define BOOST_DLL_USE_STD_FS
#include <boost/dll/shared_library.hpp>
#include <cstring>

#include <seplflow/detail/descriptor.hpp>
#include "base/error_of.hpp"
#include "catalog/library_note.hpp"

namespace seplflow {
namespace {

constexpr char const* kDescriptorSymbol = "seplflow_plugin";

void require_equal_setting(char const* what, std::string const& plugin, std::string const& host) {
  if (plugin != host) {
    throw Error(std::string("it was built with a different ") + what + " (\"" + plugin +
                "\"; this program: \"" + host + "\"); rebuild it with this one");
  }
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

boost::dll::shared_library open_library(std::filesystem::path const& file) {
  try {
    using boost::dll::load_mode::rtld_local;
    using boost::dll::load_mode::rtld_now;
    return boost::dll::shared_library(file, rtld_now | rtld_local);
  } catch (std::system_error const& error) {
    throw Error(loader_reason(error.what()));
  }
}

// Reads only what all versions of the descriptor have, until it knows that the version fits.
void require_compatible(seplflow_plugin_descriptor const& descriptor) {
  if (std::memcmp(descriptor.magic, "SEPLFLOW", sizeof descriptor.magic) != 0) {
    throw Error("it has no valid seplflow descriptor");
  }
  LibraryNote described{descriptor.abi_major, descriptor.abi_minor, kToolchain, kLayoutFlags, {}};
  require_compatible(described);
  if (descriptor.size < kDescriptorSize) {
    throw Error("its descriptor is shorter than its ABI version requires");
  }
  described.toolchain = descriptor.toolchain;
  described.layout_flags = descriptor.layout_flags;
  require_compatible(described);
}

}  // namespace

void require_compatible(LibraryNote const& note) {
  if (note.abi_major != kAbiMajor || note.abi_minor > kAbiMinor) {
    throw Error("it was built for plugin ABI " + abi_text(note.abi_major, note.abi_minor) +
                ", but this program has " + abi_text(kAbiMajor, kAbiMinor) +
                "; rebuild it against the installed seplflow");
  }
  require_equal_setting("toolchain", note.toolchain, kToolchain);
  require_equal_setting("layout of types", note.layout_flags, kLayoutFlags);
}

PluginLibrary load_plugin_library(std::filesystem::path const& file) {
  auto const library = std::make_shared<boost::dll::shared_library>(open_library(file));
  if (!library->has(kDescriptorSymbol)) {
    throw Error("it has no symbol \"" + std::string(kDescriptorSymbol) +
                "\"; write SEPLFLOW_PLUGIN in one of its files");
  }
  auto const& descriptor = library->get<seplflow_plugin_descriptor const>(kDescriptorSymbol);
  require_compatible(descriptor);
  Plugin plugin;
  if (auto const error = error_of([&] { descriptor.declare(&plugin); })) {
    throw Error("its declarations are invalid: " + *error);
  }
  PluginLibrary loaded{library, plugin.version(), plugin.finish()};
  for (StageDeclaration& stage : loaded.stages.declared) stage.library = file.string();
  return loaded;
}

}  // namespace seplflow
