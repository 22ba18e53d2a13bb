#include "common/cells.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <numeric>
#include <utility>

namespace seplflow {
namespace {

constexpr std::uint32_t kNone = UINT32_MAX;

// Which masks of a batch; each has a bit.
using Members = std::array<std::uint64_t, 2>;
constexpr std::uint32_t kBatch = 64 * std::tuple_size_v<Members>;

void change(Members& members, Members const& changed) {
  for (std::size_t word = 0; word < members.size(); ++word) members[word] ^= changed[word];
}

// Where masks of a batch begin and end. Nothing is sorted: the picture is taken in blocks of
// positions, and each block has a list of the masks whose next bound lies in it.
class Changes {
 public:
  Changes(MaskSet const& masks, std::uint32_t first, std::uint32_t pixels)
      : pixels_(pixels), first_due_(pixels / kBlock + 1, kNone) {
    std::size_t const end = std::min<std::size_t>(masks.count(), first + kBatch);
    for (std::size_t m = first; m < end; ++m) {
      bounds_[m - first] = masks.mask(m).bounds();
      count_ += masks.mask(m).bounds().size();
      wait(static_cast<std::uint32_t>(m - first));
    }
  }

  // Of bounds.
  std::size_t count() const { return count_; }

  // Calls f(position, masks that begin or end there) in ascending order of the positions. The last
  // call is for the end of the picture. Once.
  template <class F>
  void visit(F&& f) {
    for (std::uint32_t block = 0; block < first_due_.size(); ++block) {
      collect(block);
      if (block == pixels_ / kBlock) mark(pixels_ % kBlock);
      for (std::uint32_t word = 0; word < marks_.size(); ++word) {
        for (std::uint64_t marks = std::exchange(marks_[word], 0); marks != 0; marks &= marks - 1) {
          std::uint32_t const place =
              word * 64 + static_cast<std::uint32_t>(std::countr_zero(marks));
          f(block * kBlock + place, std::as_const(changed_[place]));
          changed_[place] = {};
        }
      }
    }
  }

 private:
  static constexpr std::uint32_t kBlock = 2048;

  // Puts the mask into the list of the block of its next bound, if it has one.
  void wait(std::uint32_t mask) {
    if (bounds_[mask].empty()) return;
    next_due_[mask] = std::exchange(first_due_[bounds_[mask].front() / kBlock], mask);
  }

  void mark(std::uint32_t place) { marks_[place / 64] |= std::uint64_t{1} << place % 64; }

  void collect(std::uint32_t block) {
    for (std::uint32_t mask = first_due_[block], next; mask != kNone; mask = next) {
      next = next_due_[mask];
      auto const bounds = bounds_[mask];
      std::size_t i = 0;
      for (; i < bounds.size() && bounds[i] / kBlock == block; ++i) {
        std::uint32_t const place = bounds[i] % kBlock;
        mark(place);
        changed_[place][mask / 64] ^= std::uint64_t{1} << mask % 64;
      }
      bounds_[mask] = bounds.subspan(i);
      wait(mask);
    }
  }

  std::uint32_t const pixels_;
  std::array<std::span<std::uint32_t const>, kBatch> bounds_;  // those to come, by mask
  std::size_t count_ = 0;
  std::vector<std::uint32_t> first_due_;            // by block
  std::array<std::uint32_t, kBatch> next_due_{};    // by mask
  std::array<Members, kBlock> changed_{};           // in the block
  std::array<std::uint64_t, kBlock / 64> marks_{};  // where `changed_` has any
};

// A cell of the masks of earlier batches, and which masks of this one are over it.
struct Part {
  std::uint32_t cell;
  Members members;

