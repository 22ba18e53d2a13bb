// What objects of each class look like. Facing right, y up, the ground at 0, about 1 high.
#include <array>

#include "scenes/scene_object.hpp"

namespace seplflow::scenes {

using enum Finish;

namespace {

constexpr Colour kEye{0.08f, 0.07f, 0.1f};
constexpr Colour kPink{0.93f, 0.62f, 0.6f};
constexpr Colour kHoof{0.2f, 0.16f, 0.16f};
constexpr Colour kTyre{0.13f, 0.13f, 0.16f};
constexpr Colour kSteel{0.72f, 0.75f, 0.8f};
constexpr Colour kLamp{1.0f, 0.92f, 0.6f};
constexpr Colour kRearLamp{0.85f, 0.15f, 0.12f};
constexpr Paint kGlass({0.78f, 0.9f, 0.96f}, {0.4f, 0.58f, 0.72f}, glass);

// The colours of one object.
struct Look {
  Colour main, accent, dark, pale;
};

Look look_of(Label label, Random& random) {
  Kind const& kind = kind_of(label);
  // Classes that share shapes differ in hue.
  double const hue = kind.hue + 0.618 * ((label - 1) / kKinds) + random.real(-0.02, 0.02) + 1;
  double const lightness = kind.lightness + random.real(-0.04, 0.04);
  return {hsl(hue, kind.saturation, lightness), hsl(hue + 0.09, 0.6, 0.6),
          darker(hsl(hue, 0.3, 0.2), 0.4f), lighter(hsl(hue, 0.5, 0.8), 0.4f)};
}

// What makes one four-legged animal differ from another.
struct Stance {
  double back = -0.45, front = 0.38;  // hips and shoulders
  double spine = 0.62, girth = 0.2;
  double leg = 0.065;
  Point head{0.6, 0.95};
  double skull = 0.17;
  Finish coat = plain;
};

}  // namespace

class Artist : public Drawing, private Look {
 public:
  Artist(Label label, Random& random_) : Look(look_of(label, random_)), random(random_) {}

  // ---- Objects that live ----

  void legs(Stance const& s, Colour colour, double shift) {
    for (double const x : {s.back + 0.02, s.front - 0.02}) {
      double const foot = x + shift + random.real(-0.07, 0.07);
      part(0.12, limb(x + shift * 0.5, s.spine - 0.55 * s.girth, foot, s.leg, s.leg), colour);
      sub(box(foot - s.leg, 0, foot + s.leg * 1.3, s.leg * 1.3, s.leg * 0.4),
          darker(colour, 0.45f));
    }
  }

  // Legs on the far side, trunk, legs on the near side, neck.
  void four_legged(Stance const& s) {
    legs(s, darker(main, 0.3f), 0.1);
    part(0.42, limb(s.back, s.spine, s.front, s.spine + 0.02, s.girth), {main, s.coat});
    legs(s, darker(main, 0.06f), 0);
    part(0.5, limb(s.front + 0.02, s.spine + 0.06, s.head.x - 0.03, s.head.y, s.skull * 0.7), main);
  }

  void eye(double x, double y, double radius) {
    sub(disc(x, y, radius), Colour{0.97f, 0.96f, 0.92f});
    detail(disc(x + radius * 0.25, y, radius * 0.6), {kEye, glossy});
  }

  void dog() {
    Stance const s;
    part(0.15, limb(-0.6, 0.68, -0.82, 0.95 + random.real(-0.1, 0.1), 0.05), main);
    four_legged(s);
    part(1, disc(s.head.x, s.head.y, s.skull), main);
    sub(limb(s.head.x + 0.1, s.head.y - 0.05, s.head.x + 0.26, s.head.y - 0.07, 0.085),
        lighter(main, 0.35f));
    detail(disc(s.head.x + 0.33, s.head.y - 0.03, 0.045), {kEye, glossy});
    sub(oval(s.head.x - 0.11, s.head.y - 0.04, 0.07, 0.17, 0.08), darker(main, 0.4f));
    eye(s.head.x + 0.08, s.head.y + 0.06, 0.037);
    part(0.3, limb(0.42, 0.72, 0.52, 0.79, 0.055), hsl(0.98, 0.7, 0.45));
  }

