// How everything that calls torch does it.
#pragma once

#include <c10/core/InferenceMode.h>
#include <c10/util/Exception.h>

#include <new>
#include <string>

#include "core/cpu_threads.hpp"
#include "core/out_of_memory.hpp"

namespace seplflow::sam {

// Calls f as a user of torch, without gradients and with one thread on a CPU. What torch throws
// becomes an Error for people, and what tells of memory, here or on a device, OutOfMemory.
template <class F>
auto with_torch(F const& f) {
  c10::InferenceMode const without_gradients;
  use_one_thread();
  try {
    return f();
  } catch (c10::Error const& error) {
    std::string const message = error.what_without_backtrace();
    if (tells_of_memory(message)) throw OutOfMemory(message);
    throw Error("torch failed: " + message);
  } catch (std::bad_alloc const&) {
    throw OutOfMemory("this machine's own memory did not suffice");
  }
}

}  // namespace seplflow::sam