  // Without the call of memcmp() that a comparison of the arrays is.
  bool operator==(Part const& other) const {
    std::uint64_t difference = cell ^ other.cell;
    for (std::size_t word = 0; word < members.size(); ++word) {
      difference |= members[word] ^ other.members[word];
    }
    return difference == 0;
  }
};

// Numbers parts in the order in which they are seen.
class Numbering {
 public:
  std::uint32_t number(Part const& part) {
    std::size_t slot = slot_of(part);
    while (numbers_[slot] != kNone) {
      if (parts_[numbers_[slot]] == part) return numbers_[slot];
      slot = (slot + 1) & (numbers_.size() - 1);
    }
    auto const number = static_cast<std::uint32_t>(parts_.size());
    numbers_[slot] = number;
    parts_.push_back(part);
    if (2 * parts_.size() > numbers_.size()) grow();
    return number;
  }

  std::span<Part const> parts() const { return parts_; }

 private:
  // Where the search for the part begins.
  std::size_t slot_of(Part const& part) const {
    std::uint64_t hash = part.cell;
    for (std::uint64_t const word : part.members) {
      hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
      hash ^= hash >> 32;
    }
    return hash & (numbers_.size() - 1);
  }

  void grow() {
    numbers_.assign(2 * numbers_.size(), kNone);
    for (std::size_t i = 0; i < parts_.size(); ++i) {
      std::size_t slot = slot_of(parts_[i]);
      while (numbers_[slot] != kNone) slot = (slot + 1) & (numbers_.size() - 1);
      numbers_[slot] = static_cast<std::uint32_t>(i);
    }
  }

  std::vector<Part> parts_;  // by number
  // By the slots of parts; their number is a power of two.
  std::vector<std::uint32_t> numbers_ = std::vector<std::uint32_t>(4096, kNone);
};

std::vector<Cells::Segment> segments_of(LabelRuns const& labels) {
  std::vector<Cells::Segment> segments;
  segments.reserve(labels.runs().size());
  for (auto const& [end, label] : labels.runs()) segments.push_back({end, label});
  return segments;
}

}  // namespace

Cells::Cells(MaskSet const& masks, Size size)
    : Cells(masks, size, {{static_cast<std::uint32_t>(size.pixels()), 0}}) {}

Cells::Cells(MaskSet const& masks, LabelRuns const& labels)
    : Cells(masks, labels.size(), segments_of(labels)) {}

Cells::Cells(MaskSet const& masks, Size size, std::vector<Segment> segments)
    : segments_(std::move(segments)), labels_(256), cover_ends_(labels_.size() + 1) {
  if (masks.size()) require_same_size(*masks.size(), "the mask set", size, "the image");
  std::iota(labels_.begin(), labels_.end(), Label{0});
  // At least once, so that cells without pixels have no number.
  std::uint32_t first = 0;
  do {
    divide(masks, first);
    first += kBatch;
  } while (first < masks.count());
}

// Divides the cells by the masks of a batch.
void Cells::divide(MaskSet const& masks, std::uint32_t first) {
  Changes changes(masks, first, segments_.back().end);
  Numbering numbering;
  Members members{};
  std::vector<Segment> segments;
  segments.reserve(segments_.size() + changes.count());  // at most
  auto before = segments_.begin();
  std::uint32_t end = 0;
  changes.visit([&](std::uint32_t position, Members const& changed) {
    while (end < position) {
      end = std::min(before->end, position);
      segments.push_back({end, numbering.number({before->cell, members})});
      before += before->end == end ? 1 : 0;
    }
    change(members, changed);
  });
  segments_ = std::move(segments);

  std::vector<Label> labels;
  std::vector<std::uint32_t> covers;
  std::vector<std::size_t> ends = {0};
  for (Part const& part : numbering.parts()) {
    labels.push_back(labels_[part.cell]);
    auto const cover = masks_over(part.cell);
    covers.insert(covers.end(), cover.begin(), cover.end());
    for (std::uint32_t word = 0; word < members.size(); ++word) {
      for (std::uint64_t bits = part.members[word]; bits != 0; bits &= bits - 1) {
        covers.push_back(first + word * 64 + static_cast<std::uint32_t>(std::countr_zero(bits)));
      }
    }
    ends.push_back(covers.size());
  }
  labels_ = std::move(labels);
  covers_ = std::move(covers);
  cover_ends_ = std::move(ends);
}

}  // namespace seplflow