  void cat() {
    Stance const s{-0.36, 0.3, 0.5, 0.17, 0.052, {0.46, 0.83}, 0.19, striped};
    double const lift = random.real(0.85, 1.1);
    part(0.15, limb(-0.48, 0.55, -0.66, 0.75, 0.045), main);
    part(0.15, limb(-0.66, 0.75, -0.6, lift, 0.042), {main, striped});
    four_legged(s);
    for (double const x : {0.36, 0.57}) {
      part(0.7, patch({{x - 0.08, 0.93}, {x + 0.08, 0.93}, {x, 1.13}}, 0.012), main);
      sub(patch({{x - 0.04, 0.95}, {x + 0.04, 0.95}, {x, 1.07}}, 0.005), kPink);
    }
    part(1, oval(0.47, 0.83, 0.22, 0.185), {main, striped});
    sub(oval(0.51, 0.75, 0.1, 0.07), lighter(main, 0.65f));
    detail(patch({{0.485, 0.785}, {0.545, 0.785}, {0.515, 0.755}}, 0.006), kPink);
    for (double const x : {0.4, 0.585}) {
      sub(oval(x, 0.86, 0.042, 0.046), hsl(0.22, 0.6, 0.62));
      detail(oval(x + 0.005, 0.86, 0.014, 0.04), kEye);
    }
  }

  void cow() {
    Stance const s{-0.55, 0.45, 0.66, 0.25, 0.075, {0.78, 0.93}, 0.17, spotted};
    part(0.12, limb(-0.78, 0.78, -0.86, 0.42, 0.03), main);
    sub(oval(-0.87, 0.37, 0.045, 0.08), dark);
    part(0.25, oval(-0.36, 0.42, 0.13, 0.08), kPink);
    four_legged(s);
    for (double const x : {0.68, 0.86}) {
      part(0.4, limb(x, 1.06, x + (x < 0.75 ? -0.05 : 0.05), 1.18, 0.027), hsl(0.12, 0.35, 0.8));
    }
    part(0.4, oval(0.6, 1.0, 0.11, 0.05, -0.15), dark);
    part(1, patch({{0.68, 1.02}, {0.86, 1.02}, {0.93, 0.8}, {0.8, 0.78}}, 0.06), {main, spotted});
    sub(oval(0.88, 0.79, 0.12, 0.085, -0.1), kPink);
    detail(oval(0.92, 0.81, 0.018, 0.025), darker(kPink, 0.6f));
    eye(0.78, 0.98, 0.038);
  }

  void horse() {
    Stance const s{-0.46, 0.36, 0.76, 0.19, 0.055, {0.66, 1.22}, 0.17, plain};
    part(0.25, limb(-0.6, 0.86, -0.76, 0.45 + random.real(-0.08, 0.08), 0.065), dark);
    four_legged(s);
    part(0.6, patch({{0.33, 0.85}, {0.56, 0.85}, {0.74, 1.24}, {0.58, 1.28}}, 0.04), main);
    for (double const step : {0.0, 0.33, 0.66, 1.0}) {
      sub(oval(0.3 + step * 0.25, 0.97 + step * 0.33, 0.07, 0.12, 0.15), dark);
    }
    part(0.7, patch({{0.58, 1.3}, {0.68, 1.3}, {0.62, 1.46}}, 0.015), main);
    part(1, limb(0.66, 1.26, 0.9, 1.06, 0.1), main);
    sub(oval(0.93, 1.04, 0.085, 0.08), lighter(main, 0.25f));
    detail(disc(0.96, 1.06, 0.016), kEye);
    eye(0.7, 1.27, 0.034);
  }

