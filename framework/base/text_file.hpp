// Whole files as text, and names for files that are not complete yet.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace seplflow {

// The bytes of the file. Throws UsageError, with the reason, when it cannot be read.
std::string read_text_file(std::filesystem::path const& file);

// A name beside the file that no other process uses. Numbers of processes would not do: on other
// machines and in containers they are used again.
std::filesystem::path unique_name_beside(std::filesystem::path const& file);

// Replaces a file of a cache in one step, and creates missing folders. If that fails, the file stays
// as it was.
void replace_cache_file(std::filesystem::path const& file, std::string_view text);

}  // namespace seplflow
