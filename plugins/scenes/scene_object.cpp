#include "scenes/scene_object.hpp"

namespace seplflow::scenes {

std::size_t end_of_group(std::vector<Part> const& parts, std::size_t i) {
  std::size_t end = i + 1;
  while (end < parts.size() && parts[end].depth > parts[i].depth) ++end;
  return end;
}

Box Drawing::extent() const {
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
}  // namespace seplflow::scenes
