// Parallel loops for those above the engine, who need not know what runs them.
#pragma once

#include <cstddef>
#include <functional>

namespace seplflow {

// Calls body(0) to body(count - 1) on the threads that run the graph, or all cores without one. The
// calling thread does no other work meanwhile. Throws what a body throws.
void in_parallel(std::size_t count, std::function<void(std::size_t)> const& body);

}  // namespace seplflow
