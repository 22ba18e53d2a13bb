// Turns the decoder's logits into masks of the image's size, on the device of the logits.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "core/mask_logits.hpp"

namespace seplflow::sam {

// 256 MiB of float32.
constexpr std::uint64_t kPixelsAtATime = std::uint64_t{1} << 26;

// Does what MaskLogits::mask does for each of M logits (M, side, side), float32, with torch's own
// operations in the official order. The constructor does all that needs the device; masks() runs
// when the device is free again. Only the ends of the masks' runs leave the device, in one copy for
// as many masks as have at most `pixels` together, and at least one. Takes about 24 bytes of the
// device's memory for each of these pixels. Results differ from those of MaskLogits by the rounding
// of torch on that device.
class DeviceRuns {
 public:
  DeviceRuns(at::Tensor const& logits, Scaling const& scaling, double offset,
             std::optional<double> least, std::uint64_t pixels = kPixelsAtATime);

  // The mask of each of the logits; nothing for those with a stability below `least`.
  std::vector<std::optional<ScoredMask>> masks() const;

 private:
  void add(at::Tensor const& logits, double offset);

  Scaling scaling_;
  std::optional<double> least_;
  std::vector<at::Tensor> copies_;      // in host memory: scores as bits, then ends of runs
  std::vector<std::int64_t> together_;  // the number of masks in each copy
};

}  // namespace seplflow::sam
