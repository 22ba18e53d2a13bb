#include "engine/parallel.hpp"

#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

namespace seplflow {

void in_parallel(std::size_t count, std::function<void(std::size_t)> const& body) {
  tbb::this_task_arena::isolate([&] { tbb::parallel_for(std::size_t{0}, count, body); });
}

}  // namespace seplflow
