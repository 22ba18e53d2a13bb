// The allocator of torch's tensors on the CPU.
#pragma once

namespace seplflow::sam {

// Lets torch keep the large blocks that it frees, and allocates them in huge pages. The C library
// returns such blocks to the system, which then clears every page of the next block: a third of the
// encoder's time. Never keeps more than was in use at one time. Applies to the whole copy of torch
// that this library is linked to; further calls do nothing.
void keep_freed_memory();

}  // namespace seplflow::sam
