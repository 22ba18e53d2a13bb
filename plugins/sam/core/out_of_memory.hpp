// When memory, of the device or of this machine, does not suffice.
#pragma once

#include <string>
#include <string_view>

#include "base/error.hpp"

namespace seplflow::sam {

// What may go well another time, when others need less.
class OutOfMemory : public Error {
 public:
  // `cause` is what the allocator said.
  explicit OutOfMemory(std::string const& cause)
      : Error(
            "the device has too little memory for SAM: lower points_per_batch or batch (on a CPU "
            "the run's jobs, each of which is an image), or take precision = \"bfloat16\" (" +
            cause + ")") {}
};

// Whether that is why torch, or a library that it calls, failed with this message.
bool tells_of_memory(std::string_view message);

}  // namespace seplflow::sam
