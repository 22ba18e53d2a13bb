// Class activation maps: how strongly each pixel speaks for each class.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "data/label_map.hpp"
#include "data/size.hpp"

namespace seplflow {

// The floating-point type in which scores were computed. What a method does next with its scores is
// rounded to it after every operation, and so must be whatever is to equal the method's own result.
enum class Precision { half, single, full };

// K x H x W activations, one row-major plane for each class in `classes`, in any order and without
// repeats. Class 0, where it is among them, is a background that the method scored itself.
// Published CAMs lie in 0..1, a few dialects go below 0. No value is NaN. Immutable.
class ScoreMaps {
 public:
  // Throws Error when `values` does not hold exactly classes.size() * size.pixels() values, a class
  // comes twice or is kIgnore, or a value is NaN. Each value of `half` scores must be one of
  // float16's.
  ScoreMaps(Size size, std::vector<Label> classes, std::vector<float> values,
            Precision precision = Precision::single);
  ScoreMaps(Size size, std::vector<Label> classes, std::vector<double> values);
  // The same of exactly so many values in memory that nobody had to clear before.
  ScoreMaps(Size size, std::vector<Label> classes, std::unique_ptr<float[]> values,
            Precision precision = Precision::single);
  ScoreMaps(Size size, std::vector<Label> classes, std::unique_ptr<double[]> values);

  Size size() const { return size_; }
  std::span<Label const> classes() const { return classes_; }
  bool has_background() const;
  Precision precision() const { return precision_; }

  // The method that made them, as pipelines call it ("irn"); empty where nobody says.
  std::string const& method() const { return method_; }
  // The same scores, of that method.
  ScoreMaps made_by(std::string method) const {
    ScoreMaps scores = *this;
    scores.method_ = std::move(method);
    return scores;
  }

  // Plane i as single precision, which holds `half` exactly; only where precision() is not full.
  std::span<float const> plane(std::size_t i) const { return plane_of<float>(i); }

  // Calls visit(span of T) with plane i in the type that holds it exactly: float or double.
  template <class Visit>
  decltype(auto) visit_plane(std::size_t i, Visit&& visit) const {
    if (precision_ == Precision::full) return visit(plane_of<double>(i));
    return visit(plane_of<float>(i));
  }

 private:
  using Values = std::variant<std::span<float const>, std::span<double const>>;

  struct Held;

  ScoreMaps(Size size, Held held, std::vector<Label> classes, Precision precision);
  void require_sound() const;

  template <class T>
  std::span<T const> plane_of(std::size_t i) const {
    return std::get<std::span<T const>>(values_).subspan(i * size_.pixels(), size_.pixels());
  }

  Size size_;
  std::vector<Label> classes_;
  std::shared_ptr<void const> owner_;  // of the values
  Values values_;
  Precision precision_;
  std::string method_;
};

}  // namespace seplflow
