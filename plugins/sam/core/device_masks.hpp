// From the decoder's logits to masks of the image's size, on the device that the logits are on.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "core/mask_logits.hpp"

namespace seplflow::sam {

// 256 MiB of float32.
constexpr std::uint64_t kPixelsAtATime = std::uint64_t{1} << 26;

// What MaskLogits::mask makes of each of M logits (M, side, side), float32, with torch's own
// operations in the official order: first all that needs the device, then, when that is free
// again, the masks. Only the ends of the masks' runs leave the device, in one copy for as many
// masks as have at most `pixels` together, but for one at least. Memory there: about 24 bytes for
// each of these. Results differ from those of MaskLogits as far as torch's rounding does on that
// device.
class DeviceRuns {
 public:
  DeviceRuns(at::Tensor const& logits, Scaling const& scaling, double offset,
             std::optional<double> least, std::uint64_t pixels = kPixelsAtATime);

  // Of each of the logits; nothing for those of a lower stability than `least`.
  std::vector<std::optional<ScoredMask>> masks() const;

 private:
  void add(at::Tensor const& logits, double offset);

  Scaling scaling_;
  std::optional<double> least_;
  std::vector<at::Tensor> copies_;      // in host memory: scores as their bits, then ends of runs
  std::vector<std::int64_t> together_;  // of each copy, how many masks
};

}  // namespace seplflow::sam
