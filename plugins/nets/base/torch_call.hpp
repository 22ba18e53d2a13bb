// How networks call torch.
#pragma once

#include <c10/core/InferenceMode.h>
#include <c10/util/Exception.h>

#include <new>
#include <string>

#include "nets/base/model_options.hpp"

namespace seplflow::nets {

// Limits the calling thread to itself: neither torch nor the BLAS behind it start threads of their
// own, since the engine's threads already use all cores. Cheap; call it before using torch.
void use_one_thread();

// Whether several threads may use torch at the same time. They may not with an OpenBLAS that was
// built without threads and without locks (libopenblas0-serial of Debian): its matrix products
// share memory, so that their results would be wrong.
bool is_blas_thread_safe();

// Lets torch keep the large blocks that it frees, and allocates them in huge pages. The C library
// returns such blocks to the system, which then clears every page of the next block: a third of the
// encoder's time. Never keeps more than was in use at one time. Applies to the whole copy of torch
// that this library is linked to; further calls do nothing.
void keep_freed_memory();

// Lets the calling thread, and the BLAS behind torch, use this many threads.
void use_threads(int threads);

// Calls f, which uses torch. Turns torch's exceptions into Error, and those about memory into what
// `memory(cause)` returns, which derives from OutOfMemory.
template <class F, class Memory>
auto translate_errors(F const& f, Memory const& memory) {
  try {
    return f();
  } catch (c10::Error const& error) {
    std::string const message = error.what_without_backtrace();
    if (is_out_of_memory(message)) throw memory(message);
    throw Error("torch failed: " + message);
  } catch (std::bad_alloc const&) {
    throw memory("this machine's own memory is too small");
  }
}

// The same without gradients and with one thread on a CPU.
template <class Memory = OutOfMemoryForImage, class F>
auto call_torch(F const& f) {
  c10::InferenceMode const without_gradients;
  use_one_thread();
  return translate_errors(f, [](std::string const& cause) { return Memory(cause); });
}

}  // namespace seplflow::nets
