// Whole files as text.
#pragma once

#include <filesystem>
#include <string>

namespace seplflow {

// The bytes of the file. Throws UsageError, with the reason, when it cannot be read.
std::string read_text_file(std::filesystem::path const& file);

}  // namespace seplflow
