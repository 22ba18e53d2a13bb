#include <seplflow/formats/png.hpp>

#include <algorithm>
#include <string>

#include <seplflow/error.hpp>
#include <seplflow/formats/input_file.hpp>
#include "formats/image/png_reader.hpp"

namespace seplflow {
namespace {

constexpr std::string_view kLabelMap =
    "a label map: an 8-bit gray or palette PNG whose pixel values are class ids";
constexpr std::string_view kScores = "the scores of a class: an 8-bit gray PNG";
constexpr std::string_view kMask = "a mask: an 8-bit gray PNG, 255 inside and 0 outside";

std::string_view colour_name(PngReader const& png) {
  switch (png.colour_type()) {
    case PNG_COLOR_TYPE_GRAY:
      return "gray";
    case PNG_COLOR_TYPE_PALETTE:
      return "palette";
    case PNG_COLOR_TYPE_RGB:
      return "RGB";
    case PNG_COLOR_TYPE_RGB_ALPHA:
      return "RGBA";
    default:
      return "gray-with-alpha";
  }
}

bool has_colours(PngReader const& png) {
  return png.colour_type() == PNG_COLOR_TYPE_RGB || png.colour_type() == PNG_COLOR_TYPE_RGB_ALPHA;
}

// Why such a file does not determine class ids, and what to do; empty when it does.
std::string why_no_labels(PngReader const& png) {
  if (has_colours(png)) {
    return "because colours do not determine class ids; if the colours come from a palette, map "
           "them back to its indices and save those as 8-bit gray";
  }
  if (png.colour_type() == PNG_COLOR_TYPE_GRAY_ALPHA) {
    return "without transparency; save the gray channel alone as 8-bit gray";
  }
  if (png.bit_depth() == 16) {
    return "0..254, and 255 for ignore; save the class ids as 8-bit gray";
  }
  if (png.colour_type() == PNG_COLOR_TYPE_GRAY && png.bit_depth() < 8) {
    return "because some programs scale fewer bits to 0..255 and others do not; save the class ids "
           "as 8-bit gray";
  }
  return {};
}

void require_gray_kind(PngReader const& png, std::string_view name) {
  if (png.colour_type() == PNG_COLOR_TYPE_GRAY && png.bit_depth() == 8) return;
  throw Error(std::string(name) + " is " + describe_kind(png) +
              "; scores are 8-bit gray PNGs, one file per class: save them like this");
}

void require_mask_kind(PngReader const& png, std::string_view name) {
  int const bits = png.bit_depth();
  if (png.colour_type() == PNG_COLOR_TYPE_GRAY && (bits == 8 || bits == 1)) return;
  throw Error(std::string(name) + " is " + describe_kind(png) +
              "; masks are 8-bit gray PNGs, 255 inside and 0 outside, one file per mask: save them "
              "like this");
}

// A mask with other values than 0 is unusable if it has no 255.
void require_inside(std::span<Run const> runs, std::string_view name) {
  std::uint8_t highest = 0;
  for (Run const& run : runs) highest = std::max(highest, run.value);
  if (highest == 0 || highest == 255) return;
  throw Error(std::string(name) + " holds values up to " + std::to_string(highest) +
              " but no 255, and a mask is inside where its value is 255; " +
              (highest == 1
                   ? "multiply this 0/1 mask by 255"
                   : "is it a label map or a soft mask? Save one file per mask, with 0 and 255"));
}

}  // namespace

std::string describe_kind(PngReader const& png) {
  int const bits = png.bit_depth();
  return (bits == 8 ? "an " : "a ") + std::to_string(bits) + "-bit " +
         std::string(colour_name(png)) + " PNG";
}

void require_label_kind(PngReader const& png, std::string_view name) {
  std::string const why = why_no_labels(png);
  if (why.empty()) return;
  throw Error(std::string(name) + " is " + describe_kind(png) +
              "; label maps are 8-bit gray or palette PNGs of class ids, " + why);
}

LabelMap decode_label_png(std::span<std::uint8_t const> bytes, std::string_view name) {
  PngReader png(bytes, name, kLabelMap);
  require_label_kind(png, name);
  png.unpack();
  return png.read_labels();
}

LabelMap read_label_png(std::filesystem::path const& path) {
  return decode_label_png(read_file(path), path.string());
}

GrayImage decode_gray_png(std::span<std::uint8_t const> bytes, std::string_view name) {
  PngReader png(bytes, name, kScores);
  require_gray_kind(png, name);
  GrayImage image{png.size(), std::vector<std::uint8_t>(png.size().pixels())};
  png.read_all(image.pixels);
  return image;
}

GrayImage read_gray_png(std::filesystem::path const& path) {
  return decode_gray_png(read_file(path), path.string());
}

Mask decode_mask_png(std::span<std::uint8_t const> bytes, std::string_view name) {
  PngReader png(bytes, name, kMask);
  require_mask_kind(png, name);
  png.scale_gray();
  std::vector<Run> const runs = png.read_runs();
  require_inside(runs, name);
  return Mask::from_runs(png.size(), runs, 255);
}

Mask read_mask_png(std::filesystem::path const& path) {
  return decode_mask_png(read_file(path), path.string());
}

}  // namespace seplflow
