#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "pairwise.hpp"

namespace seplflow::label {
namespace {

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

}  // namespace

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

}  // namespace seplflow::label
