#include <cmath>
#include <random>
#include <vector>

#include "label/permutohedral_lattice.hpp"
#include "support/catch.hpp"

using namespace seplflow::label;

namespace {

template <int D>
using Positions = std::vector<std::array<double, D>>;

template <int D>
PermutohedralLattice<D> lattice_of(Positions<D> const& positions) {
  return PermutohedralLattice<D>(positions.size(), [&](std::size_t i) { return positions[i]; });
}

// Normally distributed around the origin, so many standard deviations wide.
template <int D>
Positions<D> cloud(std::size_t points, double width, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<double> coordinate(0, width);
  Positions<D> positions(points);
  for (auto& position : positions) {
    for (double& each : position) each = coordinate(random);
  }
  return positions;
}

template <int D>
double gaussian(std::array<double, D> const& a, std::array<double, D> const& b) {
  double square = 0;
  for (std::size_t i = 0; i < D; ++i) square += (a[i] - b[i]) * (a[i] - b[i]);
  return std::exp(-square / 2);
}

// The normalised Gaussian filter by its definition.
template <int D>
std::vector<double> filtered(Positions<D> const& positions, std::vector<double> const& values) {
  std::size_t const count = positions.size();
  std::vector<double> scale(count), result(count);
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t j = 0; j < count; ++j) scale[i] += gaussian<D>(positions[i], positions[j]);
  }
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t j = 0; j < count; ++j) {
      result[i] +=
          gaussian<D>(positions[i], positions[j]) * values[j] / std::sqrt(scale[i] * scale[j]);
    }
  }
  return result;
}

std::vector<double> random_values(std::size_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<double> value(0, 1);
  std::vector<double> values(count);
  for (double& each : values) each = value(random);
  return values;
}

std::vector<Lanes> lanes_of(std::vector<double> const& values) {
  std::vector<Lanes> lanes;
  for (double const each : values) {
    auto const value = static_cast<float>(each);
    lanes.push_back({{value, 0, 1, -2 * value}});
  }
  return lanes;
}

}  // namespace

TEMPLATE_TEST_CASE_SIG("a permutohedral lattice filters approximately like a Gaussian", "",
                       ((int D), D), 2, 5) {
  auto const positions = cloud<D>(1500, 1.5, 1);
  auto const values = random_values(positions.size(), 2);
  auto const expected = filtered<D>(positions, values);
  auto lattice = lattice_of<D>(positions);
  lattice.normalise(1);
  std::vector<Lanes> sum(positions.size());
  lattice.filter(lanes_of(values), sum);
  double error = 0, size = 0;
  for (std::size_t i = 0; i < sum.size(); ++i) {
    error += std::abs(double(sum[i].at[0]) - expected[i]);
    size += expected[i];
  }
  CHECK(error / size < 0.1);
}

TEST_CASE("the lanes of a lattice do not mix, and results are added to the sum") {
  auto const positions = cloud<5>(300, 1, 3);
  auto lattice = lattice_of<5>(positions);
  std::vector<Lanes> once(positions.size()), twice(positions.size());
  auto const values = lanes_of(random_values(positions.size(), 4));
  lattice.filter(values, once);
  lattice.filter(values, twice);
  lattice.filter(values, twice);
  for (std::size_t i = 0; i < once.size(); ++i) {
    REQUIRE(once[i].at[1] == 0);
    REQUIRE(once[i].at[3] == Approx(-2 * once[i].at[0]).epsilon(1e-5));
    REQUIRE(twice[i].at[0] == Approx(2 * once[i].at[0]).epsilon(1e-5));
    REQUIRE(once[i].at[2] > 0);
  }
}

TEST_CASE("equal points get equal results, and points far away have no influence") {
  Positions<5> const positions = {
      {0, 0, 0, 0, 0}, {0, 0, 0, 0, 0}, {90000, 0, 0, 0, 0}, {-90000, -90000, 25, 3, 8}};
  auto lattice = lattice_of<5>(positions);
  CHECK(lattice.points() == 4);
  lattice.normalise(2);
  std::vector<Lanes> sum(4);
  lattice.filter(lanes_of({1, 0, 0, 0}), sum);
  CHECK(sum[0].at[0] == Approx(1));  // half of 2, since two of them share it
  CHECK(sum[1].at[0] == Approx(1));
  CHECK(sum[2].at[0] == 0);
  CHECK(sum[3].at[0] == 0);
  CHECK(sum[2].at[2] == Approx(2));
}

TEST_CASE("many close points share a few vertices") {
  auto const lattice = lattice_of<5>(cloud<5>(20000, 0.1, 5));
  CHECK(lattice.vertices() < 500);
  CHECK(lattice_of<5>(cloud<5>(2000, 1000, 6)).vertices() == 6 * 2000);
}
