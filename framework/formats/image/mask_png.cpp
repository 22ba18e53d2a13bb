#include "formats/image/mask_png.hpp"

#include <algorithm>
#include <array>
#include <map>

#include <seplflow/error.hpp>
#include <seplflow/image.hpp>
#include <seplflow/formats/image_file.hpp>
#include <seplflow/formats/png.hpp>
#include "base/number_text.hpp"
#include "formats/image/png_reader.hpp"
#include "formats/mask_levels.hpp"

namespace seplflow {
namespace {

constexpr std::string_view kExpected = "a mask: a picture of two values, one file per mask";

using Rgb = std::array<std::uint8_t, 3>;

// Exact for gray.
float luminance(unsigned red, unsigned green, unsigned blue) {
  if (red == green && green == blue) return static_cast<float>(red);
  return static_cast<float>((299 * red + 587 * green + 114 * blue) / 1000.);
}

[[noreturn]] void fail(std::string_view name, std::string const& problem) {
  throw Error(std::string(name) + ": " + problem);
}

// ---- Gray of up to 8 bits, and palettes: one byte per pixel ----

// The pixels of each value.
std::array<std::uint64_t, 256> pixels_of(std::span<Run const> runs) {
  std::array<std::uint64_t, 256> pixels{};
  std::uint32_t begin = 0;
  for (Run const& run : runs) {
    pixels[run.value] += run.end - begin;
    begin = run.end;
  }
  return pixels;
}

// `level_of` has the level of each value that a pixel may have.
MaskPicture mask_of_runs(Size size, std::vector<Run> runs, std::array<float, 256> const& level_of,
                         std::string_view name) {
  auto const pixels = pixels_of(runs);
  Levels levels;
  for (std::size_t value = 0; value < pixels.size(); ++value) {
    if (pixels[value] > 0) levels.add(level_of[value]);
  }
  double const from = inside_from(levels, 255, name);
  MaskPicture result{Mask(size), 0, false};
  for (std::size_t value = 0; levels.more_than_two() && value < pixels.size(); ++value) {
    if (level_of[value] != 0 && level_of[value] != 255) result.between += pixels[value];
  }
  for (Run& run : runs) run.value = level_of[run.value] >= from ? 1 : 0;
  result.mask = Mask::from_runs(size, runs, 1);
  return result;
}

MaskPicture mask_of_gray(PngReader& png, bool strict, std::string_view name) {
  png.scale_gray();
  std::vector<Run> runs = png.read_runs();
  auto const is_other = [](Run const& run) { return run.value != 0 && run.value != 255; };
  if (strict && std::ranges::any_of(runs, is_other)) {
    fail(name, "holds values other than 0 and 255, which strict = true refuses");
  }
  std::array<float, 256> levels{};
  for (std::size_t value = 0; value < levels.size(); ++value) {
    levels[value] = static_cast<float>(value);
  }
  return mask_of_runs(png.size(), std::move(runs), levels, name);
}

// Of equal colours, the index counts.
MaskPicture mask_of_palette(PngReader& png, std::string_view name) {
  std::vector<Rgb> const palette = png.palette();
  png.unpack();
  std::vector<Run> runs = png.read_runs();
  auto const pixels = pixels_of(runs);
  std::array<float, 256> colours{}, indices{};
  std::vector<std::size_t> used;
  for (std::size_t i = 0; i < pixels.size(); ++i) {
    Rgb const colour = i < palette.size() ? palette[i] : Rgb{};
    colours[i] = luminance(colour[0], colour[1], colour[2]);
    indices[i] = static_cast<float>(i);
    if (pixels[i] > 0) used.push_back(i);
  }
  bool const alike =
      std::ranges::all_of(used, [&](std::size_t i) { return colours[i] == colours[used.front()]; });
  MaskPicture result = mask_of_runs(png.size(), std::move(runs), alike ? indices : colours, name);
  result.reorders_palette = !alike && used.size() == 2 && colours[used[0]] > colours[used[1]];
  return result;
}

// ---- All other kinds: samples of 8 or 16 bits ----

struct Samples {
  Size size;
  std::size_t channels;
  double scale = 255;
  std::vector<std::uint16_t> values;  // channels of a pixel are adjacent

