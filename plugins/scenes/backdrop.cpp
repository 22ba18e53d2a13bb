// What objects stand in front of.
#include <algorithm>
#include <array>

#include "scenes/layout.hpp"

namespace seplflow::scenes {
namespace {

// The light of an hour of the day.
struct Mood {
  Colour zenith, haze, far_hill, near_hill, meadow_far, meadow_near;
  Colour cloud, sun;
};

constexpr Colour percent(int red, int green, int blue) {
  return {red / 100.0f, green / 100.0f, blue / 100.0f};
}

constexpr std::array<Mood, 5> kMoods{{
    // A summer's day
    {percent(36, 62, 89), percent(83, 93, 98), percent(58, 73, 80), percent(42, 63, 52),
     percent(62, 77, 43), percent(38, 58, 30), percent(100, 100, 100), percent(100, 95, 72)},
    // Evening
    {percent(42, 42, 70), percent(99, 76, 58), percent(63, 49, 63), percent(46, 39, 51),
     percent(79, 69, 47), percent(53, 54, 36), percent(100, 86, 80), percent(100, 90, 66)},
    // Morning mist
    {percent(66, 80, 84), percent(96, 94, 86), percent(74, 82, 82), percent(56, 70, 68),
     percent(74, 80, 58), percent(50, 64, 44), percent(100, 99, 96), percent(100, 97, 84)},
    // Autumn
    {percent(50, 68, 82), percent(97, 92, 80), percent(66, 66, 70), percent(72, 54, 38),
     percent(84, 73, 44), percent(62, 49, 29), percent(100, 98, 94), percent(100, 93, 70)},
    // The coast
    {percent(30, 60, 80), percent(86, 95, 93), percent(52, 70, 80), percent(36, 62, 70),
     percent(93, 87, 69), percent(82, 72, 52), percent(100, 100, 100), percent(100, 96, 78)},
}};

// Placements are written with braces, which draw their random numbers in order; the arguments of a
// function are evaluated in any order.
void add(Layout& layout, Placement const& spot, Drawing const& drawing) {
  add(layout, drawing.placed_at(spot, kBackground));
}

Drawing cloud(Mood const& mood, Random& random) {
  Drawing drawing;
  Paint const paint(mood.cloud, mixed(mood.cloud, mood.haze, 0.6f), Finish::cloud);
  double const hump = random.real(-0.25, 0.25);
  drawing.part(0, oval(0, 0.16, 1, 0.2), paint);
  drawing.sub(oval(hump, 0.3, 0.46, 0.34), paint);
  drawing.sub(oval(hump - 0.45, 0.22, 0.32, 0.22), paint);
  drawing.sub(oval(hump + 0.42, 0.24, 0.36, 0.25), paint);
  return drawing;
}

Drawing tree(Mood const& mood, Random& random) {
  Drawing drawing;
  Colour const leaves = mixed(mood.near_hill, mood.meadow_near, static_cast<float>(random.unit()));
  drawing.part(0, limb(0, 0, 0, 0.5, 0.05), darker(Colour{0.45f, 0.34f, 0.27f}, 0.1f));
  if (random.chance(0.4)) {
    for (double const y0 : {0.25, 0.5, 0.75}) {
      drawing.part(0,
                   patch({{-0.38 + y0 * 0.25, y0}, {0.38 - y0 * 0.25, y0}, {0, y0 + 0.45}}, 0.02),
                   {leaves, Finish::leafy});
    }
  } else {
    drawing.part(0, oval(-0.14, 0.66, 0.26, 0.27), {darker(leaves, 0.12f), Finish::leafy});
    drawing.sub(oval(0.14, 0.7, 0.26, 0.25), {leaves, Finish::leafy});
    drawing.sub(oval(0, 0.9, 0.25, 0.24), {lighter(leaves, 0.1f), Finish::leafy});
  }
  return drawing;
}

Drawing bush(Mood const& mood, Random& random) {
  Drawing drawing;
  Paint const paint(mixed(mood.meadow_near, mood.near_hill, static_cast<float>(random.unit())),
                    Finish::leafy);
  drawing.part(0, oval(0, 0.3, 0.62, 0.34), paint);
  drawing.sub(oval(-0.32, 0.36, 0.34, 0.3), paint);
  drawing.sub(oval(0.26, 0.42, 0.36, 0.34), paint);
  return drawing;
}

Drawing rock(Random& random) {
  Drawing drawing;
  Colour const stone = hsl(0.6, 0.06, random.real(0.5, 0.66));
  drawing.part(0, patch({{-0.5, 0.05}, {-0.34, 0.4}, {0.05, 0.52}, {0.42, 0.3}, {0.5, 0.05}}, 0.06),
               stone);
  drawing.sub(patch({{-0.3, 0.38}, {0.04, 0.5}, {0.1, 0.24}}, 0.02), lighter(stone, 0.25f));
  return drawing;
}

void add_sky(Layout& layout, Mood const& mood, Random& random) {
  double const width = layout.size.width, horizon = layout.ground, scale = layout.scale;
  add(layout, backdrop(box(-1, -1, width + 1, horizon + 0.2 * scale + 2),
                       {mood.zenith, mood.haze, Finish::sky}));
  if (random.chance(0.55)) {
    Point const sun{random.real(0.1, 0.9) * width, random.real(0.2, 0.75) * horizon};
    add(layout, backdrop(disc(sun.x, sun.y, 0.055 * scale),
                         {lighter(mood.sun, 0.5f), mood.sun, Finish::glow}));
  }
  int const clouds = random.below(4);
  for (int i = 0; i < clouds; ++i) {
    Placement const spot{{random.unit() * width, random.real(0.15, 0.7) * horizon},
                         random.real(0.09, 0.2) * scale};
    add(layout, spot, cloud(mood, random));
  }
}

void add_hills(Layout& layout, Mood const& mood, Random& random) {
  int const hills = 1 + random.below(3);
  for (int i = 0; i < hills; ++i) {
    float const nearness = static_cast<float>(i + 1) / static_cast<float>(hills);
    Colour const colour = mixed(mood.far_hill, mood.near_hill, nearness);
    double const rise = random.real(0.05, 0.14) * (1.4 - nearness) * layout.scale;
    Terrain const terrain{layout.ground - rise, rise * 0.9, random.real(0.25, 0.6) * layout.scale,
                          random.bits()};
    add(layout, backdrop(terrain, {colour, mixed(colour, mood.haze, 0.35f), Finish::earth}));
  }
}

void add_growth(Layout& layout, Mood const& mood, Random& random) {
  double const width = layout.size.width, height = layout.size.height;
  int const trees = random.below(6);
  for (int i = 0; i < trees; ++i) {
    Placement const spot{{random.unit() * width, layout.ground + random.real(0.0, 0.05) * height},
                         random.real(0.1, 0.26) * layout.scale};
    add(layout, spot, tree(mood, random));
  }
  int const others = random.below(5);
  for (int i = 0; i < others; ++i) {
    double const nearness = random.unit();
    Placement const spot{
        {random.unit() * width, layout.ground + (0.06 + 0.9 * nearness) * (height - layout.ground)},
        (0.05 + 0.1 * nearness) * layout.scale};
    add(layout, spot, random.chance(0.6) ? bush(mood, random) : rock(random));
  }
}

Drawing window(Random& random) {
  Drawing drawing;
  Colour const frame{0.95f, 0.93f, 0.88f};
  Mood const& mood = kMoods[random.below(static_cast<int>(kMoods.size()))];
  drawing.part(0, box(-0.5, 0, 0.5, 1.2, 0.02), frame);
  for (double const left : {-0.44, 0.03}) {
    drawing.sub(box(left, 0.08, left + 0.41, 1.13), {mood.zenith, mood.haze, Finish::glass});
    drawing.detail(patch({{left, 0.08}, {left, 0.3}, {left + 0.41, 0.36}, {left + 0.41, 0.08}}),
                   mood.near_hill);
  }
  drawing.part(0, box(-0.58, -0.06, 0.58, 0.03, 0.01), darker(frame, 0.1f));
  return drawing;
}

Drawing picture_frame(Random& random) {
  Drawing drawing;
  drawing.part(0, box(-0.4, 0, 0.4, 0.6), hsl(0.09, 0.4, random.real(0.25, 0.5)));
  drawing.sub(box(-0.33, 0.07, 0.33, 0.53), Colour{0.95f, 0.93f, 0.87f});
  Colour const motif = hsl(random.unit(), 0.5, 0.6);
  drawing.sub(disc(random.real(-0.15, 0.15), 0.3, 0.15), motif);
  drawing.sub(patch({{-0.3, 0.1}, {-0.05, 0.3}, {0.2, 0.1}}), hsl(random.unit(), 0.35, 0.5));
  return drawing;
}

Drawing floor_lamp(Random& random) {
  Drawing drawing;
  Colour const shade = hsl(random.real(0.08, 0.14), 0.6, 0.8);
  drawing.part(0, oval(0, 0.02, 0.16, 0.03), Colour{0.3f, 0.28f, 0.3f});
  drawing.part(0, limb(0, 0.03, 0, 1.1, 0.012), Colour{0.35f, 0.33f, 0.35f});
  drawing.part(0, patch({{-0.2, 1.05}, {-0.12, 1.34}, {0.12, 1.34}, {0.2, 1.05}}, 0.01),
               {lighter(shade, 0.5f), shade, Finish::plain});
  return drawing;
}

void add_floor(Layout& layout, Colour skirting, Random& random) {
  double const hue = random.real(0.05, 0.1), saturation = random.real(0.3, 0.5);
  Colour const wood = hsl(hue, saturation, random.real(0.5, 0.68));
  add(layout,
      backdrop(Terrain{layout.ground, 0, 1, 0}, {wood, darker(wood, 0.25f), Finish::planks}));
  add(layout, backdrop(box(-1, layout.ground - 0.028 * layout.scale, layout.size.width + 1.0,
                           layout.ground),
                       skirting));
}

Thing rug(Layout const& layout, Random& random) {
  double const height = layout.size.height;
  Colour const wool = hsl(random.unit(), 0.3, 0.62);
  Point const centre{random.real(0.3, 0.7) * layout.size.width,
                     0.5 * (layout.ground + height) + 0.02 * height};
  double const rx = random.real(0.35, 0.55) * layout.scale, ry = 0.3 * (height - layout.ground);
  Thing rug = backdrop(oval(centre.x, centre.y, rx, ry), {wool, Finish::woolly});
  rug.parts.push_back({oval(centre.x, centre.y, 0.8 * rx, 0.72 * ry),
                       {lighter(wool, 0.35f), Finish::woolly},
                       1,
                       0});
  return rug;
}

}  // namespace

void add_landscape(Layout& layout, Random& random) {
  double const height = layout.size.height;
  layout.ground = random.real(0.46, 0.64) * height;
  Mood const& mood = kMoods[random.below(static_cast<int>(kMoods.size()))];
  add_sky(layout, mood, random);
  add_hills(layout, mood, random);
  Terrain const meadow{layout.ground, 0.012 * layout.scale, 0.4 * layout.scale, random.bits()};
  add(layout, backdrop(meadow, {mood.meadow_far, mood.meadow_near, Finish::earth}));
  if (random.chance(0.5)) {
    Colour const path = mixed(mood.meadow_far, {0.86f, 0.79f, 0.66f}, 0.75f);
    Placement const spot{{random.unit() * layout.size.width, random.real(0.8, 1.0) * height},
                         random.real(0.4, 0.8) * layout.scale};
    add(layout, backdrop(oval(spot.origin.x, spot.origin.y, spot.scale, 0.09 * layout.scale,
                              random.real(-0.08, 0.08)),
                         {lighter(path, 0.15f), path, Finish::earth}));
  }
  add_growth(layout, mood, random);
}

void add_room(Layout& layout, Random& random) {
  double const height = layout.size.height, width = layout.size.width, scale = layout.scale;
  layout.ground = random.real(0.6, 0.74) * height;
  double const hue = random.unit(), saturation = random.real(0.16, 0.34);
  Colour const wall = hsl(hue, saturation, random.real(0.74, 0.84));
  add(layout, backdrop(box(-1, -1, width + 1, layout.ground + 2),
                       {lighter(wall, 0.25f), wall, Finish::wall}));
  if (random.chance(0.55)) {
    Placement const spot{{random.real(0.15, 0.85) * width, 0.52 * height},
                         random.real(0.3, 0.42) * scale};
    add(layout, spot, window(random));
  }
  int const frames = random.below(4);
  for (int i = 0; i < frames; ++i) {
    Placement const spot{{random.real(0.05, 0.95) * width, random.real(0.22, 0.45) * height},
                         random.real(0.14, 0.28) * scale};
    Thing const picture = picture_frame(random).placed_at(spot, kBackground);
    bool const free =
        std::ranges::none_of(layout.things.begin() + 1, layout.things.end(),
                             [&](Thing const& other) { return meet(picture.box, other.box); });
    if (free) add(layout, picture);
  }
  add_floor(layout, lighter(wall, 0.7f), random);
  if (random.chance(0.4)) {
    Placement const spot{{random.real(0.03, 0.97) * width, layout.ground + 0.05 * height},
                         0.5 * scale};
    add(layout, spot, floor_lamp(random));
  }
  if (random.chance(0.6)) add(layout, rug(layout, random));
}

}  // namespace seplflow::scenes
