// Whether a shared library is whole. For the host, not for authors.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace seplflow {

// Why the file must not be given to the dynamic loader, which maps a library without reading it and
// so dies of one that is cut off; nothing when it may.
std::optional<std::string> why_not_loadable(std::filesystem::path const& file);

}  // namespace seplflow
