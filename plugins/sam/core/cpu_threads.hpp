// Threads that use torch side by side on the CPU.
#pragma once

namespace seplflow::sam {

// The calling thread works alone: neither torch nor the BLAS behind it start threads of their own,
// for which the engine's, one for each core, would have no room. Cheap; call it before using torch.
void use_one_thread();

// Whether several threads may use torch at the same time. Not with an OpenBLAS that was built
// without threads and without locks (libopenblas0-serial of Debian): its matrix products then share
// their memory, and are wrong.
bool is_blas_thread_safe();

}  // namespace seplflow::sam
