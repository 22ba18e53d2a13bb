#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>
#include <vector>

#include "base/random.hpp"
#include "nets/colour_jitter.hpp"
#include "nets/patch.hpp"
#include "nets/stages.hpp"

namespace seplflow::nets {
namespace {

// The random numbers of a sample: they follow from the seed, the sample's place in the data set and
// its repetition alone. Stages of different kinds draw different numbers, whatever their seeds.
Random random_of(std::int64_t seed, Sample const& sample, std::string_view stage) {
  std::uint64_t state = static_cast<std::uint64_t>(seed);
  for (char const each : stage) state = seed_of(state, static_cast<unsigned char>(each));
  return Random(seed_of(seed_of(state, sample.repetition), sample.index));
}

// A whole number from `low` to `high`, both included.
std::int64_t drawn(Random& random, std::int64_t low, std::int64_t high) {
  return low + static_cast<std::int64_t>(random.bits() % static_cast<std::uint64_t>(high - low + 1));
}

std::uint32_t side(double pixels) {
  return static_cast<std::uint32_t>(std::max(pixels, 1.0));
}

enum class ScaleBy { factors, range, longest_side };

// Resizes an image and its labels by a random factor.
struct Scale {
  ScaleBy by = ScaleBy::factors;
  std::vector<double> values = {0.5, 0.75, 1, 1.25, 1.5};
  Resampling resampling = Resampling::opencv_bilinear;
  std::int64_t seed = 0;

  void check(OptionCheck& check) {
    bool const is_range = by != ScaleBy::factors;
    if (is_range && (values.size() != 2 || values[0] > values[1])) {
      check.refuse("values", "expected the smallest and the largest value, such as [0.5, 1.5] or "
                             "[320, 640]");
    }
    if (values.empty()) check.refuse("values", "expected at least one factor, such as [1]");
    bool const is_whole = std::ranges::all_of(
        values, [](double value) { return value == std::floor(value) && value >= 1; });
    if (by == ScaleBy::longest_side && !is_whole) {
      check.refuse("values", "with by = \"longest_side\", expected whole numbers of pixels, such as "
                             "[320, 640]");
    }
    if (by != ScaleBy::longest_side && !values.empty() && std::ranges::max(values) > 16) {
      check.refuse("values", "a factor must not be larger than 16; with by = \"longest_side\" these "
                             "are pixels");
    }
  }

  Patch operator()(SampleContext const& context, Image const& image, LabelMap const* labels) const {
    Random random = random_of(seed, context.sample(), "augment.scale");
    return scaled(image, labels, drawn_size(random, image.size()), resampling);
  }

 private:
  Size drawn_size(Random& random, Size size) const {
    if (by == ScaleBy::longest_side) {
      std::int64_t const longest = drawn(random, static_cast<std::int64_t>(values[0]),
                                         static_cast<std::int64_t>(values[1]));
      return rounded(size, static_cast<double>(longest) / std::max(size.height, size.width));
    }
    if (by == ScaleBy::range) return rounded(size, random.real(values[0], values[1]));
    double const factor = values[static_cast<std::size_t>(
        drawn(random, 0, static_cast<std::int64_t>(values.size()) - 1))];
    return checked_size(side(size.height * factor), side(size.width * factor), "a scaled image");
  }

  // As numpy.round does it: half to even.
  static Size rounded(Size size, double factor) {
    return checked_size(side(std::nearbyint(size.height * factor)),
                        side(std::nearbyint(size.width * factor)), "a scaled image");
  }
};

enum class Placement { corner, anywhere };

// Cuts a square out of a patch.
struct Crop {
  std::int64_t size = 321;
  Placement placement = Placement::corner;
  std::int64_t seed = 0;

  Patch operator()(SampleContext const& context, Patch const& patch) const {
    Random random = random_of(seed, context.sample(), "augment.crop");
    auto const extent = static_cast<std::uint32_t>(size);
    std::int64_t const y = begin(random, patch.size.height);
    std::int64_t const x = begin(random, patch.size.width);
    return cut_out(patch, {extent, extent}, y, x);
  }

 private:
  // Where the crop begins along a side of the patch; negative where padding comes first.
  std::int64_t begin(Random& random, std::uint32_t extent) const {
    std::int64_t const room = std::int64_t{extent} - size;
    if (room >= 0) return drawn(random, 0, room);
    return placement == Placement::corner ? 0 : -drawn(random, 0, -room);
  }
};

// Mirrors a patch or leaves it.
struct Flip {
  double probability = 0.5;
  std::int64_t seed = 0;

  Patch operator()(SampleContext const& context, Patch const& patch) const {
    Random random = random_of(seed, context.sample(), "augment.flip");
    return random.chance(probability) ? mirrored(patch) : patch;
  }
};

// Changes the colours of an image.
struct Colour {
  double brightness = 0.3, contrast = 0.3, saturation = 0.3, hue = 0.1;
  std::int64_t seed = 0;

  Image operator()(SampleContext const& context, Image const& image) const {
    Random random = random_of(seed, context.sample(), "augment.colour");
    std::array order = {Adjustment::brightness, Adjustment::contrast, Adjustment::saturation,
                        Adjustment::hue};
    for (int i = static_cast<int>(order.size()); i > 1; --i) {
      std::swap(order[static_cast<std::size_t>(i - 1)],
                order[static_cast<std::size_t>(random.below(i))]);
    }
    Image changed = image;
    for (Adjustment const adjustment : order) {
      double const most = most_of(adjustment);
      if (most == 0) continue;
      double const factor = adjustment == Adjustment::hue
                                ? random.real(-most, most)
                                : random.real(std::max(0.0, 1 - most), 1 + most);
      changed = adjusted(changed, adjustment, factor);
    }
    return changed;
  }

