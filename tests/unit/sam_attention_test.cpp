#include <ATen/ATen.h>

#include "core/attention.hpp"
#include "support/catch.hpp"

using namespace seplflow::sam;

TEST_CASE("attention is the same in tiles, with torch's fused kernel, and in plain code") {
  auto const [h, w, groups] =
      GENERATE(table<int, int, int>({{5, 5, 3}, {7, 3, 2}, {1, 1, 1}, {40, 40, 1}}));
  constexpr int kHeads = 2, d = 6;
  INFO(h << " x " << w);
  at::manual_seed(3);
  at::Tensor const qkv = at::randn({groups, h, w, 3, kHeads, d});
  at::Tensor const along_height = relative_positions(at::randn({2 * h - 1, d}));
  at::Tensor const along_width = relative_positions(at::randn({2 * w - 1, d}));

  at::Tensor const all = qkv.permute({3, 0, 4, 1, 2, 5});  // (3, N, heads, h, w, d)
  at::Tensor const rows = at::einsum("nahwd,hkd->nahwk", {all[0], along_height});
  at::Tensor const columns = at::einsum("nahwd,wkd->nahwk", {all[0], along_width});
  at::Tensor const biases = rows.unsqueeze(-1) + columns.unsqueeze(-2);
  auto const flat = [&](at::Tensor const& x) { return x.reshape({groups, kHeads, h * w, -1}); };
  at::Tensor const scores = at::matmul(flat(all[0]), flat(all[1]).transpose(2, 3)) / std::sqrt(d) +
                            biases.reshape({groups, kHeads, h * w, h * w});
  at::Tensor const expected = at::matmul(scores.softmax(-1), flat(all[2]))
                                  .transpose(1, 2)
                                  .reshape({groups, h, w, kHeads * d});

  CHECK(at::allclose(attend_in_tiles(qkv, along_height, along_width), expected, 1e-4, 1e-5));
  CHECK(at::allclose(attend_fused(qkv, along_height, along_width), expected, 1e-4, 1e-5));
  CHECK(at::equal(attend(qkv, along_height, along_width),
                  attend_in_tiles(qkv, along_height, along_width)));
}
