// Unpacks files that gzip has compressed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string_view>
#include <vector>

#include <seplflow/formats/input_file.hpp>

namespace seplflow {

// Whether the bytes begin like a file of gzip.
bool is_gzip(std::span<std::uint8_t const> bytes);

// What was compressed: at most kMaxUnpacked bytes, and all members of the file one after the other.
// Throws Error, with `name`, when the file is truncated or damaged, or unpacks to more.
std::vector<std::uint8_t> gunzip(std::span<std::uint8_t const> bytes, std::string_view name);

// The same of a file, for readers that need any part of it at any time: what was compressed, at most
// kMaxFileBytes, lies in a temporary file without a name. Also throws Error when that cannot be
// written.
InputFile gunzip_file(std::filesystem::path const& path);

constexpr std::size_t kMaxUnpacked = std::size_t{1} << 29;

}  // namespace seplflow
