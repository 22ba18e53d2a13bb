#include <seplflow/formats/label_file.hpp>

#include <algorithm>
#include <map>
#include <numeric>
#include <string>
#include <vector>

#include <seplflow/error.hpp>
#include <seplflow/formats/input_file.hpp>
#include <seplflow/formats/npy.hpp>
#include "formats/image/label_colours.hpp"
#include "formats/image/png_reader.hpp"

namespace seplflow {
namespace {

using Bytes = std::span<std::uint8_t const>;

constexpr std::string_view kLabelFile =
    "a label map: a PNG or a .npy file of height x width class ids";

std::string place_of(std::size_t pixel, Size size) {
  return "row " + std::to_string(pixel / size.width) + ", column " +
         std::to_string(pixel % size.width);
}

// ---- PNGs that are not plain ----

// Reads pixels of any number of channels of 8 or 16 bits.
class ChannelReader {
 public:
  ChannelReader(PngReader& png, std::string_view name)
      : size_(png.size()),
        name_(name),
        kind_(describe_kind(png)),
        colours_((png.colour_type() & PNG_COLOR_MASK_COLOR) != 0 ? 3 : 1),
        alpha_((png.colour_type() & PNG_COLOR_MASK_ALPHA) != 0),
        bytes_(png.bit_depth() == 16 ? 2 : 1) {
    picture_.numbers.reserve(size_.pixels());
    png.read_rows([this](Bytes row) { add_row(row); });
  }

  Picture take() { return std::move(picture_); }

 private:
  void add_row(Bytes row) {
    std::size_t const channels = colours_ + (alpha_ ? 1 : 0), stride = channels * bytes_;
    for (std::size_t at = 0; at < row.size(); at += stride) {
      Bytes const pixel = row.subspan(at, stride);
      if (alpha_) require_opaque(pixel.last(bytes_));
      picture_.numbers.push_back(
          colours_ == 1 ? sample(pixel, 0)
                        : number_of({sample(pixel, 0), sample(pixel, 1), sample(pixel, 2)}));
    }
  }

  // A sample of 16 bits is a value up to 255, or one of 8 bits that a program scaled by 257.
  std::uint8_t sample(Bytes pixel, std::size_t channel) {
    if (bytes_ == 1) return pixel[channel];
    std::uint8_t const high = pixel[2 * channel], low = pixel[2 * channel + 1];
    bool& seen = high == 0 ? seen_plain_ : seen_scaled_;
    if (high == 0 || high == low) {
      seen = seen || low != 0;
      if (!seen_plain_ || !seen_scaled_) return low;
      throw Error(name_ + " is " + kind_ +
                  " with values up to 255 and others that are scaled by 257, "
                  "the first at " +
                  place() + "; save the class ids as 8-bit gray");
    }
    std::size_t const value = std::size_t{high} << 8 | low;
    throw Error(name_ + " is " + kind_ + " with the value " + std::to_string(value) + " at " +
                place() + "; class ids are 0..254, and 255 means ignore: save them as 8-bit gray");
  }

  void require_opaque(Bytes alpha) const {
    if (std::ranges::all_of(alpha, [](std::uint8_t byte) { return byte == 255; })) return;
    throw Error(name_ + " is " + kind_ + " with a transparent pixel at " + place() +
                "; transparency does not determine a class: save the class ids as 8-bit gray");
  }

  Label number_of(Colour const& colour) {
    if (!picture_.numbers.empty() && colour == last_) return last_number_;
    auto const [known, is_new] = number_of_.try_emplace(colour, picture_.colours.size());
    if (is_new && picture_.colours.size() == 256) {
      throw Error(name_ + " is " + kind_ +
                  " of more than 256 colours, so it is a picture and not " + "a label map");
    }
    if (is_new) picture_.colours.push_back(colour);
    last_ = colour;
    return last_number_ = static_cast<Label>(known->second);
  }

  std::string place() const { return place_of(picture_.numbers.size(), size_); }

