#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include <seplflow/mask_box.hpp>
#include "common/fault_stream.hpp"
#include "common/faults.hpp"
#include "common/mask_outline.hpp"

namespace seplflow {
namespace {

struct Object {
  Label label;
  Mask region;
};

// The largest pieces of classes, in the order of their classes.
std::vector<Object> objects_in(LabelMap const& labels) {
  constexpr std::size_t kMost = 254;
  std::vector<Object> objects;
  for (int label = 1; label < kIgnore; ++label) {
    if (label_areas(labels)[label] == 0) continue;
    auto const id = static_cast<Label>(label);
    for (Mask& piece : pieces_of(mask_of(labels.runs(), id))) {
      objects.push_back({id, std::move(piece)});
    }
  }
  if (objects.size() <= kMost) return objects;
  std::ranges::stable_sort(objects, std::ranges::greater(),
                           [](Object const& each) { return each.region.area(); });
  objects.erase(objects.begin() + kMost, objects.end());
  std::ranges::stable_sort(objects, {}, &Object::label);
  return objects;
}

// A mask with what it shows.
struct Shown {
  MaskSet::Entry entry;
  bool is_background = false;              // more than half of it
  std::optional<std::size_t> object = {};  // of which it is the whole: the IoU is more than half
  double fit = 0;                          // that IoU
};

// Objects by their numbers, from 1; 0 is background, and 255 all that is neither.
LabelMap numbered(std::vector<Object> const& objects, LabelMap const& labels) {
  std::vector<Run> runs(labels.runs().runs().begin(), labels.runs().runs().end());
  for (Run& run : runs) run.value = run.value == kBackground ? 1 : 0;
  Canvas canvas(labels.size());
  canvas.paint(Mask::from_runs(labels.size(), runs, 0), kIgnore);
  for (std::size_t i = 0; i < objects.size(); ++i) {
    canvas.paint(objects[i].region, static_cast<Label>(i + 1));
  }
  return canvas.labels();
}

// Pixels that are neither object nor background do not count.
void look_at(Shown& mask, std::vector<Object> const& objects, LabelMap const& numbers) {
  auto const counts = overlap_histogram(mask.entry.mask, numbers.runs());
  std::uint64_t const known = mask.entry.mask.area() - counts[kIgnore];
  mask.is_background = 2 * counts[kBackground] > known;
  for (std::size_t i = 0; i < objects.size(); ++i) {
    std::uint64_t const both = counts[i + 1];
    std::uint64_t const either = known + objects[i].region.area() - both;
    if (2 * both <= either) continue;
    mask.object = i;
    mask.fit = static_cast<double>(both) / static_cast<double>(either);
  }
}

// The mask that fits the object best, or its pixels if none does.
Mask whole(std::size_t object, std::vector<Object> const& objects,
           std::vector<Shown> const& masks) {
  Mask const* best = &objects[object].region;
  double most = 0;
  for (Shown const& each : masks) {
    if (each.object != object || each.fit <= most) continue;
    most = each.fit;
    best = &each.entry.mask;
  }
  return *best;
}

std::size_t nearest(std::size_t object, std::vector<Object> const& objects) {
  auto const distance = [&](std::size_t other) {
    MaskBox const a = box_around(objects[object].region), b = box_around(objects[other].region);
    std::int64_t const x = a.left + a.right - b.left - b.right;
    std::int64_t const y = a.top + a.bottom - b.top - b.bottom;
    return x * x + y * y;
  };
  std::size_t best = object == 0 ? 1 : 0;
  for (std::size_t other = 0; other < objects.size(); ++other) {
    if (other != object && distance(other) < distance(best)) best = other;
  }
  return best;
}

// The box of the mask, widened on each side by a share of its extent, with a wavy outline.
Mask around(Mask const& mask, std::array<double, 4> const& margins, std::uint64_t outline) {
  MaskBox const box = box_around(mask);
  auto const [height, width] = mask.size();
  auto const across = static_cast<double>(box.width() + 1);
  auto const down = static_cast<double>(box.height() + 1);
  auto const left = static_cast<double>(box.left), top = static_cast<double>(box.top);
  std::uint32_t const x_begin = ceiling(left - margins[0] * across, width);
  std::uint32_t const x_end = ceiling(left + (1 + margins[1]) * across, width);
  std::uint32_t const y_begin = ceiling(top - margins[2] * down, height);
  std::uint32_t const y_end = ceiling(top + (1 + margins[3]) * down, height);
  std::vector<Run> runs;
  for (std::uint32_t x = x_begin; x < x_end; ++x) {
    runs.push_back({x * height + y_begin, 0});
    runs.push_back({x * height + y_end, 1});
  }
  Mask const widened = Mask::from_runs(mask.size(), runs, 1);
  return united(mask, warped(widened, 0.2 * down, 0.5 * across + 1, outline));
}

void drop_background(double share, Random random, std::vector<Shown>& masks) {
  std::erase_if(masks, [&](Shown const& each) {
    bool const is_chosen = random.chance(share);
    return is_chosen && each.is_background;
  });
}

void drop(double share, Random random, std::vector<Shown>& masks) {
  std::erase_if(masks, [&](Shown const&) { return random.chance(share); });
}

void keep_parts_only(double share, Random random, std::vector<Object> const& objects,
                     std::vector<Shown>& masks) {
  for (std::size_t i = 0; i < objects.size(); ++i) {
    if (!random.chance(share)) continue;
    std::erase_if(masks, [&](Shown const& each) { return each.object == i; });
  }
}

void merge(double share, Random random, std::vector<Object> const& objects,
           std::vector<Shown>& masks) {
  if (objects.size() < 2) return;
  std::set<std::pair<std::size_t, std::size_t>> pairs;
  for (std::size_t i = 0; i < objects.size(); ++i) {
    if (random.chance(share)) pairs.insert(std::minmax({i, nearest(i, objects)}));
  }
  std::vector<Shown> merged;
  for (auto const& [a, b] : pairs) {
    Mask const both = united(whole(a, objects, masks), whole(b, objects, masks));
    merged.push_back({{both, std::nullopt}});
  }
  for (auto const& pair : pairs) {
    std::erase_if(masks, [&](Shown const& each) {
      return each.object == pair.first || each.object == pair.second;
    });
  }
  masks.insert(masks.end(), merged.begin(), merged.end());
}

void envelop(double share, Random random, std::vector<Object> const& objects,
             std::vector<Shown>& masks) {
  for (std::size_t i = 0; i < objects.size();) {
    Mask all = objects[i].region;
    Label const label = objects[i].label;
    for (++i; i < objects.size() && objects[i].label == label; ++i) {
      all = united(all, objects[i].region);
    }
    std::array<double, 4> margins;
    for (double& margin : margins) margin = random.real(0.4, 0.8);
    std::uint64_t const outline = random.bits();
    if (random.chance(share)) masks.push_back({{around(all, margins, outline), std::nullopt}});
  }
}

void shake(double share, Random random, std::vector<Shown>& masks) {
  for (Shown& each : masks) {
    Mask& mask = each.entry.mask;
    double const reach = share * std::sqrt(static_cast<double>(mask.area()));
    auto const step = [&] { return static_cast<std::int64_t>(random.real(-1, 1) * reach / 2); };
    std::int64_t const right = step(), down = step();
    mask = warped(moved(mask, right, down), reach / 2, reach + 2, random.bits());
  }
  std::erase_if(masks, [](Shown const& each) { return each.entry.mask.area() == 0; });
}

}  // namespace

MaskSet with_faults(MaskSet const& masks, LabelMap const* labels, MaskFaults const& faults,
                    std::uint64_t seed, std::string_view sample) {
  if (!faults.any()) return masks;
  seed = fault_seed(seed, sample);
  auto const stream = [&](Fault fault) { return fault_stream(seed, fault); };
  std::vector<Shown> shown;
  for (std::size_t i = 0; i < masks.count(); ++i) shown.push_back({{masks.mask(i), masks.info(i)}});
  std::vector<Object> objects;
  if (faults.needs_objects()) {
    require_same_size(masks, *labels, "the label map that shows the objects");
    objects = objects_in(*labels);
    LabelMap const numbers = numbered(objects, *labels);
    for (Shown& mask : shown) look_at(mask, objects, numbers);
  }
  if (faults.thin_background > 0) {
    drop_background(faults.thin_background, stream(Fault::thin_background), shown);
  }
  if (faults.missing > 0) drop(faults.missing, stream(Fault::missing), shown);
  if (faults.parts_only > 0) {
    keep_parts_only(faults.parts_only, stream(Fault::parts_only), objects, shown);
  }
  if (faults.merged > 0) merge(faults.merged, stream(Fault::merged), objects, shown);
  if (faults.enveloping > 0) envelop(faults.enveloping, stream(Fault::enveloping), objects, shown);
  if (faults.jitter > 0) shake(faults.jitter, stream(Fault::jitter), shown);
  std::vector<MaskSet::Entry> entries;
  for (Shown& each : shown) entries.push_back(std::move(each.entry));
  return MaskSet(std::move(entries), labels ? labels->size() : masks.size());
}

}  // namespace seplflow
