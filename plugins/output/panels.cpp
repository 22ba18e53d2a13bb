#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <vector>

#include <seplflow/formats/png.hpp>
#include "stages.hpp"

namespace seplflow::output {
namespace {

constexpr Colour kWhite{255, 255, 255};

// Colours that stay distinct however many there are: hues a golden section apart, in three shades.
Colour mask_colour(std::size_t number) {
  constexpr double kGoldenSection = 0.6180339887498949;
  constexpr std::array<double, 3> kValues = {1.0, 0.8, 0.6};
  double const hue = 6 * std::fmod(static_cast<double>(number) * kGoldenSection, 1.0);
  double const value = 255 * kValues[number % kValues.size()];
  auto const channel = [&](double offset) {
    double const distance = std::abs(std::fmod(hue + offset, 6.0) - 3) - 1;
    return static_cast<std::uint8_t>(std::lround(value * std::clamp(distance, 0.0, 1.0)));
  };
  return {channel(0), channel(4), channel(2)};
}

// An image being painted.
class Panel {
 public:
  explicit Panel(Image const& image)
      : size_(image.size()), rgb_(image.rgb().begin(), image.rgb().end()) {}

  void mix(std::size_t pixel, Colour const& colour, double opacity) {
    for (std::size_t c = 0; c < colour.size(); ++c) {
      std::uint8_t& sample = rgb_[3 * pixel + c];
      sample = static_cast<std::uint8_t>(std::lround(sample * (1 - opacity) + colour[c] * opacity));
    }
  }

  Size size() const { return size_; }
  std::span<std::uint8_t const> row(std::size_t y) const {
    return std::span(rgb_).subspan(3 * size_.width * y, std::size_t{3} * size_.width);
  }

 private:
  Size size_;
  std::vector<std::uint8_t> rgb_;
};

// Larger masks first, so that smaller masks on top of them are visible.
std::vector<std::size_t> by_falling_area(MaskSet const& masks) {
  std::vector<std::size_t> order(masks.count());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, std::greater(),
                           [&](std::size_t i) { return masks.mask(i).area(); });
  return order;
}

Panel panel_of_masks(Image const& image, MaskSet const& masks, double opacity) {
  Panel panel(image);
  std::uint32_t const height = image.size().height, width = image.size().width;
  // Each pixel shows only the smallest mask, the last that would be mixed in.
  std::vector<std::size_t> shown(image.size().pixels(), masks.count());
  for (std::size_t const i : by_falling_area(masks)) {
    auto const bounds = masks.mask(i).bounds();
    for (std::size_t run = 0; run < bounds.size(); run += 2) {
      std::fill(shown.begin() + bounds[run], shown.begin() + bounds[run + 1], i);
    }
  }
  auto const at = [&](std::uint32_t x, std::uint32_t y) {
    return shown[std::size_t{x} * height + y];
  };
  for (std::uint32_t y = 0; y < height; ++y) {
    for (std::uint32_t x = 0; x < width; ++x) {
      if (at(x, y) == masks.count()) continue;
      bool const edge = (x > 0 && at(x - 1, y) != at(x, y)) || (y > 0 && at(x, y - 1) != at(x, y));
      panel.mix(std::size_t{y} * width + x, mask_colour(at(x, y)), edge ? 1 : opacity);
    }
  }
  return panel;
}

Panel panel_of_labels(Image const& image, LabelMap const& labels, double opacity,
                      Colours const& colours) {
  Panel panel(image);
  std::array<Colour, 256> colour;
  for (std::size_t label = 0; label < colour.size(); ++label) {
    colour[label] = colour_of(static_cast<Label>(label), colours);
  }
  auto const pixels = labels.pixels();
  for (std::size_t i = 0; i < pixels.size(); ++i) {
    if (pixels[i] != kBackground) panel.mix(i, colour[pixels[i]], opacity);
  }
  return panel;
}

// The panels from left to right with white gaps between them.
Image side_by_side(std::vector<Panel> const& panels) {
  constexpr std::uint32_t kGap = 8;
  Size size = panels.front().size();
  std::uint64_t const width = std::uint64_t{size.width + kGap} * panels.size() - kGap;
  size = checked_size(size.height, width, "a row of panels");
  std::vector<std::uint8_t> rgb;
  rgb.reserve(3 * size.pixels());
  for (std::uint32_t y = 0; y < size.height; ++y) {
    for (std::size_t i = 0; i < panels.size(); ++i) {
      if (i > 0) rgb.insert(rgb.end(), 3 * kGap, kWhite[0]);
      auto const row = panels[i].row(y);
      rgb.insert(rgb.end(), row.begin(), row.end());
    }
  }
  return Image(size, std::move(rgb));
}

// Writes figures of the steps from image to labels.
struct Panels : ColourOptions {
  double opacity = 0.6;

  void check(OptionCheck& check) { check_colours(check); }

  void operator()(SampleContext const& context, Image const& image, LabelMap const* pseudo,
                  MaskSet const* masks, LabelMap const* labels, LabelMap const* truth) const {
    std::vector<Panel> panels = {Panel(image)};
    auto const add_labels = [&](LabelMap const* map, char const* name) {
      if (map == nullptr) return;
      require_same_size(map->size(), name, image.size(), "the image");
      panels.push_back(panel_of_labels(image, *map, opacity, colours_for(context.sample())));
    };
    add_labels(pseudo, "the pseudo-label");
    if (masks != nullptr) {
      if (masks->count() > 0) {
        require_same_size(masks->mask(0).size(), "the masks", image.size(), "the image");
      }
      panels.push_back(panel_of_masks(image, *masks, opacity));
    }
    add_labels(labels, "the label map");
    add_labels(truth, "the ground truth");
    context.output().write(context.sample().id + ".png", encode_image_png(side_by_side(panels)));
  }
};

}  // namespace

void declare_panels(Plugin& plugin) {
  auto& stage = plugin.stage<Panels>(
      "output.panels", "Writes figures with image, masks, labels and ground truth side by side");
  with_colours(stage)
      .inputs("image", "pseudo", "masks", "labels", "truth")
      .option("opacity", &Panels::opacity, "opacity of masks and classes over the image",
              in_range(0, 1))
      .details(
          "Writes RUN/STAGE/NAME.png with the connected inputs from left to right. Classes have "
          "the colours of PASCAL VOC, in which 255 is off-white, or of `colours`. The colour of a "
          "mask depends on its position in the mask set, so it is the same in every figure of the "
          "same masks. Smaller masks lie on top of larger ones, and edges have full colour.");
}

}  // namespace seplflow::output
