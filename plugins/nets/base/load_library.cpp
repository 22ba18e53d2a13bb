#include <dlfcn.h>

#include <string>
#include <string_view>

#include <seplflow/error.hpp>
#include <seplflow/version.hpp>
#include "nets/base/library.hpp"

namespace seplflow::nets {

std::filesystem::path library_file() {
  Dl_info plugin{};
  ::dladdr(reinterpret_cast<void const*>(&load_functions), &plugin);
  return std::filesystem::path(plugin.dli_fname).parent_path().parent_path() /
         "libseplflow_torch.so";
}

void const* load_functions(char const* entry) {
  std::string const file = library_file().string();
  // Never closed: torch does not survive it.
  void* const library = ::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    throw Error("the library of the networks " + file + " cannot be loaded: " + ::dlerror() +
                "; install libtorch (scripts/install-deps.sh --with-sam) or rebuild seplflow");
  }
  using Entry = void const* (*)();
  auto const function = reinterpret_cast<Entry>(::dlsym(library, entry));
  // The version is the first member of every such struct.
  if (function == nullptr ||
      std::string_view(*static_cast<char const* const*>(function())) != SEPLFLOW_VERSION) {
    throw Error("the library of the networks " + file +
                " belongs to another version of seplflow; install both from the same build");
  }
  return function();
}

}  // namespace seplflow::nets
