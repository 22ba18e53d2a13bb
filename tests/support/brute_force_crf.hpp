// Mean field of a fully connected CRF, written down as its definition and as slow.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include <seplflow/image.hpp>

struct BruteForceCrf {
  double gaussian_sxy = 3, gaussian_compat = 3;
  double bilateral_sxy = 50, bilateral_srgb = 5, bilateral_compat = 10;
  int iterations = 10;

  using Planes = std::vector<std::vector<double>>;  // of each label, a number for each pixel

  Planes marginals(seplflow::Image const& image, Planes const& energies) const {
    auto const weights = pair_weights(image);
    Planes beliefs = softmax(energies, Planes());
    for (int iteration = 0; iteration < iterations; ++iteration) {
      Planes heard;
      for (auto const& plane : beliefs) heard.push_back(times(weights, plane));
      beliefs = softmax(energies, heard);
    }
    return beliefs;
  }

 private:
  using Matrix = std::vector<std::vector<double>>;

  static Planes softmax(Planes const& energies, Planes const& heard) {
    Planes result = energies;
    for (std::size_t i = 0; i < energies[0].size(); ++i) {
      double sum = 0;
      for (std::size_t k = 0; k < energies.size(); ++k) {
        result[k][i] = std::exp(-energies[k][i] + (heard.empty() ? 0 : heard[k][i]));
        sum += result[k][i];
      }
      for (auto& plane : result) plane[i] /= sum;
    }
    return result;
  }

  static std::vector<double> times(Matrix const& weights, std::vector<double> const& plane) {
    std::vector<double> result;
    for (auto const& row : weights) {
      double sum = 0;
      for (std::size_t j = 0; j < plane.size(); ++j) sum += row[j] * plane[j];
      result.push_back(sum);
    }
    return result;
  }

  Matrix pair_weights(seplflow::Image const& image) const {
    std::size_t const pixels = image.size().pixels(), width = image.size().width;
    Matrix gaussian(pixels, std::vector<double>(pixels)), bilateral = gaussian;
    for (std::size_t i = 0; i < pixels; ++i) {
      for (std::size_t j = 0; j < pixels; ++j) {
        double const dx = double(i % width) - double(j % width);
        double const dy = double(i / width) - double(j / width);
        double colours = 0;
        for (std::size_t c = 0; c < 3; ++c) {
          double const d = double(image.rgb()[3 * i + c]) - double(image.rgb()[3 * j + c]);
          colours += d * d;
        }
        double const square = dx * dx + dy * dy;
        gaussian[i][j] = std::exp(-square / (2 * gaussian_sxy * gaussian_sxy));
        bilateral[i][j] = std::exp(-square / (2 * bilateral_sxy * bilateral_sxy) -
                                   colours / (2 * bilateral_srgb * bilateral_srgb));
      }
    }
    normalise(gaussian, gaussian_compat);
    normalise(bilateral, bilateral_compat);
    for (std::size_t i = 0; i < pixels; ++i) {
      for (std::size_t j = 0; j < pixels; ++j) gaussian[i][j] += bilateral[i][j];
    }
    return gaussian;
  }

  static void normalise(Matrix& kernel, double compat) {
    std::vector<double> sums;
    for (auto const& row : kernel) {
      double sum = 0;
      for (double const value : row) sum += value;
      sums.push_back(sum);
    }
    for (std::size_t i = 0; i < kernel.size(); ++i) {
      for (std::size_t j = 0; j < kernel.size(); ++j) {
        kernel[i][j] *= compat / std::sqrt(sums[i] * sums[j]);
      }
    }
  }
};
