// The fully connected conditional random field of Kraehenbuehl and Koltun, "Efficient Inference in
// Fully Connected CRFs with Gaussian Edge Potentials", NIPS 2011.
#pragma once

#include <cstdint>

#include "data/image.hpp"
#include "label/label_field.hpp"
#include "label/pairwise.hpp"

namespace seplflow::label {

// What each pixel says of the labels by itself.
struct Unary {
  LabelField energies;  // -log of a probability, which need not sum to 1; padded with infinity
  // The last label stands for so many that are alike everywhere; its marginal is that of each.
  std::uint32_t twins = 1;
};

enum class Filtering {
  automatic,  // exact up to kExactPixels, else approximate
  exact,
  approximate,
};

// 64 x 64: the weights of all pairs of pixels take 64 MiB.
constexpr std::size_t kExactPixels = 4096;

// The marginals of the labels after so many iterations of mean field with Potts compatibility; they
// sum to 1 at every pixel.
//
// As in pydensecrf, kernels are normalised symmetrically, a pixel hears itself too, and approximate
// filtering is that of the permutohedral lattice, so that the labels of larger images are those of
// pydensecrf. That lattice is not accurate: where the evidence is close a marginal can be anywhere,
// and about one label in a hundred differs from those of exact filtering, which evaluates all pairs
// of pixels.
//
// Beside the fields (48 bytes a pixel for every four labels) approximate filtering takes 72 bytes a
// pixel and, for each vertex of the lattices (less than two a pixel for photographs, up to nine for
// noise), 20 to 40 bytes, and about as much again while the lattice is made.
//
// Throws Error when the unary has another size than the image, or a lattice cannot hold it.
LabelField mean_field(Image const& image, Unary unary, PairwiseParameters const& parameters,
                      std::int64_t iterations, Filtering filtering = Filtering::automatic);

}  // namespace seplflow::label
