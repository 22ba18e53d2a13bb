// What the figure of one sample shows.
#pragma once

#include <cstdint>
#include <optional>
#include <seplflow/confusion_matrix.hpp>
#include <seplflow/seplflow.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace seplflow::panels {

enum class Column { image, cam, pseudo, masks, kept, labels, truth, difference };

// The smallest mask at each pixel of an image, so that small masks lie on top of large ones.
struct Regions {
  // Row-major; 0 where there is no mask, else the number of the mask, from 1.
  std::vector<std::uint16_t> at;
  // Of each mask the class that it belongs to; empty if masks have no classes here.
  std::vector<Label> classes = {};
  std::size_t masks = 0;

  static Regions of(MaskSet const& masks, Size size);
};

// The largest score of a foreground class at each pixel, 0 for scores below 0.
struct Heat {
  LabelMap levels;  // 0 to 255
  double top = 1;   // the score of 255: 1, or the largest of the sample if that is above 1

  static Heat of(ScoreMaps const& scores);
};

// The values of one sample, as far as columns show them.
struct FigureRow {
  std::string id;
  ClassesPtr classes;
  Size size;
  std::optional<Image> image;
  std::optional<LabelMap> pseudo, labels, truth;
  std::optional<Regions> masks, kept;
  std::optional<Heat> heat;
  std::optional<double> before, after;  // mIoU of pseudo and labels

  std::optional<double> gain() const {
    return before && after ? std::optional(*after - *before) : std::nullopt;
  }

  // As bytes and back. The classes are those of the data set, so they are not part of it. load()
  // throws Error when the bytes are damaged.
  std::string save() const;
  static FigureRow load(std::string_view bytes, ClassesPtr classes);
};

// The masks that sepl.select kept, each with the class that it overlaps most in the pseudo-label.
Regions kept_regions(MaskSet const& kept, LabelMap const& pseudo);

}  // namespace seplflow::panels
