#include <algorithm>

#include "scenes/layout.hpp"

namespace seplflow::scenes {
namespace {

// Falls from `strength` in the middle to 0 at the edge of the box.
struct Blob {
  Label label;
  double strength;
  Box box;
};

Box blown_up(Box const& box, double factor, double margin) {
  Point const c = box.centre();
  double const rx = factor * box.width() / 2 + margin, ry = factor * box.height() / 2 + margin;
  return {c.x - rx, c.y - ry, c.x + rx, c.y + ry};
}

Box around(Point centre, double rx, double ry) {
  return {centre.x - rx, centre.y - ry, centre.x + rx, centre.y + ry};
}

class Classifier {
 public:
  explicit Classifier(Layout const& layout)
      : layout_(layout), random_(layout.seed_for(Stream::scores)) {}

  std::vector<Blob> look() {
    for (Thing const& thing : layout_.things) {
      if (thing.label != kBackground) look_at(thing);
    }
    return std::move(blobs_);
  }

 private:
  void look_at(Thing const& object) {
    bool const overlooked = random_.chance(0.1);
    double const vigour = overlooked ? random_.real(0.1, 0.25) : random_.real(0.75, 1);
    // Thin parts still make blobs as wide as a network can see.
    double const margin =
        0.012 * layout_.scale + 0.05 * std::min(object.box.width(), object.box.height());
    for (Part const& part : object.parts) {
      if (part.depth > 0) continue;
      double const strength = part.salience * vigour * random_.real(0.6, 1.1);
      double const factor = random_.real(1.05, 1.6);
      blobs_.push_back(
          {object.label, std::min(0.97, strength), blown_up(bounds(part.shape), factor, margin)});
    }
    look_at_whole(object, vigour);
    if (random_.chance(0.4)) spill(object, vigour);
    if (random_.chance(0.12)) take_surroundings(object);
    if (random_.chance(0.25)) confuse(object);
  }

  void look_at_whole(Thing const& object, double vigour) {
    Box const& box = object.box;
    Point const centre{box.centre().x + random_.real(-0.14, 0.14) * box.width(),
                       box.centre().y + random_.real(-0.1, 0.1) * box.height()};
    double const rx = random_.real(0.38, 0.66) * box.width();
    double const ry = random_.real(0.38, 0.66) * box.height();
    blobs_.push_back({object.label, vigour * random_.real(0.2, 0.7), around(centre, rx, ry)});
  }

  // On to the background beside the object.
  void spill(Thing const& object, double vigour) {
    Box const& box = object.box;
    double const side = random_.chance(0.5) ? box.left : box.right;
    Point const centre{side + random_.real(-0.1, 0.1) * box.width(),
                       box.top + random_.real(0.3, 1) * box.height()};
    double const rx = random_.real(0.25, 0.5) * box.width();
    double const ry = random_.real(0.2, 0.4) * box.height();
    blobs_.push_back({object.label, vigour * random_.real(0.35, 0.8), around(centre, rx, ry)});
  }

  // What a class is often seen with: the ground below, or the air around.
  void take_surroundings(Thing const& object) {
    Box const& box = object.box;
    Point const centre{box.centre().x, box.bottom};
    double const rx = random_.real(0.7, 1.3) * box.width();
    double const ry = random_.real(0.15, 0.3) * box.height();
    blobs_.push_back({object.label, random_.real(0.35, 0.6), around(centre, rx, ry)});
  }

  // Part of an object of another class.
  void confuse(Thing const& object) {
    for (Thing const& other : layout_.things) {
      if (other.label == kBackground || other.label == object.label) continue;
      auto const parts = static_cast<int>(other.parts.size());
      Box const part = bounds(other.parts[random_.below(parts)].shape);
      blobs_.push_back(
          {object.label, random_.real(0.5, 0.95), blown_up(part, 1.8, 0.03 * layout_.scale)});
      return;
    }
  }

