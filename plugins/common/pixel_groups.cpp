#include "common/pixel_groups.hpp"

#include <algorithm>
#include <array>

#include "common/mask_outline.hpp"

namespace seplflow {
namespace {

std::vector<Strip> uncovered_strips(Cells const& cells, std::uint32_t height) {
  std::vector<Strip> strips;
  std::uint32_t begin = 0;
  for (Cells::Segment const& segment : cells.segments()) {
    if (!cells.masks_over(segment.cell).empty()) {
      begin = segment.end;
      continue;
    }
    append_strips(strips, begin, segment.end, height);
    begin = segment.end;
  }
  return strips;
}

MaskSet const& checked(MaskSet const& masks, LabelMap const& pseudo) {
  require_same_size(masks, pseudo, "the pseudo-label");
  return masks;
}

}  // namespace

PixelGroups::PixelGroups(LabelMap const& pseudo, MaskSet const& masks)
    : size(pseudo.size()), covered(checked(masks, pseudo), size) {
  auto const& areas = label_areas(pseudo);
  for (int label = 1; label < kIgnore; ++label) {
    if (areas[label] == 0) continue;
    classes.push_back(static_cast<Label>(label));
    class_pixels.push_back(areas[label]);
  }
  voters.resize(masks.count());
  find_groups(pseudo.runs());
  count_votes();
}

void PixelGroups::find_groups(LabelRuns const& pseudo) {
  auto const strips = uncovered_strips(covered, size.height);
  auto const piece_of = pieces_of(strips, size.height);
  std::uint32_t const count = piece_of.empty() ? 0 : *std::ranges::max_element(piece_of) + 1;
  for (std::uint32_t piece = 0; piece < count; ++piece) {
    pieces.push_back(static_cast<std::uint32_t>(voters.size()));
    voters.emplace_back();
  }
  // The first group of each cell, and of each group the next one of its cell.
  constexpr std::uint32_t kNone = UINT32_MAX;
  std::vector<std::uint32_t> first(cell_count(), kNone), next;
  auto const add = [&](std::uint32_t cell, Label label, std::uint32_t end, std::uint32_t pixels) {
    std::uint32_t group = first[cell];
    while (group != kNone && groups[group].pseudo != label) group = next[group];
    if (group == kNone) {
      group = static_cast<std::uint32_t>(groups.size());
      groups.push_back({cell, label, 0});
      next.push_back(first[cell]);
      first[cell] = group;
    }
    groups[group].pixels += pixels;
    segments.push_back({end, group});
  };
  segments.reserve(covered.segments().size() + pseudo.runs().size());
  std::uint32_t position = 0;
  std::size_t strip = 0;
  auto const visit = [&](std::uint32_t cell, std::array<Label, 1> labels, std::uint32_t pixels) {
    std::uint32_t const end = position + pixels;
    if (!covered.masks_over(cell).empty()) {
      add(cell, labels[0], end, pixels);
      position = end;
    }
    while (position < end) {
      while (strips[strip].end <= position) ++strip;
      std::uint32_t const stop = std::min(end, strips[strip].end);
      auto const piece = static_cast<std::uint32_t>(covered.count()) + piece_of[strip];
      add(piece, labels[0], stop, stop - position);
      position = stop;
    }
  };
  for_each_piece(covered, std::array{&pseudo}, visit);
}

void PixelGroups::count_votes() {
  std::array<std::size_t, 256> index_of{};
  for (std::size_t k = 0; k < classes.size(); ++k) index_of[classes[k]] = k;
  for (Voter& voter : voters) voter.of_class.resize(classes.size());
  for (Group const& group : groups) {
    if (group.pseudo == kIgnore) continue;
    for (std::uint32_t const v : voters_over(group.cell)) {
      voters[v].known += group.pixels;
      if (group.pseudo == kBackground) continue;
      voters[v].of_class[index_of[group.pseudo]] += group.pixels;
    }
  }
}

}  // namespace seplflow
