#include "core/device_masks.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/bitwise_xor.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/nonzero.h>
#include <ATen/ops/sum.h>
#include <ATen/ops/upsample_bilinear2d.h>

#include <algorithm>
#include <bit>
#include <cstdint>

namespace seplflow::sam {
namespace {

at::Tensor resized(at::Tensor const& masks, std::int64_t height, std::int64_t width) {
  return at::upsample_bilinear2d(masks, {height, width}, false);
}

// (M, side, side) -> (M, height, width) of the picture.
at::Tensor scaled(at::Tensor const& logits, Scaling const& scaling) {
  at::Tensor const whole = resized(logits.unsqueeze(0), scaling.image_size, scaling.image_size);
  at::Tensor const picture =
      whole.narrow(2, 0, scaling.resized.height).narrow(3, 0, scaling.resized.width).contiguous();
  return resized(picture, scaling.original.height, scaling.original.width).squeeze(0);
}

at::Tensor pixels_above(at::Tensor const& masks, double threshold) {
  return masks.gt(threshold).sum({1, 2}).to(at::kFloat);
}

// The positions where runs begin and end, in turn, for masks (M, height, width) of bools with N
// pixels each: the column-major position in mask i, 0 to N, plus i (N + 1). int64, ascending.
at::Tensor bounds_of(at::Tensor const& masks) {
  at::Tensor const columns = masks.transpose(1, 2).flatten(1);
  at::Tensor const closed = at::constant_pad_nd(columns, {1, 1});
  std::int64_t const places = columns.size(1) + 1;
  return closed.narrow(1, 1, places)
      .bitwise_xor(closed.narrow(1, 0, places))
      .view({-1})
      .nonzero()
      .view({-1});
}

// The mask whose runs have these bounds, counted from `origin`.
Mask mask_of(Size size, std::int64_t const* begin, std::int64_t const* end, std::int64_t origin) {
  std::vector<std::uint32_t> counts;
  counts.reserve(static_cast<std::size_t>(end - begin) + 1);
  std::int64_t last = origin;
  for (; begin != end; last = *begin++) {
    counts.push_back(static_cast<std::uint32_t>(*begin - last));
  }
  auto const pixels = static_cast<std::int64_t>(size.pixels());
  counts.push_back(static_cast<std::uint32_t>(origin + pixels - last));
  return Mask::from_counts(size, counts);
}

void add_masks(at::Tensor const& copy, std::int64_t count, Size size, std::optional<double> least,
               std::vector<std::optional<ScoredMask>>& masks) {
  auto const* const scores = copy.data_ptr<std::int64_t>();
  std::int64_t const *bound = scores + count, *const end = scores + copy.numel();
  auto const stride = static_cast<std::int64_t>(size.pixels()) + 1;
  for (std::int64_t i = 0; i < count; ++i) {
    auto const* const first = bound;
    bound = std::lower_bound(bound, end, (i + 1) * stride);
    auto const score = std::bit_cast<float>(static_cast<std::int32_t>(scores[i]));
    if (least && !(score >= static_cast<float>(*least))) {
      masks.emplace_back();
    } else {
      masks.push_back(ScoredMask{mask_of(size, first, bound, i * stride), score});
    }
  }
}

}  // namespace

DeviceRuns::DeviceRuns(at::Tensor const& logits, Scaling const& scaling, double offset,
                       std::optional<double> least, std::uint64_t pixels)
    : scaling_(scaling), least_(least) {
  std::uint64_t const of_mask = std::max<std::uint64_t>(
      std::uint64_t{scaling.image_size} * scaling.image_size, scaling.original.pixels());
  auto const together = static_cast<std::int64_t>(std::max<std::uint64_t>(pixels / of_mask, 1));
  for (std::int64_t begin = 0; begin < logits.size(0); begin += together) {
    add(logits.narrow(0, begin, std::min(together, logits.size(0) - begin)), offset);
  }
}

void DeviceRuns::add(at::Tensor const& logits, double offset) {
  at::Tensor const pixels = scaled(logits, scaling_);
  at::Tensor const stability = pixels_above(pixels, offset) / pixels_above(pixels, -offset);
  at::Tensor inside = pixels.gt(0);
  // Unwanted masks get no runs, so that only wanted masks are copied.
  if (least_) inside.bitwise_and_(stability.ge(*least_).view({-1, 1, 1}));
  // One copy, not two: each copy waits for the device.
  copies_.push_back(
      at::cat({stability.view(at::kInt).to(at::kLong), bounds_of(inside)}).to(at::kCPU));
  together_.push_back(logits.size(0));
}

std::vector<std::optional<ScoredMask>> DeviceRuns::masks() const {
  std::vector<std::optional<ScoredMask>> masks;
  for (std::size_t i = 0; i < copies_.size(); ++i) {
    add_masks(copies_[i], together_[i], scaling_.original, least_, masks);
  }
  return masks;
}

}  // namespace seplflow::sam
