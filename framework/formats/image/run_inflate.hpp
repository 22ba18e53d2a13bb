// Decompresses bytes that come in runs, such as the rows of labels and masks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <seplflow/runs.hpp>
#include <span>
#include <vector>

namespace seplflow {

// Decompresses a zlib stream of exactly `size` bytes, fewer than 2^32, to their runs. Takes time
// for each symbol of the stream, but none for each byte.
//
// Returns false, and leaves anything in `runs`, for a stream with any fault or doubt, with a block
// that is not compressed, and with little to gain: ask libdeflate. What it returns has the checksum
// of the stream, so that a fault of this code cannot yield wrong bytes without being noticed.
bool inflate_runs(std::span<std::uint8_t const> stream, std::size_t size, std::vector<Run>& runs);

}  // namespace seplflow
