// What objects stand in front of.
#include <algorithm>
#include <array>

#include "scenes/layout.hpp"

namespace seplflow::dataset {
namespace {

// The light of an hour of the day.
struct Mood {
  Colour zenith, haze, far_hill, near_hill, meadow_far, meadow_near;
  Colour cloud, sun;
};

constexpr std::array<Mood, 5> kMoods{{
    // A summer's day
    {{0.36f, 0.62f, 0.89f},
     {0.83f, 0.93f, 0.98f},
     {0.58f, 0.73f, 0.80f},
     {0.42f, 0.63f, 0.52f},
     {0.62f, 0.77f, 0.43f},
     {0.38f, 0.58f, 0.30f},
     {1.0f, 1.0f, 1.0f},
     {1.0f, 0.95f, 0.72f}},
    // Evening
    {{0.42f, 0.42f, 0.70f},
     {0.99f, 0.76f, 0.58f},
     {0.63f, 0.49f, 0.63f},
     {0.46f, 0.39f, 0.51f},
     {0.79f, 0.69f, 0.47f},
     {0.53f, 0.54f, 0.36f},
     {1.0f, 0.86f, 0.80f},
     {1.0f, 0.90f, 0.66f}},
    // Morning mist
    {{0.66f, 0.80f, 0.84f},
     {0.96f, 0.94f, 0.86f},
     {0.74f, 0.82f, 0.82f},
     {0.56f, 0.70f, 0.68f},
     {0.74f, 0.80f, 0.58f},
     {0.50f, 0.64f, 0.44f},
     {1.0f, 0.99f, 0.96f},
     {1.0f, 0.97f, 0.84f}},
    // Autumn
    {{0.50f, 0.68f, 0.82f},
     {0.97f, 0.92f, 0.80f},
     {0.66f, 0.66f, 0.70f},
     {0.72f, 0.54f, 0.38f},
     {0.84f, 0.73f, 0.44f},
     {0.62f, 0.49f, 0.29f},
     {1.0f, 0.98f, 0.94f},
     {1.0f, 0.93f, 0.70f}},
    // The coast
    {{0.30f, 0.60f, 0.80f},
     {0.86f, 0.95f, 0.93f},
     {0.52f, 0.70f, 0.80f},
     {0.36f, 0.62f, 0.70f},
     {0.93f, 0.87f, 0.69f},
     {0.82f, 0.72f, 0.52f},
     {1.0f, 1.0f, 1.0f},
     {1.0f, 0.96f, 0.78f}},
}};

// Where a thing stands and how large it is. Filled in by braces: they draw its random numbers in
// order, while the arguments of a function are evaluated in any order.
struct Spot {
  double x = 0, y = 0, scale = 1;
};

Placement at(Spot const& spot) {
  return {{spot.x, spot.y}, spot.scale, false, 0};
}

Thing cloud(Mood const& mood, Spot const& spot, Random& random) {
  Drawing drawing;
  Paint const paint(mood.cloud, mixed(mood.cloud, mood.haze, 0.6f), Finish::cloud);
  double const hump = random.real(-0.25, 0.25);
  drawing.part(0, oval(0, 0.16, 1, 0.2), paint);
  drawing.sub(oval(hump, 0.3, 0.46, 0.34), paint);
  drawing.sub(oval(hump - 0.45, 0.22, 0.32, 0.22), paint);
  drawing.sub(oval(hump + 0.42, 0.24, 0.36, 0.25), paint);
  return drawing.placed_at(at(spot), kBackground);
}

Thing tree(Mood const& mood, Spot const& spot, Random& random) {
  Drawing drawing;
  Colour const leaves = mixed(mood.near_hill, mood.meadow_near, static_cast<float>(random.unit()));
  drawing.part(0, limb(0, 0, 0, 0.5, 0.05), darker(Colour{0.45f, 0.34f, 0.27f}, 0.1f));
  if (random.chance(0.4)) {
    for (double const y0 : {0.25, 0.5, 0.75}) {
      drawing.part(0,
                   patch({{-0.38 + y0 * 0.25, y0}, {0.38 - y0 * 0.25, y0}, {0, y0 + 0.45}}, 0.02),
                   Paint(leaves, Finish::leafy));
    }
  } else {
    drawing.part(0, oval(-0.14, 0.66, 0.26, 0.27), Paint(darker(leaves, 0.12f), Finish::leafy));
    drawing.sub(oval(0.14, 0.7, 0.26, 0.25), Paint(leaves, Finish::leafy));
    drawing.sub(oval(0, 0.9, 0.25, 0.24), Paint(lighter(leaves, 0.1f), Finish::leafy));
  }
  return drawing.placed_at(at(spot), kBackground);
}

Thing bush(Mood const& mood, Spot const& spot, Random& random) {
  Drawing drawing;
  Paint const paint(mixed(mood.meadow_near, mood.near_hill, static_cast<float>(random.unit())),
                    Finish::leafy);
  drawing.part(0, oval(0, 0.3, 0.62, 0.34), paint);
  drawing.sub(oval(-0.32, 0.36, 0.34, 0.3), paint);
  drawing.sub(oval(0.26, 0.42, 0.36, 0.34), paint);
  return drawing.placed_at(at(spot), kBackground);
}

Thing rock(Spot const& spot, Random& random) {
  Drawing drawing;
  Colour const stone = hsl(0.6, 0.06, random.real(0.5, 0.66));
  drawing.part(0, patch({{-0.5, 0.05}, {-0.34, 0.4}, {0.05, 0.52}, {0.42, 0.3}, {0.5, 0.05}}, 0.06),
               stone);
  drawing.sub(patch({{-0.3, 0.38}, {0.04, 0.5}, {0.1, 0.24}}, 0.02), lighter(stone, 0.25f));
  return drawing.placed_at(at(spot), kBackground);
}

void add_sky(Layout& layout, Mood const& mood, Random& random) {
  double const width = layout.size.width, horizon = layout.ground, scale = layout.scale;
  add(layout, backdrop(box(-1, -1, width + 1, horizon + 0.2 * scale + 2),
                       Paint(mood.zenith, mood.haze, Finish::sky)));
  if (random.chance(0.55)) {
    Point const sun{random.real(0.1, 0.9) * width, random.real(0.2, 0.75) * horizon};
    add(layout, backdrop(disc(sun.x, sun.y, 0.055 * scale),
                         Paint(lighter(mood.sun, 0.5f), mood.sun, Finish::glow)));
  }
  int const clouds = random.below(4);
  for (int i = 0; i < clouds; ++i) {
    Spot const spot{random.unit() * width, random.real(0.15, 0.7) * horizon,
                    random.real(0.09, 0.2) * scale};
    add(layout, cloud(mood, spot, random));
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
    add(layout, backdrop(terrain, Paint(colour, mixed(colour, mood.haze, 0.35f), Finish::earth)));
  }
}

void add_growth(Layout& layout, Mood const& mood, Random& random) {
  double const width = layout.size.width, height = layout.size.height;
  int const trees = random.below(6);
  for (int i = 0; i < trees; ++i) {
    Spot const spot{random.unit() * width, layout.ground + random.real(0.0, 0.05) * height,
                    random.real(0.1, 0.26) * layout.scale};
    add(layout, tree(mood, spot, random));
  }
  int const others = random.below(5);
  for (int i = 0; i < others; ++i) {
    double const nearness = random.unit();
    Spot const spot{random.unit() * width,
                    layout.ground + (0.06 + 0.9 * nearness) * (height - layout.ground),
                    (0.05 + 0.1 * nearness) * layout.scale};
    add(layout, random.chance(0.6) ? bush(mood, spot, random) : rock(spot, random));
  }
}

Thing window(Spot const& spot, Random& random) {
  Drawing drawing;
  Colour const frame{0.95f, 0.93f, 0.88f};
  Mood const& mood = kMoods[random.below(static_cast<int>(kMoods.size()))];
  drawing.part(0, box(-0.5, 0, 0.5, 1.2, 0.02), frame);
  for (double const left : {-0.44, 0.03}) {
    drawing.sub(box(left, 0.08, left + 0.41, 1.13), Paint(mood.zenith, mood.haze, Finish::glass));
    drawing.detail(patch({{left, 0.08}, {left, 0.3}, {left + 0.41, 0.36}, {left + 0.41, 0.08}}),
                   mood.near_hill);
  }
  drawing.part(0, box(-0.58, -0.06, 0.58, 0.03, 0.01), darker(frame, 0.1f));
  return drawing.placed_at(at(spot), kBackground);
}

Thing picture_frame(Spot const& spot, Random& random) {
  Drawing drawing;
  drawing.part(0, box(-0.4, 0, 0.4, 0.6), hsl(0.09, 0.4, random.real(0.25, 0.5)));
  drawing.sub(box(-0.33, 0.07, 0.33, 0.53), Colour{0.95f, 0.93f, 0.87f});
  Colour const motif = hsl(random.unit(), 0.5, 0.6);
  drawing.sub(disc(random.real(-0.15, 0.15), 0.3, 0.15), motif);
  drawing.sub(patch({{-0.3, 0.1}, {-0.05, 0.3}, {0.2, 0.1}}), hsl(random.unit(), 0.35, 0.5));
  return drawing.placed_at(at(spot), kBackground);
}

Thing floor_lamp(Spot const& spot, Random& random) {
  Drawing drawing;
  Colour const shade = hsl(random.real(0.08, 0.14), 0.6, 0.8);
  drawing.part(0, oval(0, 0.02, 0.16, 0.03), Colour{0.3f, 0.28f, 0.3f});
  drawing.part(0, limb(0, 0.03, 0, 1.1, 0.012), Colour{0.35f, 0.33f, 0.35f});
  drawing.part(0, patch({{-0.2, 1.05}, {-0.12, 1.34}, {0.12, 1.34}, {0.2, 1.05}}, 0.01),
               Paint(lighter(shade, 0.5f), shade, Finish::plain));
  return drawing.placed_at(at(spot), kBackground);
}

// Hue, saturation, lightness, drawn in this order.
struct Tone {
  double hue, saturation, lightness;
};

void add_floor(Layout& layout, Colour skirting, Random& random) {
  Tone const tone{random.real(0.05, 0.1), random.real(0.3, 0.5), random.real(0.5, 0.68)};
  Colour const wood = hsl(tone.hue, tone.saturation, tone.lightness);
  add(layout,
      backdrop(Terrain{layout.ground, 0, 1, 0}, Paint(wood, darker(wood, 0.25f), Finish::planks)));
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
  Thing rug = backdrop(oval(centre.x, centre.y, rx, ry), Paint(wool, Finish::woolly));
  rug.parts.push_back({oval(centre.x, centre.y, 0.8 * rx, 0.72 * ry),
                       Paint(lighter(wool, 0.35f), Finish::woolly), 1, 0});
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
  add(layout, backdrop(meadow, Paint(mood.meadow_far, mood.meadow_near, Finish::earth)));
  if (random.chance(0.5)) {
    Colour const path = mixed(mood.meadow_far, {0.86f, 0.79f, 0.66f}, 0.75f);
    Spot const spot{random.unit() * layout.size.width, random.real(0.8, 1.0) * height,
                    random.real(0.4, 0.8) * layout.scale};
    add(layout,
        backdrop(oval(spot.x, spot.y, spot.scale, 0.09 * layout.scale, random.real(-0.08, 0.08)),
                 Paint(lighter(path, 0.15f), path, Finish::earth)));
  }
  add_growth(layout, mood, random);
}

void add_room(Layout& layout, Random& random) {
  double const height = layout.size.height, width = layout.size.width, scale = layout.scale;
  layout.ground = random.real(0.6, 0.74) * height;
  Tone const tone{random.unit(), random.real(0.16, 0.34), random.real(0.74, 0.84)};
  Colour const wall = hsl(tone.hue, tone.saturation, tone.lightness);
  add(layout, backdrop(box(-1, -1, width + 1, layout.ground + 2),
                       Paint(lighter(wall, 0.25f), wall, Finish::wall)));
  if (random.chance(0.55)) {
    Spot const spot{random.real(0.15, 0.85) * width, 0.52 * height, random.real(0.3, 0.42) * scale};
    add(layout, window(spot, random));
  }
  int const frames = random.below(4);
  for (int i = 0; i < frames; ++i) {
    Spot const spot{random.real(0.05, 0.95) * width, random.real(0.22, 0.45) * height,
                    random.real(0.14, 0.28) * scale};
    Thing const picture = picture_frame(spot, random);
    bool const free =
        std::ranges::none_of(layout.things.begin() + 1, layout.things.end(),
                             [&](Thing const& other) { return meet(picture.box, other.box); });
    if (free) add(layout, picture);
  }
  add_floor(layout, lighter(wall, 0.7f), random);
  if (random.chance(0.4)) {
    Spot const spot{random.real(0.03, 0.97) * width, layout.ground + 0.05 * height, 0.5 * scale};
    add(layout, floor_lamp(spot, random));
  }
  if (random.chance(0.6)) add(layout, rug(layout, random));
}

}  // namespace seplflow::dataset
