// From the decoder's logits to masks of the image's size.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/prompts.hpp"
#include "data/mask.hpp"

namespace seplflow::sam {

// A mask of a crop, and how it would change with the threshold.
struct ScoredMask {
  Mask mask;
  float stability;  // IoU of the masks at thresholds higher and lower by an offset; not a number
                    // when the lower one is empty
};

// How logits of side x side lie on a picture: they stand for image_size x image_size pixels, of
// which `resized` are those of a picture that was of size `original`.
struct Scaling {
  std::uint32_t side, image_size;
  Size resized, original;
};

// Scales logits to pixels and thresholds them, row by row, so that a mask takes memory for its runs
// and a strip of the picture. What SAM does in two steps of bilinear interpolation (to the size of
// the model's images, from which the padding is cut, then to the size of the picture), each along
// one axis after the other.
// Const: may be used from any number of threads.
class MaskLogits {
 public:
  explicit MaskLogits(Scaling const& scaling);

  Scaling const& scaling() const { return scaling_; }

  // The mask where logits are above 0, unless its stability is below `least` (float32, as torch
  // compares; nothing: every mask).
  std::optional<ScoredMask> mask(std::span<float const> logits, double offset,
                                 std::optional<double> least) const;

 private:
  // A pixel between two others.
  struct Between {
    std::uint32_t first, second;
    float weight1, weight2;
  };
  using Axis = std::vector<Between>;
  // The two steps along one axis.
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

// The mask of a crop as one of the whole image.
Mask uncropped(Mask const& mask, Crop const& crop, Size image);

}  // namespace seplflow::sam