  std::uint16_t at(std::size_t pixel, std::size_t channel) const {
    return values[pixel * channels + channel];
  }
};

Samples samples_of(PngReader& png) {
  bool const has_colours = (png.colour_type() & PNG_COLOR_MASK_COLOR) != 0;
  bool const has_alpha = (png.colour_type() & PNG_COLOR_MASK_ALPHA) != 0;
  Samples samples{png.size(), (has_colours ? std::size_t{3} : 1) + (has_alpha ? 1 : 0), 255, {}};
  std::size_t const bytes = png.bit_depth() == 16 ? 2 : 1;
  std::vector<std::uint8_t> stored(samples.size.pixels() * samples.channels * bytes);
  png.read_all(stored);
  samples.values.reserve(stored.size() / bytes);
  for (std::size_t i = 0; i < stored.size(); i += bytes) {
    samples.values.push_back(static_cast<std::uint16_t>(
        bytes == 1 ? stored[i] : static_cast<unsigned>(stored[i]) << 8 | stored[i + 1]));
  }
  // Programs also write values of 8 bits as 16 bits.
  if (bytes == 2 && std::ranges::any_of(samples.values, [](auto v) { return v > 255; })) {
    samples.scale = 65535;
  }
  return samples;
}

// The only value of a channel for all pixels.
std::optional<std::uint16_t> constant(Samples const& samples, std::size_t channel) {
  for (std::size_t i = 1; i < samples.size.pixels(); ++i) {
    if (samples.at(i, channel) != samples.at(0, channel)) return std::nullopt;
  }
  return samples.at(0, channel);
}

// Pictures of unequal channels may have two colours.
void require_two_colours(Samples const& samples, std::string_view name) {
  std::vector<Rgb> known;
  bool is_gray = true;
  for (std::size_t i = 0; i < samples.size.pixels() && known.size() <= 2; ++i) {
    std::array const colour{samples.at(i, 0), samples.at(i, 1), samples.at(i, 2)};
    is_gray = is_gray && colour[0] == colour[1] && colour[1] == colour[2];
    Rgb const high{static_cast<std::uint8_t>(colour[0] >> (samples.scale > 255 ? 8 : 0)),
                   static_cast<std::uint8_t>(colour[1] >> (samples.scale > 255 ? 8 : 0)),
                   static_cast<std::uint8_t>(colour[2] >> (samples.scale > 255 ? 8 : 0))};
    if (std::ranges::find(known, high) == known.end()) known.push_back(high);
  }
  if (known.size() <= 2) return;
  for (std::size_t i = 0; is_gray && i < samples.size.pixels(); ++i) {
    is_gray = samples.at(i, 0) == samples.at(i, 1) && samples.at(i, 1) == samples.at(i, 2);
  }
  if (is_gray) return;
  fail(name, "the picture has more than two colours; expected " + std::string(kExpected) +
                 ". Is it an image, or a map of classes or instances?");
}

std::vector<float> colour_levels(Samples const& samples) {
  std::vector<float> levels(samples.size.pixels());
  for (std::size_t i = 0; i < levels.size(); ++i) {
    levels[i] = samples.channels < 3
                    ? static_cast<float>(samples.at(i, 0))
                    : luminance(samples.at(i, 0), samples.at(i, 1), samples.at(i, 2));
  }
  return levels;
}

MaskPicture picture_of(LevelMask found) {
  return {std::move(found.mask), found.between, false};
}

MaskPicture mask_of_alpha(Samples const& samples, std::string_view name) {
  std::vector<float> levels(samples.size.pixels());
  for (std::size_t i = 0; i < levels.size(); ++i) {
    levels[i] = samples.at(i, samples.channels - 1);
  }
  return picture_of(mask_of_levels(samples.size, levels, samples.scale, name));
}

MaskPicture mask_of_samples(Samples const& samples, std::string_view name) {
  bool const has_alpha = samples.channels == 2 || samples.channels == 4;
  std::size_t const alpha = samples.channels - 1;
  bool is_plain = true;  // whether the colours have one value
  for (std::size_t c = 0; c < samples.channels - (has_alpha ? 1 : 0); ++c) {
    is_plain = is_plain && constant(samples, c);
  }
  auto const opacity = has_alpha ? constant(samples, alpha) : std::optional<std::uint16_t>(1);
  if (!opacity && is_plain) return mask_of_alpha(samples, name);
  if (samples.channels >= 3) require_two_colours(samples, name);
  MaskPicture colours =
      picture_of(mask_of_levels(samples.size, colour_levels(samples), samples.scale, name));
  bool const is_invisible = opacity == 0 && colours.mask.area() > 0;
  if (is_invisible || (!opacity && mask_of_alpha(samples, name).mask != colours.mask)) {
    fail(name,
         "the colours and the transparency of the picture are two different masks; save the one "
         "that is meant as gray, 255 inside and 0 outside");
  }
  return colours;
}

// ---- JPEG ----

MaskPicture mask_of_jpeg(std::span<std::uint8_t const> bytes, std::string_view name) {
  constexpr int kTint = 32;  // what JPEG may make of gray
  constexpr float kDark = 64, kLight = 191;
  Image const image = decode_image(bytes, name);
  std::span<std::uint8_t const> const rgb = image.rgb();
  std::vector<float> levels(image.size().pixels());
  std::size_t grey = 0;
  bool any_light = false, all_black = true;
  for (std::size_t i = 0; i < levels.size(); ++i) {
    auto const [low, high] = std::minmax({rgb[3 * i], rgb[3 * i + 1], rgb[3 * i + 2]});
    if (high - low > kTint) fail(name, "the JPEG has colours; expected " + std::string(kExpected));
    levels[i] = luminance(rgb[3 * i], rgb[3 * i + 1], rgb[3 * i + 2]);
    if (levels[i] > kDark && levels[i] < kLight) ++grey;
    any_light = any_light || levels[i] >= kLight;
    all_black = all_black && levels[i] == 0;
  }
  // A JPEG blurs the edge of a mask, but not all of it.
  if ((!any_light && !all_black) || grey * 4 > levels.size()) {
    fail(name,
         "the JPEG is not a mask of black and white; save masks as PNG, 255 inside and 0 outside: "
         "JPEG changes values");
  }
  MaskPicture result{mask_where(image.size(), [&](std::size_t i) { return levels[i] >= 128; }), 0,
                     false};
  for (float const level : levels) result.between += level != 0 && level != 255 ? 1 : 0;
  return result;
}

// ---- A value that is given ----

[[noreturn]] void fail_without(std::uint16_t inside, std::string_view name) {
  fail(name, "no pixel has the value " + std::to_string(inside) +
                 " that `inside` names, but not all are 0; set `inside` to the value of these "
                 "masks, or remove it, and the picture decides");
}

MaskPicture mask_of_value(PngReader& png, std::uint16_t inside, std::string_view name) {
  bool const is_palette = png.colour_type() == PNG_COLOR_TYPE_PALETTE;
  if (is_palette || (png.colour_type() == PNG_COLOR_TYPE_GRAY && png.bit_depth() <= 8)) {
    is_palette ? png.unpack() : png.scale_gray();
    std::vector<Run> const runs = png.read_runs();
    auto const pixels = pixels_of(runs);
    bool const known = inside < pixels.size() && pixels[inside] > 0;
    if (!known && pixels[0] < png.size().pixels()) fail_without(inside, name);
    Mask mask(png.size());
    if (known) mask = Mask::from_runs(png.size(), runs, static_cast<std::uint8_t>(inside));
    return {std::move(mask), 0, false};
  }
  Samples const samples = samples_of(png);
  if (samples.channels == 2 || samples.channels == 4) {
    fail(name, "the PNG has transparency, and `inside` is for gray, palettes, and gray in RGB");
  }
  auto const has_value = [&](std::size_t i) {
    std::size_t const first = i * samples.channels;
    return std::all_of(
        samples.values.begin() + static_cast<std::ptrdiff_t>(first),
        samples.values.begin() + static_cast<std::ptrdiff_t>(first + samples.channels),
        [&](std::uint16_t value) { return value == inside; });
  };
  MaskPicture result{mask_where(png.size(), has_value), 0, false};
  bool const is_black = std::ranges::all_of(samples.values, [](auto v) { return v == 0; });
  if (result.mask.area() == 0 && !is_black) fail_without(inside, name);
  return result;
}

// ---- Instances ----

// The numbers of the pixels, row by row.
std::vector<std::uint32_t> instance_numbers(PngReader& png, std::string_view name) {
  std::vector<std::uint32_t> numbers(png.size().pixels());
  int const colours = png.colour_type();
  if (colours == PNG_COLOR_TYPE_PALETTE ||
      (colours == PNG_COLOR_TYPE_GRAY && png.bit_depth() == 8)) {
    png.unpack();
    std::vector<std::uint8_t> indices(numbers.size());
    png.read_all(indices);
    bool const has_border = colours == PNG_COLOR_TYPE_PALETTE;
    std::ranges::transform(indices, numbers.begin(), [&](std::uint8_t index) {
      return has_border && index == 255 ? 0U : index;
    });
    return numbers;
  }
  bool const is_rgb = (colours & PNG_COLOR_MASK_COLOR) != 0 && png.bit_depth() == 8;
  bool const has_alpha = (colours & PNG_COLOR_MASK_ALPHA) != 0;
  if (!is_rgb && !(colours == PNG_COLOR_TYPE_GRAY && png.bit_depth() == 16)) {
    fail(name,
         "instance numbers are gray PNGs of 8 or 16 bits, palettes, or RGB with R + 256 G + 65536 "
         "B; save them as one of these");
  }
  Samples const samples = samples_of(png);
  for (std::size_t i = 0; has_alpha && i < numbers.size(); ++i) {
    if (samples.at(i, 3) != 255) {
      fail(name, "has transparent pixels, which instance numbers do not have; save it as RGB");
    }
  }
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    numbers[i] = samples.at(i, 0);
    if (is_rgb) numbers[i] += 256U * samples.at(i, 1) + 65536U * samples.at(i, 2);
  }
  return numbers;
}

}  // namespace

