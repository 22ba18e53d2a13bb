// Memory for torch's tensors on the CPU.
#pragma once

namespace seplflow::sam {

// Lets torch keep the large blocks that it frees, and has them made of huge pages. The C library
// gives such blocks back to the system, which then clears every page of the next one again: a third
// of the time that the encoder takes. No more is kept than was in use together at some time. For
// the whole copy of torch that this library is linked to; more than once is once.
void keep_freed_memory();

}  // namespace seplflow::sam
