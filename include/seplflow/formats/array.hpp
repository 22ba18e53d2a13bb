// Arrays of numbers in the bytes of a file, which torch calls tensors.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace seplflow {

class LazyFile;

enum class ElementType {
  boolean,
  int8,
  int16,
  int32,
  int64,
  uint8,
  uint16,
  uint32,
  uint64,
  float16,
  bfloat16,
  float32,
  float64
};

// The name in numpy and torch: "bool", "int8", ..., "float64".
std::string_view name_of(ElementType type);
// Size of an element in bytes: 1, 2, 4 or 8.
std::size_t element_bytes(ElementType type);
bool is_floating_point(ElementType type);  // of any width

// The exact value of a float16, given as its bits.
float float_of_half(std::uint16_t bits);

// How the elements of an array are stored.
struct ArrayLayout {
  ElementType type = ElementType::float32;
  std::endian byte_order = std::endian::little;
  std::vector<std::uint64_t> shape;    // empty for a single number
  std::vector<std::uint64_t> strides;  // in elements, one for each axis of the shape
  std::uint64_t offset = 0;            // of the first element, in elements
};

// The strides of a contiguous array in which the elements of the last axis ("C") or of the first
// axis ("Fortran") are next to each other.
std::vector<std::uint64_t> row_major_strides(std::span<std::uint64_t const> shape);
std::vector<std::uint64_t> column_major_strides(std::span<std::uint64_t const> shape);

// A view of numbers in bytes that the Pickle of the array owns. Elements are numbered in row-major
// order of the shape, wherever they are stored. Immutable.
class Array {
 public:
  // Throws Error when an element lies beyond `storage`, the shape and the strides have different
  // lengths, there are more than kMaxAxes axes, or more than kMaxSharing elements share their bytes
  // (a stride of 0, as torch's expand() gives). If `file` is given, the storage is a part of it
  // that may not be read yet; elements are then read when they are needed.
  Array(ArrayLayout layout, std::span<std::uint8_t const> storage, LazyFile const* file = nullptr);

  static constexpr std::size_t kMaxAxes = 64;
  static constexpr std::uint64_t kMaxSharing = std::uint64_t{1} << 24;

  ElementType type() const { return layout_.type; }
  std::span<std::uint64_t const> shape() const { return layout_.shape; }
  ArrayLayout const& layout() const { return layout_; }
  std::size_t axes() const { return layout_.shape.size(); }
  // Number of elements: the product of the shape, 1 for a single number.
  std::uint64_t size() const { return size_; }
  // The bytes that hold the elements, and possibly others. Throws Error, as all functions that read
  // elements do, when they cannot be read from the file.
  std::span<std::uint8_t const> storage() const;

  // Whether the elements are contiguous little-endian bytes in row-major order, and these bytes.
  bool is_contiguous() const { return contiguous_; }
  // Only for a contiguous array. Not aligned.
  std::span<std::uint8_t const> contiguous_bytes() const;

  // The array at `i` along the first axis: what numpy calls a[i]. i < shape()[0].
  Array at(std::uint64_t i) const;
  // The same elements in another shape that differs only by axes of length 1. Throws Error for any
  // other shape.
  Array with_shape(std::vector<std::uint64_t> shape) const;

  // Element i < size(), of any type; integers above 2^53 are rounded.
  double number(std::uint64_t i) const;
  // Element i < size() of an array of integers or bools. Throws Error for floating-point elements
  // and for values above 2^63 - 1.
  std::int64_t integer(std::uint64_t i) const;

  // Copies all size() elements in row-major order; T is float, double or std::int64_t. Values that
  // T cannot represent are rounded to nearest (float64 as float); int64 throws Error as integer()
  // does. float16 and bfloat16 are exact.
  template <class T>
  void copy_to(T* values) const;
  template <class T>
  std::vector<T> to_vector() const {
    std::vector<T> values(size());
    copy_to(values.data());
    return values;
  }

  // For messages: "a float32 array of shape (20, 281, 500)".
  std::string description() const;

 private:
  ArrayLayout layout_;
  template <class T>
  bool copy_from_file(T* values) const;

  std::span<std::uint8_t const> storage_;
  LazyFile const* file_ = nullptr;
  std::uint64_t size_ = 1;
  bool contiguous_ = false;
};

// "(20, 281, 500)", "(5,)", "()": a shape as numpy prints it.
std::string shape_text(std::span<std::uint64_t const> shape);

}  // namespace seplflow
