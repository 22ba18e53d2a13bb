#include <seplflow/formats/array.hpp>

#include <algorithm>
#include <array>
#include <limits>
#include <type_traits>

#include <seplflow/error.hpp>
#include <seplflow/formats/lazy_file.hpp>
#include "formats/numpy/convert_elements.hpp"

namespace seplflow {
namespace {

using namespace elements;
__extension__ using Wide = unsigned __int128;

struct TypeFacts {
  std::string_view name;
  std::size_t bytes;
};

// In the order of ElementType.
constexpr std::array kFacts{
    TypeFacts{"bool", 1},    TypeFacts{"int8", 1},     TypeFacts{"int16", 2},
    TypeFacts{"int32", 4},   TypeFacts{"int64", 8},    TypeFacts{"uint8", 1},
    TypeFacts{"uint16", 2},  TypeFacts{"uint32", 4},   TypeFacts{"uint64", 8},
    TypeFacts{"float16", 2}, TypeFacts{"bfloat16", 2}, TypeFacts{"float32", 4},
    TypeFacts{"float64", 8},
};

struct Axis {
  std::uint64_t extent, stride;
};

// The same order of elements with as few axes as possible, outermost first; at least one.
std::vector<Axis> merged_axes(ArrayLayout const& layout) {
  std::vector<Axis> axes;
  for (std::size_t i = layout.shape.size(); i-- > 0;) {
    Axis const outer{layout.shape[i], layout.strides[i]};
    if (outer.extent == 1) continue;
    if (!axes.empty() && Wide{axes.back().extent} * axes.back().stride == Wide{outer.stride}) {
      axes.back().extent *= outer.extent;
    } else {
      axes.push_back(outer);
    }
  }
  if (axes.empty()) axes.push_back({1, 1});
  std::reverse(axes.begin(), axes.end());
  return axes;
}

// Whether the strides are those of row_major_strides(), except for axes with one element.
bool is_row_major(ArrayLayout const& layout) {
  std::uint64_t stride = 1;
  for (std::size_t i = layout.shape.size(); i-- > 0; stride *= layout.shape[i]) {
    if (layout.shape[i] != 1 && layout.strides[i] != stride) return false;
  }
  return true;
}

// Calls row(first element) for each row along the last axis, in row-major order.
template <class Row>
void for_each_row(std::vector<Axis> const& axes, std::uint64_t offset, Row const& row) {
  std::size_t const outer = axes.size() - 1;
  std::vector<std::uint64_t> place(outer, 0);
  for (;;) {
    row(offset);
    std::size_t i = outer;
    for (; i > 0; --i) {
      Axis const axis = axes[i - 1];
      offset += axis.stride;
      if (++place[i - 1] < axis.extent) break;
      offset -= axis.stride * axis.extent;
      place[i - 1] = 0;
    }
    if (i == 0) return;
  }
}

std::uint64_t number_of_elements(std::span<std::uint64_t const> shape) {
  Wide size = 1;
  bool const empty = std::find(shape.begin(), shape.end(), 0U) != shape.end();
  if (empty) return 0;
  for (std::uint64_t const extent : shape) {
    size *= extent;
    if (size > std::numeric_limits<std::int64_t>::max()) {
      throw Error("an array claims the shape " + shape_text(shape) + ", which no file can hold");
    }
  }
  return static_cast<std::uint64_t>(size);
}

// The number of elements from the beginning of the storage to the last element, inclusive.
Wide end_of(ArrayLayout const& layout) {
  constexpr Wide kFar = Wide{1} << 100;
  Wide last = layout.offset;
  for (std::size_t i = 0; i < layout.shape.size(); ++i) {
    last = std::min(kFar, last + Wide{layout.shape[i] - 1} * layout.strides[i]);
  }
  return last + 1;
}

std::string text_of(Wide number) {
  return number > std::numeric_limits<std::uint64_t>::max()
             ? "more than 2^64"
             : std::to_string(static_cast<std::uint64_t>(number));
}

void require_sound(ArrayLayout const& layout, std::uint64_t size, std::size_t stored) {
  if (size == 0) return;
  Wide const end = end_of(layout);
  std::string const what =
      "an array of " + std::string(name_of(layout.type)) + " and shape " + shape_text(layout.shape);
  if (end > stored) {
    throw Error(what + " needs " + text_of(end) + " elements, but " + std::to_string(stored) +
                " are stored");
  }
  if (size > stored && size > Array::kMaxSharing) {
    throw Error(what + " is spread over " + std::to_string(stored) +
                " stored elements; seplflow reads at most " + std::to_string(Array::kMaxSharing) +
                " elements that share their bytes");
  }
}

}  // namespace

std::string_view name_of(ElementType type) {
  return kFacts[static_cast<std::size_t>(type)].name;
}

std::size_t element_bytes(ElementType type) {
  return kFacts[static_cast<std::size_t>(type)].bytes;
}

bool is_floating_point(ElementType type) {
  return type >= ElementType::float16;
}

float float_of_half(std::uint16_t bits) {
  std::uint32_t const sign = static_cast<std::uint32_t>(bits & 0x8000U) << 16;
  std::uint32_t const exponent = (bits >> 10) & 0x1FU, fraction = bits & 0x3FFU;
  if (exponent == 0) {
    float const magnitude = static_cast<float>(fraction) * 0x1p-24F;
    return sign != 0 ? -magnitude : magnitude;
  }
  std::uint32_t const wide_exponent = exponent == 31 ? 255 : exponent + (127 - 15);
  return std::bit_cast<float>(sign | wide_exponent << 23 | fraction << 13);
}

std::vector<std::uint64_t> row_major_strides(std::span<std::uint64_t const> shape) {
  std::vector<std::uint64_t> strides(shape.size());
  std::uint64_t stride = 1;
  for (std::size_t i = shape.size(); i-- > 0; stride *= shape[i]) strides[i] = stride;
  return strides;
}

std::vector<std::uint64_t> column_major_strides(std::span<std::uint64_t const> shape) {
  std::vector<std::uint64_t> strides(shape.size());
  std::uint64_t stride = 1;
  for (std::size_t i = 0; i < shape.size(); stride *= shape[i], ++i) strides[i] = stride;
  return strides;
}

std::string shape_text(std::span<std::uint64_t const> shape) {
  std::string text;
  for (std::uint64_t const extent : shape) {
    text += (text.empty() ? "" : ", ") + std::to_string(extent);
  }
  return "(" + text + (shape.size() == 1 ? ",)" : ")");
}

Array::Array(ArrayLayout layout, std::span<std::uint8_t const> storage, LazyFile const* file)
    : layout_(std::move(layout)), storage_(storage), file_(file) {
  if (layout_.shape.size() > kMaxAxes) {
    throw Error("an array has " + std::to_string(layout_.shape.size()) +
                " axes; seplflow reads at most " + std::to_string(kMaxAxes));
  }
  if (layout_.strides.size() != layout_.shape.size()) {
    throw Error("an array of shape " + shape_text(layout_.shape) + " has " +
                std::to_string(layout_.strides.size()) + " strides");
  }
  size_ = number_of_elements(layout_.shape);
  require_sound(layout_, size_, storage_.size() / element_bytes(layout_.type));
  bool const little = layout_.byte_order == std::endian::little || element_bytes(layout_.type) == 1;
  contiguous_ = little && (size_ == 0 || is_row_major(layout_));
}

std::span<std::uint8_t const> Array::storage() const {
  if (file_ != nullptr) file_->load(storage_);
  return storage_;
}

std::span<std::uint8_t const> Array::contiguous_bytes() const {
  if (!contiguous_) throw Error(description() + " is not contiguous");
  if (size_ == 0) return {};
  std::size_t const bytes = element_bytes(layout_.type);
  return storage().subspan(layout_.offset * bytes, size_ * bytes);
}

Array Array::at(std::uint64_t i) const {
  if (layout_.shape.empty() || i >= layout_.shape[0]) {
    throw Error(description() + " has no part " + std::to_string(i));
  }
  ArrayLayout part = layout_;
  if (size_ > 0) part.offset += i * part.strides[0];
  part.shape.erase(part.shape.begin());
  part.strides.erase(part.strides.begin());
  return {std::move(part), storage_, file_};
}

Array Array::with_shape(std::vector<std::uint64_t> shape) const {
  ArrayLayout other = layout_;
  other.shape = std::move(shape);
  other.strides.assign(other.shape.size(), 1);
  std::size_t axis = 0;
  auto const skip_ones = [&] {
    while (axis < axes() && layout_.shape[axis] == 1) ++axis;
  };
  for (std::size_t i = 0; i < other.shape.size(); ++i) {
    if (other.shape[i] == 1) continue;
    skip_ones();
    bool const same = axis < axes() && layout_.shape[axis] == other.shape[i];
    if (!same) throw Error(description() + " has no shape " + shape_text(other.shape));
    other.strides[i] = layout_.strides[axis++];
  }
  skip_ones();
  if (axis < axes()) throw Error(description() + " has no shape " + shape_text(other.shape));
  return {std::move(other), storage_, file_};
}

namespace {

// Calls visit(element as its own type) for element i.
template <class Visit>
auto visit_element(Array const& array, std::uint64_t i, Visit const& visit) {
  if (i >= array.size()) {
    throw Error(array.description() + " has no element " + std::to_string(i));
  }
  ArrayLayout const& layout = array.layout();
  std::uint64_t place = layout.offset;
  for (std::size_t axis = layout.shape.size(); axis-- > 0; i /= layout.shape[axis]) {
    place += i % layout.shape[axis] * layout.strides[axis];
  }
  std::uint8_t const* const from = array.storage().data() + place * element_bytes(layout.type);
  return with_element(layout.type, layout.byte_order, [&](auto element, auto swapped) {
    return visit(load<decltype(element), decltype(swapped)::value>(from));
  });
}

Error not_integers(Array const& array) {
  return Error(array.description() + " does not hold integers");
}

}  // namespace

double Array::number(std::uint64_t i) const {
  return visit_element(*this, i, [](auto element) { return converted<double>(element); });
}

std::int64_t Array::integer(std::uint64_t i) const {
  return visit_element(*this, i, [&](auto element) -> std::int64_t {
    if constexpr (is_floating<decltype(element)>) {
      throw not_integers(*this);
    } else {
      return converted<std::int64_t>(element);
    }
  });
}

// Copies directly from the file if no conversion is needed; returns whether it did.
template <class T>
bool Array::copy_from_file(T* values) const {
  constexpr ElementType kSame = std::is_same_v<T, float>    ? ElementType::float32
                                : std::is_same_v<T, double> ? ElementType::float64
                                                            : ElementType::int64;
  bool const direct = file_ != nullptr && contiguous_ && type() == kSame &&
                      std::endian::native == std::endian::little;
  if (!direct) return false;
  file_->copy(storage_.subspan(layout_.offset * sizeof(T), size_ * sizeof(T)),
              reinterpret_cast<std::uint8_t*>(values));
  return true;
}

template <class T>
void Array::copy_to(T* values) const {
  if (std::is_same_v<T, std::int64_t> && is_floating_point(type())) throw not_integers(*this);
  if (size_ == 0 || copy_from_file(values)) return;
  auto const axes = merged_axes(layout_);
  std::uint8_t const* const begin = storage().data();
  std::size_t const extent = axes.back().extent;
  with_element(type(), layout_.byte_order, [&](auto element, auto swapped) {
    using Element = decltype(element);
    if constexpr (!(std::is_same_v<T, std::int64_t> && is_floating<Element>)) {
      std::size_t const step = axes.back().stride * sizeof(Element);
      for_each_row(axes, layout_.offset, [&](std::uint64_t offset) {
        convert_row<Element, decltype(swapped)::value>(begin + offset * sizeof(Element), step,
                                                       extent, values);
        values += extent;
      });
    }
  });
}

template void Array::copy_to(float*) const;
template void Array::copy_to(double*) const;
template void Array::copy_to(std::int64_t*) const;

std::string Array::description() const {
  std::string const name(name_of(type()));
  return (name.starts_with('i') ? "an " : "a ") + name + " array of shape " + shape_text(shape());
}

}  // namespace seplflow
