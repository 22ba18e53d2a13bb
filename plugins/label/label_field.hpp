// A number for every label and pixel, laid out for filters that treat all labels the same.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <vector>

#include <seplflow/size.hpp>

namespace seplflow::label {

// The numbers of four labels at one pixel; one vector register.
struct alignas(16) Lanes {
  std::array<float, 4> at{};

  Lanes& operator+=(Lanes const& other) {
    for (std::size_t i = 0; i < 4; ++i) at[i] += other.at[i];
    return *this;
  }
};

inline Lanes operator*(float factor, Lanes const& lanes) {
  Lanes product;
  for (std::size_t i = 0; i < 4; ++i) product.at[i] = factor * lanes.at[i];
  return product;
}

// H x W numbers for each of K labels, in groups of four labels, each group row-major. Lanes of the
// last group without a label hold zeros. 16 bytes per pixel and group.
class LabelField {
 public:
  LabelField(Size size, std::size_t labels)
      : size_(size), labels_(labels), values_(groups() * size.pixels()) {}

  Size size() const { return size_; }
  std::size_t labels() const { return labels_; }
  std::size_t groups() const { return (labels_ + 3) / 4; }

  float& at(std::size_t label, std::size_t pixel) {
    return values_[label / 4 * size_.pixels() + pixel].at[label % 4];
  }
  float at(std::size_t label, std::size_t pixel) const {
    return values_[label / 4 * size_.pixels() + pixel].at[label % 4];
  }

  std::span<Lanes> group(std::size_t i) {
    return std::span(values_).subspan(i * size_.pixels(), size_.pixels());
  }
  std::span<Lanes const> group(std::size_t i) const {
    return std::span(values_).subspan(i * size_.pixels(), size_.pixels());
  }
  std::span<Lanes> all() { return values_; }

 private:
  Size size_;
  std::size_t labels_;
  std::vector<Lanes> values_;
};

}  // namespace seplflow::label
