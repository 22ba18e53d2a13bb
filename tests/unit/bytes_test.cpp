#include <seplflow/bytes.hpp>

#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include <seplflow/error.hpp>
#include "support/catch.hpp"

using namespace seplflow;

namespace {

std::uint64_t count_in(std::string const& bytes) {
  return ByteReader(bytes).count();
}

}  // namespace

TEST_CASE("counts take one byte for each seven bits") {
  std::vector<std::pair<std::uint64_t, std::size_t>> const counts = {
      {0, 1},           {1, 1},      {127, 1},        {128, 2},
      {16383, 2},       {16384, 3},  {1ull << 62, 9}, {(1ull << 63) - 1, 9},
      {1ull << 63, 10}, {~0ull, 10},
  };
  for (auto const& [value, size] : counts) {
    std::string const bytes = ByteWriter().count(value).take();
    CAPTURE(value);
    CHECK(bytes.size() == size);
    ByteReader reader(bytes);
    CHECK(reader.count() == value);
    CHECK_NOTHROW(reader.end());
  }
}

TEST_CASE("values are read in the order in which they were written") {
  std::mt19937_64 random(5);
  for (int round = 0; round < 200; ++round) {
    std::vector<int> kinds(random() % 20);
    std::vector<std::uint64_t> counts;
    std::vector<std::string> texts;
    std::vector<std::optional<double>> numbers;
    ByteWriter writer;
    for (int& kind : kinds) {
      kind = static_cast<int>(random() % 3);
      if (kind == 0) {
        counts.push_back(random() >> (random() % 64));
        writer.count(counts.back());
      } else if (kind == 1) {
        texts.emplace_back(random() % 300, static_cast<char>(random()));
        writer.text(texts.back());
      } else {
        numbers.emplace_back();
        if (random() % 2) numbers.back() = std::ldexp(double(random()), int(random() % 200) - 150);
        writer.maybe(numbers.back());
      }
    }
    std::string const bytes = writer.take();
    ByteReader reader(bytes);
    std::size_t c = 0, t = 0, n = 0;
    for (int const kind : kinds) {
      if (kind == 0) CHECK(reader.count() == counts[c++]);
      if (kind == 1) CHECK(reader.text() == texts[t++]);
      if (kind == 2) CHECK(reader.maybe() == numbers[n++]);
    }
    CHECK_NOTHROW(reader.end());
  }
}

TEST_CASE("numbers are read back exactly") {
  using Limits = std::numeric_limits<double>;
  for (double const number : {0.0, -0.0, 1.0 / 3, Limits::min(), Limits::denorm_min(),
                              Limits::max(), -Limits::infinity()}) {
    double const back = ByteReader(ByteWriter().number(number).take()).number();
    CHECK(back == number);
    CHECK(std::signbit(back) == std::signbit(number));
  }
  CHECK(std::isnan(ByteReader(ByteWriter().number(Limits::quiet_NaN()).take()).number()));
  CHECK(ByteWriter().number(1).take() == std::string("\0\0\0\0\0\0\xf0\x3f", 8));
}

TEST_CASE("bytes that are truncated anywhere are an error") {
  std::string const bytes = ByteWriter().count(300).text("abc").number(1.5).maybe(2.5).take();
  auto const read = [](std::string_view part) {
    ByteReader reader(part);
    reader.count();
    reader.text();
    reader.number();
    reader.maybe();
    reader.end();
  };
  CHECK_NOTHROW(read(bytes));
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    CAPTURE(size);
    CHECK_THROWS_AS(read(std::string_view(bytes).substr(0, size)), Error);
  }
  CHECK_THROWS_WITH(read(bytes + "x"), Contains("bytes are left"));
}

TEST_CASE("a count of more than 64 bits is an error") {
  CHECK(count_in(std::string(9, '\xff') + '\x01') == ~0ull);
  CHECK_THROWS_AS(count_in(std::string(9, '\xff') + '\x02'), Error);
  CHECK_THROWS_AS(count_in(std::string(9, '\x80') + '\x7f'), Error);
  CHECK_THROWS_AS(count_in(std::string(10, '\x80') + '\x01'), Error);
  CHECK_THROWS_AS(count_in(std::string(100, '\xff')), Error);
}

TEST_CASE("a length beyond the end of the bytes is an error before memory is reserved") {
  for (std::uint64_t const length : {std::uint64_t{4}, std::uint64_t{1} << 40, ~std::uint64_t{0}}) {
    std::string const bytes = ByteWriter().count(length).take() + "abc";
    CHECK_THROWS_AS(ByteReader(bytes).length(), Error);
    CHECK_THROWS_AS(ByteReader(bytes).text(), Error);
  }
  CHECK(ByteReader("\x03"
                   "abc")
            .length() == 3);
}
