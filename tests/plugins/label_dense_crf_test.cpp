#include <algorithm>
#include <array>
#include <cmath>
#include <random>
#include <thread>
#include <utility>
#include <vector>

#include "label/dense_crf.hpp"
#include "support/brute_force_crf.hpp"
#include "support/catch.hpp"

using namespace seplflow;
using namespace seplflow::label;

namespace {

using Planes = BruteForceCrf::Planes;

struct Named {
  char const* name;
  PairwiseParameters parameters;
};
std::vector<Named> const kPresets = {
    {"irn", {3, 3, 50, 5, 10}}, {"psa", {3, 3, 80, 13, 10}}, {"clipes", {1, 3, 67, 3, 4}}};

// A gentle slope of colours, a dark disc, and noise of `noise` levels.
Image disc(Size size, int noise, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<std::uint8_t> rgb;
  double const radius = 0.3 * std::min(size.height, size.width);
  for (std::uint32_t y = 0; y < size.height; ++y) {
    for (std::uint32_t x = 0; x < size.width; ++x) {
      bool const inside = std::hypot(y - size.height / 2.0, x - size.width / 2.0) < radius;
      for (int c = 0; c < 3; ++c) {
        int const value = (inside ? 70 : 150) + 10 * c + static_cast<int>(20 * x / size.width);
        int const off = static_cast<int>(random() % static_cast<unsigned>(2 * noise + 1)) - noise;
        rgb.push_back(static_cast<std::uint8_t>(std::clamp(value + off, 0, 255)));
      }
    }
  }
  return Image(size, std::move(rgb));
}

Image noise_image(Size size, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<std::uint8_t> rgb(3 * size.pixels());
  for (auto& value : rgb) value = static_cast<std::uint8_t>(random());
  return Image(size, std::move(rgb));
}

// -log of random scores, and of `own_score` for one label of each pixel, mostly from left to right.
Planes noisy_energies(Size size, std::size_t labels, unsigned seed, double own_score = 0.5) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<double> spread(0.05, 0.5);
  Planes energies(labels, std::vector<double>(size.pixels()));
  for (std::size_t i = 0; i < size.pixels(); ++i) {
    std::size_t const own = (i % size.width * labels + random() % size.width / 2) / size.width;
    for (std::size_t k = 0; k < labels; ++k) {
      energies[k][i] = -std::log(k == own % labels ? own_score : spread(random));
    }
  }
  return energies;
}

Unary unary_of(Planes const& energies, Size size) {
  LabelField field(size, energies.size());
  for (std::size_t k = 0; k < energies.size(); ++k) {
    for (std::size_t i = 0; i < size.pixels(); ++i) {
      field.at(k, i) = static_cast<float>(energies[k][i]);
    }
  }
  return {std::move(field), 1};
}

BruteForceCrf brute_force(PairwiseParameters const& p) {
  return {p.gaussian_sxy, p.gaussian_compat, p.bilateral_sxy, p.bilateral_srgb, p.bilateral_compat};
}

double largest_difference(LabelField const& field, Planes const& planes) {
  double largest = 0;
  for (std::size_t k = 0; k < planes.size(); ++k) {
    for (std::size_t i = 0; i < planes[k].size(); ++i) {
      REQUIRE(std::isfinite(field.at(k, i)));  // std::max passes over NaN
      largest = std::max(largest, std::abs(double(field.at(k, i)) - planes[k][i]));
    }
  }
  return largest;
}

std::size_t best(LabelField const& field, std::size_t pixel) {
  std::size_t result = 0;
  for (std::size_t k = 1; k < field.labels(); ++k) {
    if (field.at(k, pixel) > field.at(result, pixel)) result = k;
  }
  return result;
}

double share_that_differs(LabelField const& a, LabelField const& b) {
  double count = 0;
  std::size_t const pixels = a.size().pixels();
  for (std::size_t i = 0; i < pixels; ++i) count += best(a, i) != best(b, i) ? 1 : 0;
  return count / static_cast<double>(pixels);
}

// Sums to one at every pixel, and every marginal is a probability.
bool is_distribution(LabelField const& field) {
  for (std::size_t i = 0; i < field.size().pixels(); ++i) {
    double sum = 0;
    for (std::size_t k = 0; k < field.labels(); ++k) {
      if (!(field.at(k, i) >= 0)) return false;
      sum += field.at(k, i);
    }
    if (std::abs(sum - 1) > 1e-5) return false;
  }
  return true;
}

bool same(LabelField const& a, LabelField const& b) {
  for (std::size_t k = 0; k < a.labels(); ++k) {
    for (std::size_t i = 0; i < a.size().pixels(); ++i) {
      if (a.at(k, i) != b.at(k, i)) return false;
    }
  }
  return true;
}

}  // namespace

