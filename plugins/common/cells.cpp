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

// Divides cells by one mask after the other.
class Divider {
 public:
  explicit Divider(std::size_t segments) : parts_{{static_cast<std::uint32_t>(segments)}} {}

  // The cell of a segment of that cell that is in the mask.
  std::uint32_t divided(std::uint32_t cell, std::uint32_t mask) {
    if (parts_[cell].divided_by != mask + 1) {
      touched_.push_back(cell);
      std::uint32_t const number = new_number();
      parts_[cell].divided_by = mask + 1;
      parts_[cell].becomes = number;
    }
    Part& part = parts_[cell];
    --part.segments;
    ++parts_[part.becomes].segments;
    return part.becomes;
  }

  // All segments in the mask are divided; brings what covers each cell up to date.
  void finish(std::uint32_t mask, std::vector<std::vector<std::uint32_t>>& covers) {
    covers.resize(parts_.size());
    for (std::uint32_t const cell : touched_) {
      auto& cover = covers[parts_[cell].becomes];
      if (parts_[cell].segments == 0) {
        cover = std::move(covers[cell]);
        covers[cell].clear();
        free_.push_back(cell);
      } else {
        cover = covers[cell];
      }
      cover.push_back(mask);
    }
    touched_.clear();
  }

 private:
  struct Part {
    std::uint32_t segments = 0;
    std::uint32_t becomes = 0;     // what is in the mask
    std::uint32_t divided_by = 0;  // the number of the last mask, and 1
  };

  // Numbers of cells without segments are used again.
  std::uint32_t new_number() {
    auto number = static_cast<std::uint32_t>(parts_.size());
    if (free_.empty()) {
      parts_.emplace_back();
      return number;
    }
    number = free_.back();
    free_.pop_back();
    parts_[number] = {};
    return number;
  }

  std::vector<Part> parts_;
  std::vector<std::uint32_t> touched_, free_;
};

}  // namespace

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
  Divider divider(segments_.size());
  for (std::uint32_t m = 0; m < masks.count(); ++m) {
    auto const bounds = masks.mask(m).bounds();
    for (std::size_t i = 0; i < bounds.size(); i += 2) {
      Segment* segment = &segments_[bounds[i] == 0 ? 0 : ends.rank(bounds[i]) + 1];
      for (bool is_last = false; !is_last; ++segment) {
        is_last = segment->end == bounds[i + 1];
        segment->cell = divider.divided(segment->cell, m);
      }
    }
    divider.finish(m, covers_);
  }
  remove_empty();
}

// Numbers the cells that have pixels.
void Cells::remove_empty() {
  std::vector<bool> has_pixels(covers_.size());
  for (Segment const& segment : segments_) has_pixels[segment.cell] = true;
  std::vector<std::uint32_t> numbers(covers_.size());
  std::uint32_t count = 0;
  for (std::size_t cell = 0; cell < covers_.size(); ++cell) {
    if (!has_pixels[cell]) continue;
    numbers[cell] = count;
    if (cell != count) covers_[count] = std::move(covers_[cell]);
    ++count;
  }
  covers_.resize(count);
  for (Segment& segment : segments_) segment.cell = numbers[segment.cell];
}

}  // namespace seplflow
