// What pixels say to each other in a fully connected CRF.
//
// Every kernel k is normalised symmetrically, as pydensecrf does by default: with
// n_i = sum over j of k(i, j), pixel i hears from pixel j, itself included,
// k(i, j) / sqrt(n_i * n_j) * compat of what j believes.
#pragma once

#include <memory>
#include <span>

#include "data/image.hpp"
#include "label/label_field.hpp"

namespace seplflow::label {

// The kernels' widths, as standard deviations, and weights:
//   gaussian   exp(-|p_i - p_j|^2 / (2 sxy^2))
//   bilateral  exp(-|p_i - p_j|^2 / (2 sxy^2) - |I_i - I_j|^2 / (2 srgb^2))
// of positions p in pixels and colours I in 0..255. A compat of 0 leaves a kernel out.
struct PairwiseParameters {
  double gaussian_sxy = 3;
  double gaussian_compat = 3;
  double bilateral_sxy = 50;
  double bilateral_srgb = 5;
  double bilateral_compat = 10;
};

// Made once for an image and applied in every iteration. Not for several threads at once.
class PairwiseTerm {
 public:
  virtual ~PairwiseTerm() = default;

  // Adds to `sum` what every pixel hears of the four labels of `beliefs`.
  virtual void add_messages(std::span<Lanes const> beliefs, std::span<Lanes> sum) = 0;
};

// Both kernels, pixel by pixel: exact, in 4 * N^2 bytes and O(N^2) for N pixels.
std::unique_ptr<PairwiseTerm> make_exact_term(Image const& image,
                                              PairwiseParameters const& parameters);

// One kernel each, approximately, on a permutohedral lattice: O(N). They throw Error when the image
// is so many standard deviations large that the lattice has no coordinates for it.
std::unique_ptr<PairwiseTerm> make_gaussian_term(Size size, PairwiseParameters const& parameters);
std::unique_ptr<PairwiseTerm> make_bilateral_term(Image const& image,
                                                  PairwiseParameters const& parameters);

}  // namespace seplflow::label
