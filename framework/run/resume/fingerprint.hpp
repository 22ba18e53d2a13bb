// Hashes of contents that are compared from run to run.
#pragma once

#include <seplflow/detail/files_read.hpp>

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace seplflow {

// 64-bit XXH3, the same on every machine.
std::uint64_t fingerprint(std::string_view bytes);
std::uint64_t fingerprint(std::span<std::uint8_t const> bytes);

// 128-bit XXH3 of a file's bytes, in hexadecimal. Throws Error when it cannot be read.
std::string file_hash(std::filesystem::path const& file);

// Identifies the sizes and times of files, in their order, and which of them are missing. Files that
// were read before, when they had a state in `read`, count with their bytes if they still have that
// state, and else with that state. Never 0.
std::uint64_t file_stamp(std::vector<std::filesystem::path> const& files,
                         FilesRead::States const& read = {});

}  // namespace seplflow
