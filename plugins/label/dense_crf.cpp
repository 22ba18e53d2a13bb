#include "dense_crf.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "base/number_text.hpp"
#include "permutohedral_lattice.hpp"

namespace seplflow::label {
namespace {

// One kernel, approximately, on a permutohedral lattice: O(pixels). Throws Error when the image is
// too many standard deviations large for the lattice's coordinates. `position` maps pixels to
// points.
template <int D, class Position>
PairwiseTerm lattice_term(Size size, double sxy, char const* sxy_option, double compat,
                          Position const& position) {
  if (std::max(size.height, size.width) / sxy > PermutohedralLattice<D>::kLimit) {
    throw Error("an image of " + to_string(size) +
                " (height x width) is too large for a kernel of " + shortest(sxy) +
                " pixels; increase " + sxy_option);
  }
  PermutohedralLattice<D> lattice(size.pixels(), position);
  lattice.normalise(compat);
  return
      [lattice = std::move(lattice)](std::span<Lanes const> beliefs, std::span<Lanes> sum) mutable {
        lattice.filter(beliefs, sum);
      };
}

std::vector<PairwiseTerm> terms_of(Image const& image, PairwiseParameters const& p,
                                   Filtering filtering) {
  std::vector<PairwiseTerm> terms;
  bool const is_small = image.size().pixels() <= kExactPixels;
  if (filtering == Filtering::exact || (filtering == Filtering::automatic && is_small)) {
    terms.push_back(exact_term(image, p));
    return terms;
  }
  std::size_t const width = image.size().width;
  if (p.gaussian_compat > 0) {
    terms.push_back(lattice_term<2>(image.size(), p.gaussian_sxy, "gaussian_sxy", p.gaussian_compat,
                                    [&](std::size_t pixel) {
                                      return std::array{double(pixel % width) / p.gaussian_sxy,
                                                        double(pixel / width) / p.gaussian_sxy};
                                    }));
  }
  if (p.bilateral_compat > 0) {
    terms.push_back(lattice_term<5>(
        image.size(), p.bilateral_sxy, "bilateral_sxy", p.bilateral_compat, [&](std::size_t pixel) {
          std::uint8_t const* const rgb = &image.rgb()[3 * pixel];
          return std::array{double(pixel % width) / p.bilateral_sxy,
                            double(pixel / width) / p.bilateral_sxy, rgb[0] / p.bilateral_srgb,
                            rgb[1] / p.bilateral_srgb, rgb[2] / p.bilateral_srgb};
        }));
  }
  return terms;
}

// Turns negative energies into probabilities, pixel by pixel.
void take_softmax(LabelField& field, std::uint32_t twins) {
  std::size_t const pixels = field.size().pixels(), last = field.labels() - 1;
  for (std::size_t pixel = 0; pixel < pixels; ++pixel) {
    float highest = -std::numeric_limits<float>::infinity();
    for (std::size_t k = 0; k <= last; ++k) highest = std::max(highest, field.at(k, pixel));
    float sum = 0;
    for (std::size_t k = 0; k <= last; ++k) {
      float& value = field.at(k, pixel);
      value = std::exp(value - highest);
      sum += k == last ? static_cast<float>(twins) * value : value;
    }
    for (std::size_t k = 0; k <= last; ++k) field.at(k, pixel) /= sum;
  }
  if (field.labels() % 4 == 0) return;
  for (Lanes& lanes : field.group(field.groups() - 1)) {
    for (std::size_t k = field.labels() % 4; k < 4; ++k) lanes.at[k] = 0;
  }
}

}  // namespace

LabelField mean_field(Image const& image, Unary unary, PairwiseParameters const& parameters,
                      std::int64_t iterations, Filtering filtering) {
  require_same_size(unary.energies.size(), "the unary", image.size(), "the image");
  auto const terms = terms_of(image, parameters, filtering);
  LabelField& evidence = unary.energies;
  for (Lanes& lanes : evidence.all()) lanes = -1 * lanes;
  LabelField beliefs = evidence, next = evidence;
  take_softmax(beliefs, unary.twins);
  for (std::int64_t iteration = 0; iteration < iterations; ++iteration) {
    std::ranges::copy(evidence.all(), next.all().begin());
    for (std::size_t group = 0; group < evidence.groups(); ++group) {
      for (PairwiseTerm const& term : terms) term(beliefs.group(group), next.group(group));
    }
    take_softmax(next, unary.twins);
    std::swap(beliefs, next);
  }
  return beliefs;
}

}  // namespace seplflow::label