  void sheep() {
    Stance const s{-0.36, 0.28, 0.5, 0.2, 0.05, {0.6, 0.72}, 0.15, woolly};
    legs(s, kHoof, 0.09);
    legs(s, lighter(kHoof, 0.12f), 0);
    part(0.5, oval(-0.04, 0.56, 0.52, 0.32), {main, woolly});
    for (double const x : {-0.42, -0.24, -0.02, 0.2, 0.36}) {
      double const rise = 0.27 - (x + 0.04) * (x + 0.04) * 0.9;
      sub(disc(x, 0.54 + rise + random.real(-0.02, 0.02), 0.14), {lighter(main, 0.2f), woolly});
    }
    part(1, oval(0.62, 0.7, 0.13, 0.19, 0.22), lighter(kHoof, 0.15f));
    sub(oval(0.48, 0.8, 0.1, 0.045, -0.2), kHoof);
    eye(0.65, 0.77, 0.034);
    part(0.6, oval(0.54, 0.89, 0.13, 0.09), {main, woolly});
  }

  void bird() {
    double const flap = random.real(-0.15, 0.25);
    part(0.25, patch({{-0.4, 0.42}, {-0.95, 0.3}, {-0.9, 0.5}, {-0.35, 0.6}}, 0.02),
         darker(main, 0.3f));
    part(0.3, patch({{-0.25, 0.6}, {0.12, 0.62}, {-0.2, 1.1 + flap}, {-0.42, 1.0 + flap}}, 0.03),
         darker(main, 0.25f));
    part(0.5, oval(0, 0.5, 0.5, 0.25, 0.1), main);
    sub(oval(0.13, 0.4, 0.3, 0.14, 0.12), lighter(main, 0.55f));
    part(0.45, patch({{-0.2, 0.6}, {0.22, 0.52}, {-0.28, 0.1 - flap}, {-0.5, 0.22 - flap}}, 0.05),
         darker(main, 0.15f));
    sub(patch({{-0.3, 0.36}, {-0.1, 0.34}, {-0.34, 0.16 - flap}, {-0.44, 0.24 - flap}}, 0.03),
        accent);
    part(1, disc(0.47, 0.72, 0.2), main);
    sub(patch({{0.62, 0.78}, {0.62, 0.64}, {0.9, 0.68}}, 0.015), hsl(0.11, 0.95, 0.52));
    eye(0.53, 0.77, 0.055);
  }

  void person() {
    Colour const skin = hsl(0.06, 0.45, random.real(0.4, 0.78));
    Colour const trousers = hsl(random.real(0.55, 0.7), 0.3, 0.3);
    Colour const hair = hsl(0.06, 0.4, random.real(0.12, 0.4));
    double const step = random.real(0.03, 0.2), swing = random.real(0.02, 0.22);
    part(0.3, limb(-0.17, 1.0, -0.26 - swing, 0.62, 0.055), darker(main, 0.2f));
    sub(disc(-0.27 - swing, 0.57, 0.058), skin);
    for (double const side : {-1.0, 1.0}) {
      double const foot = side * (0.08 + step);
      part(0.2, limb(side * 0.08, 0.55, foot, 0.1, 0.083), trousers);
      sub(limb(foot - 0.02, 0.045, foot + 0.1, 0.045, 0.045), dark);
    }
    part(0.5, patch({{-0.15, 1.0}, {0.15, 1.0}, {0.12, 0.58}, {-0.12, 0.58}}, 0.065), main);
    sub(box(-0.175, 0.66, 0.175, 0.75), accent);
    part(0.3, limb(0.16, 1.0, 0.22 + swing, 0.64, 0.058), darker(main, 0.08f));
    sub(disc(0.23 + swing, 0.58, 0.06), skin);
    part(0.7, limb(0, 1.05, 0, 1.15, 0.055), darker(skin, 0.15f));
    part(1, oval(0, 1.28, 0.13, 0.16), skin);
    sub(patch({{-0.11, 1.36}, {0.11, 1.36}, {0.07, 1.43}, {-0.08, 1.43}}, 0.045), hair);
    sub(limb(-0.115, 1.38, -0.12, 1.27, 0.035), hair);
    for (double const x : {-0.01, 0.08}) sub(disc(x, 1.29, 0.018), kEye);
  }

  // ---- Objects that move people ----

  void wheel(double x, double radius, double salience) {
    part(salience, disc(x, radius, radius), kTyre);
    sub(disc(x, radius, radius * 0.58), {kSteel, glossy});
    detail(disc(x, radius, radius * 0.2), darker(kSteel, 0.5f));
  }

