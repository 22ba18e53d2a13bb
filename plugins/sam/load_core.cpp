#include <dlfcn.h>

#include <string_view>

#include <seplflow/version.hpp>
#include <seplflow/error.hpp>
#include "core/mask_generator.hpp"

namespace seplflow::sam {
namespace {

Core const& load() {
  std::string const file = core_file().string();
  // Never closed: torch does not survive it.
  void* const library = ::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    throw Error("SAM's library " + file + " cannot be loaded: " + ::dlerror() +
                "; install libtorch (scripts/install-deps.sh --with-sam) or rebuild seplflow");
  }
  using Entry = Core const* (*)();
  auto const entry = reinterpret_cast<Entry>(::dlsym(library, "seplflow_sam_core"));
  if (entry == nullptr || std::string_view(entry()->version) != SEPLFLOW_VERSION) {
    throw Error("SAM's library " + file +
                " belongs to another version of seplflow; install both from the same build");
  }
  return *entry();
}

}  // namespace

std::filesystem::path core_file() {
  Dl_info plugin{};
  ::dladdr(reinterpret_cast<void const*>(&load), &plugin);
  return std::filesystem::path(plugin.dli_fname).parent_path().parent_path() / "libseplflow_sam.so";
}

Core const& core() {
  static Core const& loaded = load();
  return loaded;
}

}  // namespace seplflow::sam
