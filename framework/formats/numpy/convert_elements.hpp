// Converts the elements of arrays from bytes to numbers; a part of array.cpp.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <type_traits>

#include <seplflow/error.hpp>
#include <seplflow/formats/array.hpp>

namespace seplflow::elements {

// Elements that C++ has no type for: their bits, and their values.
struct Half {
  std::uint16_t bits;
  explicit operator float() const { return float_of_half(bits); }
  explicit operator double() const { return float_of_half(bits); }
};
struct BrainHalf {
  std::uint16_t bits;
  explicit operator float() const {
    return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
  }
  explicit operator double() const { return static_cast<float>(*this); }
};
struct Boolean {
  std::uint8_t byte;
  explicit operator float() const { return byte != 0 ? 1.0F : 0.0F; }
  explicit operator double() const { return byte != 0 ? 1.0 : 0.0; }
  explicit operator std::int64_t() const { return byte != 0 ? 1 : 0; }
};

template <class Element>
constexpr bool is_floating = std::is_same_v<Element, Half> || std::is_same_v<Element, BrainHalf> ||
                             std::is_floating_point_v<Element>;

// The element that begins at `from`, which need not be aligned.
template <class Element, bool swapped>
Element load(std::uint8_t const* from) {
  std::array<std::uint8_t, sizeof(Element)> bytes;
  std::memcpy(bytes.data(), from, sizeof bytes);
  if constexpr (swapped) std::reverse(bytes.begin(), bytes.end());
  return std::bit_cast<Element>(bytes);
}

template <class T, class Element>
T converted(Element element) {
  if constexpr (std::is_same_v<T, std::int64_t> && std::is_same_v<Element, std::uint64_t>) {
    if (element > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
      throw Error(std::to_string(element) + " is above the largest integer of 64 bits");
    }
  }
  return static_cast<T>(element);
}

// Converts `count` elements, `step` bytes apart, to consecutive numbers.
template <class Element, bool swapped, class T>
void convert_row(std::uint8_t const* from, std::size_t step, std::size_t count, T* to) {
  if (step == sizeof(Element)) {  // a constant step, which the compiler can vectorise
    for (std::size_t i = 0; i < count; ++i) {
      to[i] = converted<T>(load<Element, swapped>(from + i * sizeof(Element)));
    }
  } else {
    for (std::size_t i = 0; i < count; ++i) {
      to[i] = converted<T>(load<Element, swapped>(from + i * step));
    }
  }
}

// Calls visit(Element{}, std::bool_constant<swapped>{}) for the type of the elements.
template <class Visit>
decltype(auto) with_element(ElementType type, std::endian order, Visit const& visit) {
  auto const both = [&](auto element) {
    return order == std::endian::native ? visit(element, std::false_type{})
                                        : visit(element, std::true_type{});
  };
  switch (type) {
    case ElementType::boolean:
      return visit(Boolean{}, std::false_type{});
    case ElementType::int8:
      return visit(std::int8_t{}, std::false_type{});
    case ElementType::uint8:
      return visit(std::uint8_t{}, std::false_type{});
    case ElementType::int16:
      return both(std::int16_t{});
    case ElementType::int32:
      return both(std::int32_t{});
    case ElementType::int64:
      return both(std::int64_t{});
    case ElementType::uint16:
      return both(std::uint16_t{});
    case ElementType::uint32:
      return both(std::uint32_t{});
    case ElementType::uint64:
      return both(std::uint64_t{});
    case ElementType::float16:
      return both(Half{});
    case ElementType::bfloat16:
      return both(BrainHalf{});
    case ElementType::float32:
      return both(float{});
    case ElementType::float64:
      return both(double{});
  }
  throw Error("no such element type");
}

}  // namespace seplflow::elements