  // A wheel that one can almost look through.
  void spoked_wheel(double x, double radius, double rim) {
    part(0.6, disc(x, radius, radius), kTyre);
    sub(disc(x, radius, radius - rim), Colour{0.74f, 0.77f, 0.76f});
    for (double const tilt : {0.0, 0.4142, 1.0, -0.4142}) {
      Point const end = turned({radius - rim, 0}, tilt);
      detail(limb(x - end.x, radius - end.y, x + end.x, radius + end.y, radius * 0.018),
             darker(kSteel, 0.3f));
    }
    detail(disc(x, radius, radius * 0.12), darker(kSteel, 0.6f));
  }

  void car() {
    double const roof = random.real(0.86, 1.0);
    Paint const body(main, glossy);
    part(0.6, patch({{-0.62, 0.55}, {-0.42, roof - 0.06}, {0.22, roof - 0.06}, {0.5, 0.55}}, 0.06),
         {darker(main, 0.1f), glossy});
    sub(patch({{-0.52, 0.58}, {-0.37, roof - 0.08}, {-0.12, roof - 0.08}, {-0.12, 0.58}}, 0.02),
        kGlass);
    sub(patch({{-0.04, 0.58}, {-0.04, roof - 0.08}, {0.18, roof - 0.08}, {0.39, 0.58}}, 0.02),
        kGlass);
    part(0.5,
         patch(
             {{-0.94, 0.26}, {-0.92, 0.52}, {-0.6, 0.58}, {0.55, 0.56}, {0.94, 0.46}, {0.98, 0.26}},
             0.07),
         body);
    sub(box(-1.0, 0.2, 1.04, 0.28, 0.03), darker(main, 0.45f));
    sub(box(-0.085, 0.28, -0.068, 0.6), darker(main, 0.4f));
    sub(limb(-0.3, 0.5, -0.2, 0.5, 0.016), kSteel);
    sub(oval(0.96, 0.44, 0.06, 0.05), {kLamp, glossy});
    sub(box(-1.0, 0.42, -0.92, 0.52, 0.02), kRearLamp);
    wheel(-0.56, 0.2, 0.8);
    wheel(0.6, 0.2, 0.8);
  }

  void bus() {
    Paint const body(main, glossy);
    part(0.55, box(-1.05, 0.16, 1.05, 1.06, 0.1), body);
    sub(box(-1.05, 0.42, 1.05, 0.5), pale);
    int const windows = 4 + random.below(2);
    double const pitch = 1.45 / windows;
    for (int i = 0; i < windows; ++i) {
      double const left = -0.96 + i * pitch;
      sub(box(left, 0.58, left + pitch - 0.06, 0.93, 0.03), kGlass);
    }
    sub(box(0.52, 0.2, 0.74, 0.93, 0.02), kGlass);
    detail(box(0.62, 0.2, 0.64, 0.93), darker(main, 0.5f));
    part(0.9, patch({{0.82, 0.56}, {1.04, 0.56}, {1.04, 0.93}, {0.82, 0.93}}, 0.02), kGlass);
    part(0.5, oval(1.03, 0.3, 0.04, 0.055), kLamp);
    part(0.4, box(-0.4, 1.05, 0.3, 1.12, 0.02), darker(main, 0.25f));
    wheel(-0.66, 0.17, 0.6);
    wheel(0.36, 0.17, 0.6);
  }

