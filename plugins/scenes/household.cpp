// Objects of a home. y up, the ground at 0, about 1 high.
#include "scenes/thing.hpp"

namespace seplflow::dataset {

void draw_bottle(Drawing& drawing, Look const& look, Random& random) {
  double const width = random.real(0.2, 0.26);
  Paint const body(look.main, Finish::glossy);
  drawing.part(0.8, box(-0.075, 0.8, 0.075, 1.24, 0.03), body);
  drawing.sub(box(-0.09, 1.1, 0.09, 1.28, 0.025), hsl(0.13, 0.65, 0.55));
  drawing.part(
      0.6,
      patch(
          {{-width, 0.04}, {-width, 0.7}, {-0.05, 0.92}, {0.05, 0.92}, {width, 0.7}, {width, 0.04}},
          0.04),
      body);
  drawing.sub(limb(-width * 0.75, 0.12, -width * 0.75, 0.7, 0.018), lighter(look.main, 0.5f));
  drawing.sub(box(-width - 0.03, 0.24, width + 0.03, 0.6), Paint({0.97f, 0.94f, 0.84f}));
  drawing.detail(oval(0, 0.42, width * 0.6, 0.11), look.accent);
}

void draw_chair(Drawing& drawing, Look const& look, Random& random) {
  Colour const wood = look.main;
  Colour const cloth = hsl(random.unit(), 0.4, 0.55);
  for (double const x : {-0.2, 0.34}) {
    drawing.part(0.25, limb(x, 0.5, x + 0.02, 0.14, 0.035), darker(wood, 0.35f));
  }
  for (double const x : {-0.34, 0.22}) {
    drawing.part(0.6, limb(x, 0.5, x - 0.05, 1.2, 0.042), wood);
  }
  for (double const y : {0.72, 0.9, 1.08}) {
    drawing.part(0.8, box(-0.38, y, 0.22, y + 0.1, 0.02), lighter(wood, 0.12f));
  }
  drawing.part(0.5, patch({{-0.4, 0.44}, {-0.28, 0.56}, {0.42, 0.56}, {0.36, 0.44}}, 0.04), wood);
  drawing.sub(patch({{-0.33, 0.55}, {-0.24, 0.6}, {0.36, 0.6}, {0.31, 0.55}}, 0.045), cloth);
  for (double const x : {-0.36, 0.3}) {
    drawing.part(0.3, limb(x, 0.46, x - 0.02, 0.04, 0.042), darker(wood, 0.08f));
  }
}

void draw_table(Drawing& drawing, Look const& look, Random& random) {
  for (double const x : {-0.62, 0.62}) {
    drawing.part(0.15, limb(x, 0.66, x, 0.16, 0.045), darker(look.main, 0.35f));
  }
  for (double const x : {-0.85, 0.85}) {
    drawing.part(0.25, limb(x, 0.66, x * 1.03, 0.055, 0.055), look.main);
  }
  drawing.part(0.5, patch({{-0.98, 0.66}, {-0.76, 0.84}, {0.76, 0.84}, {0.98, 0.66}}, 0.05),
               Paint(lighter(look.main, 0.12f), Finish::glossy));
  drawing.sub(patch({{-0.28, 0.62}, {-0.22, 0.87}, {0.22, 0.87}, {0.28, 0.62}}, 0.012),
              hsl(random.unit(), 0.35, 0.82));
  drawing.part(0.8, patch({{-0.15, 0.86}, {-0.26, 1.0}, {0.26, 1.0}, {0.15, 0.86}}, 0.03),
               Paint({0.9f, 0.92f, 0.95f}, Finish::glossy));
  for (double const x : {-0.14, 0.02, 0.15}) {
    drawing.part(0.8, disc(x, 1.06, 0.09),
                 Paint(hsl(random.real(0, 0.2), 0.75, 0.5), Finish::glossy));
  }
}

void draw_potted_plant(Drawing& drawing, Look const& look, Random& random) {
  Colour const clay = hsl(0.045, 0.5, 0.5);
  for (int i = 0; i < 7; ++i) {
    double const side = (i - 3) / 3.0;
    double const tilt = -side * 0.42 + random.real(-0.06, 0.06);
    double const reach = random.real(0.3, 0.4) * (1.15 - 0.25 * side * side);
    Point const middle = turned({0, reach + 0.06}, tilt);
    Colour const leaf =
        mixed(look.main, lighter(look.main, 0.35f), static_cast<float>(random.unit()));
    drawing.part(0.7, oval(middle.x, 0.42 + middle.y, 0.1, reach, tilt),
                 Paint(leaf, Finish::plain));
    Point const tip = turned({0, reach * 1.6}, tilt);
    drawing.sub(limb(middle.x * 0.3, 0.42 + middle.y * 0.3, tip.x, 0.42 + tip.y, 0.011),
                lighter(leaf, 0.3f));
  }
  Colour const petal = hsl(random.real(0.86, 1.0), 0.7, 0.66);
  int const flowers = 1 + random.below(3);
  for (int i = 0; i < flowers; ++i) {
    double const x = (i - 1) * 0.24 + random.real(-0.05, 0.05), y = random.real(0.85, 1.15);
    drawing.part(1, disc(x, y, 0.095), petal);
    drawing.sub(disc(x, y, 0.04), hsl(0.13, 0.9, 0.58));
  }
  drawing.part(0.4, patch({{-0.2, 0.02}, {-0.29, 0.4}, {0.29, 0.4}, {0.2, 0.02}}, 0.02), clay);
  drawing.sub(box(-0.34, 0.36, 0.34, 0.48, 0.025), lighter(clay, 0.12f));
}

void draw_sofa(Drawing& drawing, Look const& look, Random& random) {
  for (double const x : {-0.85, 0.85})
    drawing.part(0.1, box(x - 0.05, 0, x + 0.05, 0.16), look.dark);
  drawing.part(0.7, box(-0.92, 0.3, 0.92, 0.98, 0.14), Paint(darker(look.main, 0.12f)));
  drawing.sub(limb(0, 0.45, 0, 0.93, 0.008), darker(look.main, 0.45f));
  drawing.part(0.4, box(-0.95, 0.1, 0.95, 0.38, 0.05), Paint(darker(look.main, 0.2f)));
  drawing.part(0.5, box(-0.82, 0.34, -0.01, 0.54, 0.08), lighter(look.main, 0.12f));
  drawing.part(0.5, box(0.01, 0.34, 0.82, 0.54, 0.08), lighter(look.main, 0.12f));
  double const tilt = random.real(-0.15, 0.15);
  Colour const cushion = hsl(random.unit(), 0.45, 0.68);
  drawing.part(0.5, oval(-0.52, 0.66, 0.2, 0.17, tilt), Paint(cushion, Finish::striped));
  drawing.part(0.5, oval(0.55, 0.66, 0.19, 0.17, -tilt), lighter(cushion, 0.3f));
  for (double const x : {-0.95, 0.95}) {
    drawing.part(0.5, box(x - 0.14, 0.12, x + 0.14, 0.7, 0.12), look.main);
  }
}

void draw_tv(Drawing& drawing, Look const& look, Random& random) {
  drawing.part(0.3, box(-0.34, 0, 0.34, 0.07, 0.03), look.main);
  drawing.part(0.3, patch({{-0.1, 0.05}, {-0.07, 0.22}, {0.07, 0.22}, {0.1, 0.05}}), look.main);
  drawing.part(0.6, box(-0.8, 0.2, 0.8, 1.16, 0.05), Paint(look.main, Finish::glossy));
  double const hue = random.real(0.5, 0.7);
  drawing.sub(box(-0.73, 0.28, 0.73, 1.09, 0.015),
              Paint(hsl(hue, 0.6, 0.68), hsl(hue + 0.25, 0.55, 0.62), Finish::glass));
  drawing.detail(disc(random.real(-0.3, 0.35), 0.8, 0.11), hsl(0.13, 0.9, 0.75));
  drawing.detail(patch({{-0.73, 0.285}, {-0.3, 0.62}, {0.2, 0.285}}), hsl(hue + 0.1, 0.35, 0.4));
  drawing.detail(patch({{-0.2, 0.285}, {0.32, 0.54}, {0.73, 0.285}}), hsl(hue + 0.1, 0.35, 0.32));
  drawing.sub(disc(0.68, 0.24, 0.018), hsl(0.35, 0.8, 0.55));
}

}  // namespace seplflow::dataset
