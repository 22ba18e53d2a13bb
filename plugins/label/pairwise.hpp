// The messages between pixels in a fully connected CRF.
//
// Every kernel k is normalised symmetrically, as pydensecrf does by default: with
// n_i = sum over j of k(i, j), pixel i receives from every pixel j, itself included, j's beliefs
// times k(i, j) / sqrt(n_i * n_j) * compat.
#pragma once

#include <functional>
#include <span>

#include "data/image.hpp"
#include "label/label_field.hpp"

namespace seplflow::label {

// The widths of the kernels, as standard deviations, and their weights:
//   gaussian   exp(-|p_i - p_j|^2 / (2 sxy^2))
//   bilateral  exp(-|p_i - p_j|^2 / (2 sxy^2) - |I_i - I_j|^2 / (2 srgb^2))
// for positions p in pixels and colours I in 0..255. A compat of 0 omits a kernel.
struct PairwiseParameters {
  double gaussian_sxy = 3;
  double gaussian_compat = 3;
  double bilateral_sxy = 50;
  double bilateral_srgb = 5;
  double bilateral_compat = 10;
};

// Adds the messages that every pixel receives about the four labels of `beliefs` to `sum`. Created
// once for an image and applied in every iteration. Not thread-safe.
using PairwiseTerm = std::function<void(std::span<Lanes const> beliefs, std::span<Lanes> sum)>;

// Both kernels, exact: 4 * N^2 bytes and O(N^2) for N pixels.
PairwiseTerm exact_term(Image const& image, PairwiseParameters const& parameters);

}  // namespace seplflow::label
