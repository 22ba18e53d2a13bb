#include "core/out_of_memory.hpp"

#include <algorithm>
#include <array>

namespace seplflow::sam {

bool tells_of_memory(std::string_view message) {
  static constexpr std::array<std::string_view, 7> kSigns = {
      "out of memory",
      "can't allocate memory",
      "CUBLAS_STATUS_ALLOC_FAILED",
      "CUDNN_STATUS_ALLOC_FAILED",
      // What libraries say that find no room for their workspace.
      "CUBLAS_STATUS_NOT_INITIALIZED",
      "nable to find an engine to execute",
      "nable to find a valid cuDNN algorithm",
  };
  return std::ranges::any_of(
      kSigns, [&](std::string_view sign) { return message.find(sign) != std::string_view::npos; });
}

}  // namespace seplflow::sam
