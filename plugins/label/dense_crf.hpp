// The fully connected conditional random field of Kraehenbuehl and Koltun, "Efficient Inference in
// Fully Connected CRFs with Gaussian Edge Potentials", NIPS 2011.
#pragma once

#include <cstdint>

#include <seplflow/image.hpp>
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

// The evidence of each pixel for the labels.
struct Unary {
  LabelField energies;  // -log of a probability, which need not sum to 1; padded with infinity
  // The last label stands for this many labels with equal evidence; its marginal is that of each.
  std::uint32_t twins = 1;
};

enum class Filtering {
  automatic,  // exact up to kExactPixels, else approximate
  exact,
  approximate,
};

// 64 x 64 pixels: the weights of all pairs take 64 MiB.
constexpr std::size_t kExactPixels = 4096;

// The marginals of the labels after some iterations of mean field with Potts compatibility; they
// sum to 1 at every pixel.
//
// As in pydensecrf, kernels are normalised symmetrically, a pixel receives a message from itself
// too, and approximate filtering uses the permutohedral lattice, so that the labels of larger
// images equal those of pydensecrf. The lattice is not accurate: where the evidence is close a
// marginal can have any value, and about one label in a hundred differs from exact filtering, which
// evaluates all pairs of pixels.
//
// In addition to the fields (48 bytes per pixel for every four labels), approximate filtering takes
// 72 bytes per pixel and 20 to 40 bytes for each vertex of the lattices (fewer than two per pixel
// for photographs, up to nine for noise), and about as much again while a lattice is built.
//
// Throws Error when the unary has another size than the image, or a lattice cannot hold the image.
LabelField mean_field(Image const& image, Unary unary, PairwiseParameters const& parameters,
                      std::int64_t iterations, Filtering filtering = Filtering::automatic);

}  // namespace seplflow::label
