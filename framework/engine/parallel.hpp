// Threads: how many there can be, and parallel loops for those above the engine, who need not know
// what runs them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>

namespace seplflow {

// Calls body(0) to body(count - 1) on the threads that run the graph, or all cores without one. The
// calling thread does no other work meanwhile. Throws what a body throws.
void in_parallel(std::size_t count, std::function<void(std::size_t)> const& body);

// The cores that the process may use, and how many threads still make sense for them: more would
// only compete.
std::int64_t usable_cores();
std::int64_t most_useful_threads();

// How many of so many threads can exist at once. oneTBB ends the process when it cannot start a
// thread, so they are tried before: with its stack of 4 MiB and room to work, and with the memory
// that the C library reserves for each thread and keeps for the next.
std::int64_t startable_threads(std::int64_t wanted);

// Whether the system would give the process so many bytes more.
bool is_mappable(std::size_t bytes);

}  // namespace seplflow