TEST_CASE("mean field is within 1e-3 of brute force on images of 32 x 32", "[arithmetic]") {
  Size const size{32, 32};
  Named const preset = GENERATE(from_range(kPresets));
  std::vector<std::pair<std::size_t, Image>> const cases{
      {2, disc(size, 0, 1)}, {3, disc(size, 12, 2)}, {6, noise_image(size, 3)}};
  for (auto const& [labels, image] : cases) {
    INFO(preset.name << ", " << labels << " labels");
    Planes const energies = noisy_energies(size, labels, 4);
    LabelField const marginals = mean_field(image, unary_of(energies, size), preset.parameters, 10);
    CHECK(largest_difference(marginals, brute_force(preset.parameters).marginals(image, energies)) <
          1e-3);
    CHECK(is_distribution(marginals));
  }
}

TEST_CASE("mean field accepts images that are not square, and single pixels") {
  Size const size = GENERATE(Size{1, 1}, Size{1, 50}, Size{50, 1}, Size{7, 19});
  INFO(to_string(size));
  Image const image = disc(size, 20, 5);
  Planes const energies = noisy_energies(size, 3, 6);
  LabelField const marginals = mean_field(image, unary_of(energies, size), {}, 10);
  CHECK(largest_difference(marginals, brute_force({}).marginals(image, energies)) < 1e-3);
}

TEST_CASE("one label of mean field can stand for many equal ones") {
  Size const size{16, 20};
  Image const image = disc(size, 8, 7);
  Planes few = noisy_energies(size, 3, 8), all = few;
  all.resize(21, few.back());
  Unary unary = unary_of(few, size);
  unary.twins = 19;
  Filtering const filtering = GENERATE(Filtering::exact, Filtering::approximate);
  LabelField const marginals = mean_field(image, std::move(unary), {}, 10, filtering);
  LabelField const expected = mean_field(image, unary_of(all, size), {}, 10, filtering);
  for (std::size_t k = 0; k < 3; ++k) {
    for (std::size_t i = 0; i < size.pixels(); ++i) {
      REQUIRE(marginals.at(k, i) == Approx(expected.at(k, i)).margin(1e-4));
    }
  }
}

// What pydensecrf (its commit 2723c7f) says of an image of 72 x 96 and its label unary.
TEST_CASE("mean field equals pydensecrf's marginals on larger images") {
  Size const size{72, 96};
  std::vector<std::uint8_t> rgb;
  Planes energies(3);
  for (int y = 0; y < 72; ++y) {
    for (int x = 0; x < 96; ++x) {
      bool const inside = (x - 48) * (x - 48) + (y - 36) * (y - 36) < 24 * 24;
      for (int c = 0; c < 3; ++c) {
        int const texture = (x * 7 + y * 13 + c * 5 + x * y) % 17;
        rgb.push_back(static_cast<std::uint8_t>((inside ? 90 : 150) + 10 * c + x / 8 + texture));
      }
      int own = x < 40 ? 0 : y < 36 ? 1 : 2;
      if ((x * 31 + y * 17) % 11 == 0) own = (own + 1) % 3;
      for (int k = 0; k < 3; ++k) {
        energies[static_cast<std::size_t>(k)].push_back(-std::log(k == own ? 0.7 : 0.15));
      }
    }
  }
  struct Pixel {
    std::size_t x, y;
    double first, second;  // marginals of labels 0 and 1
  };
  struct LabelCase {
    PairwiseParameters parameters;
    std::array<int, 3> pixels_of;  // each label
    std::vector<Pixel> pixels;
  };
  LabelCase const expected = GENERATE(LabelCase{{3, 3, 50, 5, 10},
                                      {2839, 1435, 2638},
                                      {{42, 0, 0.41552, 0.55741},
                                       {57, 0, 0.30159, 0.68922},
                                       {47, 1, 0.77987, 0.13242},
                                       {58, 1, 0.61636, 0.31478},
                                       {43, 2, 0.44007, 0.53572},
                                       {54, 2, 0.56802, 0.42549},
                                       {48, 3, 0.87785, 0.11761},
                                       {40, 4, 0.45418, 0.51786},
                                       {51, 5, 0.31947, 0.66870}}},
                                 LabelCase{{3, 3, 80, 13, 10}, {5123, 0, 1789}, {}},
                                 LabelCase{{1, 3, 67, 3, 4},
                                      {2984, 1971, 1957},
                                      {{41, 0, 0.22505, 0.73945},
                                       {51, 0, 0.38479, 0.60312},
                                       {40, 1, 0.56739, 0.39889},
                                       {58, 1, 0.10844, 0.73100},
                                       {41, 2, 0.38380, 0.58024},
                                       {50, 2, 0.68111, 0.22826},
                                       {53, 3, 0.26518, 0.56318},
                                       {45, 4, 0.24294, 0.54802},
                                       {37, 5, 0.74367, 0.22535}}});
  LabelField const marginals =
      mean_field(Image(size, rgb), unary_of(energies, size), expected.parameters, 10);
  for (Pixel const& pixel : expected.pixels) {
    std::size_t const place = pixel.y * 96 + pixel.x;
    INFO(pixel.x << ", " << pixel.y);
    CHECK(marginals.at(0, place) == Approx(pixel.first).epsilon(0).margin(1e-3));
    CHECK(marginals.at(1, place) == Approx(pixel.second).epsilon(0).margin(1e-3));
  }
  std::array<int, 3> pixels_of{};
  for (std::size_t i = 0; i < size.pixels(); ++i) ++pixels_of[best(marginals, i)];
  CHECK(pixels_of == expected.pixels_of);
}

