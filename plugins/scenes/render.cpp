#include <algorithm>
#include <cmath>
#include <vector>

#include "scenes/layout.hpp"

namespace seplflow::scenes {
namespace {

// One pixel of a part: where it is and how deep inside.
struct Spot {
  Point p;             // centre of the pixel
  float across, down;  // position in the part's box, 0..1
  float depth;         // distance to the outline over the part's half thickness, >= 0
};

float clamped(double value) {
  return static_cast<float>(std::clamp(value, 0.0, 1.0));
}

float smooth(float t) {
  return t * t * (3 - 2 * t);
}

// 0 .. 1 .. 0 over each unit.
float ramp(double x) {
  double const t = x - std::floor(x);
  return static_cast<float>(1 - std::abs(2 * t - 1));
}

// How far the sun's light spreads, in radii.
constexpr double kHalo = 3.5;

// The finishes of objects come first.
bool is_object(Finish finish) {
  return finish <= Finish::glass;
}

// A part as the renderer meets it, row after row.
struct Layer {
  Thing const& thing;
  Part const& part;
  Box box;
  bool begins_thing;
  std::vector<double> surface;  // of terrain: y for each column
  std::vector<double> covered;  // of terrain: y from which terrain in front of it hides it

  double distance(int x, Point p) const {
    return surface.empty() ? signed_distance(part.shape, p) : surface[x] - p.y;
  }
};

// Draws one row after the other, all things back to front, so that its memory is one row.
class Renderer {
 public:
  explicit Renderer(Layout const& layout)
      : layout_(layout),
        noise_(layout.seed_for(Stream::texture)),
        width_(static_cast<int>(layout.size.width)),
        row_(layout.size.width),
        inside_(layout.size.width) {
    for (Thing const& thing : layout.things) {
      for (Part const& part : thing.parts) {
        Layer layer{thing, part, bounds(part.shape), &part == &thing.parts.front(), {}, {}};
        if (auto const* const terrain = std::get_if<Terrain>(&part.shape)) {
          for (int x = 0; x < width_; ++x) layer.surface.push_back(terrain->surface(x + 0.5));
        }
        layers_.push_back(std::move(layer));
      }
    }
    std::vector<double> covered(layout.size.width, layout.size.height);
    for (auto layer = layers_.rbegin(); layer != layers_.rend(); ++layer) {
      if (layer->surface.empty()) continue;
      layer->covered = covered;
      for (int x = 0; x < width_; ++x) covered[x] = std::min(covered[x], layer->surface[x] + 1);
    }
  }

  void draw_row(int y, std::uint8_t* rgb) {
    for (Layer const& layer : layers_) {
      if (layer.begins_thing) std::ranges::fill(inside_, 0.0f);
      Finish const finish = layer.part.paint.finish;
      double const reach = layer.thing.label == kBackground ? 0 : 0.02 * layer.thing.box.height();
      double const margin = finish == Finish::glow ? kHalo * layer.box.height() : 1 + 1.3 * reach;
      if (y + 1 < layer.box.top - margin || y > layer.box.bottom + margin) continue;
      if (finish == Finish::shadow) {
        draw_shadow(layer, y);
      } else if (finish == Finish::glow) {
        draw_glow(layer, y);
      } else {
        if (reach > 0.5) shade_around(layer, reach, y);
        draw(layer, y);
      }
    }
    for (int x = 0; x < width_; ++x) {
      // A breath of grain hides the steps of 8 bits in smooth skies.
      float const grain = 0.006f * noise_.value(x, y);
      for (float const sample : {row_[x].r, row_[x].g, row_[x].b}) {
        *rgb++ = static_cast<std::uint8_t>(std::clamp((sample + grain) * 255 + 0.5f, 0.0f, 255.0f));
      }
    }
  }

