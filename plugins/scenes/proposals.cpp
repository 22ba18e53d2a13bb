#include <algorithm>
#include <array>
#include <set>
#include <utility>
#include <vector>

#include "common/mask_outline.hpp"
#include "scenes/part_map.hpp"

namespace seplflow::scenes {
namespace {

constexpr std::size_t kMaxMasks = 80;

bool is_object(Thing const& thing) {
  return thing.label != kBackground;
}

// The pixel of this rank, 0 <= rank < area, in column-major order: its column and row.
std::array<double, 2> pixel_of_rank(Mask const& mask, std::uint64_t rank) {
  std::span<std::uint32_t const> bounds = mask.bounds();
  for (; rank >= bounds[1] - bounds[0]; bounds = bounds.subspan(2)) rank -= bounds[1] - bounds[0];
  auto const position = bounds[0] + static_cast<std::uint32_t>(rank);
  return {double(position / mask.size().height), double(position % mask.size().height)};
}

class Proposer {
 public:
  Proposer(Layout const& layout, LabelRuns const& partition)
      : layout_(layout),
        partition_(partition),
        random_(layout.seed_for(Stream::masks)),
        whole_{0, 0, static_cast<double>(layout.size.width),
               static_cast<double>(layout.size.height)},
        // What a grid of 32 x 32 prompts would hardly hit.
        min_area_(std::max<std::uint64_t>(layout.size.pixels() >= 64 ? 4 : 1,
                                          layout.size.pixels() / 8000)) {}

  MaskSet propose() {
    if (random_.chance(0.35)) add(backdrop_parts());
    propose_groups();
    for (std::size_t i = 0; i < layout_.things.size(); ++i) {
      if (is_object(layout_.things[i])) {
        propose_object(i);
      } else {
        propose_backdrop(layout_.things[i]);
      }
    }
    propose_junk();
    if (entries_.empty()) add(backdrop_parts());
    return MaskSet(std::move(entries_), layout_.size);
  }

 private:
  PartSet backdrop_parts() const {
    PartSet parts;
    for (Thing const& thing : layout_.things) {
      if (!is_object(thing)) parts |= parts_of(thing);
    }
    return parts;
  }

  // Pairs of objects that touch vertically, some of which are taken for one.
  void propose_groups() {
    std::array<std::size_t, kMaxParts> object_of{};
    for (std::size_t i = 0; i < layout_.things.size(); ++i) {
      Thing const& thing = layout_.things[i];
      if (is_object(thing)) std::fill_n(&object_of[thing.first_id], thing.parts.size(), i);
    }
    std::set<std::pair<std::size_t, std::size_t>> contacts;
    std::span<Run const> const runs = partition_.runs();
    for (std::size_t i = 1; i < runs.size(); ++i) {
      if (runs[i - 1].end % layout_.size.height == 0) continue;  // in another column
      auto const [a, b] = std::minmax(object_of[runs[i - 1].value], object_of[runs[i].value]);
      if (a != 0 && a != b) contacts.emplace(a, b);
    }
    for (auto const& [a, b] : contacts) {
      if (random_.chance(0.4)) add(parts_of(layout_.things[a]) | parts_of(layout_.things[b]));
    }
  }

  void propose_object(std::size_t index) {
    Thing const& thing = layout_.things[index];
    Thing const& below = layout_.things[index - 1];
    PartSet parts = parts_of(thing);
    double const luck = random_.unit();
    if (luck < 0.15) {
      auto const lost = random_.below(static_cast<int>(thing.parts.size()));
      parts &= ~group_of(thing, static_cast<std::size_t>(lost));
    } else if (luck < 0.3 && !is_object(below)) {
      parts |= parts_of(below);  // its shadow, or the pond that it floats on
    }
    Mask mask = mask_of(partition_, parts);
    if (luck > 0.88) mask = united(mask, between_limbs(thing));
    double const twice = random_.unit();
    // Some are taken apart: their parts have masks, the whole has none.
    if (!random_.chance(0.2)) {
      add(mask);
      if (twice < 0.2) add(grown(mask));
      if (twice > 0.8) add(shrunk(mask));
    }
    propose_parts(thing, {0.62, 0.6, 0.45});
  }

  // The background that one sees through an object's gaps goes with it.
  Mask between_limbs(Thing const& thing) const {
    Point const centre = thing.box.centre();
    Shape const middle = oval(centre.x, centre.y + 0.08 * thing.box.height(),
                              0.44 * thing.box.width(), 0.42 * thing.box.height());
    return mask_of(middle, layout_.size);
  }

  void propose_backdrop(Thing const& thing) {
    double const chance = thing.parts[0].paint.finish == Finish::shadow ? 0.3 : 0.8;
    if (random_.chance(chance)) add(parts_of(thing));
    if (thing.parts.size() > 1) propose_parts(thing, {0.5, 0.5, 0.4});
  }

  // Every part with its sub-parts, every sub-part, and some parts without their sub-parts.
  void propose_parts(Thing const& thing, std::array<double, 3> chance_at_depth) {
    for (std::size_t i = 0; i < thing.parts.size(); ++i) {
      Part const& part = thing.parts[i];
      Box const box = bounds(part.shape);
      // The draw comes first: what follows must not depend on the size of the picture.
      bool const found = random_.chance(chance_at_depth[part.depth]);
      bool const bare = random_.chance(0.2);
      if (!found || box.width() * box.height() < static_cast<double>(min_area_)) continue;
      add(bare ? PartSet().set(thing.first_id + i) : group_of(thing, i));
    }
  }

  void propose_junk() {
    int const count = random_.below(7);
    for (int i = 0; i < count; ++i) {
      Point const centre{random_.unit() * whole_.right, random_.unit() * whole_.bottom};
      double const rx = random_.real(0.008, 0.035) * layout_.scale;
      double const ry = random_.real(0.4, 1) * rx;
      add(mask_of(oval(centre.x, centre.y, rx, ry, random_.real(-1, 1)), layout_.size));
    }
  }

  void add(PartSet const& parts) { add(mask_of(partition_, parts)); }
  void add(Mask mask) {
    std::uint64_t const seed = random_.bits();
    if (entries_.size() == kMaxMasks) return;
    double const reach = 0.005 * layout_.scale;
    if (reach > 0.3) mask = warped(mask, reach, 0.07 * layout_.scale, seed);
    if (mask.area() < min_area_) return;
    Random random(seed);
    MaskInfo info;
    info.predicted_iou = random.real(0.86, 1);
    info.stability_score = random.real(0.92, 1);
    info.point = pixel_of_rank(mask, random.bits() % mask.area());
    info.crop_box = {0, 0, whole_.right, whole_.bottom};
    entries_.push_back({std::move(mask), info});
  }

  Layout const& layout_;
  LabelRuns const& partition_;
  Random random_;
  Box whole_;
  std::uint64_t min_area_;
  std::vector<MaskSet::Entry> entries_;
};

}  // namespace

MaskSet proposals(Layout const& layout, LabelRuns const& partition) {
  return Proposer(layout, partition).propose();
}

}  // namespace seplflow::scenes