 private:
  double most_of(Adjustment adjustment) const {
    switch (adjustment) {
      case Adjustment::brightness:
        return brightness;
      case Adjustment::contrast:
        return contrast;
      case Adjustment::saturation:
        return saturation;
      case Adjustment::hue:
        break;
    }
    return hue;
  }
};

constexpr char const* kSeedHelp =
    "what is drawn: it follows from this number, from the sample's place in the data set and from "
    "its epoch";
constexpr char const* kDrawDetails =
    "What is drawn does not depend on threads, time or the order of the samples. Two variants of a "
    "sweep with equal seeds train on the same crops.";

void declare_colour(Plugin& plugin) {
  plugin.stage<Colour>("augment.colour",
                       "Changes brightness, contrast, saturation and hue of an image at random")
      .inputs("image")
      .output("image")
      .works_in_check()
      .option("brightness", &Colour::brightness,
              "the colours are multiplied by a factor from 1 minus this (but at least 0) to 1 plus "
              "this; 0 leaves them",
              in_range(0, 10))
      .option("contrast", &Colour::contrast,
              "the same of how far colours are from the mean grey of the image", in_range(0, 10))
      .option("saturation", &Colour::saturation,
              "the same of how far each colour is from its own grey", in_range(0, 10))
      .option("hue", &Colour::hue,
              "hues are turned by at most this share of the circle of colours, to either side",
              in_range(0, 0.5))
      .option("seed", &Colour::seed, kSeedHelp, at_least(0))
      .details(std::string(
                   "Before `augment.scale`, in a training that wants it. The defaults are those of "
                   "PSA's `train_aff.py` (`train.psa`). Does what torchvision's `ColorJitter` does "
                   "to a PIL image, with the same bytes for the same factors: the four changes come "
                   "in a random order, each after the other in 8 bits. The published trainings of "
                   "DeepLab and IRN leave colours as they are.\n\n") +
               kDrawDetails);
}

}  // namespace

void declare_augment(Plugin& plugin) {
  declare_colour(plugin);
  plugin.stage<Scale>("augment.scale", "Resizes an image and its labels by a random factor")
      .inputs("image", "labels")
      .output("patch")
      .any_size()
      .works_in_check()
      .option("by", &Scale::by,
              "what is drawn: one of the factors, a factor in a range, or the length of the longest "
              "side",
              choices<ScaleBy>({{"factors", ScaleBy::factors},
                                {"range", ScaleBy::range},
                                {"longest_side", ScaleBy::longest_side}}))
      .option("values", &Scale::values,
              "the factors; or the smallest and the largest factor, or length in pixels",
              in_range(0.01, 65536))
      .option("resampling", &Scale::resampling,
              "how the image is resized: as cv2.resize does it to float32 (DeepLab), or as Pillow's "
              "BICUBIC does it to 8 bits (IRN, PSA)",
              choices<Resampling>({{"opencv_bilinear", Resampling::opencv_bilinear},
                                   {"pillow_bicubic", Resampling::pillow_bicubic}}))
      .option("seed", &Scale::seed, kSeedHelp, at_least(0))
      .details(std::string(
                   "The first stage of the augmentation before a training (`train.deeplab`). The "
                   "defaults are those of deeplab-pytorch. Labels are resized by Pillow's NEAREST. "
                   "A side is the truncated product for `factors`, as in deeplab-pytorch, and the "
                   "rounded one (half to even) otherwise, as in IRN; at least 1 pixel. IRN trains "
                   "its classifier with `by = \"longest_side\"`, `values = [320, 640]` and "
                   "`resampling = \"pillow_bicubic\"`, and its IRNet with `by = \"range\"` and "
                   "`values = [0.5, 1.5]`. `values = [1]` leaves the size as it is.\n\n") +
               kDrawDetails);
  plugin.stage<Crop>("augment.crop", "Cuts a random square out of an image and its labels")
      .inputs("patch")
      .output("patch")
      .any_size()
      .works_in_check()
      .option("size", &Crop::size, "side of the square", in_range(1, 8192), unit("pixels"))
      .option("placement", &Crop::placement,
              "where a smaller image lies in the square: in its upper left corner (DeepLab), or "
              "anywhere (IRN)",
              choices<Placement>(
                  {{"corner", Placement::corner}, {"anywhere", Placement::anywhere}}))
      .option("seed", &Crop::seed, kSeedHelp, at_least(0))
      .details(std::string(
                   "What lies outside the image has the label 255. Its colour is that with which "
                   "the published training of the network fills it: the mean colour, or black for "
                   "AffinityNet.\n\n") +
               kDrawDetails);
  plugin.stage<Flip>("augment.flip", "Mirrors an image and its labels at random")
      .inputs("patch")
      .output("patch")
      .any_size()
      .works_in_check()
      .option("probability", &Flip::probability, "how often an image is mirrored", in_range(0, 1))
      .option("seed", &Flip::seed, kSeedHelp, at_least(0))
      .details(kDrawDetails);
}

}  // namespace seplflow::nets
