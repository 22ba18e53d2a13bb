// Memory settings of the program.
#pragma once

#include <malloc.h>

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
}

}  // namespace seplflow::cli