  void train() {
    part(0.1, box(-1.55, 0, 1.5, 0.06), Colour{0.36f, 0.3f, 0.28f});
    for (double const x : {-1.3, -0.92, 0.25, 0.62, 1.0}) wheel(x, 0.13, 0.3);
    part(0.4, box(-1.5, 0.17, -0.3, 0.95, 0.06), {darker(main, 0.08f), glossy});
    sub(box(-1.5, 0.28, -0.3, 0.35), accent);
    for (double const x : {-1.4, -1.03, -0.66}) sub(box(x, 0.5, x + 0.28, 0.8, 0.03), kGlass);
    part(0.2, box(-0.31, 0.22, -0.17, 0.32), kTyre);
    part(0.7, patch({{-0.12, 0.24}, {-0.12, 0.9}, {0.85, 0.9}, {1.28, 0.56}, {1.38, 0.24}}, 0.07),
         {main, glossy});
    sub(patch({{-0.18, 0.28}, {-0.18, 0.35}, {1.41, 0.35}, {1.44, 0.28}}), accent);
    for (double const x : {-0.02, 0.3}) sub(box(x, 0.5, x + 0.24, 0.8, 0.03), kGlass);
    sub(patch({{0.7, 0.56}, {0.72, 0.84}, {0.88, 0.84}, {1.18, 0.58}}, 0.02), kGlass);
    part(0.7, disc(1.34, 0.44, 0.055), {kLamp, glossy});
  }

  void aeroplane() {
    double const sweep = random.real(0.0, 0.15);
    part(0.3, patch({{0.1, 0.5}, {0.34, 0.5}, {0.0, 0.88}, {-0.12, 0.88}}, 0.02),
         darker(main, 0.3f));
    part(0.6, patch({{-1.0, 0.5}, {-0.62, 0.5}, {-0.9, 0.92}, {-1.06, 0.92}}, 0.025),
         {accent, glossy});
    part(0.6, patch({{-0.98, 0.46}, {0.75, 0.34}, {0.98, 0.4}, {0.8, 0.55}, {-0.98, 0.55}}, 0.07),
         {lighter(main, 0.3f), glossy});
    sub(patch({{-1.03, 0.42}, {1.0, 0.36}, {1.0, 0.33}, {-1.0, 0.38}}, 0.01), accent);
    sub(patch({{0.74, 0.49}, {0.78, 0.57}, {0.86, 0.57}, {0.97, 0.48}}, 0.015), kGlass);
    for (int i = 0; i < 6; ++i) sub(disc(-0.62 + i * 0.21, 0.5, 0.034), kGlass);
    part(0.25, patch({{-0.95, 0.44}, {-0.72, 0.44}, {-1.02, 0.26}, {-1.14, 0.26}}, 0.02), main);
    part(0.45, patch({{-0.12, 0.42}, {0.3, 0.42}, {-0.3 - sweep, 0}, {-0.48 - sweep, 0}}, 0.025),
         main);
    part(0.5, limb(0.0, 0.22, 0.22, 0.22, 0.07), darker(main, 0.15f));
    sub(oval(0.28, 0.22, 0.025, 0.06), kTyre);
  }

  void boat() {
    double const mast = random.real(1.25, 1.5);
    part(0.3, limb(0.05, 0.3, 0.05, mast, 0.022), hsl(0.08, 0.4, 0.38));
    sub(patch({{0.05, mast}, {0.05, mast - 0.12}, {-0.18, mast - 0.06}}, 0.006),
        hsl(0.0, 0.75, 0.52));
    part(0.9, patch({{0.11, 0.42}, {0.11, mast - 0.1}, {0.85, 0.42}}, 0.015),
         {{0.99f, 0.97f, 0.92f}, {0.86f, 0.84f, 0.84f}, plain});
    sub(patch({{0.11, 0.62}, {0.11, 0.76}, {0.56, 0.76}, {0.68, 0.62}}), accent);
    part(0.8, patch({{-0.01, 0.42}, {-0.01, mast - 0.28}, {-0.6, 0.42}}, 0.015),
         {{0.95f, 0.92f, 0.86f}, {0.8f, 0.78f, 0.8f}, plain});
    part(0.3, box(-0.5, 0.28, -0.06, 0.45, 0.04), Colour{0.93f, 0.9f, 0.84f});
    sub(disc(-0.37, 0.37, 0.045), kGlass);
    sub(disc(-0.2, 0.37, 0.045), kGlass);
    part(0.5, patch({{-0.62, 0.03}, {-0.85, 0.3}, {1.0, 0.33}, {0.66, 0.03}}, 0.03),
         {main, glossy});
    sub(patch({{-0.88, 0.27}, {-0.9, 0.34}, {1.04, 0.37}, {0.98, 0.3}}, 0.01), pale);
  }

