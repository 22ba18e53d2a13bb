// Detects truncated shared libraries. For the host, not for authors.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace seplflow {

// Why the file must not be passed to the dynamic loader; nothing if it may. The loader maps a
// library without reading it, so a truncated one would crash the program.
std::optional<std::string> why_not_loadable(std::filesystem::path const& file);

}  // namespace seplflow
