// What the file of a library says about itself, read without loading it. Internal to the catalog.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace seplflow {

// The note that SEPLFLOW_PLUGIN defines (seplflow_plugin_note).
struct LibraryNote {
  std::uint32_t abi_major = 0, abi_minor = 0;
  std::string toolchain, layout_flags, version;
};

// The note of a library, or nothing if it does not have one. Throws Error, with the reason, for a
// file that the dynamic loader cannot be trusted with: it maps libraries without reading them, so a
// truncated one would crash the program.
std::optional<LibraryNote> read_library_note(std::filesystem::path const& file);

}  // namespace seplflow
