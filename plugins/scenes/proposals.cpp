#include "scenes/proposals.hpp"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace seplflow::dataset {
namespace {

constexpr std::size_t kMaxMasks = 80;

bool is_object(Thing const& thing) {
  return thing.label != kBackground;
}

class Proposer {
 public:
  Proposer(Layout const& layout, Partition const& partition)
      : layout_(layout),
        partition_(partition),
        random_(layout.seed_for(Stream::masks)),
        whole_{0, 0, static_cast<double>(layout.size.width),
               static_cast<double>(layout.size.height)},
        // What a grid of 32 x 32 prompts would hardly hit.
        min_area_(std::max<std::uint64_t>(layout.size.pixels() >= 64 ? 4 : 1,
                                          layout.size.pixels() / 8000)) {}

  MaskSet propose() {
    propose_everything_behind();
    find_groups();
    for (std::size_t i = 0; i < layout_.things.size(); ++i) {
      if (is_object(layout_.things[i])) {
        propose_object(i);
      } else {
        propose_backdrop(layout_.things[i]);
      }
    }
    propose_junk();
    if (entries_.empty()) add(partition_.region(all_behind(), whole_));
    return MaskSet(std::move(entries_), layout_.size);
  }

 private:
  PartSet all_behind() const {
    PartSet parts;
    for (Thing const& thing : layout_.things) {
      if (!is_object(thing)) parts.insert(thing);
    }
    return parts;
  }

  void propose_everything_behind() {
    if (random_.chance(0.35)) add(partition_.region(all_behind(), whole_));
  }

  // Pairs of objects that touch, some of which are taken for one.
  void find_groups() {
    std::array<std::uint8_t, kMaxParts> owner{};
    for (std::size_t i = 0; i < layout_.things.size(); ++i) {
      Thing const& thing = layout_.things[i];
      if (!is_object(thing)) continue;
      std::fill_n(owner.begin() + thing.first_id, thing.parts.size(), static_cast<std::uint8_t>(i));
    }
    std::vector<std::pair<std::uint8_t, std::uint8_t>> contacts;
    partition_.for_each_contact([&](std::uint8_t upper, std::uint8_t lower) {
      auto const [a, b] = std::minmax(owner[upper], owner[lower]);
      if (a != 0 && a != b) contacts.emplace_back(a, b);
    });
    std::ranges::sort(contacts);
    contacts.erase(std::unique(contacts.begin(), contacts.end()), contacts.end());
    for (auto const& [a, b] : contacts) {
      if (!random_.chance(0.4)) continue;
      Thing const& first = layout_.things[a];
      Thing const& second = layout_.things[b];
      PartSet parts;
      parts.insert(first);
      parts.insert(second);
      add(partition_.region(parts, hull_of(first.box, second.box)));
    }
  }

  void propose_object(std::size_t index) {
    Thing const& thing = layout_.things[index];
    Thing const& below = layout_.things[index - 1];
    PartSet parts;
    parts.insert(thing);
    Box box = thing.box;
    double const luck = random_.unit();
    if (luck < 0.15) {
      remove_some_part(thing, parts);
    } else if (luck < 0.3 && !is_object(below)) {
      // With its shadow, or the pond that it floats on.
      parts.insert(below);
      box = hull_of(box, below.box);
    }
    Region region = partition_.region(parts, box);
    if (luck > 0.88) region = region.united(between_limbs(thing));
    double const twice = random_.unit();
    // Some are taken apart: their parts have masks, the whole has none.
    if (!random_.chance(0.2)) {
      add(region);
      if (twice < 0.2) add(region.grown());
      if (twice > 0.8) add(region.shrunk());
    }
    propose_parts(thing, {0.62, 0.6, 0.45});
  }

  // The background that one sees through an object's gaps goes with it.
  Region between_limbs(Thing const& thing) const {
    Point const centre = thing.box.centre();
    Shape const middle = oval(centre.x, centre.y + 0.08 * thing.box.height(),
                              0.44 * thing.box.width(), 0.42 * thing.box.height());
    return region_of(middle, layout_.size);
  }

  void remove_some_part(Thing const& thing, PartSet& parts) {
    auto const i = static_cast<std::size_t>(random_.below(static_cast<int>(thing.parts.size())));
    parts.remove(thing.first_id + static_cast<int>(i),
                 static_cast<int>(end_of_group(thing.parts, i) - i));
  }

  void propose_backdrop(Thing const& thing) {
    double const chance = thing.parts[0].paint.finish == Finish::shadow ? 0.3 : 0.8;
    PartSet parts;
    parts.insert(thing);
    if (random_.chance(chance)) add(partition_.region(parts, thing.box));
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
      auto const size = static_cast<int>(end_of_group(thing.parts, i) - i);
      PartSet parts;
      parts.insert(thing.first_id + static_cast<int>(i), bare ? 1 : size);
      add(partition_.region(parts, size > 1 ? thing.box : box));
    }
  }

  void propose_junk() {
    int const count = random_.below(7);
    for (int i = 0; i < count; ++i) {
      Point const centre{random_.unit() * whole_.right, random_.unit() * whole_.bottom};
      double const rx = random_.real(0.008, 0.035) * layout_.scale;
      double const ry = random_.real(0.4, 1) * rx;
      add(region_of(oval(centre.x, centre.y, rx, ry, random_.real(-1, 1)), layout_.size));
    }
  }

  void add(Region const& exact) {
    std::uint64_t const seed = random_.bits();
    if (entries_.size() == kMaxMasks) return;
    double const reach = 0.005 * layout_.scale;
    bool const visible = reach > 0.3;
    Region const region = visible ? exact.warped(reach, 0.07 * layout_.scale, seed) : exact;
    std::uint64_t const area = region.area();
    if (area < min_area_) return;
    Random random(seed);
    MaskInfo info;
    info.predicted_iou = random.real(0.86, 1);
    info.stability_score = random.real(0.92, 1);
    Point const point = region.pixel(random.bits() % area);
    info.point = {point.x, point.y};
    info.crop_box = {0, 0, whole_.right, whole_.bottom};
    entries_.push_back({region.mask(), info});
  }

  Layout const& layout_;
  Partition const& partition_;
  Random random_;
  Box whole_;
  std::uint64_t min_area_;
  std::vector<MaskSet::Entry> entries_;
};

}  // namespace

MaskSet proposals(Layout const& layout, Partition const& partition) {
  return Proposer(layout, partition).propose();
}

}  // namespace seplflow::dataset