  void bicycle() {
    Paint const frame(main, glossy);
    spoked_wheel(-0.58, 0.38, 0.055);
    spoked_wheel(0.58, 0.38, 0.055);
    part(0.6, limb(-0.58, 0.38, -0.06, 0.34, 0.03), frame);
    part(0.6, limb(-0.58, 0.38, -0.24, 0.8, 0.026), frame);
    part(0.7, limb(-0.06, 0.34, -0.28, 0.92, 0.036), frame);
    part(0.7, limb(-0.06, 0.34, 0.42, 0.82, 0.038), frame);
    part(0.7, limb(-0.24, 0.78, 0.41, 0.84, 0.034), frame);
    part(0.6, limb(0.58, 0.38, 0.38, 0.98, 0.032), frame);
    part(0.5, limb(0.38, 1.0, 0.56, 1.04, 0.035), dark);
    part(0.5, patch({{-0.42, 0.98}, {-0.14, 0.95}, {-0.38, 0.93}}, 0.03), dark);
    part(0.4, disc(-0.06, 0.34, 0.1), {kSteel, glossy});
    sub(limb(-0.06, 0.34, 0.04, 0.16, 0.02), dark);
  }

  void motorbike() {
    Paint const body(main, glossy);
    wheel(-0.62, 0.32, 0.7);
    wheel(0.64, 0.32, 0.7);
    part(0.4, limb(0.64, 0.32, 0.38, 0.86, 0.042), kSteel);
    part(0.5, patch({{-0.28, 0.2}, {0.24, 0.2}, {0.32, 0.52}, {-0.26, 0.52}}, 0.05),
         darker(kSteel, 0.45f));
    sub(disc(-0.02, 0.36, 0.13), {kSteel, glossy});
    part(0.25, limb(-0.85, 0.26, -0.05, 0.21, 0.045), {kSteel, glossy});
    part(0.5, patch({{-0.9, 0.68}, {-0.55, 0.74}, {-0.4, 0.58}, {-0.7, 0.58}}, 0.05), body);
    part(0.4, limb(-0.6, 0.72, -0.14, 0.69, 0.06), dark);
    part(0.9, patch({{-0.14, 0.6}, {-0.02, 0.82}, {0.26, 0.86}, {0.4, 0.62}, {0.1, 0.52}}, 0.05),
         body);
    sub(oval(0.14, 0.76, 0.15, 0.05, -0.02), lighter(main, 0.4f));
    part(0.5, limb(0.36, 0.9, 0.2, 0.99, 0.032), dark);
    part(0.8, oval(0.46, 0.8, 0.09, 0.1), {kLamp, glossy});
    part(0.4, limb(0.46, 0.66, 0.84, 0.62, 0.035), body);
  }

  // ---- Objects of a home ----

  void bottle() {
    double const width = random.real(0.2, 0.26);
    Paint const body(main, glossy);
    part(0.8, box(-0.075, 0.8, 0.075, 1.24, 0.03), body);
    sub(box(-0.09, 1.1, 0.09, 1.28, 0.025), hsl(0.13, 0.65, 0.55));
    part(0.6,
         patch({{-width, 0.04},
                {-width, 0.7},
                {-0.05, 0.92},
                {0.05, 0.92},
                {width, 0.7},
                {width, 0.04}},
               0.04),
         body);
    sub(limb(-width * 0.75, 0.12, -width * 0.75, 0.7, 0.018), lighter(main, 0.5f));
    sub(box(-width - 0.03, 0.24, width + 0.03, 0.6), Colour{0.97f, 0.94f, 0.84f});
    detail(oval(0, 0.42, width * 0.6, 0.11), accent);
  }