TEST_CASE("approximate filtering gives nearly the same labels as brute force") {
  Size const size{48, 40};
  Named const preset = GENERATE(from_range(kPresets));
  INFO(preset.name);
  Image const image = disc(size, 10, 9);
  Unary const unary = unary_of(noisy_energies(size, 3, 10, 0.9), size);
  LabelField const exact = mean_field(image, unary, preset.parameters, 10, Filtering::exact);
  LabelField const approximate =
      mean_field(image, unary, preset.parameters, 10, Filtering::approximate);
  CHECK(is_distribution(approximate));
  CHECK(share_that_differs(exact, approximate) < 0.03);
}

TEST_CASE("mean field filters larger images approximately", "[arithmetic]") {
  Size const size{65, 64};
  Image const image = disc(size, 10, 11);
  Unary const unary = unary_of(noisy_energies(size, 2, 12), size);
  LabelField const automatic = mean_field(image, unary, {}, 3);
  CHECK(same(automatic, mean_field(image, unary, {}, 3, Filtering::approximate)));
  CHECK_FALSE(same(automatic, mean_field(image, unary, {}, 3, Filtering::exact)));
}

TEST_CASE("mean field works on long and on colourless images", "[arithmetic]") {
  Size const size = GENERATE(Size{1, 4000}, Size{4000, 1}, Size{1, 6000}, Size{6000, 1});
  INFO(to_string(size));
  Image const flat(size, std::vector<std::uint8_t>(3 * size.pixels(), 128));
  Unary const unary = unary_of(noisy_energies(size, 2, 13), size);
  CHECK(is_distribution(mean_field(flat, unary, {}, 10)));
  CHECK(is_distribution(mean_field(noise_image(size, 14), unary, {}, 10)));
}

TEST_CASE("without kernels or iterations mean field returns the unary") {
  Size const size{70, 70};
  Unary const unary = unary_of(noisy_energies(size, 3, 15), size);
  LabelField const none = mean_field(disc(size, 3, 16), unary, {}, 0);
  PairwiseParameters const silent{.gaussian_compat = 0, .bilateral_compat = 0};
  CHECK(same(none, mean_field(disc(size, 3, 16), unary, silent, 10)));
  CHECK(none.at(1, 17) / none.at(0, 17) ==
        Approx(std::exp(unary.energies.at(0, 17) - unary.energies.at(1, 17))));
}

TEST_CASE("mean field gives the same result on every thread") {
  Size const size{80, 70};
  Image const image = disc(size, 10, 17);
  Unary const unary = unary_of(noisy_energies(size, 5, 18), size);
  LabelField const expected = mean_field(image, unary, {}, 10);
  std::vector<char> equal(4);
  std::vector<std::thread> threads;
  for (char& each : equal) {
    threads.emplace_back([&] { each = same(expected, mean_field(image, unary, {}, 10)); });
  }
  for (auto& thread : threads) thread.join();
  CHECK(std::ranges::count(equal, 1) == 4);
}

TEST_CASE("mean field refuses sizes that do not fit") {
  Size const size{1, 6000};
  Unary const unary = unary_of(noisy_energies(size, 2, 19), size);
  CHECK_THROWS_WITH(mean_field(disc({2, 3000}, 0, 20), unary, {}, 1),
                    Contains("the unary is 1x6000 but the image is 2x3000"));
  CHECK_THROWS_WITH(mean_field(disc(size, 0, 20), unary, {.bilateral_sxy = 0.01}, 1),
                    Contains("1x6000 (height x width) is too large for a kernel of 0.01 pixels; "
                             "increase bilateral_sxy"));
}
