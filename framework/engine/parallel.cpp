#include "engine/parallel.hpp"

#include <pthread.h>
#include <sys/mman.h>
#include <tbb/info.h>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <mutex>
#include <thread>
#include <vector>

namespace seplflow {

void in_parallel(std::size_t count, std::function<void(std::size_t)> const& body) {
  tbb::this_task_arena::isolate([&] { tbb::parallel_for(std::size_t{0}, count, body); });
}

std::int64_t usable_cores() {
  return tbb::info::default_concurrency();
}

std::int64_t most_useful_threads() {
  constexpr std::int64_t kEvenOnFewCores = 16;
  return std::max(kEvenOnFewCores, 4 * usable_cores());
}

std::int64_t startable_threads(std::int64_t wanted) {
  struct Shared {
    std::mutex may_end;
    std::atomic<std::size_t> begun{0};
  } shared;
  auto const body = [](void* argument) -> void* {
    auto& common = *static_cast<Shared*>(argument);
    void* volatile const memory = std::malloc(64);
    std::free(memory);
    ++common.begun;
    std::scoped_lock const lock(common.may_end);
    return nullptr;
  };
  constexpr std::size_t kStack = 8 << 20;
  pthread_attr_t attributes;
  if (::pthread_attr_init(&attributes) != 0) return 0;
  ::pthread_attr_setstacksize(&attributes, kStack);
  std::vector<pthread_t> threads(static_cast<std::size_t>(wanted));
  std::size_t started = 0;
  {
    std::scoped_lock const lock(shared.may_end);
    while (started < threads.size() &&
           ::pthread_create(&threads[started], &attributes, body, &shared) == 0) {
      ++started;
    }
    while (shared.begun < started) std::this_thread::yield();
  }
  for (std::size_t i = 0; i < started; ++i) ::pthread_join(threads[i], nullptr);
  ::pthread_attr_destroy(&attributes);
  return static_cast<std::int64_t>(started);
}

bool is_mappable(std::size_t bytes) {
  void* const memory =
      ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return memory != MAP_FAILED && ::munmap(memory, bytes) == 0;
}

}  // namespace seplflow
