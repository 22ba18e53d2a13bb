// Unpacks files that gzip has compressed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace seplflow {

// Whether the bytes begin like a file of gzip.
bool is_gzip(std::span<std::uint8_t const> bytes);

// What was compressed: at most kMaxUnpacked bytes, and all members of the file one after the other.
// Throws Error, with `name`, when the file is truncated or damaged, or unpacks to more.
std::vector<std::uint8_t> gunzip(std::span<std::uint8_t const> bytes, std::string_view name);

constexpr std::size_t kMaxUnpacked = std::size_t{1} << 29;

}  // namespace seplflow
