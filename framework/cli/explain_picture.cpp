#include "cli/explain_picture.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>

#include <seplflow/formats/png.hpp>

namespace seplflow::cli {
namespace {

using Rgb = seplflow::Colour;  // screens have colours too

constexpr std::uint32_t kLeastWidth = 480;  // of a panel
constexpr std::uint32_t kGap = 8, kTitle = 26, kLetter = 3;
constexpr Rgb kWhite{255, 255, 255}, kBlack{0, 0, 0}, kGround{60, 60, 60}, kNoClass{190, 190, 190};

// Letters of 3 x 5 pixels, a row to a digit whose bits are the pixels from left to right.
struct Glyph {
  char letter;
  std::string_view rows;
};
constexpr std::array<Glyph, 39> kGlyphs = {{
    {'A', "25755"}, {'B', "65656"}, {'C', "34443"}, {'D', "65556"}, {'E', "74647"}, {'F', "74644"},
    {'G', "34553"}, {'H', "55755"}, {'I', "72227"}, {'J', "11152"}, {'K', "55655"}, {'L', "44447"},
    {'M', "57755"}, {'N', "65555"}, {'O', "25552"}, {'P', "65644"}, {'Q', "25521"}, {'R', "65655"},
    {'S', "34216"}, {'T', "72222"}, {'U', "55557"}, {'V', "55552"}, {'W', "55775"}, {'X', "55255"},
    {'Y', "55222"}, {'Z', "71247"}, {'0', "75557"}, {'1', "26227"}, {'2', "61247"}, {'3', "61216"},
    {'4', "55711"}, {'5', "74616"}, {'6', "34757"}, {'7', "71222"}, {'8', "75757"}, {'9', "75716"},
    {'-', "00700"}, {'_', "00007"}, {'.', "00002"},
}};

class Picture {
 public:
  explicit Picture(Size size) : size_(size), rgb_(3 * size.pixels(), 255) {}

  void set(std::int64_t x, std::int64_t y, Rgb const& colour) {
    if (x < 0 || y < 0 || x >= size_.width || y >= size_.height) return;
    std::size_t const place = 3 * (static_cast<std::size_t>(y) * size_.width +
                                   static_cast<std::size_t>(x));
    std::copy(colour.begin(), colour.end(), rgb_.begin() + static_cast<std::ptrdiff_t>(place));
  }

  // With the upper left corner at x, y. Letters that have no glyph leave a space.
  void write(std::int64_t x, std::int64_t y, std::string_view text, std::int64_t scale,
             Rgb const& colour) {
    for (char const c : text) {
      char const letter = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
      auto const glyph = std::ranges::find(kGlyphs, letter, &Glyph::letter);
      for (std::int64_t row = 0; glyph != kGlyphs.end() && row < 5; ++row) {
        int const bits = glyph->rows[static_cast<std::size_t>(row)] - '0';
        for (std::int64_t column = 0; column < 3; ++column) {
          if ((bits >> (2 - column) & 1) == 0) continue;
          for (std::int64_t i = 0; i < scale * scale; ++i) {
            set(x + column * scale + i % scale, y + row * scale + i / scale, colour);
          }
        }
      }
      x += 4 * scale;
    }
  }

  Image image() && { return Image(size_, std::move(rgb_)); }

 private:
  Size size_;
  std::vector<std::uint8_t> rgb_;
};

Rgb mixed(Rgb const& below, Rgb const& above, unsigned percent) {
  Rgb colour;
  for (std::size_t c = 0; c < colour.size(); ++c) {
    colour[c] = static_cast<std::uint8_t>((below[c] * (100 - percent) + above[c] * percent) / 100);
  }
  return colour;
}

// The middle of the longest run of a mask: a pixel inside it, wherever its centre is.
std::pair<std::uint32_t, std::uint32_t> place_inside(Mask const& mask) {
  auto const bounds = mask.bounds();
  std::size_t longest = 0;
  for (std::size_t run = 0; run + 1 < bounds.size(); run += 2) {
    if (bounds[run + 1] - bounds[run] > bounds[longest + 1] - bounds[longest]) longest = run;
  }
  std::uint32_t const middle = (bounds[longest] + bounds[longest + 1]) / 2;
  return {middle / mask.size().height, middle % mask.size().height};
}

// The panels of one sample.
class Painter {
 public:
  Painter(std::optional<Image> const& image, Size size, Explanation const& explanation,
          Colours const& colours, std::size_t panels)
      : image_(image),
        size_(size),
        explanation_(explanation),
        colours_(colours),
        scale_(std::max(1U, (kLeastWidth + size.width - 1) / size.width)),
        picture_(checked_size(std::uint64_t{size.height} * scale_ + kTitle,
                              (std::uint64_t{size.width} * scale_ + kGap) * panels - kGap,
                              "the picture of an explanation")) {}