  Size size_;
  std::string name_, kind_;
  std::size_t colours_;
  bool alpha_;
  std::size_t bytes_;
  Picture picture_;
  std::map<Colour, std::size_t> number_of_;
  bool seen_plain_ = false, seen_scaled_ = false;
  Colour last_{};
  Label last_number_ = 0;
};

LabelFile with_ids(Size size, std::vector<Label> numbers, Decision const& decision) {
  for (Label& number : numbers) number = decision.ids[number];
  return {LabelMap(size, std::move(numbers)), decision.remark, decision.detail};
}

LabelFile decode_channels(PngReader& png, std::string_view name, LabelReading const& reading) {
  Picture picture = ChannelReader(png, name).take();
  if ((png.colour_type() & PNG_COLOR_MASK_COLOR) == 0) {
    return {LabelMap(png.size(), std::move(picture.numbers)), "", ""};
  }
  Decision const decision = ids_of_picture(picture, reading, name, describe_kind(png));
  return with_ids(png.size(), std::move(picture.numbers), decision);
}

// A palette, or gray with 2 or 4 bits.
LabelFile decode_indices(PngReader& png, std::string_view name, LabelReading const& reading) {
  png.unpack();
  LabelMap labels = png.read_labels();
  auto const& areas = label_areas(labels);
  Decision const decision =
      png.colour_type() == PNG_COLOR_TYPE_PALETTE
          ? ids_of_palette(areas, png.palette(), reading, name)
          : ids_of_few_bits(areas, static_cast<unsigned>(png.bit_depth()), reading, name);
  if (decision.is_plain) return {std::move(labels), decision.remark, ""};
  auto const pixels = labels.pixels();
  return with_ids(png.size(), {pixels.begin(), pixels.end()}, decision);
}

LabelFile decode_one_bit(PngReader& png, LabelReading const& reading) {
  png.unpack();
  LabelFile file{png.read_labels(), "", ""};
  bool const two_classes = reading.classes && reading.classes->count() <= 2;
  if (!two_classes && label_areas(file.labels)[1] > 0) {
    file.remark =
        "label files have 1 bit per pixel, and their ones are read as class 1 (some programs store "
        "the values 0 and 255 with 1 bit)";
  }
  return file;
}

LabelFile decode_png(Bytes bytes, std::string_view name, LabelReading const& reading) {
  PngReader png(bytes, name, kLabelFile);
  bool const is_gray = png.colour_type() == PNG_COLOR_TYPE_GRAY;
  if (reading.strict) require_label_kind(png, name);
  if (is_gray && png.bit_depth() == 1) return decode_one_bit(png, reading);
  bool const has_few_bits = is_gray && png.bit_depth() < 8;
  if (has_few_bits || png.colour_type() == PNG_COLOR_TYPE_PALETTE) {
    return decode_indices(png, name, reading);
  }
  if (!is_gray || png.bit_depth() != 8) return decode_channels(png, name, reading);
  return {png.read_labels(), "", ""};
}

// ---- Arrays ----

bool is_npy(Bytes bytes) {
  constexpr std::string_view kMagic = "\x93NUMPY";
  return bytes.size() >= kMagic.size() &&
         std::equal(kMagic.begin(), kMagic.end(), bytes.begin(),
                    [](char a, std::uint8_t b) { return static_cast<std::uint8_t>(a) == b; });
}

// (height, width), where axes of length 1 before or after these do not count.
Size size_of(Array const& array, std::string const& name) {
  std::vector<std::uint64_t> shape(array.shape().begin(), array.shape().end());
  if (shape.size() == 3 && shape.front() == 1) shape.erase(shape.begin());
  if (shape.size() == 3 && shape.back() == 1) shape.pop_back();
  if (shape.size() == 2) return checked_size(shape[0], shape[1], name);
  throw Error(name + " holds " + array.description() +
              "; expected a label map, an array of shape (height, width) of class ids");
}

template <class T>
std::vector<Label> whole_labels(Array const& array, Size size, std::string const& name) {
  std::vector<T> const values = array.to_vector<T>();
  std::vector<Label> labels(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    // false for NaN
    bool const is_label = values[i] >= 0 && values[i] <= 255 &&
                          static_cast<T>(static_cast<Label>(values[i])) == values[i];
    if (!is_label) {
      throw Error(name + " holds the value " + std::to_string(values[i]) + " at " +
                  place_of(i, size) + "; class ids are 0..254, and 255 means ignore");
    }
    labels[i] = static_cast<Label>(values[i]);
  }
  return labels;
}

LabelFile decode_npy(Bytes bytes, std::string const& name, LabelReading const& reading) {
  Pickle const pickle = parse_npy(bytes, name);
  PickleValue const root = pickle.root();
  if (!root.is(PickleValue::Kind::array)) {
    throw Error(name + " holds " + root.description() +
                "; expected a label map, an array of shape (height, width) of class ids");
  }
  Array const& array = root.array();
  Size const size = size_of(array, name);
  if (!is_floating_point(array.type())) {
    return {LabelMap(size, whole_labels<std::int64_t>(array, size, name)), "", ""};
  }
  if (reading.strict) {
    throw Error(name + " holds " + array.description() +
                "; with strict = true, class ids are integers");
  }
  return {LabelMap(size, whole_labels<double>(array, size, name)), "", ""};
}

// ---- All ----

LabelMap relabelled(LabelMap labels, std::array<Label, 256> const& relabel) {
  auto const& areas = label_areas(labels);
  bool changes = false;
  for (std::size_t label = 0; label < areas.size(); ++label) {
    changes = changes || (areas[label] > 0 && relabel[label] != label);
  }
  if (!changes) return labels;
  std::vector<Label> pixels(labels.pixels().begin(), labels.pixels().end());
  for (Label& pixel : pixels) pixel = relabel[pixel];
  return LabelMap(labels.size(), std::move(pixels));
}

}  // namespace

LabelReading::LabelReading() {
  std::iota(relabel.begin(), relabel.end(), Label{0});
}

LabelFile decode_label_file(Bytes bytes, std::string_view name, LabelReading const& reading) {
  LabelFile file = is_npy(bytes) ? decode_npy(bytes, std::string(name), reading)
                                 : decode_png(bytes, name, reading);
  file.labels = relabelled(std::move(file.labels), reading.relabel);
  return file;
}

LabelFile read_label_file(std::filesystem::path const& path, LabelReading const& reading) {
  return decode_label_file(read_file(path), path.string(), reading);
}

}  // namespace seplflow
