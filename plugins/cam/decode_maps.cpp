#include "decode_maps.hpp"

#include <algorithm>
#include <cmath>
#include <memory>
#include <span>
#include <utility>

#include <seplflow/error.hpp>
#include "base/finite.hpp"
#include "base/half.hpp"
#include "common/sample_file.hpp"

namespace seplflow::cam {
namespace {

std::string class_name(Label label, Classes const* classes) {
  std::string const number = "class " + std::to_string(label);
  return classes ? number + " (" + classes->names()[label] + ")" : number;
}

Precision precision_of(std::vector<Array> const& maps) {
  auto const is = [&](ElementType type) {
    return [type](Array const& map) { return map.type() == type; };
  };
  if (std::ranges::any_of(maps, is(ElementType::float64))) return Precision::full;
  return std::ranges::all_of(maps, is(ElementType::float16)) ? Precision::half : Precision::single;
}

// Whether the maps look as if width came first: the image is far from square, and they have its
// proportions turned. Resizing would hide that.
bool looks_transposed(Size map, Size image) {
  auto const proportion = [](Size size) {
    return std::log(static_cast<double>(size.width) / size.height);
  };
  constexpr double kFarFromSquare = 0.15, kNear = 0.05;
  double const own = proportion(image);
  return std::abs(own) > kFarFromSquare && std::abs(proportion(map) + own) < kNear;
}

void require_fit(Size map, Size image, Scaling const& scaling, std::string const& file) {
  constexpr char const* kImage = "the sample's image";
  bool const transposed = looks_transposed(map, image);
  if (scaling.resize && transposed) {
    throw Error(file + " has maps of " + to_string(map) + ", but " + kImage + " is " +
                to_string(image) +
                " (height x width); the maps were saved with width first: save them with height "
                "first");
  }
  if (scaling.resize) return;
  try {
    require_same_size(map, file, image, kImage);
  } catch (Error const& error) {
    if (transposed) throw;
    throw Error(std::string(error.what()) +
                " Maps that cover the image at another resolution are scaled with resize = "
                "\"bilinear\"");
  }
}

bool fits_strided(FoundMaps const& found, Size image) {
  return found.may_be_strided && found.size && *found.size == strided_size(image, kStride);
}

// The size of the scores. Throws when the maps do not fit it.
Size image_size(FoundMaps const& found, std::optional<Size> image, Scaling const& scaling,
                std::string const& file) {
  if (!image && (!found.size || found.may_be_strided || scaling.resize)) {
    throw Error(file +
                (!found.size      ? " holds no maps"
                 : scaling.resize ? " holds maps that are to be resized to the image"
                                  : " holds maps that are smaller than the image") +
                kUnknownSize);
  }
  if (!image) return *found.size;
  if (found.classes.empty()) return *image;
  bool const by_method = fits_strided(found, *image) && !scaling.resize;
  if (!by_method) require_fit(*found.size, *image, scaling, file);
  return *image;
}

template <class T>
void normalize_map(std::span<T> map, Normalize how) {
  if (how == Normalize::none) return;
  auto const [least, greatest] = std::ranges::minmax(map);
  T const from = how == Normalize::minmax ? least : T{0};
  T const range = greatest - from;
  for (T& value : map) value = range > 0 ? std::max(value - from, T{0}) / range : T{0};
}

// Decodes one map after the other.
template <class T>
class Decoder {
 public:
  Decoder(FoundMaps const& found, Size image, Scaling const& scaling, Classes const* classes,
          bool strict, std::string const& file)
      : found_(found),
        image_(image),
        scaling_(scaling),
        classes_(classes),
        strict_(strict),
        file_(file),
        precision_(precision_of(found.maps)) {}

