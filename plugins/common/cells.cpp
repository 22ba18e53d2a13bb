#include "common/cells.hpp"

#include <bit>

namespace seplflow {
namespace {

// Positions of an image, with their ranks among all that were added.
class Positions {
 public:
  explicit Positions(std::size_t pixels) : words_(pixels / 64 + 1), before_(words_.size()) {}

  void add(std::uint32_t position) { words_[position / 64] |= std::uint64_t{1} << position % 64; }

  // In ascending order; rank() can be used afterwards.
  std::vector<std::uint32_t> all() {
    std::vector<std::uint32_t> positions;
    for (std::size_t word = 0; word < words_.size(); ++word) {
      before_[word] = static_cast<std::uint32_t>(positions.size());
      for (std::uint64_t bits = words_[word]; bits != 0; bits &= bits - 1) {
        auto const bit = static_cast<std::size_t>(std::countr_zero(bits));
        positions.push_back(static_cast<std::uint32_t>(word * 64 + bit));
      }
    }
    return positions;
  }

  std::uint32_t rank(std::uint32_t position) const {
    std::uint64_t const below = (std::uint64_t{1} << position % 64) - 1;
    auto const bits = std::popcount(words_[position / 64] & below);
    return before_[position / 64] + static_cast<std::uint32_t>(bits);
  }

 private:
  std::vector<std::uint64_t> words_;
  std::vector<std::uint32_t> before_;
};

}  // namespace

// Begins with one cell and divides, for one mask after the other, the cells that it covers in part.
Cells::Cells(MaskSet const& masks, Size size) : covers_(1) {
  if (masks.size()) require_same_size(*masks.size(), "the mask set", size, "the image");
  auto const pixels = static_cast<std::uint32_t>(size.pixels());
  Positions ends(pixels);
  ends.add(pixels);
  for (std::size_t m = 0; m < masks.count(); ++m) {
    for (std::uint32_t const bound : masks.mask(m).bounds()) {
      if (bound > 0) ends.add(bound);
    }
  }
  for (std::uint32_t const end : ends.all()) segments_.push_back({end, 0});

  std::vector<std::size_t> of_cell = {segments_.size()}, inside = {0};
  std::vector<std::uint32_t> becomes = {0}, touched;
  for (std::size_t m = 0; m < masks.count(); ++m) {
    auto const for_each_segment = [&](auto&& f) {
      auto const bounds = masks.mask(m).bounds();
      for (std::size_t i = 0; i < bounds.size(); i += 2) {
        std::uint32_t const last = ends.rank(bounds[i + 1]);
        std::uint32_t const first = bounds[i] == 0 ? 0 : ends.rank(bounds[i]) + 1;
        for (std::uint32_t s = first; s <= last; ++s) f(segments_[s]);
      }
    };
    touched.clear();
    for_each_segment([&](Segment const& segment) {
      if (inside[segment.cell]++ == 0) touched.push_back(segment.cell);
    });
    for (std::uint32_t const cell : touched) {
      becomes[cell] = cell;
      if (inside[cell] < of_cell[cell]) {
        becomes[cell] = static_cast<std::uint32_t>(covers_.size());
        covers_.push_back(covers_[cell]);
        of_cell[cell] -= inside[cell];
        of_cell.push_back(inside[cell]);
        inside.push_back(0);
        becomes.push_back(0);
      }
      inside[cell] = 0;
      covers_[becomes[cell]].push_back(static_cast<std::uint32_t>(m));
    }
    for_each_segment([&](Segment& segment) { segment.cell = becomes[segment.cell]; });
  }
}

}  // namespace seplflow
