// Turns the decoder's logits into masks of the image's size.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include <seplflow/mask.hpp>
#include "core/prompts.hpp"

namespace seplflow::sam {

// A mask of a crop, and how it would change with the threshold.
struct ScoredMask {
  Mask mask;
  float stability;  // IoU of the masks at thresholds higher and lower by an offset; NaN when the
                    // lower one is empty
};

// How logits of side x side map to an image: they cover image_size x image_size pixels, of which
// `resized` belong to an image whose size was `original`.
struct Scaling {
  std::uint32_t side, image_size;
  Size resized, original;
};

// Scales logits to pixels and thresholds them row by row, so that a mask takes memory only for its
// runs and a strip of the image. SAM does this in two steps of bilinear interpolation: to the size
// of the model's images, from which the padding is removed, and then to the size of the image. Here
// each axis takes both steps at once. Immutable; safe to use from any number of threads.
class MaskLogits {
 public:
  explicit MaskLogits(Scaling const& scaling);

  Scaling const& scaling() const { return scaling_; }

  // The mask where logits are above 0, unless its stability is below `least` (compared as float32,
  // like torch; nothing: every mask).
  std::optional<ScoredMask> mask(std::span<float const> logits, double offset,
                                 std::optional<double> least) const;

 private:
  // A pixel as a mixture of two others.
  struct Between {
    std::uint32_t first, second;
    float weight1, weight2;
  };
  using Axis = std::vector<Between>;
  // The two steps of one axis.
  struct Axes {
    Axis to_image, to_picture;
  };

  static Axis axis(std::uint32_t from, std::uint32_t to, std::uint32_t used);
  static void mix(std::span<float const> first, std::span<float const> second,
                  Between const& between, std::span<float> out);
  std::vector<float> widened(std::span<float const> logits) const;

  Scaling scaling_;
  Axes across_, down_;
};

// Turns the mask of a crop into a mask of the whole image.
Mask uncropped(Mask const& mask, Crop const& crop, Size image);

}  // namespace seplflow::sam
