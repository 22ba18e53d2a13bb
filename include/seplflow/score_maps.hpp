// Class activation maps: for each pixel, a score of each class.
#pragma once

#include <seplflow/export.hpp>
#include <seplflow/label_map.hpp>
#include <seplflow/size.hpp>

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace seplflow {

// The floating-point type in which scores were computed. A method rounds to it after every
// operation; so must whoever wants to obtain the method's own result.
enum class Precision { half, single, full };

// K x H x W activations, one row-major plane for each class in `classes`, in any order and without
// repeats. Class 0, if present, is a background that the method scored itself.
// Published CAMs lie in 0..1, a few dialects go below 0. No value is NaN. Immutable.
class SEPLFLOW_API ScoreMaps {
 public:
  // Throws Error when `values` does not hold exactly classes.size() * size.pixels() values, a class
  // occurs twice or is kIgnore, or a value is NaN. Each value of `half` scores must be a float16.
  ScoreMaps(Size size, std::vector<Label> classes, std::vector<float> values,
            Precision precision = Precision::single);
  // Scores of full precision.
  ScoreMaps(Size size, std::vector<Label> classes, std::vector<double> values);

  // Takes ownership of exactly classes.size() * size.pixels() values. Lets a reader fill memory
  // that was not zero-initialised, as that of a vector is. Throws Error as above.
  static ScoreMaps adopt(Size size, std::vector<Label> classes, std::unique_ptr<float[]> values,
                         Precision precision = Precision::single);
  static ScoreMaps adopt(Size size, std::vector<Label> classes, std::unique_ptr<double[]> values);

  Size size() const { return size_; }
  std::span<Label const> classes() const { return classes_; }
  bool has_background() const;
  Precision precision() const { return precision_; }

  // The method that computed the scores, by its name in pipelines ("irn"); empty when unknown.
  std::string const& method() const { return method_; }
  // The same scores with another method.
  ScoreMaps made_by(std::string method) const {
    ScoreMaps scores = *this;
    scores.method_ = std::move(method);
    return scores;
  }

  // Plane i as single precision, which holds `half` exactly. Throws std::logic_error where
  // precision() is full.
  std::span<float const> plane(std::size_t i) const {
    if (precision_ == Precision::full) throw_not_single();
    return plane_of<float>(i);
  }

  // Calls visit(span of T) with plane i in the type that holds it exactly: float or double.
  template <class Visit>
  decltype(auto) visit_plane(std::size_t i, Visit&& visit) const {
    if (precision_ == Precision::full) return visit(plane_of<double>(i));
    return visit(plane_of<float>(i));
  }

 private:
  // Without values.
  ScoreMaps(Size size, std::vector<Label> classes, Precision precision);
  template <class T>
  void take(std::vector<T> values);
  template <class T>
  void take(std::unique_ptr<T[]> values);
  template <class T>
  void require_numbers(std::span<T const> values) const;

  std::size_t value_count() const { return classes_.size() * size_.pixels(); }

  template <class T>
  std::span<T const> plane_of(std::size_t i) const {
    return {static_cast<T const*>(values_.get()) + i * size_.pixels(), size_.pixels()};
  }
  [[noreturn]] static void throw_not_single();

  Size size_;
  std::vector<Label> classes_;
  Precision precision_;
  std::shared_ptr<void const> values_;  // doubles of full precision, else floats
  std::string method_;
};

}  // namespace seplflow
