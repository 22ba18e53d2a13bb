#include "dense_crf.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include <seplflow/error.hpp>
#include "base/number_text.hpp"
#include "permutohedral_lattice.hpp"

namespace seplflow::label {
namespace {

// Every kernel k is normalised symmetrically, as pydensecrf does by default: with
// n_i = sum over j of k(i, j), pixel i receives from every pixel j, itself included, j's beliefs
// times k(i, j) / sqrt(n_i * n_j) * compat.

// Adds the messages that every pixel receives about the four labels of `beliefs` to `sum`. Created
// once for an image and applied in every iteration. Not thread-safe.
using PairwiseTerm = std::function<void(std::span<Lanes const> beliefs, std::span<Lanes> sum)>;

// exp(-d^2 / (2 width^2)) for d = 0 .. longest.
std::vector<double> gaussian_table(double width, std::size_t longest) {
  std::vector<double> table;
  for (std::size_t d = 0; d <= longest; ++d) {
    table.push_back(std::exp(-0.5 * double(d) * double(d) / (width * width)));
  }
  return table;
}

std::size_t distance(std::size_t a, std::size_t b) {
  return a < b ? b - a : a - b;
}

// Adds a kernel, normalised and times compat, to the weights of all pairs of pixels.
template <class Kernel>
void add_normalised(Kernel const& kernel, double compat, std::size_t pixels,
                    std::vector<float>& weights) {
  if (compat == 0) return;
  std::vector<double> scale(pixels);
  for (std::size_t i = 0; i < pixels; ++i) {
    for (std::size_t j = 0; j < pixels; ++j) scale[i] += kernel(i, j);
  }
  for (double& each : scale) each = std::sqrt(compat / each);
  for (std::size_t i = 0; i < pixels; ++i) {
    for (std::size_t j = 0; j < pixels; ++j) {
      weights[i * pixels + j] += static_cast<float>(scale[i] * kernel(i, j) * scale[j]);
    }
  }
}

// The weights of all pairs of pixels, row by row.
std::vector<float> pair_weights(Image const& image, PairwiseParameters const& p) {
  std::size_t const pixels = image.size().pixels(), width = image.size().width;
  std::size_t const longest = std::max(image.size().height, image.size().width);
  auto const nearness = [width](std::vector<double> const& table, std::size_t i, std::size_t j) {
    return table[distance(i % width, j % width)] * table[distance(i / width, j / width)];
  };
  std::vector<float> weights(pixels * pixels);
  auto const gaussian = gaussian_table(p.gaussian_sxy, longest);
  add_normalised([&](std::size_t i, std::size_t j) { return nearness(gaussian, i, j); },
                 p.gaussian_compat, pixels, weights);
  auto const bilateral = gaussian_table(p.bilateral_sxy, longest);
  auto const colour = gaussian_table(p.bilateral_srgb, 255);
  auto const rgb = image.rgb();
  add_normalised(
      [&](std::size_t i, std::size_t j) {
        double value = nearness(bilateral, i, j);
        for (std::size_t c = 0; c < 3; ++c) {
          value *= colour[distance(rgb[3 * i + c], rgb[3 * j + c])];
        }
        return value;
      },
      p.bilateral_compat, pixels, weights);
  // Products with denormal numbers would be slow.
  for (float& weight : weights) {
    if (weight < std::numeric_limits<float>::min()) weight = 0;
  }
  return weights;
}

// Both kernels, exact: 4 * N^2 bytes and O(N^2) for N pixels.
PairwiseTerm exact_term(Image const& image, PairwiseParameters const& parameters) {
  return [weights = pair_weights(image, parameters)](std::span<Lanes const> beliefs,
                                                     std::span<Lanes> sum) {
    std::size_t const pixels = beliefs.size();
    for (std::size_t i = 0; i < pixels; ++i) {
      // In double precision, since mean field can amplify a small error.
      std::array<double, 4> message{};
      for (std::size_t j = 0; j < pixels; ++j) {
        double const weight = weights[i * pixels + j];
        for (std::size_t k = 0; k < 4; ++k) message[k] += weight * double(beliefs[j].at[k]);
      }
      for (std::size_t k = 0; k < 4; ++k) sum[i].at[k] += static_cast<float>(message[k]);
    }
  };
}

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
