#include "report/overlay.hpp"

#include <algorithm>
#include <array>

#include <seplflow/formats/png.hpp>
#include "formats/image/web_pictures.hpp"

namespace seplflow {
namespace {

constexpr std::uint32_t kLongestSide = 640, kThinContours = 250;
constexpr int kQuality = 80;
constexpr std::uint8_t kTint = 150, kVeil = 130;  // opacities

std::string base64(std::span<std::uint8_t const> bytes) {
  constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::size_t const count = std::min<std::size_t>(3, bytes.size() - i);
    unsigned group = 0;
    for (std::size_t k = 0; k < 3; ++k) group = group << 8 | (k < count ? bytes[i + k] : 0U);
    for (std::size_t k = 0; k < 4; ++k) {
      text += k <= count ? kDigits[group >> (18 - 6 * k) & 63] : '=';
    }
  }
  return text;
}

// The place in `of` pixels of the middle of pixel `i` among `count`.
std::uint32_t source_of(std::uint32_t i, std::uint32_t count, std::uint32_t of) {
  return static_cast<std::uint32_t>((std::uint64_t{i} * 2 + 1) * of / (std::uint64_t{count} * 2));
}

// The mean of the pixels that become one.
Image shrunk(Image const& image, Size to) {
  auto const [height, width] = image.size();
  std::vector<std::uint8_t> rgb;
  rgb.reserve(to.pixels() * 3);
  auto const begin = [](std::uint32_t i, std::uint32_t count, std::uint32_t of) {
    return static_cast<std::size_t>(std::uint64_t{i} * of / count);
  };
  for (std::uint32_t y = 0; y < to.height; ++y) {
    std::size_t const top = begin(y, to.height, height), bottom = begin(y + 1, to.height, height);
    for (std::uint32_t x = 0; x < to.width; ++x) {
      std::size_t const left = begin(x, to.width, width), right = begin(x + 1, to.width, width);
      std::array<std::uint64_t, 3> sums{};
      for (std::size_t sy = top; sy < bottom; ++sy) {
        for (std::size_t sx = left; sx < right; ++sx) {
          for (std::size_t c = 0; c < 3; ++c) sums[c] += image.rgb()[(sy * width + sx) * 3 + c];
        }
      }
      for (std::uint64_t const sum : sums) {
        rgb.push_back(static_cast<std::uint8_t>(sum / ((bottom - top) * (right - left))));
      }
    }
  }
  return Image(to, std::move(rgb));
}

std::vector<Label> shown_labels(LabelMap const& labels, Size to) {
  std::vector<Label> shown;
  shown.reserve(to.pixels());
  for (std::uint32_t y = 0; y < to.height; ++y) {
    auto const row = labels.row(source_of(y, to.height, labels.size().height));
    for (std::uint32_t x = 0; x < to.width; ++x) {
      shown.push_back(row[source_of(x, to.width, labels.size().width)]);
    }
  }
  return shown;
}

// A colour that is seen against another one, whatever lies below: lighter than dark colours, and
// darker than light ones.
Colour contour_of(Colour colour) {
  double const lightness = 0.2126 * colour[0] + 0.7152 * colour[1] + 0.0722 * colour[2];
  bool const is_dark = lightness < 110;
  for (std::uint8_t& part : colour) {
    part = static_cast<std::uint8_t>(is_dark ? part + (255 - part) * 7 / 10 : part * 2 / 5);
  }
  return colour;
}

// The entries of a palette: of each label its tint and its contour. A picture with very many labels
// has no contours, since a palette has no room for them.
class OverlayPalette {
 public:
  OverlayPalette(std::vector<Label> const& labels, Colours const& colours) {
    std::array<bool, 256> present{};
    for (Label const label : labels) present[label] = true;
    bool const has_contours = std::ranges::count(present, true) <= 127;
    entries_.push_back({0, 0, 0, 0});
    for (unsigned label = 1; label < present.size(); ++label) {
      if (!present[label]) continue;
      auto const [red, green, blue] = colour_of(static_cast<Label>(label), colours);
      tints_[label] = contours_[label] = static_cast<std::uint8_t>(entries_.size());
      entries_.push_back({red, green, blue, label == kIgnore ? kVeil : kTint});
      if (!has_contours || label == kIgnore) continue;
      contours_[label] = static_cast<std::uint8_t>(entries_.size());
      auto const [r, g, b] = contour_of({red, green, blue});
      entries_.push_back({r, g, b, 255});
    }
  }

  std::uint8_t index_of(Label label, bool on_contour) const {
    return on_contour ? contours_[label] : tints_[label];
  }
  std::vector<ClearColour> const& entries() const { return entries_; }

 private:
  std::vector<ClearColour> entries_;
  std::array<std::uint8_t, 256> tints_{}, contours_{};
};

}  // namespace

Size shown_size(Size size) {
  std::uint32_t const longest = std::max(size.height, size.width);
  if (longest <= kLongestSide) return size;
  auto const scaled = [&](std::uint32_t side) {
    return std::max(1U, static_cast<std::uint32_t>(std::uint64_t{side} * kLongestSide / longest));
  };
  return {scaled(size.height), scaled(size.width)};
}

std::string image_uri(Image const& image) {
  Size const to = shown_size(image.size());
  auto const bytes = encode_jpeg(to == image.size() ? image : shrunk(image, to), kQuality);
  return "data:image/jpeg;base64," + base64(bytes);
}

std::string overlay_uri(LabelMap const& labels, Colours const& colours) {
  Size const size = shown_size(labels.size());
  std::vector<Label> const shown = shown_labels(labels, size);
  OverlayPalette const palette(shown, colours);
  std::vector<std::uint8_t> indices(shown.size());
  auto const differs = [&](std::size_t at, std::int64_t y, std::int64_t x) {
    if (y < 0 || x < 0 || y >= size.height || x >= size.width) return false;
    return shown[static_cast<std::size_t>(y) * size.width + static_cast<std::size_t>(x)] !=
           shown[at];
  };
  // In a large picture, which a page makes smaller, thin lines would be lost.
  std::int64_t const width = std::max(size.height, size.width) > kThinContours ? 2 : 1;
  auto const is_contour = [&](std::size_t at, std::int64_t y, std::int64_t x) {
    for (std::int64_t d = 1; d <= width; ++d) {
      if (differs(at, y - d, x) || differs(at, y + d, x) || differs(at, y, x - d) ||
          differs(at, y, x + d)) {
        return true;
      }
    }
    return false;
  };
  for (std::uint32_t y = 0; y < size.height; ++y) {
    for (std::uint32_t x = 0; x < size.width; ++x) {
      std::size_t const at = std::size_t{y} * size.width + x;
      if (shown[at] == kBackground) continue;
      indices[at] = palette.index_of(shown[at], is_contour(at, y, x));
    }
  }
  return "data:image/png;base64," + base64(encode_palette_png(size, indices, palette.entries()));
}

}  // namespace seplflow
