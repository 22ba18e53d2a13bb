#include "core/mask_generator.hpp"

#include <algorithm>
#include <array>

namespace seplflow::sam {

bool is_out_of_memory(std::string_view message) {
  static constexpr std::array<std::string_view, 7> kSigns = {
      "out of memory",
      "can't allocate memory",
      "CUBLAS_STATUS_ALLOC_FAILED",
      "CUDNN_STATUS_ALLOC_FAILED",
      // Messages of libraries that find no room for their workspace.
      "CUBLAS_STATUS_NOT_INITIALIZED",
      "nable to find an engine to execute",
      "nable to find a valid cuDNN algorithm",
  };
  return std::ranges::any_of(
      kSigns, [&](std::string_view sign) { return message.find(sign) != std::string_view::npos; });
}

MaskGenerator const& GeneratorOnDemand::get(Open const& open) {
  std::scoped_lock const lock(mutex_);
  if (!failure_.empty()) throw Error(failure_);
  if (generator_) return *generator_;
  try {
    generator_ = open();
  } catch (OutOfMemory const&) {
    throw;
  } catch (Error const& error) {
    failure_ = error.what();
    throw;
  }
  return *generator_;
}

}  // namespace seplflow::sam
