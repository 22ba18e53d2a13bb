#include "scenes/layout.hpp"

#include <algorithm>
#include <array>

namespace seplflow::scenes {
namespace {

struct Plan {
  Label label = kBackground;
  double x = 0;         // of the middle
  double baseline = 0;  // y of the feet, or of the lowest point of what flies
  double reach = 0;     // the largest height
  double span = 0;      // the largest width
};

bool suits(Label label, bool indoors) {
  Habitat const habitat = kind_of(label).habitat;
  return habitat == Habitat::anywhere || (habitat == Habitat::house) == indoors;
}

Label draw_label(int classes, bool indoors, Random& random) {
  constexpr int kTries = 12;
  Label label = 1;
  for (int i = 0; i < kTries; ++i) {
    label = static_cast<Label>(1 + random.below(classes));
    if (suits(label, indoors)) break;
  }
  return label;
}

int draw_object_count(Random& random) {
  double const u = random.unit();
  return u < 0.3 ? 1 : u < 0.65 ? 2 : u < 0.88 ? 3 : 4;
}

std::vector<Label> draw_labels(Label first, int count, int classes, bool indoors, Random& random) {
  std::vector<Label> labels{first};
  while (static_cast<int>(labels.size()) < count) {
    bool const herd = random.chance(0.3);
    labels.push_back(herd ? labels.back() : draw_label(classes, indoors, random));
  }
  return labels;
}

// One place beside the other for each object, in a random order.
std::vector<Plan> make_plans(Layout const& layout, std::vector<Label> const& labels,
                             Random& random) {
  constexpr std::array<double, 4> kReach{0.76, 0.64, 0.55, 0.48};
  int const count = static_cast<int>(labels.size());
  double const height = layout.size.height, width = layout.size.width;
  double const slot = width / count;
  std::vector<Plan> plans;
  for (int i = 0; i < count; ++i) {
    Plan plan{labels[i]};
    Kind const& kind = kind_of(plan.label);
    double const wander = count == 1 ? 0.12 : 0.22;
    plan.x = (i + 0.5 + random.real(-wander, wander)) * slot;
    double const nearness = random.real(0.3, 1);
    plan.baseline = layout.ground + nearness * (0.96 * height - layout.ground);
    double const size = kind.size * random.real(0.86, 1.1);
    plan.reach = layout.scale * kReach[count - 1] * size * (0.72 + 0.33 * nearness);
    plan.span = std::min(slot * (count == 1 ? 0.86 : 1.22), layout.scale * 1.25) * size;
    if (kind.habitat == Habitat::air) {
      plan.reach *= 0.85;
      plan.baseline = std::max(plan.reach * 0.95, layout.ground * random.real(0.75, 1.05));
    }
    plans.push_back(plan);
  }
  std::ranges::stable_sort(plans, {}, &Plan::baseline);
  return plans;
}

Thing make_object(Plan const& plan, double width, Random& random) {
  Kind const& kind = kind_of(plan.label);
  Drawing const drawing = draw_object(plan.label, random);
  Box const box = drawing.extent();
  Placement placement;
  placement.scale = std::min(plan.reach / box.height(), plan.span / box.width());
  placement.mirrored = random.chance(0.5);
  placement.tilt = kind.habitat == Habitat::air ? random.real(-0.06, 0.1) : 0;
  double const middle = box.centre().x * placement.scale;
  // Most objects are in the picture as a whole, some are cut by its border.
  double const inset = random.real(0.28, 0.75) * box.width() * placement.scale;
  double const x = std::max(std::min(plan.x, width - inset), std::min(inset, width / 2));
  placement.origin = {x - (placement.mirrored ? -middle : middle),
                      plan.baseline + box.top * placement.scale};
  return drawing.placed_at(placement, plan.label);
}

// An object that is hardly to be seen is no good example of its class.
bool hidden(Layout const& layout, Box const& box) {
  Box const seen{std::max(box.left, 0.0), std::max(box.top, 0.0),
                 std::min(box.right, static_cast<double>(layout.size.width)),
                 std::min(box.bottom, static_cast<double>(layout.size.height))};
  if (seen.width() < 4 || seen.height() < 4) return true;
  return seen.width() * seen.height() < 0.5 * box.width() * box.height();
}

// The share of a that b's box covers.
double covered(Box const& a, Box const& b) {
  if (!meet(a, b)) return 0;
  double const width = std::min(a.right, b.right) - std::max(a.left, b.left);
  double const height = std::min(a.bottom, b.bottom) - std::max(a.top, b.top);
  return width * height / (a.width() * a.height());
}

// What floats gets a pond of its own.
Thing pond_below(Thing const& object) {
  Box const& box = object.box;
  Shape const shape = oval(box.centre().x, box.bottom - 0.01 * box.height(), 0.78 * box.width(),
                           0.13 * box.height());
  return backdrop(shape, {{0.52f, 0.74f, 0.84f}, {0.24f, 0.47f, 0.63f}, Finish::water});
}

Thing shadow_of(Thing const& object) {
  Box const& box = object.box;
  double const thickness = std::min(0.07 * box.width(), 0.1 * box.height());
  Shape const shape = oval(box.centre().x + 0.04 * box.width(), box.bottom - 0.3 * thickness,
                           0.53 * box.width(), thickness);
  Colour const dark{0.1f, 0.1f, 0.2f};
  return backdrop(shape, {dark, dark, Finish::shadow});
}

void add_objects(Layout& layout, std::vector<Plan> const& plans, Random& random) {
  std::vector<Thing> objects;
  for (Plan const& plan : plans) {
    Thing object = make_object(plan, layout.size.width, random);
    bool const crowded = std::ranges::any_of(
        objects, [&](Thing const& other) { return covered(other.box, object.box) > 0.5; });
    if (!hidden(layout, object.box) && !crowded) objects.push_back(std::move(object));
  }
  for (Thing& object : objects) {
    Habitat const habitat = kind_of(object.label).habitat;
    if (habitat == Habitat::water) {
      add(layout, pond_below(object));
    } else if (habitat != Habitat::air) {
      add(layout, shadow_of(object));
    }
    add(layout, std::move(object));
  }
}

}  // namespace

Thing backdrop(Shape const& shape, Paint const& paint) {
  return {kBackground, {Part{shape, paint}}, bounds(shape), 0};
}

void add(Layout& layout, Thing thing) {
  int const first = layout.things.empty() ? 0
                                          : layout.things.back().first_id +
                                                static_cast<int>(layout.things.back().parts.size());
  if (first + static_cast<int>(thing.parts.size()) > kMaxParts) return;
  thing.first_id = first;
  layout.things.push_back(std::move(thing));
}

Layout make_layout(Size size, int classes, std::uint64_t seed) {
  Layout layout;
  layout.size = size;
  layout.seed = seed;
  layout.scale = std::min(size.height, size.width);
  Random random(layout.seed_for(Stream::layout));
  auto const first = static_cast<Label>(1 + random.below(classes));
  bool const indoors = !suits(first, false) || (suits(first, true) && random.chance(0.5));
  auto const labels = draw_labels(first, draw_object_count(random), classes, indoors, random);
  if (indoors) {
    add_room(layout, random);
  } else {
    add_landscape(layout, random);
  }
  add_objects(layout, make_plans(layout, labels, random), random);
  return layout;
}

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
