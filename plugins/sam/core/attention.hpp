// The image encoder's attention, with relative positions that are decomposed into rows and columns.
#pragma once

#include <ATen/core/Tensor.h>

namespace seplflow::sam {

// Attention within each of N groups of h x w tokens, which are windows or whole images.
//   qkv    (N, h, w, 3, heads, d): queries, keys and values
//   along_height (h, h, d), along_width (w, w, d): for the place of a query and that of a key, what
//          the query is multiplied by to give the bias of their offset (relative_positions)
// Returns (N, h, w, heads * d). Works in one of the two ways below, whichever is faster on the
// device with this version of torch. In neither does memory grow with (h w)^2.
at::Tensor attend(at::Tensor const& qkv, at::Tensor const& along_height,
                  at::Tensor const& along_width);

// Works through the scores in tiles that fit a CPU's cache.
at::Tensor attend_in_tiles(at::Tensor const& qkv, at::Tensor const& along_height,
                           at::Tensor const& along_width);

// With torch's scaled_dot_product_attention, which has fused kernels for GPUs from torch 2 on.
at::Tensor attend_fused(at::Tensor const& qkv, at::Tensor const& along_height,
                        at::Tensor const& along_width);

// (n, n, d) from the embeddings (2 n - 1, d) of the offsets -(n - 1) to n - 1.
at::Tensor relative_positions(at::Tensor const& offsets);

}  // namespace seplflow::sam
