// The image encoder's attention, with relative positions decomposed into rows and columns.
#pragma once

#include <ATen/core/Tensor.h>

namespace seplflow::sam {

// Attention within each of N groups of h x w tokens: windows or whole images.
//   qkv    (N, h, w, 3, heads, d): queries, keys and values
//   along_height (h, h, d), along_width (w, w, d): for the positions of a query and a key, the
//          vector whose product with the query is the bias of their offset (relative_positions)
// Returns (N, h, w, heads * d). Uses one of the two functions below, whichever is faster on the
// device with this version of torch. The memory of neither grows with (h w)^2.
at::Tensor attend(at::Tensor const& qkv, at::Tensor const& along_height,
                  at::Tensor const& along_width);

// Computes the scores in tiles that fit into a CPU's cache.
at::Tensor attend_in_tiles(at::Tensor const& qkv, at::Tensor const& along_height,
                           at::Tensor const& along_width);

// Uses torch's scaled_dot_product_attention, which has fused kernels for GPUs since torch 2.
at::Tensor attend_fused(at::Tensor const& qkv, at::Tensor const& along_height,
                        at::Tensor const& along_width);

// (n, n, d) from the embeddings (2 n - 1, d) of the offsets -(n - 1) to n - 1.
at::Tensor relative_positions(at::Tensor const& offsets);

}  // namespace seplflow::sam
