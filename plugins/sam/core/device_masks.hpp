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
// operations in the official order. Only the ends of the masks' runs leave the device, in one copy
// for as many masks as have at most `pixels` together, but for one at least. Memory: about 24 bytes
// for each of these. Results differ from those of
// MaskLogits as far as torch's rounding does on that device.
std::vector<std::optional<ScoredMask>> masks_on_device(at::Tensor const& logits,
                                                       Scaling const& scaling, double offset,
                                                       std::optional<double> least,
                                                       std::uint64_t pixels = kPixelsAtATime);

}  // namespace seplflow::sam
