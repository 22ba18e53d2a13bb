// Memory settings of the program.
#pragma once

#include <malloc.h>
#include <sys/resource.h>

namespace seplflow::cli {

// Images, scores and labels are allocated and freed in megabytes. By default the C library returns
// memory of that size to the system at once, and the next image pays a page fault for every 4 KiB,
// which costs more than its pixels. This keeps freed memory instead, up to a bound. Call it at the
// beginning of main, before there are threads.
inline void keep_freed_memory() {
#if defined(M_MMAP_THRESHOLD) && defined(M_TRIM_THRESHOLD)
  constexpr int kLargestKept = 32 << 20;  // the largest that the C library accepts
  constexpr int kMostKept = 256 << 20;
  mallopt(M_MMAP_THRESHOLD, kLargestKept);
  mallopt(M_TRIM_THRESHOLD, kMostKept);
#endif
#if defined(M_ARENA_MAX)
  // The C library reserves 64 MiB of addresses for each thread. If they are limited (ulimit -v),
  // they are worth more than threads that never wait for each other.
  rlimit addresses{};
  bool const are_limited =
      ::getrlimit(RLIMIT_AS, &addresses) == 0 && addresses.rlim_cur != RLIM_INFINITY;
  if (are_limited) mallopt(M_ARENA_MAX, 1);
#endif
}

}  // namespace seplflow::cli