 private:
  void draw(Layer const& layer, int y) {
    Paint const& paint = layer.part.paint;
    Box const& box = layer.box;
    bool const object = is_object(paint.finish);
    double const left = std::max(box.left, 0.0), right = std::min(box.right, double(width_));
    double const bottom = std::min<double>(box.bottom, layout_.size.height);
    double const thickness = std::max(1.0, std::min(box.width(), box.height()) / 2);
    for (int x = first_column(box, 0); x < end_column(box, 0); ++x) {
      Point const p{x + 0.5, y + 0.5};
      if (!layer.covered.empty() && p.y > layer.covered[x]) continue;
      double const distance = layer.distance(x, p);
      float const coverage = clamped(0.5 - distance);
      if (coverage == 0) continue;
      Spot const spot{p, clamped((p.x - left) / (right - left + 1e-9)),
                      clamped((p.y - box.top) / (bottom - box.top + 1e-9)),
                      static_cast<float>(std::max(0.0, -distance) / thickness)};
      Colour const colour =
          object ? object_colour(layer.thing, paint, spot) : backdrop_colour(paint, spot);
      row_[x] = mixed(row_[x], colour, coverage);
      inside_[x] = std::max(inside_[x], coverage);
    }
  }

  void draw_shadow(Layer const& layer, int y) {
    auto const& e = std::get<Ellipse>(layer.part.shape);
    for (int x = first_column(layer.box, 0); x < end_column(layer.box, 0); ++x) {
      double const u = (x + 0.5 - e.centre.x) / e.a.x, v = (y + 0.5 - e.centre.y) / e.b.y;
      float const share = smooth(clamped(1.15 * (1 - (u * u + v * v))));
      row_[x] = mixed(row_[x], layer.part.paint.top, 0.42f * share);
    }
  }

  void draw_glow(Layer const& layer, int y) {
    Paint const& paint = layer.part.paint;
    double const radius = layer.box.width() / 2;
    double const margin = kHalo * radius;
    Point const centre = layer.box.centre();
    for (int x = first_column(layer.box, margin); x < end_column(layer.box, margin); ++x) {
      double const u = (x + 0.5 - centre.x) / radius, v = (y + 0.5 - centre.y) / radius;
      double const distance = std::sqrt(u * u + v * v);
      float const halo = clamped(1 - (distance - 1) / kHalo);
      row_[x] = mixed(row_[x], paint.bottom, 0.45f * halo * halo);
      row_[x] = mixed(row_[x], paint.top, clamped(0.5 - (distance - 1) * radius));
    }
  }

  // Where a part lies on the rest of its thing it darkens it softly.
  void shade_around(Layer const& layer, double reach, int y) {
    for (int x = first_column(layer.box, reach); x < end_column(layer.box, reach); ++x) {
      if (inside_[x] == 0) continue;
      double const distance = layer.distance(x, {x + 0.5, y + 0.5 - 0.3 * reach});
      float const nearness = clamped(1 - distance / reach);
      row_[x] = mixed(row_[x], darker(row_[x], 0.8f), 0.38f * nearness * nearness * inside_[x]);
    }
  }

  Colour object_colour(Thing const& thing, Paint const& paint, Spot const& spot) const {
    double const unit = std::max(1.0, thing.box.height());
    Point const local{(spot.p.x - thing.box.left) / unit, (spot.p.y - thing.box.top) / unit};
    Colour colour = mixed(paint.top, paint.bottom, spot.down);
    colour = mixed(colour, darker(paint.bottom, 0.62f), mark(paint.finish, local));
    float light = 1.06f - 0.1f * spot.across;
    light *= 0.84f + 0.16f * smooth(std::min(1.0f, spot.depth * 2.2f));
    float grain = 0.035f;
    if (paint.finish == Finish::woolly) grain = 0.13f;
    if (paint.finish == Finish::leafy) grain = 0.2f;
    if (paint.finish == Finish::glass || paint.finish == Finish::glossy) grain = 0.012f;
    double const fineness = paint.finish == Finish::plain ? 34 : 26;
    light += grain * noise_.rough_at(local.x * fineness, local.y * fineness);
    colour = colour * light;
    if (paint.finish == Finish::glossy) {
      float const u = (spot.across - 0.36f) / 0.42f, v = (spot.down - 0.24f) / 0.16f;
      float const gleam = std::max(0.0f, 1 - u * u - v * v);
      colour = lighter(colour, 0.42f * gleam * gleam);
    }
    if (paint.finish == Finish::glass) {
      colour = lighter(colour,
                       0.3f * smooth(clamped(4 * ramp(spot.across * 0.9 + spot.down * 0.6) - 2.6)));
    }
    return colour;
  }

