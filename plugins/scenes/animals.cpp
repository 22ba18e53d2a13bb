// Objects that live. Facing right, y up, the ground at 0, about 1 high.
#include "scenes/thing.hpp"

namespace seplflow::dataset {
namespace {

constexpr Colour kEye{0.08f, 0.07f, 0.1f};
constexpr Colour kPink{0.93f, 0.62f, 0.6f};
constexpr Colour kHoof{0.2f, 0.16f, 0.16f};

// What makes one four-legged animal differ from another.
struct Stance {
  double back = -0.45, front = 0.38;  // hips and shoulders
  double spine = 0.62, girth = 0.2;
  double leg = 0.065;
  Point head{0.6, 0.95};
  double skull = 0.17;
  Finish coat = Finish::plain;
};

void draw_legs(Drawing& drawing, Stance const& s, Colour colour, double shift, Random& random) {
  for (double const x : {s.back + 0.02, s.front - 0.02}) {
    double const foot = x + shift + random.real(-0.07, 0.07);
    drawing.part(0.12, limb(x + shift * 0.5, s.spine - 0.55 * s.girth, foot, s.leg, s.leg), colour);
    drawing.sub(box(foot - s.leg, 0, foot + s.leg * 1.3, s.leg * 1.3, s.leg * 0.4),
                darker(colour, 0.45f));
  }
}

// Legs on the far side, trunk, legs on the near side, neck.
void draw_body(Drawing& drawing, Stance const& s, Look const& look, Random& random) {
  draw_legs(drawing, s, darker(look.main, 0.3f), 0.1, random);
  drawing.part(0.42, limb(s.back, s.spine, s.front, s.spine + 0.02, s.girth),
               Paint(look.main, s.coat));
  draw_legs(drawing, s, darker(look.main, 0.06f), 0, random);
  drawing.part(0.5, limb(s.front + 0.02, s.spine + 0.06, s.head.x - 0.03, s.head.y, s.skull * 0.7),
               look.main);
}

void draw_eye(Drawing& drawing, double x, double y, double radius) {
  drawing.sub(disc(x, y, radius), Paint({0.97f, 0.96f, 0.92f}));
  drawing.detail(disc(x + radius * 0.25, y, radius * 0.6), Paint(kEye, Finish::glossy));
}

}  // namespace

void draw_dog(Drawing& drawing, Look const& look, Random& random) {
  Stance const s;
  drawing.part(0.15, limb(-0.6, 0.68, -0.82, 0.95 + random.real(-0.1, 0.1), 0.05), look.main);
  draw_body(drawing, s, look, random);
  drawing.part(1, disc(s.head.x, s.head.y, s.skull), look.main);
  drawing.sub(limb(s.head.x + 0.1, s.head.y - 0.05, s.head.x + 0.26, s.head.y - 0.07, 0.085),
              lighter(look.main, 0.35f));
  drawing.detail(disc(s.head.x + 0.33, s.head.y - 0.03, 0.045), Paint(kEye, Finish::glossy));
  drawing.sub(oval(s.head.x - 0.11, s.head.y - 0.04, 0.07, 0.17, 0.08), darker(look.main, 0.4f));
  draw_eye(drawing, s.head.x + 0.08, s.head.y + 0.06, 0.037);
  drawing.part(0.3, limb(0.42, 0.72, 0.52, 0.79, 0.055), hsl(0.98, 0.7, 0.45));
}

void draw_cat(Drawing& drawing, Look const& look, Random& random) {
  Stance const s{-0.36, 0.3, 0.5, 0.17, 0.052, {0.46, 0.83}, 0.19, Finish::striped};
  double const lift = random.real(0.85, 1.1);
  drawing.part(0.15, limb(-0.48, 0.55, -0.66, 0.75, 0.045), look.main);
  drawing.part(0.15, limb(-0.66, 0.75, -0.6, lift, 0.042), Paint(look.main, Finish::striped));
  draw_body(drawing, s, look, random);
  for (double const x : {0.36, 0.57}) {
    drawing.part(0.7, patch({{x - 0.08, 0.93}, {x + 0.08, 0.93}, {x, 1.13}}, 0.012), look.main);
    drawing.sub(patch({{x - 0.04, 0.95}, {x + 0.04, 0.95}, {x, 1.07}}, 0.005), kPink);
  }
  drawing.part(1, oval(0.47, 0.83, 0.22, 0.185), Paint(look.main, Finish::striped));
  drawing.sub(oval(0.51, 0.75, 0.1, 0.07), lighter(look.main, 0.65f));
  drawing.detail(patch({{0.485, 0.785}, {0.545, 0.785}, {0.515, 0.755}}, 0.006), kPink);
  for (double const x : {0.4, 0.585}) {
    drawing.sub(oval(x, 0.86, 0.042, 0.046), hsl(0.22, 0.6, 0.62));
    drawing.detail(oval(x + 0.005, 0.86, 0.014, 0.04), kEye);
  }
}

void draw_cow(Drawing& drawing, Look const& look, Random& random) {
  Stance const s{-0.55, 0.45, 0.66, 0.25, 0.075, {0.78, 0.93}, 0.17, Finish::spotted};
  drawing.part(0.12, limb(-0.78, 0.78, -0.86, 0.42, 0.03), look.main);
  drawing.sub(oval(-0.87, 0.37, 0.045, 0.08), look.dark);
  drawing.part(0.25, oval(-0.36, 0.42, 0.13, 0.08), kPink);
  draw_body(drawing, s, look, random);
  for (double const x : {0.68, 0.86}) {
    drawing.part(0.4, limb(x, 1.06, x + (x < 0.75 ? -0.05 : 0.05), 1.18, 0.027),
                 hsl(0.12, 0.35, 0.8));
  }
  drawing.part(0.4, oval(0.6, 1.0, 0.11, 0.05, -0.15), look.dark);
  drawing.part(1, patch({{0.68, 1.02}, {0.86, 1.02}, {0.93, 0.8}, {0.8, 0.78}}, 0.06),
               Paint(look.main, Finish::spotted));
  drawing.sub(oval(0.88, 0.79, 0.12, 0.085, -0.1), kPink);
  drawing.detail(oval(0.92, 0.81, 0.018, 0.025), darker(kPink, 0.6f));
  draw_eye(drawing, 0.78, 0.98, 0.038);
}

void draw_horse(Drawing& drawing, Look const& look, Random& random) {
  Stance const s{-0.46, 0.36, 0.76, 0.19, 0.055, {0.66, 1.22}, 0.17, Finish::plain};
  drawing.part(0.25, limb(-0.6, 0.86, -0.76, 0.45 + random.real(-0.08, 0.08), 0.065), look.dark);
  draw_body(drawing, s, look, random);
  drawing.part(0.6, patch({{0.33, 0.85}, {0.56, 0.85}, {0.74, 1.24}, {0.58, 1.28}}, 0.04),
               look.main);
  for (double const step : {0.0, 0.33, 0.66, 1.0}) {
    drawing.sub(oval(0.3 + step * 0.25, 0.97 + step * 0.33, 0.07, 0.12, 0.15), look.dark);
  }
  drawing.part(0.7, patch({{0.58, 1.3}, {0.68, 1.3}, {0.62, 1.46}}, 0.015), look.main);
  drawing.part(1, limb(0.66, 1.26, 0.9, 1.06, 0.1), look.main);
  drawing.sub(oval(0.93, 1.04, 0.085, 0.08), lighter(look.main, 0.25f));
  drawing.detail(disc(0.96, 1.06, 0.016), kEye);
  draw_eye(drawing, 0.7, 1.27, 0.034);
}

void draw_sheep(Drawing& drawing, Look const& look, Random& random) {
  Stance const s{-0.36, 0.28, 0.5, 0.2, 0.05, {0.6, 0.72}, 0.15, Finish::woolly};
  draw_legs(drawing, s, kHoof, 0.09, random);
  draw_legs(drawing, s, lighter(kHoof, 0.12f), 0, random);
  drawing.part(0.5, oval(-0.04, 0.56, 0.52, 0.32), Paint(look.main, Finish::woolly));
  for (double const x : {-0.42, -0.24, -0.02, 0.2, 0.36}) {
    double const rise = 0.27 - (x + 0.04) * (x + 0.04) * 0.9;
    drawing.sub(disc(x, 0.54 + rise + random.real(-0.02, 0.02), 0.14),
                Paint(lighter(look.main, 0.2f), Finish::woolly));
  }
  drawing.part(1, oval(0.62, 0.7, 0.13, 0.19, 0.22), lighter(kHoof, 0.15f));
  drawing.sub(oval(0.48, 0.8, 0.1, 0.045, -0.2), kHoof);
  draw_eye(drawing, 0.65, 0.77, 0.034);
  drawing.part(0.6, oval(0.54, 0.89, 0.13, 0.09), Paint(look.main, Finish::woolly));
}

void draw_bird(Drawing& drawing, Look const& look, Random& random) {
  double const flap = random.real(-0.15, 0.25);
  drawing.part(0.25, patch({{-0.4, 0.42}, {-0.95, 0.3}, {-0.9, 0.5}, {-0.35, 0.6}}, 0.02),
               darker(look.main, 0.3f));
  drawing.part(0.3,
               patch({{-0.25, 0.6}, {0.12, 0.62}, {-0.2, 1.1 + flap}, {-0.42, 1.0 + flap}}, 0.03),
               darker(look.main, 0.25f));
  drawing.part(0.5, oval(0, 0.5, 0.5, 0.25, 0.1), look.main);
  drawing.sub(oval(0.13, 0.4, 0.3, 0.14, 0.12), lighter(look.main, 0.55f));
  drawing.part(0.45,
               patch({{-0.2, 0.6}, {0.22, 0.52}, {-0.28, 0.1 - flap}, {-0.5, 0.22 - flap}}, 0.05),
               darker(look.main, 0.15f));
  drawing.sub(patch({{-0.3, 0.36}, {-0.1, 0.34}, {-0.34, 0.16 - flap}, {-0.44, 0.24 - flap}}, 0.03),
              look.accent);
  drawing.part(1, disc(0.47, 0.72, 0.2), look.main);
  drawing.sub(patch({{0.62, 0.78}, {0.62, 0.64}, {0.9, 0.68}}, 0.015), hsl(0.11, 0.95, 0.52));
  draw_eye(drawing, 0.53, 0.77, 0.055);
}

void draw_person(Drawing& drawing, Look const& look, Random& random) {
  Colour const skin = hsl(0.06, 0.45, random.real(0.4, 0.78));
  Colour const trousers = hsl(random.real(0.55, 0.7), 0.3, 0.3);
  Colour const hair = hsl(0.06, 0.4, random.real(0.12, 0.4));
  double const step = random.real(0.03, 0.2), swing = random.real(0.02, 0.22);
  drawing.part(0.3, limb(-0.17, 1.0, -0.26 - swing, 0.62, 0.055), darker(look.main, 0.2f));
  drawing.sub(disc(-0.27 - swing, 0.57, 0.058), skin);
  for (double const side : {-1.0, 1.0}) {
    double const foot = side * (0.08 + step);
    drawing.part(0.2, limb(side * 0.08, 0.55, foot, 0.1, 0.083), trousers);
    drawing.sub(limb(foot - 0.02, 0.045, foot + 0.1, 0.045, 0.045), look.dark);
  }
  drawing.part(0.5, patch({{-0.15, 1.0}, {0.15, 1.0}, {0.12, 0.58}, {-0.12, 0.58}}, 0.065),
               look.main);
  drawing.sub(box(-0.175, 0.66, 0.175, 0.75), look.accent);
  drawing.part(0.3, limb(0.16, 1.0, 0.22 + swing, 0.64, 0.058), darker(look.main, 0.08f));
  drawing.sub(disc(0.23 + swing, 0.58, 0.06), skin);
  drawing.part(0.7, limb(0, 1.05, 0, 1.15, 0.055), darker(skin, 0.15f));
  drawing.part(1, oval(0, 1.28, 0.13, 0.16), skin);
  drawing.sub(patch({{-0.11, 1.36}, {0.11, 1.36}, {0.07, 1.43}, {-0.08, 1.43}}, 0.045), hair);
  drawing.sub(limb(-0.115, 1.38, -0.12, 1.27, 0.035), hair);
  for (double const x : {-0.01, 0.08}) drawing.sub(disc(x, 1.29, 0.018), kEye);
}

}  // namespace seplflow::dataset