  void chair() {
    Colour const wood = main;
    Colour const cloth = hsl(random.unit(), 0.4, 0.55);
    for (double const x : {-0.2, 0.34}) {
      part(0.25, limb(x, 0.5, x + 0.02, 0.14, 0.035), darker(wood, 0.35f));
    }
    for (double const x : {-0.34, 0.22}) part(0.6, limb(x, 0.5, x - 0.05, 1.2, 0.042), wood);
    for (double const y : {0.72, 0.9, 1.08}) {
      part(0.8, box(-0.38, y, 0.22, y + 0.1, 0.02), lighter(wood, 0.12f));
    }
    part(0.5, patch({{-0.4, 0.44}, {-0.28, 0.56}, {0.42, 0.56}, {0.36, 0.44}}, 0.04), wood);
    sub(patch({{-0.33, 0.55}, {-0.24, 0.6}, {0.36, 0.6}, {0.31, 0.55}}, 0.045), cloth);
    for (double const x : {-0.36, 0.3}) {
      part(0.3, limb(x, 0.46, x - 0.02, 0.04, 0.042), darker(wood, 0.08f));
    }
  }

  void table() {
    for (double const x : {-0.62, 0.62}) {
      part(0.15, limb(x, 0.66, x, 0.16, 0.045), darker(main, 0.35f));
    }
    for (double const x : {-0.85, 0.85}) part(0.25, limb(x, 0.66, x * 1.03, 0.055, 0.055), main);
    part(0.5, patch({{-0.98, 0.66}, {-0.76, 0.84}, {0.76, 0.84}, {0.98, 0.66}}, 0.05),
         {lighter(main, 0.12f), glossy});
    sub(patch({{-0.28, 0.62}, {-0.22, 0.87}, {0.22, 0.87}, {0.28, 0.62}}, 0.012),
        hsl(random.unit(), 0.35, 0.82));
    part(0.8, patch({{-0.15, 0.86}, {-0.26, 1.0}, {0.26, 1.0}, {0.15, 0.86}}, 0.03),
         {{0.9f, 0.92f, 0.95f}, glossy});
    for (double const x : {-0.14, 0.02, 0.15}) {
      part(0.8, disc(x, 1.06, 0.09), {hsl(random.real(0, 0.2), 0.75, 0.5), glossy});
    }
  }

  void potted_plant() {
    Colour const clay = hsl(0.045, 0.5, 0.5);
    for (int i = 0; i < 7; ++i) {
      double const side = (i - 3) / 3.0;
      double const tilt = -side * 0.42 + random.real(-0.06, 0.06);
      double const reach = random.real(0.3, 0.4) * (1.15 - 0.25 * side * side);
      Point const middle = turned({0, reach + 0.06}, tilt);
      Colour const leaf = mixed(main, lighter(main, 0.35f), static_cast<float>(random.unit()));
      part(0.7, oval(middle.x, 0.42 + middle.y, 0.1, reach, tilt), {leaf, plain});
      Point const tip = turned({0, reach * 1.6}, tilt);
      sub(limb(middle.x * 0.3, 0.42 + middle.y * 0.3, tip.x, 0.42 + tip.y, 0.011),
          lighter(leaf, 0.3f));
    }
    Colour const petal = hsl(random.real(0.86, 1.0), 0.7, 0.66);
    int const flowers = 1 + random.below(3);
    for (int i = 0; i < flowers; ++i) {
      double const x = (i - 1) * 0.24 + random.real(-0.05, 0.05), y = random.real(0.85, 1.15);
      part(1, disc(x, y, 0.095), petal);
      sub(disc(x, y, 0.04), hsl(0.13, 0.9, 0.58));
    }
    part(0.4, patch({{-0.2, 0.02}, {-0.29, 0.4}, {0.29, 0.4}, {0.2, 0.02}}, 0.02), clay);
    sub(box(-0.34, 0.36, 0.34, 0.48, 0.025), lighter(clay, 0.12f));
  }

  void sofa() {
    for (double const x : {-0.85, 0.85}) part(0.1, box(x - 0.05, 0, x + 0.05, 0.16), dark);
    part(0.7, box(-0.92, 0.3, 0.92, 0.98, 0.14), darker(main, 0.12f));
    sub(limb(0, 0.45, 0, 0.93, 0.008), darker(main, 0.45f));
    part(0.4, box(-0.95, 0.1, 0.95, 0.38, 0.05), darker(main, 0.2f));
    part(0.5, box(-0.82, 0.34, -0.01, 0.54, 0.08), lighter(main, 0.12f));
    part(0.5, box(0.01, 0.34, 0.82, 0.54, 0.08), lighter(main, 0.12f));
    double const tilt = random.real(-0.15, 0.15);
    Colour const cushion = hsl(random.unit(), 0.45, 0.68);
    part(0.5, oval(-0.52, 0.66, 0.2, 0.17, tilt), {cushion, striped});
    part(0.5, oval(0.55, 0.66, 0.19, 0.17, -tilt), lighter(cushion, 0.3f));
    for (double const x : {-0.95, 0.95}) part(0.5, box(x - 0.14, 0.12, x + 0.14, 0.7, 0.12), main);
  }

