#include "scenes/thing.hpp"

#include <array>

namespace seplflow::dataset {
namespace {

constexpr std::array<Kind, 20> kKinds{{
    {draw_aeroplane, Habitat::air, 0.9, 0.58, 0.30, 0.72},
    {draw_bicycle, Habitat::land, 0.85, 0.47, 0.65, 0.42},
    {draw_bird, Habitat::air, 0.8, 0.02, 0.72, 0.55},
    {draw_boat, Habitat::water, 1.15, 0.60, 0.55, 0.42},
    {draw_bottle, Habitat::house, 0.8, 0.40, 0.55, 0.36},
    {draw_bus, Habitat::land, 1.1, 0.11, 0.85, 0.55},
    {draw_car, Habitat::land, 0.9, 0.99, 0.72, 0.48},
    {draw_cat, Habitat::anywhere, 0.8, 0.08, 0.75, 0.56},
    {draw_chair, Habitat::house, 0.95, 0.06, 0.50, 0.46},
    {draw_cow, Habitat::land, 1.0, 0.07, 0.25, 0.86},
    {draw_table, Habitat::house, 0.85, 0.07, 0.48, 0.36},
    {draw_dog, Habitat::anywhere, 0.85, 0.10, 0.58, 0.52},
    {draw_horse, Habitat::land, 1.1, 0.04, 0.52, 0.33},
    {draw_motorbike, Habitat::land, 0.85, 0.74, 0.45, 0.44},
    {draw_person, Habitat::anywhere, 1.1, 0.65, 0.60, 0.55},
    {draw_potted_plant, Habitat::house, 0.95, 0.33, 0.55, 0.36},
    {draw_sheep, Habitat::land, 0.85, 0.11, 0.35, 0.88},
    {draw_sofa, Habitat::house, 0.85, 0.87, 0.38, 0.44},
    {draw_train, Habitat::land, 1.1, 0.55, 0.70, 0.38},
    {draw_tv, Habitat::house, 0.85, 0.66, 0.18, 0.22},
}};

}  // namespace

std::size_t end_of_group(std::vector<Part> const& parts, std::size_t i) {
  std::size_t end = i + 1;
  while (end < parts.size() && parts[end].depth > parts[i].depth) ++end;
  return end;
}

Box Drawing::box() const {
  Box box = bounds(parts_.front().shape);
  for (Part const& part : parts_) box = hull_of(box, bounds(part.shape));
  return box;
}

Thing Drawing::placed_at(Placement const& placement, Label label) const {
  Thing thing{label, parts_, {}, 0};
  for (Part& part : thing.parts) {
    part.shape = placed(part.shape, placement);
    Box const box = bounds(part.shape);
    thing.box = &part == &thing.parts.front() ? box : hull_of(thing.box, box);
  }
  return thing;
}

Kind const& kind_of(Label label) {
  return kKinds[(label + kKinds.size() - 1) % kKinds.size()];
}

Look look_of(Label label, Random& random) {
  Kind const& kind = kind_of(label);
  // Classes that share shapes differ in hue.
  double const hue = kind.hue + 0.618 * ((label - 1) / static_cast<int>(kKinds.size())) +
                     random.real(-0.02, 0.02) + 1;
  double const lightness = kind.lightness + random.real(-0.04, 0.04);
  return {hsl(hue, kind.saturation, lightness), hsl(hue + 0.09, 0.6, 0.6),
          darker(hsl(hue, 0.3, 0.2), 0.4f), lighter(hsl(hue, 0.5, 0.8), 0.4f)};
}

}  // namespace seplflow::dataset
