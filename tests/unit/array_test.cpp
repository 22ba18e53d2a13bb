#include <seplflow/formats/array.hpp>

#include <cmath>
#include <limits>

#include <seplflow/error.hpp>
#include "support/catch.hpp"
#include "support/pickle_bytes.hpp"

using namespace seplflow;
using pickle_bytes::big;
using pickle_bytes::little;
using pickle_bytes::packed;
using pickle_bytes::span_of;

namespace {

Array row_major(ElementType type, std::vector<std::uint64_t> shape, std::string const& bytes) {
  auto strides = row_major_strides(shape);
  return {{type, std::endian::little, std::move(shape), std::move(strides), 0}, span_of(bytes)};
}

template <class T>
double first(ElementType type, T value) {
  std::string const bytes = little(value);
  return row_major(type, {}, bytes).number(0);
}

}  // namespace

TEST_CASE("an array of each element type is read as it was written") {
  CHECK(first<std::uint8_t>(ElementType::boolean, 1) == 1);
  CHECK(first<std::int8_t>(ElementType::int8, -5) == -5);
  CHECK(first<std::int16_t>(ElementType::int16, -500) == -500);
  CHECK(first<std::int32_t>(ElementType::int32, -500000) == -500000);
  CHECK(first<std::int64_t>(ElementType::int64, -5000000000) == -5000000000.0);
  CHECK(first<std::uint8_t>(ElementType::uint8, 250) == 250);
  CHECK(first<std::uint16_t>(ElementType::uint16, 65000) == 65000);
  CHECK(first<std::uint32_t>(ElementType::uint32, 4000000000U) == 4000000000.0);
  CHECK(first<std::uint64_t>(ElementType::uint64, std::uint64_t{1} << 63) == 0x1p63);
  CHECK(first<std::uint16_t>(ElementType::float16, 0x3555) == 0.333251953125);
  CHECK(first<std::uint16_t>(ElementType::bfloat16, 0x3eab) == 0.333984375);
  CHECK(first<float>(ElementType::float32, 0.1F) == 0.1F);
  CHECK(first<double>(ElementType::float64, 0.1) == 0.1);
}

TEST_CASE("axes of length 1 come and go, and nothing else changes") {
  std::string const bytes = packed<float>({1, 2, 3, 4, 5, 6});
  Array const array = row_major(ElementType::float32, {2, 1, 3}, bytes);
  Array const flat = array.with_shape({2, 3});
  CHECK(flat.axes() == 2);
  CHECK(flat.to_vector<float>() == array.to_vector<float>());
  CHECK(flat.with_shape({1, 2, 1, 3, 1}).at(0).at(1).number(2) == 6);
  for (auto const& shape : {std::vector<std::uint64_t>{3, 2}, {6}, {2, 3, 2}, {2}, {}}) {
    CHECK_THROWS_AS(array.with_shape(shape), Error);
  }
}

TEST_CASE("every float16 becomes the float of the same value") {
  for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
    auto const half = static_cast<std::uint16_t>(bits);
    double const fraction = half & 0x3ff, sign = (half & 0x8000) != 0 ? -1 : 1;
    int const exponent = (half >> 10) & 31;
    float const value = float_of_half(half);
    if (exponent == 31 && fraction > 0) {
      CHECK(std::isnan(value));
      continue;
    }
    double const expected = exponent == 31  ? sign * std::numeric_limits<double>::infinity()
                            : exponent == 0 ? sign * std::ldexp(fraction, -24)
                                            : sign * std::ldexp(fraction + 1024, exponent - 25);
    if (value != expected || std::signbit(value) != (sign < 0)) FAIL("float16 of bits " << bits);
  }
}

TEST_CASE("elements have the row-major order of the shape, wherever they are stored") {
  std::string const bytes = packed<float>({0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11});
  Array const plain = row_major(ElementType::float32, {2, 3, 2}, bytes);
  CHECK(plain.is_contiguous());
  CHECK(plain.to_vector<float>() == std::vector<float>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11});

  std::vector<std::uint64_t> const shape{2, 3, 2};
  Array const fortran(
      {ElementType::float32, std::endian::little, shape, column_major_strides(shape), 0},
      span_of(bytes));
  CHECK_FALSE(fortran.is_contiguous());
  CHECK(fortran.to_vector<double>() == std::vector<double>{0, 6, 2, 8, 4, 10, 1, 7, 3, 9, 5, 11});

  Array const column({ElementType::float32, std::endian::little, {4}, {3}, 1}, span_of(bytes));
  CHECK(column.to_vector<float>() == std::vector<float>{1, 4, 7, 10});

  for (Array const& array : {plain, fortran, column}) {
    auto const values = array.to_vector<double>();
    for (std::size_t i = 0; i < values.size(); ++i) CHECK(array.number(i) == values[i]);
  }
}