  void add(ExplainPanel const& panel) {
    std::int64_t const left = offset_;
    picture_.write(left + 2, 6, panel.title, kLetter, kBlack);
    if (panel.labels) {
      paint_labels(*panel.labels);
    } else {
      paint_items(panel.items);
    }
    offset_ += std::int64_t{size_.width} * scale_ + kGap;
  }

  Image image() && { return std::move(picture_).image(); }

 private:
  Rgb ground(std::uint32_t x, std::uint32_t y) const {
    if (!image_) return kGround;
    auto const rgb = image_->rgb().subspan(3 * (std::size_t{y} * size_.width + x), 3);
    return {rgb[0], rgb[1], rgb[2]};
  }

  void set_pixel(std::uint32_t x, std::uint32_t y, Rgb const& colour) {
    for (std::uint32_t i = 0; i < scale_ * scale_; ++i) {
      picture_.set(offset_ + x * scale_ + i % scale_, kTitle + y * scale_ + i / scale_, colour);
    }
  }

  // Values with a colour and an opacity; where they meet, the colour is full.
  template <class At, class ColourOf>
  void paint(At const& at, ColourOf const& colour_at) {
    for (std::uint32_t y = 0; y < size_.height; ++y) {
      for (std::uint32_t x = 0; x < size_.width; ++x) {
        auto const value = at(x, y);
        bool const edge = (x > 0 && at(x - 1, y) != value) || (y > 0 && at(x, y - 1) != value) ||
                          (x + 1 < size_.width && at(x + 1, y) != value) ||
                          (y + 1 < size_.height && at(x, y + 1) != value);
        set_pixel(x, y, colour_at(value, ground(x, y), edge));
      }
    }
  }

  void paint_labels(LabelMap const& labels) {
    paint([&](std::uint32_t x, std::uint32_t y) { return labels.at(y, x); },
          [&](Label label, Rgb const& below, bool edge) {
            if (label == kBackground) return below;
            return mixed(below, colour_of(label, colours_), edge ? 100 : 55);
          });
  }

  Rgb colour_of_item(std::size_t item) const {
    auto const& label = explanation_.items[item].label;
    return label ? colour_of(*label, colours_) : kNoClass;
  }

  void paint_items(std::vector<std::size_t> items) {
    auto const area = [&](std::size_t i) { return explanation_.items[i].region->area(); };
    std::ranges::stable_sort(items, std::greater(), area);
    std::size_t const none = explanation_.items.size();
    std::vector<std::size_t> shown(size_.pixels(), none);  // column-major
    for (std::size_t const i : items) {
      auto const bounds = explanation_.items[i].region->bounds();
      for (std::size_t run = 0; run + 1 < bounds.size(); run += 2) {
        std::fill(shown.begin() + bounds[run], shown.begin() + bounds[run + 1], i);
      }
    }
    paint([&](std::uint32_t x, std::uint32_t y) { return shown[std::size_t{x} * size_.height + y]; },
          [&](std::size_t item, Rgb const& below, bool edge) {
            if (item == none) return mixed(below, kWhite, 30);
            unsigned const inside = explanation_.items[item].kept ? 55 : 0;
            return mixed(below, colour_of_item(item), edge ? 100 : inside);
          });
    for (std::size_t const i : items) write_number(i);
  }

  void write_number(std::size_t item) {
    if (explanation_.items[item].region->area() == 0) return;
    auto const [x, y] = place_inside(*explanation_.items[item].region);
    std::string const text = std::to_string(item);
    std::int64_t const scale = 2, half = static_cast<std::int64_t>(text.size()) * 4 * scale / 2;
    std::int64_t const left = offset_ + std::int64_t{x} * scale_ - half;
    std::int64_t const lowest = kTitle + std::int64_t{size_.height} * scale_ - 5 * scale;
    std::int64_t const top = std::clamp<std::int64_t>(
        kTitle + std::int64_t{y} * scale_ - 5 * scale / 2, kTitle, lowest);
    std::int64_t const most = offset_ + std::int64_t{size_.width} * scale_ - 2 * half;
    std::int64_t const from = std::clamp(left, offset_, std::max(offset_, most));
    for (int i = 0; i < 9; ++i) picture_.write(from + i % 3 - 1, top + i / 3 - 1, text, scale, kBlack);
    picture_.write(from, top, text, scale, kWhite);
  }

  std::optional<Image> const& image_;
  Size size_;
  Explanation const& explanation_;
  Colours const& colours_;
  std::uint32_t scale_;
  std::int64_t offset_ = 0;  // of the panel that is being painted
  Picture picture_;
};

}  // namespace

std::vector<std::uint8_t> explain_picture(std::optional<Image> const& image, Size size,
                                          Explanation const& explanation,
                                          std::vector<ExplainPanel> const& panels,
                                          Colours const& colours) {
  Painter painter(image, size, explanation, colours, panels.size());
  for (ExplainPanel const& panel : panels) painter.add(panel);
  return encode_image_png(std::move(painter).image());
}

}  // namespace seplflow::cli