MaskPicture decode_mask_picture(std::span<std::uint8_t const> bytes, std::string_view name,
                                MaskPictureRule const& rule) {
  if (rule.strict && rule.inside == 255) return {decode_mask_png(bytes, name), 0, false};
  bool const is_jpeg = bytes.size() > 2 && bytes[0] == 0xff && bytes[1] == 0xd8;
  if (is_jpeg && !rule.inside && !rule.strict) return mask_of_jpeg(bytes, name);
  PngReader png(bytes, name, kExpected);
  int const bits = png.bit_depth();
  bool const is_gray = png.colour_type() == PNG_COLOR_TYPE_GRAY;
  if (rule.strict && (!is_gray || (bits != 8 && bits != 1))) {
    fail(name, "is not a PNG of 8-bit gray, which strict = true asks for");
  }
  if (rule.inside) return mask_of_value(png, *rule.inside, name);
  if (png.colour_type() == PNG_COLOR_TYPE_PALETTE) return mask_of_palette(png, name);
  if (is_gray && bits <= 8) return mask_of_gray(png, rule.strict, name);
  return mask_of_samples(samples_of(png), name);
}

std::vector<Mask> decode_instance_png(std::span<std::uint8_t const> bytes, std::string_view name) {
  PngReader png(bytes, name, "a PNG of instance numbers");
  std::vector<std::uint32_t> const numbers = instance_numbers(png, name);
  Size const size = png.size();
  std::map<std::uint32_t, std::vector<Run>> runs;  // of each instance, as 0 and 1
  auto const add = [&](std::uint32_t number, std::uint32_t begin, std::uint32_t end) {
    if (number == 0) return;
    auto& of = runs[number];
    if (runs.size() > kMaxInstances) {
      fail(name, "the picture has more than " + std::to_string(kMaxInstances) + " instances");
    }
    if (begin > (of.empty() ? 0 : of.back().end)) of.push_back({begin, 0});
    of.push_back({end, 1});
  };
  std::uint32_t begin = 0;
  std::uint32_t number = numbers[0];
  for (std::uint32_t x = 0, position = 0; x < size.width; ++x) {
    for (std::uint32_t y = 0; y < size.height; ++y, ++position) {
      std::uint32_t const next = numbers[std::size_t{y} * size.width + x];
      if (next == number) continue;
      add(number, begin, position);
      begin = position;
      number = next;
    }
  }
  add(number, begin, static_cast<std::uint32_t>(size.pixels()));
  std::vector<Mask> masks;
  for (auto const& [of, each] : runs) masks.push_back(Mask::from_runs(size, each, 1));
  return masks;
}

}  // namespace seplflow
