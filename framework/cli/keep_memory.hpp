// How the program asks the system for memory.
#pragma once

#include <malloc.h>

namespace seplflow::cli {

// Pictures, scores and labels come and go by the megabyte. By default the C library gives memory of
// that size back to the system at once, and the next picture pays a page fault for every 4 KiB of
// it: more than its pixels cost. Freed memory is kept instead, up to a bound. For the beginning of
// main, before threads.
inline void keep_freed_memory() {
#if defined(M_MMAP_THRESHOLD) && defined(M_TRIM_THRESHOLD)
  constexpr int kLargestKept = 32 << 20;  // the largest that the C library accepts
  constexpr int kMostKept = 256 << 20;
  mallopt(M_MMAP_THRESHOLD, kLargestKept);
  mallopt(M_TRIM_THRESHOLD, kMostKept);
#endif
}

}  // namespace seplflow::cli