  DecodedMaps decode() {
    std::size_t const pixels = image_.pixels();
    auto values = std::make_unique_for_overwrite<T[]>(found_.maps.size() * pixels);
    std::vector<Label> classes;
    std::vector<std::string> left_out;
    for (std::size_t k = 0; k < found_.maps.size(); ++k) {
      if (decode_map(k, {values.get() + classes.size() * pixels, pixels})) {
        classes.push_back(found_.classes[k]);
      } else {
        left_out.push_back(class_name(found_.classes[k], classes_));
      }
    }
    require_bytes();
    if (classes.empty() && !left_out.empty()) {
      throw Error(file_ + ": all maps are NaN everywhere; the method failed for this image");
    }
    if constexpr (std::is_same_v<T, double>) {
      return {ScoreMaps::adopt(image_, std::move(classes), std::move(values)), left_out};
    } else {
      return {ScoreMaps::adopt(image_, std::move(classes), std::move(values), precision_),
              left_out};
    }
  }

 private:
  // Returns whether the map holds scores.
  bool decode_map(std::size_t k, std::span<T> scores) {
    bool const same_size = *found_.size == image_;
    if (!same_size) coarse_.resize(found_.size->pixels());
    std::span<T> const map = same_size ? scores : std::span<T>(coarse_);
    found_.maps[k].copy_to(map.data());
    if (found_.maps[k].type() == ElementType::uint8) divide_bytes(map);
    if (!all_finite(std::span<T const>(map)) && !holds_scores(map, k)) return false;
    if (!same_size) scale(map, scores);
    normalize_map(scores, scaling_.normalize);
    bool const changed = !same_size || scaling_.normalize != Normalize::none;
    if (changed && precision_ == Precision::half) {
      for (T& value : scores) value = static_cast<T>(round_to_half(value));
    }
    return true;
  }

  void divide_bytes(std::span<T> map) {
    T const greatest = std::ranges::max(map);
    greatest_byte_ = std::max(greatest_byte_, greatest);
    for (T& value : map) value /= T{255};
  }

  // Bytes of 0 and 1 only would be scores of 1/255 at most.
  void require_bytes() const {
    if (greatest_byte_ != T{1}) return;
    throw Error(file_ +
                " holds bytes of 0 and 1, and bytes are read as scores times 255; save the scores "
                "as float32");
  }

  // Whether the map, which is not all finite, is more than the NaN of an absent class. Throws when
  // it is and holds NaN or infinity.
  bool holds_scores(std::span<T const> map, std::size_t k) const {
    bool const all_nan = std::ranges::all_of(map, [](T value) { return std::isnan(value); });
    if (all_nan && !strict_ && found_.classes[k] != kBackground) return false;
    auto const bad = std::ranges::find_if(map, [](T value) { return !std::isfinite(value); });
    auto const place = static_cast<std::uint64_t>(bad - map.begin());
    throw Error(file_ + ": the score of " + class_name(found_.classes[k], classes_) +
                (std::isnan(*bad) ? " is NaN" : " is infinite") + " in row " +
                std::to_string(place / found_.size->width) + ", column " +
                std::to_string(place % found_.size->width));
  }

  void scale(std::span<T const> map, std::span<T> scores) const {
    if (scaling_.resize) {
      resize_map(map, *found_.size, image_, *scaling_.resize, scaling_.align_corners, scores);
    } else {
      enlarge_strided(map, image_, kStride, scores);
    }
  }

  FoundMaps const& found_;
  Size image_;
  Scaling const& scaling_;
  Classes const* classes_;
  bool strict_;
  std::string const& file_;
  Precision precision_;
  std::vector<T> coarse_;
  T greatest_byte_{0};
};

}  // namespace

DecodedMaps decode_maps(FoundMaps found, std::optional<Size> image, Scaling const& scaling,
                        Classes const* classes, bool strict, std::string const& file) {
  Size const size = image_size(found, image, scaling, file);
  if (precision_of(found.maps) == Precision::full) {
    return Decoder<double>(found, size, scaling, classes, strict, file).decode();
  }
  return Decoder<float>(found, size, scaling, classes, strict, file).decode();
}

}  // namespace seplflow::cam
