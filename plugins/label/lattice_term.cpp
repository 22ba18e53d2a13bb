#include <algorithm>
#include <utility>

#include "base/error.hpp"
#include "base/number_text.hpp"
#include "pairwise.hpp"
#include "permutohedral_lattice.hpp"

namespace seplflow::label {
namespace {

template <int D>
class LatticeTerm final : public PairwiseTerm {
 public:
  LatticeTerm(PermutohedralLattice<D> lattice, double compat) : lattice_(std::move(lattice)) {
    lattice_.normalise(compat);
  }

  void add_messages(std::span<Lanes const> beliefs, std::span<Lanes> sum) override {
    lattice_.filter(beliefs, sum);
  }

 private:
  PermutohedralLattice<D> lattice_;
};

void require_coordinates_for(Size size, double sxy, char const* option) {
  if (std::max(size.height, size.width) / sxy <= PermutohedralLattice<5>::kLimit) return;
  throw Error("an image of " + to_string(size) + " (height x width) is too large for a kernel of " +
              shortest(sxy) + " pixels; set a larger " + option);
}

}  // namespace

std::unique_ptr<PairwiseTerm> make_gaussian_term(Size size, PairwiseParameters const& parameters) {
  double const sxy = parameters.gaussian_sxy;
  require_coordinates_for(size, sxy, "gaussian_sxy");
  auto const position = [&](std::size_t pixel) {
    return std::array{double(pixel % size.width) / sxy, double(pixel / size.width) / sxy};
  };
  return std::make_unique<LatticeTerm<2>>(PermutohedralLattice<2>(size.pixels(), position),
                                          parameters.gaussian_compat);
}

std::unique_ptr<PairwiseTerm> make_bilateral_term(Image const& image,
                                                  PairwiseParameters const& parameters) {
  Size const size = image.size();
  double const sxy = parameters.bilateral_sxy, srgb = parameters.bilateral_srgb;
  require_coordinates_for(size, sxy, "bilateral_sxy");
  auto const position = [&](std::size_t pixel) {
    std::uint8_t const* const rgb = &image.rgb()[3 * pixel];
    return std::array{double(pixel % size.width) / sxy, double(pixel / size.width) / sxy,
                      rgb[0] / srgb, rgb[1] / srgb, rgb[2] / srgb};
  };
  return std::make_unique<LatticeTerm<5>>(PermutohedralLattice<5>(size.pixels(), position),
                                          parameters.bilateral_compat);
}

}  // namespace seplflow::label