  void tv() {
    part(0.3, box(-0.34, 0, 0.34, 0.07, 0.03), main);
    part(0.3, patch({{-0.1, 0.05}, {-0.07, 0.22}, {0.07, 0.22}, {0.1, 0.05}}), main);
    part(0.6, box(-0.8, 0.2, 0.8, 1.16, 0.05), {main, glossy});
    double const hue = random.real(0.5, 0.7);
    sub(box(-0.73, 0.28, 0.73, 1.09, 0.015),
        {hsl(hue, 0.6, 0.68), hsl(hue + 0.25, 0.55, 0.62), glass});
    detail(disc(random.real(-0.3, 0.35), 0.8, 0.11), hsl(0.13, 0.9, 0.75));
    detail(patch({{-0.73, 0.285}, {-0.3, 0.62}, {0.2, 0.285}}), hsl(hue + 0.1, 0.35, 0.4));
    detail(patch({{-0.2, 0.285}, {0.32, 0.54}, {0.73, 0.285}}), hsl(hue + 0.1, 0.35, 0.32));
    sub(disc(0.68, 0.24, 0.018), hsl(0.35, 0.8, 0.55));
  }

 private:
  Random& random;
};

Kind const& kind_of(Label label) {
  static constexpr std::array<Kind, kKinds> kinds{{
      {&Artist::aeroplane, Habitat::air, 0.9, 0.58, 0.30, 0.72},
      {&Artist::bicycle, Habitat::land, 0.85, 0.47, 0.65, 0.42},
      {&Artist::bird, Habitat::air, 0.8, 0.02, 0.72, 0.55},
      {&Artist::boat, Habitat::water, 1.15, 0.60, 0.55, 0.42},
      {&Artist::bottle, Habitat::house, 0.8, 0.40, 0.55, 0.36},
      {&Artist::bus, Habitat::land, 1.1, 0.11, 0.85, 0.55},
      {&Artist::car, Habitat::land, 0.9, 0.99, 0.72, 0.48},
      {&Artist::cat, Habitat::anywhere, 0.8, 0.08, 0.75, 0.56},
      {&Artist::chair, Habitat::house, 0.95, 0.06, 0.50, 0.46},
      {&Artist::cow, Habitat::land, 1.0, 0.07, 0.25, 0.86},
      {&Artist::table, Habitat::house, 0.85, 0.07, 0.48, 0.36},
      {&Artist::dog, Habitat::anywhere, 0.85, 0.10, 0.58, 0.52},
      {&Artist::horse, Habitat::land, 1.1, 0.04, 0.52, 0.33},
      {&Artist::motorbike, Habitat::land, 0.85, 0.74, 0.45, 0.44},
      {&Artist::person, Habitat::anywhere, 1.1, 0.65, 0.60, 0.55},
      {&Artist::potted_plant, Habitat::house, 0.95, 0.33, 0.55, 0.36},
      {&Artist::sheep, Habitat::land, 0.85, 0.11, 0.35, 0.88},
      {&Artist::sofa, Habitat::house, 0.85, 0.87, 0.38, 0.44},
      {&Artist::train, Habitat::land, 1.1, 0.55, 0.70, 0.38},
      {&Artist::tv, Habitat::house, 0.85, 0.66, 0.18, 0.22},
  }};
  return kinds[(label + kinds.size() - 1) % kinds.size()];
}

Drawing draw_object(Label label, Random& random) {
  Artist artist(label, random);
  (artist.*kind_of(label).draw)();
  return artist;
}

}  // namespace seplflow::scenes
