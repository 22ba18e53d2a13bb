#include "common/pixel_groups.hpp"

#include <algorithm>
#include <array>

#include "common/mask_outline.hpp"

namespace seplflow {
namespace {

constexpr std::uint32_t kNoGroup = UINT32_MAX;  // instead of the number of a group

std::vector<Strip> uncovered_strips(Cells const& cells, std::uint32_t height) {
  std::vector<Strip> strips;
  std::uint32_t begin = 0, last_end = 0;
  for (auto const& [end, cell] : cells.segments()) {
    if (!cells.masks_over(cell).empty()) {
      append_strips(strips, begin, last_end, height);
      begin = end;
    }
    last_end = end;
  }
  append_strips(strips, begin, last_end, height);
  return strips;
}

MaskSet const& checked(MaskSet const& masks, LabelMap const& pseudo) {
  require_same_size(masks, pseudo, "the pseudo-label");
  return masks;
}

}  // namespace

PixelGroups::PixelGroups(LabelMap const& pseudo, MaskSet const& masks)
    : size(pseudo.size()), covered(checked(masks, pseudo), pseudo.runs()) {
  auto const& areas = label_areas(pseudo);
  for (int label = 1; label < kIgnore; ++label) {
    if (areas[label] == 0) continue;
    classes.push_back(static_cast<Label>(label));
    class_pixels.push_back(areas[label]);
  }
  voters.resize(masks.count());
  find_groups();
  count_votes();
}

// Adds the group of each cell that masks cover, and returns them by cell.
std::vector<std::uint32_t> PixelGroups::add_covered_groups() {
  std::vector<std::uint32_t> group_of(covered.count(), kNoGroup);
  for (std::uint32_t cell = 0; cell < covered.count(); ++cell) {
    if (covered.masks_over(cell).empty()) continue;
    group_of[cell] = static_cast<std::uint32_t>(groups.size());
    groups.push_back({cell, covered.label(cell), 0});
  }
  return group_of;
}

void PixelGroups::find_groups() {
  auto const strips = uncovered_strips(covered, size.height);
  auto const piece_of = pieces_of(strips, size.height);
  std::uint32_t const count = piece_of.empty() ? 0 : *std::ranges::max_element(piece_of) + 1;
  for (std::uint32_t piece = 0; piece < count; ++piece) {
    pieces.push_back(static_cast<std::uint32_t>(voters.size()));
    voters.emplace_back();
  }
  std::vector<std::uint32_t> const group_of = add_covered_groups();
  // The first group of each piece, and of each group after the first of these the next one of its
  // piece.
  auto const first_of_pieces = static_cast<std::uint32_t>(groups.size());
  std::vector<std::uint32_t> first(count, kNoGroup), next;
  auto const group_in = [&](std::uint32_t piece, Label label) {
    std::uint32_t group = first[piece];
    while (group != kNoGroup && groups[group].pseudo != label)
      group = next[group - first_of_pieces];
    if (group != kNoGroup) return group;
    next.push_back(first[piece]);
    first[piece] = static_cast<std::uint32_t>(groups.size());
    groups.push_back({static_cast<std::uint32_t>(covered.count()) + piece, label, 0});
    return first[piece];
  };
  std::uint32_t position = 0;
  auto const add = [&](std::uint32_t end, std::uint32_t group) {
    groups[group].pixels += end - position;
    segments.push_back({end, group});
    position = end;
  };
  segments.reserve(covered.segments().size() + strips.size());
  std::size_t strip = 0;
  for (auto const& [end, cell] : covered.segments()) {
    if (group_of[cell] != kNoGroup) {
      add(end, group_of[cell]);
      continue;
    }
    while (position < end) {
      while (strips[strip].end <= position) ++strip;
      add(std::min(end, strips[strip].end), group_in(piece_of[strip], covered.label(cell)));
    }
  }
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
