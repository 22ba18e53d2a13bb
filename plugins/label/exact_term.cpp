#include <cmath>
#include <limits>

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

class GaussianKernel {
 public:
  GaussianKernel(Size size, double sxy)
      : width_(size.width), near_(gaussian_table(sxy, std::max(size.height, size.width))) {}

  double operator()(std::size_t i, std::size_t j) const {
    return near_[distance(i % width_, j % width_)] * near_[distance(i / width_, j / width_)];
  }

 private:
  std::size_t width_;
  std::vector<double> near_;
};

class BilateralKernel {
 public:
  BilateralKernel(Image const& image, double sxy, double srgb)
      : near_(image.size(), sxy), alike_(gaussian_table(srgb, 255)), rgb_(image.rgb()) {}

  double operator()(std::size_t i, std::size_t j) const {
    double value = near_(i, j);
    for (std::size_t c = 0; c < 3; ++c) value *= alike_[distance(rgb_[3 * i + c], rgb_[3 * j + c])];
    return value;
  }

 private:
  GaussianKernel near_;
  std::vector<double> alike_;
  std::span<std::uint8_t const> rgb_;
};

class ExactTerm final : public PairwiseTerm {
 public:
  ExactTerm(Image const& image, PairwiseParameters const& p)
      : pixels_(image.size().pixels()), weights_(pixels_ * pixels_) {
    add_normalised(GaussianKernel(image.size(), p.gaussian_sxy), p.gaussian_compat);
    add_normalised(BilateralKernel(image, p.bilateral_sxy, p.bilateral_srgb), p.bilateral_compat);
    // Products with what is not even a normal number would be slow.
    for (float& weight : weights_) {
      if (weight < std::numeric_limits<float>::min()) weight = 0;
    }
  }

  void add_messages(std::span<Lanes const> beliefs, std::span<Lanes> sum) override {
    for (std::size_t i = 0; i < pixels_; ++i) {
      // In double precision: mean field can make much of a small error.
      std::array<double, 4> heard{};
      float const* const weights = &weights_[i * pixels_];
      for (std::size_t j = 0; j < pixels_; ++j) {
        double const weight = weights[j];
        for (std::size_t k = 0; k < 4; ++k) heard[k] += weight * double(beliefs[j].at[k]);
      }
      for (std::size_t k = 0; k < 4; ++k) sum[i].at[k] += static_cast<float>(heard[k]);
    }
  }

 private:
  template <class Kernel>
  void add_normalised(Kernel const& kernel, double compat) {
    if (compat == 0) return;
    std::vector<double> scale(pixels_);
    for (std::size_t i = 0; i < pixels_; ++i) {
      for (std::size_t j = 0; j < pixels_; ++j) scale[i] += kernel(i, j);
    }
    for (double& each : scale) each = std::sqrt(compat / each);
    for (std::size_t i = 0; i < pixels_; ++i) {
      for (std::size_t j = 0; j < pixels_; ++j) {
        weights_[i * pixels_ + j] += static_cast<float>(scale[i] * kernel(i, j) * scale[j]);
      }
    }
  }

  std::size_t pixels_;
  std::vector<float> weights_;  // pixels_ x pixels_
};

}  // namespace

std::unique_ptr<PairwiseTerm> make_exact_term(Image const& image,
                                              PairwiseParameters const& parameters) {
  return std::make_unique<ExactTerm>(image, parameters);
}

}  // namespace seplflow::label