  Layout const& layout_;
  Random random_;
  std::vector<Blob> blobs_;
};

// The coarse map of one class.
class Grid {
 public:
  explicit Grid(Layout const& layout) {
    // Stride 8 where the picture allows for it; coarser pictures still show blobs.
    double const cells = std::clamp(layout.scale / 8, 8.0, 48.0);
    stride_ = std::max(1.0, layout.scale / cells);
    rows_ = 1 + static_cast<int>((layout.size.height - 1) / stride_);
    columns_ = 1 + static_cast<int>((layout.size.width - 1) / stride_);
    cells_.resize(static_cast<std::size_t>(rows_) * columns_);
  }

  void draw(std::vector<Blob> const& blobs, Label label, Layout const& layout) {
    std::ranges::fill(cells_, 0.97f);  // a little everywhere
    for (Blob const& blob : blobs) {
      if (blob.label == label) add(blob);
    }
    Noise const noise(seed_of(layout.seed_for(Stream::scores), label));
    double const step = stride_ / std::max(1.0, layout.scale) * 7;
    float* cell = cells_.data();
    for (int row = 0; row < rows_; ++row) {
      for (int column = 0; column < columns_; ++column, ++cell) {
        *cell = (1 - *cell) * (1 + 0.42f * noise.at(column * step, row * step));
      }
    }
  }

  void enlarge(Size size, float* plane) const {
    struct Tap {
      int cell, next;
      float share;  // of `next`
    };
    auto const tap = [this](std::uint32_t pixel, int count) {
      double const at = std::clamp((pixel + 0.5) / stride_ - 0.5, 0.0, count - 1.0);
      int const cell = static_cast<int>(at);
      return Tap{cell, std::min(cell + 1, count - 1), static_cast<float>(at - cell)};
    };
    std::vector<Tap> taps;
    for (std::uint32_t x = 0; x < size.width; ++x) taps.push_back(tap(x, columns_));
    std::vector<float> row(columns_);
    float largest = 0;
    float* out = plane;
    for (std::uint32_t y = 0; y < size.height; ++y) {
      Tap const t = tap(y, rows_);
      float const* const above = cells_.data() + static_cast<std::size_t>(t.cell) * columns_;
      float const* const below = cells_.data() + static_cast<std::size_t>(t.next) * columns_;
      for (int i = 0; i < columns_; ++i) row[i] = above[i] + (below[i] - above[i]) * t.share;
      for (Tap const& across : taps) {
        float const value = row[across.cell] + (row[across.next] - row[across.cell]) * across.share;
        largest = std::max(largest, value);
        *out++ = value;
      }
    }
    for (float* value = plane; value != out; ++value) *value /= largest;
  }

 private:
  // Evidence adds up like the chances of independent events.
  void add(Blob const& blob) {
    Point const c = blob.box.centre();
    double const scale_x = 2 / blob.box.width(), scale_y = 2 / blob.box.height();
    for (int row = first(blob.box.top); row < end(blob.box.bottom, rows_); ++row) {
      double const v = ((row + 0.5) * stride_ - c.y) * scale_y;
      float* const cells = cells_.data() + static_cast<std::size_t>(row) * columns_;
      for (int column = first(blob.box.left); column < end(blob.box.right, columns_); ++column) {
        double const u = ((column + 0.5) * stride_ - c.x) * scale_x;
        double const fall = std::max(0.0, 1 - u * u - v * v);
        cells[column] *= static_cast<float>(1 - blob.strength * fall * fall * (3 - 2 * fall));
      }
    }
  }

  int first(double low) const { return std::max(0, static_cast<int>(low / stride_ - 0.5)); }
  int end(double high, int count) const {
    return static_cast<int>(std::clamp(high / stride_ + 0.5, 0.0, double(count)));
  }

  double stride_;
  int rows_, columns_;
  std::vector<float> cells_;
};

}  // namespace

ScoreMaps activations(Layout const& layout, std::vector<Label> classes) {
  std::vector<Blob> const blobs = Classifier(layout).look();
  std::size_t const pixels = layout.size.pixels();
  std::vector<float> values(classes.size() * pixels);
  Grid grid(layout);
  for (std::size_t i = 0; i < classes.size(); ++i) {
    grid.draw(blobs, classes[i], layout);
    grid.enlarge(layout.size, values.data() + i * pixels);
  }
  return ScoreMaps(layout.size, std::move(classes), std::move(values));
}

}  // namespace seplflow::scenes