TEST_CASE("a part of an array equals a[i] of numpy") {
  std::string const bytes = packed<std::int16_t>({0, 1, 2, 3, 4, 5, 6, 7, 8});
  Array const array({ElementType::int16, std::endian::little, {3, 2}, {2, 3}, 1}, span_of(bytes));
  CHECK(array.to_vector<std::int64_t>() == std::vector<std::int64_t>{1, 4, 3, 6, 5, 8});
  CHECK(array.at(1).to_vector<std::int64_t>() == std::vector<std::int64_t>{3, 6});
  CHECK(array.at(2).at(1).integer(0) == 8);
  CHECK_THROWS_WITH(array.at(3), "an int16 array of shape (3, 2) has no part 3");
  CHECK_THROWS_WITH(array.at(0).at(0).at(0), Contains("has no part 0"));
}

TEST_CASE("bytes in the other order are swapped") {
  std::string bytes;
  for (float const value : {1.5F, -2.0F, 1e20F}) bytes += big(value);
  Array const array({ElementType::float32, std::endian::big, {3}, {1}, 0}, span_of(bytes));
  CHECK_FALSE(array.is_contiguous());
  CHECK(array.to_vector<float>() == std::vector<float>{1.5F, -2.0F, 1e20F});
}

TEST_CASE("elements are copied from any address, and only these elements") {
  std::string const bytes = "x" + packed<float>({1, 2});
  Array const array({ElementType::float32, std::endian::little, {2}, {1}, 0},
                    span_of(bytes).subspan(1));
  std::vector<float> values{9, 8, 7, 6};
  array.copy_to(values.data() + 1);
  CHECK(values == std::vector<float>{9, 1, 2, 6});
}

TEST_CASE("an array without elements needs no bytes") {
  Array const array = row_major(ElementType::float32, {0, 1000000000000}, "");
  CHECK(array.size() == 0);
  CHECK(array.is_contiguous());
  CHECK(array.contiguous_bytes().empty());
  CHECK(array.to_vector<float>().empty());
}

TEST_CASE("an array that reaches beyond its bytes is refused") {
  std::string const bytes(40, '\0');
  CHECK_THROWS_WITH(row_major(ElementType::float32, {11}, bytes),
                    "an array of float32 and shape (11,) needs 11 elements, but 10 are stored");
  CHECK_THROWS_WITH(row_major(ElementType::float32, {1000000, 1000000}, bytes),
                    Contains("needs 1000000000000 elements"));
  CHECK_THROWS_WITH(row_major(ElementType::int8, {1ULL << 40, 1ULL << 40}, bytes),
                    Contains("no file can hold"));
  auto const at = [&](std::uint64_t stride, std::uint64_t offset) {
    return Array({ElementType::int8, std::endian::little, {4}, {stride}, offset}, span_of(bytes));
  };
  CHECK(at(13, 0).size() == 4);
  CHECK_THROWS_WITH(at(13, 1), Contains("needs 41 elements, but 40 are stored"));
  CHECK_THROWS_WITH(at(~0ULL, 0), Contains("more than 2^64"));
  CHECK_THROWS_WITH(at(1, ~0ULL), Contains("more than 2^64"));
}

TEST_CASE("elements may share their bytes, up to a maximum") {
  std::string const bytes = packed<float>({7});
  auto const spread = [&](std::uint64_t size) {
    return Array({ElementType::float32, std::endian::little, {size}, {0}, 0}, span_of(bytes));
  };
  CHECK(spread(3).to_vector<float>() == std::vector<float>{7, 7, 7});
  CHECK(spread(Array::kMaxSharing).size() == Array::kMaxSharing);
  CHECK_THROWS_WITH(spread(Array::kMaxSharing + 1), Contains("spread over 1 stored elements"));
}

TEST_CASE("only integers are read as integers") {
  CHECK_THROWS_WITH(row_major(ElementType::float32, {}, little(1.0F)).integer(0),
                    "a float32 array of shape () does not hold integers");
  std::string const large = little(std::uint64_t{1} << 63);
  CHECK_THROWS_WITH(row_major(ElementType::uint64, {1}, large).to_vector<std::int64_t>(),
                    Contains("9223372036854775808 is above"));
  std::string const yes = "\x02";
  CHECK(row_major(ElementType::boolean, {1}, yes).integer(0) == 1);
  CHECK_THROWS_WITH(row_major(ElementType::boolean, {1}, yes).number(1), Contains("no element 1"));
}
