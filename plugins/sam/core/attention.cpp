#include "core/attention.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/_softmax.h>
#include <ATen/ops/add.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/eye.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/zeros.h>
#include <torch/version.h>

#include <algorithm>
#include <cmath>
#include <tuple>

#if TORCH_VERSION_MAJOR >= 2
#include <ATen/ops/scaled_dot_product_attention.h>
#else
#include <ATen/ops/_scaled_dot_product_attention.h>
#endif

namespace seplflow::sam {
namespace {

// Queries and the biases that relative positions add to their scores.
struct Biases {
  at::Tensor rows;     // (h, N, heads, w, h): for each row of keys
  at::Tensor columns;  // (w, N, heads, h, w): for each column of keys
};

// queries (N, h, w, heads, d).
Biases relative_biases(at::Tensor const& queries, at::Tensor const& along_height,
                       at::Tensor const& along_width) {
  std::int64_t const groups = queries.size(0), h = queries.size(1), w = queries.size(2),
                     heads = queries.size(3), d = queries.size(4);
  at::Tensor const by_row = queries.permute({1, 0, 3, 2, 4}).reshape({h, groups * heads * w, d});
  at::Tensor const by_column = queries.permute({2, 0, 3, 1, 4}).reshape({w, groups * heads * h, d});
  return {at::bmm(by_row, along_height.transpose(1, 2)).view({h, groups, heads, w, h}),
          at::bmm(by_column, along_width.transpose(1, 2)).view({w, groups, heads, h, w})};
}

// The number of rows of queries whose scores fit into the cache.
std::int64_t rows_per_tile(std::int64_t h, std::int64_t w) {
  constexpr std::int64_t kTileScores = std::int64_t{1} << 19;
  return std::clamp(kTileScores / (h * w * w), std::int64_t{1}, h);
}

// Divides by the square root of the channels.
at::Tensor fused_attention(at::Tensor const& queries, at::Tensor const& keys,
                           at::Tensor const& values) {
#if TORCH_VERSION_MAJOR >= 2
  return at::scaled_dot_product_attention(queries, keys, values);
#else
  return std::get<0>(at::_scaled_dot_product_attention(queries, keys, values));
#endif
}

}  // namespace

// The biases become further channels: a key at row i and column j has ones at i and j there, so
// that its product with the query's biases adds the right two, and a fused kernel needs no mask.
at::Tensor attend_fused(at::Tensor const& qkv, at::Tensor const& along_height,
                        at::Tensor const& along_width) {
  Biases const biases = relative_biases(qkv.select(3, 0), along_height, along_width);
  constexpr std::int64_t kAlignment = 8;  // of channels, for fast kernels
  std::int64_t const groups = qkv.size(0), h = qkv.size(1), w = qkv.size(2), heads = qkv.size(4),
                     d = qkv.size(5);
  std::int64_t const channels = (d + h + w + kAlignment - 1) / kAlignment * kAlignment;
  auto const expanded = [&](at::Tensor const& x) {
    return x.expand({groups, heads, h, w, x.size(-1)});
  };
  auto const zeros = [&](std::int64_t count) {
    return expanded(at::zeros({1, 1, 1, 1, count}, qkv.options()));
  };
  at::Tensor const all = qkv.permute({3, 0, 4, 1, 2, 5});          // (3, N, heads, h, w, d)
  double const undone = std::sqrt(static_cast<double>(channels));  // by the kernel
  at::Tensor const queries =
      at::cat({all.select(0, 0) * (undone / std::sqrt(static_cast<double>(d))),
               biases.rows.permute({1, 2, 0, 3, 4}) * undone,
               biases.columns.permute({1, 2, 3, 0, 4}) * undone, zeros(channels - d - h - w)},
              -1);
  at::Tensor const keys = at::cat(
      {all.select(0, 1), expanded(at::eye(h, qkv.options()).view({1, 1, h, 1, h})),
       expanded(at::eye(w, qkv.options()).view({1, 1, 1, w, w})), zeros(channels - d - h - w)},
      -1);
  at::Tensor const values = at::cat({all.select(0, 2), zeros(channels - d)}, -1);
  auto const flat = [&](at::Tensor const& x) {
    return x.reshape({groups, heads, h * w, channels});
  };
  at::Tensor const out = fused_attention(flat(queries), flat(keys), flat(values));
  return out.narrow(-1, 0, d).transpose(1, 2).reshape({groups, h, w, heads * d});
}

// For each head of each group, computes scores and their softmax in a buffer, tile by tile.
at::Tensor attend_in_tiles(at::Tensor const& qkv, at::Tensor const& along_height,
                           at::Tensor const& along_width) {
  Biases const biases = relative_biases(qkv.select(3, 0), along_height, along_width);
  std::int64_t const groups = qkv.size(0), h = qkv.size(1), w = qkv.size(2), heads = qkv.size(4),
                     d = qkv.size(5);
  double const scale = 1 / std::sqrt(static_cast<double>(d));
  std::int64_t const tile = rows_per_tile(h, w);
  at::Tensor const tokens = qkv.view({groups, h * w, 3, heads, d});
  at::Tensor const out = at::empty({groups, h * w, heads, d}, qkv.options());
  at::Tensor const buffer = at::empty({tile * w, h * w}, qkv.options());
  for (std::int64_t i = 0; i < groups * heads; ++i) {
    std::int64_t const group = i / heads, head = i % heads;
    at::Tensor const one = tokens.select(0, group).select(2, head);  // (h w, 3, d)
    at::Tensor const queries = one.select(1, 0), keys = one.select(1, 1).t(),
                     values = one.select(1, 2);
    at::Tensor const rows = biases.rows.select(1, group).select(1, head).unsqueeze(-1);
    at::Tensor const columns =
        biases.columns.select(1, group).select(1, head).transpose(0, 1).unsqueeze(-2);
    at::Tensor const result = out.select(0, group).select(1, head);
    for (std::int64_t top = 0; top < h; top += tile) {
      std::int64_t const height = std::min(tile, h - top);
      at::Tensor scores = buffer.narrow(0, 0, height * w);
      at::Tensor by_place = scores.view({height, w, h, w});
      at::add_out(by_place, rows.narrow(0, top, height), columns.narrow(0, top, height));
      scores.addmm_(queries.narrow(0, top * w, height * w), keys, 1, scale);
      at::_softmax_out(scores, scores, -1, false);
      at::Tensor part = result.narrow(0, top * w, height * w);
      at::mm_out(part, scores, values);
    }
  }
  return out.view({groups, h, w, heads * d});
}

at::Tensor attend(at::Tensor const& qkv, at::Tensor const& along_height,
                  at::Tensor const& along_width) {
  bool const fused = TORCH_VERSION_MAJOR >= 2 && !qkv.device().is_cpu();
  return (fused ? attend_fused : attend_in_tiles)(qkv, along_height, along_width);
}

at::Tensor relative_positions(at::Tensor const& offsets) {
  std::int64_t const n = (offsets.size(0) + 1) / 2;
  at::Tensor const places = at::arange(n, at::TensorOptions(at::kLong).device(offsets.device()));
  at::Tensor const apart = places.unsqueeze(1) - places.unsqueeze(0) + (n - 1);
  return offsets.index_select(0, apart.view({-1})).view({n, n, offsets.size(1)});
}

}  // namespace seplflow::sam
