#include "picture.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <seplflow/formats/png.hpp>

namespace seplflow::panels {
namespace {

// Colours that stay distinct however many there are: hues a golden section apart, in three shades.
Colour mask_colour(std::size_t number) {
  constexpr double kGoldenSection = 0.6180339887498949;
  constexpr std::array<double, 3> kValues = {1.0, 0.8, 0.6};
  double const hue = 6 * std::fmod(static_cast<double>(number) * kGoldenSection, 1.0);
  double const value = 255 * kValues[number % kValues.size()];
  auto const channel = [&](double offset) {
    double const distance = std::abs(std::fmod(hue + offset, 6.0) - 3) - 1;
    return static_cast<std::uint8_t>(std::lround(value * std::clamp(distance, 0.0, 1.0)));
  };
  return {channel(0), channel(4), channel(2)};
}

// On black, masks are paler than classes.
Colour paler(Colour const& colour) {
  Colour pale;
  for (std::size_t c = 0; c < pale.size(); ++c) {
    pale[c] = static_cast<std::uint8_t>(std::lround(0.6 * colour[c] + 0.4 * 255));
  }
  return pale;
}

// The picture under the colours of a column: the image, or black.
Picture base_of(FigureRow const& row, bool with_image) {
  Picture picture;
  picture.size = row.size;
  if (with_image && row.image) {
    picture.rgb.assign(row.image->rgb().begin(), row.image->rgb().end());
  } else {
    picture.rgb.resize(3 * row.size.pixels());
  }
  return picture;
}

bool shows_image(FigureRow const& row, Look const& look) {
  return look.style == Style::overlay && row.image.has_value();
}

void mix(Picture& picture, std::size_t pixel, Colour const& colour, double opacity) {
  for (std::size_t c = 0; c < colour.size(); ++c) {
    std::uint8_t& sample = picture.rgb[3 * pixel + c];
    sample = static_cast<std::uint8_t>(std::lround(sample * (1 - opacity) + colour[c] * opacity));
  }
}

// Gray and pale, so that colours on it stand out.
void fade(Picture& picture) {
  for (std::size_t p = 0; p + 2 < picture.rgb.size(); p += 3) {
    double const light =
        0.299 * picture.rgb[p] + 0.587 * picture.rgb[p + 1] + 0.114 * picture.rgb[p + 2];
    auto const pale = static_cast<std::uint8_t>(std::lround(127 + light / 2));
    std::fill_n(picture.rgb.begin() + static_cast<std::ptrdiff_t>(p), 3, pale);
  }
}

Picture of_labels(LabelMap const& labels, FigureRow const& row, Look const& look,
                  Colours const& colours) {
  bool const with_image = shows_image(row, look);
  Picture picture = base_of(row, with_image);
  std::array<Colour, 256> colour;
  for (std::size_t label = 0; label < colour.size(); ++label) {
    colour[label] = colour_of(static_cast<Label>(label), colours);
  }
  auto const pixels = labels.pixels();
  for (std::size_t p = 0; p < pixels.size(); ++p) {
    if (pixels[p] == kBackground || pixels[p] == kIgnore) continue;
    mix(picture, p, colour[pixels[p]], with_image ? look.opacity : 1);
  }
  picture.outlined.assign(pixels.begin(), pixels.end());
  if (label_areas(labels)[kIgnore] > 0) {
    picture.ignored.resize(pixels.size());
    for (std::size_t p = 0; p < pixels.size(); ++p) {
      picture.ignored[p] = pixels[p] == kIgnore ? 255 : 0;
    }
  }
  return picture;
}

Picture of_regions(Regions const& regions, FigureRow const& row, Look const& look,
                   Colours const& colours, std::string const& none) {
  bool const with_image = shows_image(row, look);
  Picture picture = base_of(row, with_image);
  std::vector<Colour> colour(regions.masks);
  for (std::size_t i = 0; i < colour.size(); ++i) {
    bool const has_class = !regions.classes.empty();
    colour[i] = has_class ? colour_of(regions.classes[i], colours) : mask_colour(i);
    if (!has_class && !with_image) colour[i] = paler(colour[i]);
  }
  for (std::size_t p = 0; p < regions.at.size(); ++p) {
    if (regions.at[p] == 0) continue;
    mix(picture, p, colour[regions.at[p] - 1], with_image ? look.opacity : 1);
  }
  picture.outlined = regions.at;
  if (regions.masks == 0) picture.remark = none;
  return picture;
}

Change change_of(Label truth, Label before, Label after, PredictedIgnore predicted_255) {
  if (truth == kIgnore) return Change::none;
  bool const is_left_out =
      predicted_255 == PredictedIgnore::drop && (before == kIgnore || after == kIgnore);
  if (is_left_out) return Change::none;
  auto const counted_as = [&](Label label) {
    bool const is_background = label == kIgnore && predicted_255 == PredictedIgnore::background;
    return is_background ? kBackground : label;
  };
  bool const was_right = counted_as(before) == truth, is_right = counted_as(after) == truth;
  if (was_right && is_right) return Change::none;
  if (is_right) return Change::gained;
  return was_right ? Change::lost : Change::wrong;
}

Picture of_changes(FigureRow const& row, Look const& look) {
  constexpr double kOpacity = 0.85;
  bool const with_image = shows_image(row, look);
  Picture picture = base_of(row, with_image);
  if (with_image) fade(picture);
  auto const truth = row.truth->pixels(), before = row.pseudo->pixels(),
             after = row.labels->pixels();
  for (std::size_t p = 0; p < truth.size(); ++p) {
    Change const change = change_of(truth[p], before[p], after[p], look.predicted_255);
    if (change == Change::none) continue;
    Colour const& colour = change == Change::gained ? kGained
                           : change == Change::lost ? kLost
                                                    : kWrong;
    mix(picture, p, colour, with_image ? kOpacity : 1);
  }
  return picture;
}

Picture of_heat(FigureRow const& row, Look const& look) {
  bool const with_image = shows_image(row, look);
  Picture picture = base_of(row, with_image);
  auto const heat = row.heat->levels.pixels();
  for (std::size_t p = 0; p < heat.size(); ++p) {
    mix(picture, p, heat_colour(heat[p]), with_image ? look.opacity : 1);
  }
  return picture;
}

Picture without_value(FigureRow const& row, std::string remark) {
  Picture picture = base_of(row, true);
  picture.remark = std::move(remark);
  return picture;
}

LabelMap const* labels_of(Column column, FigureRow const& row) {
  auto const* const labels = column == Column::pseudo   ? &row.pseudo
                             : column == Column::labels ? &row.labels
                             : column == Column::truth  ? &row.truth
                                                        : nullptr;
  return labels && *labels ? &**labels : nullptr;
}

bool has_changes(FigureRow const& row) {
  return row.pseudo && row.labels && row.truth;
}

Picture drawn(Column column, FigureRow const& row, Look const& look, Colours const& colours) {
  if (auto const* const labels = labels_of(column, row)) {
    return of_labels(*labels, row, look, colours);
  }
  switch (column) {
    case Column::image:
      return row.image ? base_of(row, true) : without_value(row, "no image");
    case Column::cam:
      return row.heat ? of_heat(row, look) : without_value(row, "no scores");
    case Column::masks:
      return row.masks ? of_regions(*row.masks, row, look, colours, "no masks")
                       : without_value(row, "no masks");
    case Column::kept:
      return row.kept ? of_regions(*row.kept, row, look, colours, "no mask is kept")
                      : without_value(row, "no mask is kept");
    case Column::difference:
      if (has_changes(row)) return of_changes(row, look);
      return without_value(row, row.truth ? "no labels" : "no ground truth");
    case Column::truth:
      return without_value(row, "no ground truth");
    case Column::pseudo:
    case Column::labels:
      break;
  }
  return without_value(row, "no labels");
}

}  // namespace

Colour heat_colour(std::uint8_t heat) {
  constexpr std::array<Colour, 10> kStops = {{{68, 1, 84},
                                              {72, 40, 120},
                                              {62, 73, 137},
                                              {49, 104, 142},
                                              {38, 130, 142},
                                              {31, 158, 137},
                                              {53, 183, 121},
                                              {110, 206, 88},
                                              {181, 222, 43},
                                              {253, 231, 37}}};
  double const place = heat / 255.0 * (kStops.size() - 1);
  auto const left = std::min(static_cast<std::size_t>(place), kStops.size() - 2);
  double const share = place - static_cast<double>(left);
  Colour colour;
  for (std::size_t c = 0; c < colour.size(); ++c) {
    colour[c] = static_cast<std::uint8_t>(
        std::lround(kStops[left][c] * (1 - share) + kStops[left + 1][c] * share));
  }
  return colour;
}

Picture picture_of(Column column, FigureRow const& row, Look const& look, Colours const& colours) {
  Picture picture = drawn(column, row, look, colours);
  if (!look.contours) picture.outlined.clear();
  return picture;
}

void add_needs(Column column, FigureRow const& row, Look const& look, LegendNeeds& needs) {
  if (auto const* const labels = labels_of(column, row)) {
    auto const& areas = label_areas(*labels);
    for (std::size_t label = 1; label < kIgnore; ++label) {
      if (areas[label] > 0) needs.classes[label] = true;
    }
    needs.ignored = needs.ignored || areas[kIgnore] > 0;
  }
  if (column == Column::kept && row.kept) {
    for (Label const label : row.kept->classes) needs.classes[label] = true;
  }
  if (column == Column::cam && row.heat) {
    needs.heat = true;
    needs.scaled_heat = needs.scaled_heat || row.heat->top > 1;
  }
  if (column != Column::difference || !has_changes(row)) return;
  needs.changes = true;
  auto const truth = row.truth->pixels(), before = row.pseudo->pixels(),
             after = row.labels->pixels();
  for (std::size_t p = 0; p < truth.size() && !needs.wrong; ++p) {
    needs.wrong = change_of(truth[p], before[p], after[p], look.predicted_255) == Change::wrong;
  }
}

}  // namespace seplflow::panels
