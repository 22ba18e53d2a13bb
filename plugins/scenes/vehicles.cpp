// Objects that move people. Facing right, y up, the ground at 0, about 1 high.
#include "scenes/thing.hpp"

namespace seplflow::dataset {
namespace {

constexpr Colour kTyre{0.13f, 0.13f, 0.16f};
constexpr Colour kSteel{0.72f, 0.75f, 0.8f};
constexpr Colour kLamp{1.0f, 0.92f, 0.6f};
constexpr Colour kRearLamp{0.85f, 0.15f, 0.12f};

Paint glass() {
  return Paint({0.78f, 0.9f, 0.96f}, {0.4f, 0.58f, 0.72f}, Finish::glass);
}

void draw_wheel(Drawing& drawing, double x, double radius, double salience) {
  drawing.part(salience, disc(x, radius, radius), kTyre);
  drawing.sub(disc(x, radius, radius * 0.58), Paint(kSteel, Finish::glossy));
  drawing.detail(disc(x, radius, radius * 0.2), darker(kSteel, 0.5f));
}

// A wheel that one can almost look through.
void draw_spoked_wheel(Drawing& drawing, double x, double radius, double rim) {
  drawing.part(0.6, disc(x, radius, radius), kTyre);
  drawing.sub(disc(x, radius, radius - rim), Paint({0.74f, 0.77f, 0.76f}));
  for (double const tilt : {0.0, 0.4142, 1.0, -0.4142}) {
    Point const end = turned({radius - rim, 0}, tilt);
    drawing.detail(limb(x - end.x, radius - end.y, x + end.x, radius + end.y, radius * 0.018),
                   darker(kSteel, 0.3f));
  }
  drawing.detail(disc(x, radius, radius * 0.12), darker(kSteel, 0.6f));
}

}  // namespace

void draw_car(Drawing& drawing, Look const& look, Random& random) {
  double const roof = random.real(0.86, 1.0);
  Paint const body(look.main, Finish::glossy);
  drawing.part(0.6,
               patch({{-0.62, 0.55}, {-0.42, roof - 0.06}, {0.22, roof - 0.06}, {0.5, 0.55}}, 0.06),
               Paint(darker(look.main, 0.1f), Finish::glossy));
  drawing.sub(
      patch({{-0.52, 0.58}, {-0.37, roof - 0.08}, {-0.12, roof - 0.08}, {-0.12, 0.58}}, 0.02),
      glass());
  drawing.sub(patch({{-0.04, 0.58}, {-0.04, roof - 0.08}, {0.18, roof - 0.08}, {0.39, 0.58}}, 0.02),
              glass());
  drawing.part(
      0.5,
      patch({{-0.94, 0.26}, {-0.92, 0.52}, {-0.6, 0.58}, {0.55, 0.56}, {0.94, 0.46}, {0.98, 0.26}},
            0.07),
      body);
  drawing.sub(box(-1.0, 0.2, 1.04, 0.28, 0.03), darker(look.main, 0.45f));
  drawing.sub(box(-0.085, 0.28, -0.068, 0.6), darker(look.main, 0.4f));
  drawing.sub(limb(-0.3, 0.5, -0.2, 0.5, 0.016), kSteel);
  drawing.sub(oval(0.96, 0.44, 0.06, 0.05), Paint(kLamp, Finish::glossy));
  drawing.sub(box(-1.0, 0.42, -0.92, 0.52, 0.02), kRearLamp);
  draw_wheel(drawing, -0.56, 0.2, 0.8);
  draw_wheel(drawing, 0.6, 0.2, 0.8);
}

void draw_bus(Drawing& drawing, Look const& look, Random& random) {
  Paint const body(look.main, Finish::glossy);
  drawing.part(0.55, box(-1.05, 0.16, 1.05, 1.06, 0.1), body);
  drawing.sub(box(-1.05, 0.42, 1.05, 0.5), look.pale);
  int const windows = 4 + random.below(2);
  double const pitch = 1.45 / windows;
  for (int i = 0; i < windows; ++i) {
    double const left = -0.96 + i * pitch;
    drawing.sub(box(left, 0.58, left + pitch - 0.06, 0.93, 0.03), glass());
  }
  drawing.sub(box(0.52, 0.2, 0.74, 0.93, 0.02), glass());
  drawing.detail(box(0.62, 0.2, 0.64, 0.93), darker(look.main, 0.5f));
  drawing.part(0.9, patch({{0.82, 0.56}, {1.04, 0.56}, {1.04, 0.93}, {0.82, 0.93}}, 0.02), glass());
  drawing.part(0.5, oval(1.03, 0.3, 0.04, 0.055), kLamp);
  drawing.part(0.4, box(-0.4, 1.05, 0.3, 1.12, 0.02), darker(look.main, 0.25f));
  draw_wheel(drawing, -0.66, 0.17, 0.6);
  draw_wheel(drawing, 0.36, 0.17, 0.6);
}

void draw_train(Drawing& drawing, Look const& look, Random&) {
  drawing.part(0.1, box(-1.55, 0, 1.5, 0.06), Colour{0.36f, 0.3f, 0.28f});
  for (double const x : {-1.3, -0.92, 0.25, 0.62, 1.0}) draw_wheel(drawing, x, 0.13, 0.3);
  drawing.part(0.4, box(-1.5, 0.17, -0.3, 0.95, 0.06),
               Paint(darker(look.main, 0.08f), Finish::glossy));
  drawing.sub(box(-1.5, 0.28, -0.3, 0.35), look.accent);
  for (double const x : {-1.4, -1.03, -0.66}) {
    drawing.sub(box(x, 0.5, x + 0.28, 0.8, 0.03), glass());
  }
  drawing.part(0.2, box(-0.31, 0.22, -0.17, 0.32), kTyre);
  drawing.part(0.7,
               patch({{-0.12, 0.24}, {-0.12, 0.9}, {0.85, 0.9}, {1.28, 0.56}, {1.38, 0.24}}, 0.07),
               Paint(look.main, Finish::glossy));
  drawing.sub(patch({{-0.18, 0.28}, {-0.18, 0.35}, {1.41, 0.35}, {1.44, 0.28}}), look.accent);
  for (double const x : {-0.02, 0.3}) drawing.sub(box(x, 0.5, x + 0.24, 0.8, 0.03), glass());
  drawing.sub(patch({{0.7, 0.56}, {0.72, 0.84}, {0.88, 0.84}, {1.18, 0.58}}, 0.02), glass());
  drawing.part(0.7, disc(1.34, 0.44, 0.055), Paint(kLamp, Finish::glossy));
}

void draw_aeroplane(Drawing& drawing, Look const& look, Random& random) {
  double const sweep = random.real(0.0, 0.15);
  drawing.part(0.3, patch({{0.1, 0.5}, {0.34, 0.5}, {0.0, 0.88}, {-0.12, 0.88}}, 0.02),
               darker(look.main, 0.3f));
  drawing.part(0.6, patch({{-1.0, 0.5}, {-0.62, 0.5}, {-0.9, 0.92}, {-1.06, 0.92}}, 0.025),
               Paint(look.accent, Finish::glossy));
  drawing.part(0.6,
               patch({{-0.98, 0.46}, {0.75, 0.34}, {0.98, 0.4}, {0.8, 0.55}, {-0.98, 0.55}}, 0.07),
               Paint(lighter(look.main, 0.3f), Finish::glossy));
  drawing.sub(patch({{-1.03, 0.42}, {1.0, 0.36}, {1.0, 0.33}, {-1.0, 0.38}}, 0.01), look.accent);
  drawing.sub(patch({{0.74, 0.49}, {0.78, 0.57}, {0.86, 0.57}, {0.97, 0.48}}, 0.015), glass());
  for (int i = 0; i < 6; ++i) drawing.sub(disc(-0.62 + i * 0.21, 0.5, 0.034), glass());
  drawing.part(0.25, patch({{-0.95, 0.44}, {-0.72, 0.44}, {-1.02, 0.26}, {-1.14, 0.26}}, 0.02),
               look.main);
  drawing.part(0.45,
               patch({{-0.12, 0.42}, {0.3, 0.42}, {-0.3 - sweep, 0}, {-0.48 - sweep, 0}}, 0.025),
               look.main);
  drawing.part(0.5, limb(0.0, 0.22, 0.22, 0.22, 0.07), darker(look.main, 0.15f));
  drawing.sub(oval(0.28, 0.22, 0.025, 0.06), kTyre);
}

void draw_boat(Drawing& drawing, Look const& look, Random& random) {
  double const mast = random.real(1.25, 1.5);
  drawing.part(0.3, limb(0.05, 0.3, 0.05, mast, 0.022), hsl(0.08, 0.4, 0.38));
  drawing.sub(patch({{0.05, mast}, {0.05, mast - 0.12}, {-0.18, mast - 0.06}}, 0.006),
              hsl(0.0, 0.75, 0.52));
  drawing.part(0.9, patch({{0.11, 0.42}, {0.11, mast - 0.1}, {0.85, 0.42}}, 0.015),
               Paint({0.99f, 0.97f, 0.92f}, {0.86f, 0.84f, 0.84f}, Finish::plain));
  drawing.sub(patch({{0.11, 0.62}, {0.11, 0.76}, {0.56, 0.76}, {0.68, 0.62}}), look.accent);
  drawing.part(0.8, patch({{-0.01, 0.42}, {-0.01, mast - 0.28}, {-0.6, 0.42}}, 0.015),
               Paint({0.95f, 0.92f, 0.86f}, {0.8f, 0.78f, 0.8f}, Finish::plain));
  drawing.part(0.3, box(-0.5, 0.28, -0.06, 0.45, 0.04), Paint({0.93f, 0.9f, 0.84f}));
  drawing.sub(disc(-0.37, 0.37, 0.045), glass());
  drawing.sub(disc(-0.2, 0.37, 0.045), glass());
  drawing.part(0.5, patch({{-0.62, 0.03}, {-0.85, 0.3}, {1.0, 0.33}, {0.66, 0.03}}, 0.03),
               Paint(look.main, Finish::glossy));
  drawing.sub(patch({{-0.88, 0.27}, {-0.9, 0.34}, {1.04, 0.37}, {0.98, 0.3}}, 0.01), look.pale);
}

void draw_bicycle(Drawing& drawing, Look const& look, Random&) {
  Paint const frame(look.main, Finish::glossy);
  draw_spoked_wheel(drawing, -0.58, 0.38, 0.055);
  draw_spoked_wheel(drawing, 0.58, 0.38, 0.055);
  drawing.part(0.6, limb(-0.58, 0.38, -0.06, 0.34, 0.03), frame);
  drawing.part(0.6, limb(-0.58, 0.38, -0.24, 0.8, 0.026), frame);
  drawing.part(0.7, limb(-0.06, 0.34, -0.28, 0.92, 0.036), frame);
  drawing.part(0.7, limb(-0.06, 0.34, 0.42, 0.82, 0.038), frame);
  drawing.part(0.7, limb(-0.24, 0.78, 0.41, 0.84, 0.034), frame);
  drawing.part(0.6, limb(0.58, 0.38, 0.38, 0.98, 0.032), frame);
  drawing.part(0.5, limb(0.38, 1.0, 0.56, 1.04, 0.035), look.dark);
  drawing.part(0.5, patch({{-0.42, 0.98}, {-0.14, 0.95}, {-0.38, 0.93}}, 0.03), look.dark);
  drawing.part(0.4, disc(-0.06, 0.34, 0.1), Paint(kSteel, Finish::glossy));
  drawing.sub(limb(-0.06, 0.34, 0.04, 0.16, 0.02), look.dark);
}

void draw_motorbike(Drawing& drawing, Look const& look, Random&) {
  Paint const body(look.main, Finish::glossy);
  draw_wheel(drawing, -0.62, 0.32, 0.7);
  draw_wheel(drawing, 0.64, 0.32, 0.7);
  drawing.part(0.4, limb(0.64, 0.32, 0.38, 0.86, 0.042), kSteel);
  drawing.part(0.5, patch({{-0.28, 0.2}, {0.24, 0.2}, {0.32, 0.52}, {-0.26, 0.52}}, 0.05),
               Paint(darker(kSteel, 0.45f)));
  drawing.sub(disc(-0.02, 0.36, 0.13), Paint(kSteel, Finish::glossy));
  drawing.part(0.25, limb(-0.85, 0.26, -0.05, 0.21, 0.045), Paint(kSteel, Finish::glossy));
  drawing.part(0.5, patch({{-0.9, 0.68}, {-0.55, 0.74}, {-0.4, 0.58}, {-0.7, 0.58}}, 0.05), body);
  drawing.part(0.4, limb(-0.6, 0.72, -0.14, 0.69, 0.06), look.dark);
  drawing.part(0.9,
               patch({{-0.14, 0.6}, {-0.02, 0.82}, {0.26, 0.86}, {0.4, 0.62}, {0.1, 0.52}}, 0.05),
               body);
  drawing.sub(oval(0.14, 0.76, 0.15, 0.05, -0.02), lighter(look.main, 0.4f));
  drawing.part(0.5, limb(0.36, 0.9, 0.2, 0.99, 0.032), look.dark);
  drawing.part(0.8, oval(0.46, 0.8, 0.09, 0.1), Paint(kLamp, Finish::glossy));
  drawing.part(0.4, limb(0.46, 0.66, 0.84, 0.62, 0.035), body);
}

}  // namespace seplflow::dataset