  Colour backdrop_colour(Paint const& paint, Spot const& spot) const {
    double const unit = std::max(1.0, layout_.scale);
    Point const local{spot.p.x / unit, spot.p.y / unit};
    Colour const colour = mixed(paint.top, paint.bottom, spot.down);
    switch (paint.finish) {
      case Finish::sky: {
        float const veil = noise_.rough_at(local.x * 2.2, local.y * 7);
        return lighter(colour, 0.2f * smooth(clamped(veil * 1.4 + 0.1)));
      }
      case Finish::cloud: {
        float const puff = noise_.rough_at(local.x * 14, local.y * 18);
        return colour * (0.985f + 0.03f * puff);
      }
      case Finish::earth: {
        // Flat ground is seen at a slant: its texture is wide, and finer far away.
        float const patches = noise_.rough_at(local.x * 5, local.y * 16);
        float const blades = noise_.rough_at(local.x * 38 + 7, local.y * 60);
        return colour * (1 + 0.06f * patches + 0.07f * blades);
      }
      case Finish::water: {
        float const ripples = noise_.rough_at(local.x * 6, local.y * 42);
        return lighter(colour, 0.3f * smooth(clamped(ripples * 1.8 - 0.1)));
      }
      case Finish::wall: {
        float const stripe = smooth(clamped(6 * ramp(local.x * 7) - 2.5));
        return colour * (0.975f + 0.03f * stripe + 0.015f * noise_.at(local.x * 60, local.y * 60));
      }
      case Finish::planks: {
        double const depth =
            (spot.p.y - layout_.ground) / (layout_.size.height - layout_.ground + 1);
        double const board = depth * (9 - 4 * depth);
        float const seam = smooth(clamped(14 * ramp(board) - 0.4));
        float const grain = noise_.rough_at(local.x * 6 + 9 * std::floor(board), board * 9);
        return colour * ((0.86f + 0.14f * seam) * (1 + 0.07f * grain));
      }
      default:
        return colour;
    }
  }

  // The pattern of a finish, 0 (none) .. 1, at a place in units of the thing's height.
  float mark(Finish finish, Point local) const {
    if (finish == Finish::striped) {
      double const bend = 0.25 * noise_.at(local.x * 4, local.y * 4);
      return smooth(clamped(3 * ramp(local.x * 9 + bend * 3) - 1.7));
    }
    if (finish == Finish::spotted) {
      return smooth(clamped(8 * noise_.rough_at(local.x * 4.2 + 40, local.y * 4.2) - 0.9));
    }
    return 0;
  }

  // Columns whose pixels a box, widened on both sides, can touch.
  int first_column(Box const& box, double margin) const {
    return static_cast<int>(std::clamp(box.left - margin - 1, 0.0, double(width_)));
  }
  int end_column(Box const& box, double margin) const {
    return static_cast<int>(std::clamp(box.right + margin + 2, 0.0, double(width_)));
  }

  Layout const& layout_;
  Noise noise_;
  int width_;
  std::vector<Layer> layers_;
  std::vector<Colour> row_;
  std::vector<float> inside_;  // how much of each pixel the thing being drawn covers
};

}  // namespace

Image render(Layout const& layout) {
  Renderer renderer(layout);
  std::size_t const pitch = std::size_t{3} * layout.size.width;
  std::vector<std::uint8_t> rgb(layout.size.height * pitch);
  for (std::uint32_t y = 0; y < layout.size.height; ++y) {
    renderer.draw_row(static_cast<int>(y), rgb.data() + y * pitch);
  }
  return Image(layout.size, std::move(rgb));
}

}  // namespace seplflow::scenes
