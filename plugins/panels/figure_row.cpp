#include "figure_row.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <seplflow/bytes.hpp>
#include <seplflow/formats/image_file.hpp>
#include <seplflow/formats/png.hpp>

namespace seplflow::panels {
namespace {

void put(ByteWriter& bytes, std::vector<std::uint8_t> const& file) {
  bytes.text({reinterpret_cast<char const*>(file.data()), file.size()});
}

std::span<std::uint8_t const> file_in(std::string_view text) {
  return {reinterpret_cast<std::uint8_t const*>(text.data()), text.size()};
}

void put(ByteWriter& bytes, std::optional<LabelMap> const& labels) {
  bytes.count(labels ? 1 : 0);
  if (labels) put(bytes, encode_label_png(*labels, LabelColours::gray));
}

std::optional<LabelMap> labels_in(ByteReader& bytes) {
  if (bytes.count() == 0) return std::nullopt;
  return decode_label_png(file_in(bytes.text()), "a saved label map");
}

void put(ByteWriter& bytes, std::optional<Regions> const& regions) {
  bytes.count(regions ? 1 : 0);
  if (!regions) return;
  bytes.count(regions->masks).count(regions->classes.size());
  for (Label const label : regions->classes) bytes.count(label);
  auto const& at = regions->at;
  for (std::size_t begin = 0; begin < at.size();) {
    std::size_t end = begin + 1;
    while (end < at.size() && at[end] == at[begin]) ++end;
    bytes.count(end - begin).count(at[begin]);
    begin = end;
  }
}

std::optional<Regions> regions_in(ByteReader& bytes, Size size) {
  if (bytes.count() == 0) return std::nullopt;
  Regions regions;
  regions.masks = bytes.count();
  regions.classes.resize(bytes.length());
  for (Label& label : regions.classes) label = static_cast<Label>(bytes.count());
  while (regions.at.size() < size.pixels()) {
    std::uint64_t const run = bytes.count(), number = bytes.count();
    bool const fits = run > 0 && run <= size.pixels() - regions.at.size();
    bool const is_mask = number <= std::min<std::uint64_t>(regions.masks, UINT16_MAX);
    if (!fits || !is_mask) throw Error("the masks of a figure are damaged");
    regions.at.insert(regions.at.end(), run, static_cast<std::uint16_t>(number));
  }
  return regions;
}

// Larger masks first, so that smaller masks on top of them are visible.
std::vector<std::size_t> by_falling_area(MaskSet const& masks) {
  std::vector<std::size_t> order(masks.count());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, std::greater(),
                           [&](std::size_t i) { return masks.mask(i).area(); });
  return order;
}

}  // namespace

Regions Regions::of(MaskSet const& masks, Size size) {
  Regions regions;
  regions.masks = masks.count();
  regions.at.resize(size.pixels());
  std::size_t const height = size.height, width = size.width;
  for (std::size_t const i : by_falling_area(masks)) {
    auto const number = static_cast<std::uint16_t>(std::min<std::size_t>(i + 1, UINT16_MAX));
    auto const bounds = masks.mask(i).bounds();
    for (std::size_t run = 0; run < bounds.size(); run += 2) {
      for (std::size_t p = bounds[run]; p < bounds[run + 1]; ++p) {
        regions.at[p % height * width + p / height] = number;
      }
    }
  }
  return regions;
}

Regions kept_regions(MaskSet const& kept, LabelMap const& pseudo) {
  Regions regions = Regions::of(kept, pseudo.size());
  OverlapTable const overlaps(pseudo, kept);
  for (std::size_t i = 0; i < kept.count(); ++i) {
    auto const k = overlaps.assigned(i);
    regions.classes.push_back(k ? overlaps.classes()[*k] : kBackground);
  }
  return regions;
}

Heat Heat::of(ScoreMaps const& scores) {
  std::vector<double> highest(scores.size().pixels(), 0.0);
  for (std::size_t i = 0; i < scores.classes().size(); ++i) {
    if (scores.classes()[i] == kBackground) continue;
    scores.visit_plane(i, [&](auto const& plane) {
      for (std::size_t p = 0; p < plane.size(); ++p) {
        highest[p] = std::max(highest[p], static_cast<double>(plane[p]));
      }
    });
  }
  double const top = std::max(1.0, *std::max_element(highest.begin(), highest.end()));
  std::vector<Label> heat(highest.size());
  for (std::size_t p = 0; p < heat.size(); ++p) {
    double const share = std::isfinite(top) ? highest[p] / top : std::isfinite(highest[p]) ? 0 : 1;
    heat[p] = static_cast<Label>(std::lround(255 * share));
  }
  return {LabelMap(scores.size(), std::move(heat)), top};
}

std::string FigureRow::save() const {
  ByteWriter bytes;
  bytes.text(id).count(size.height).count(size.width).maybe(before).maybe(after);
  bytes.count(image ? 1 : 0);
  if (image) put(bytes, encode_image_png(*image));
  for (auto const* each : {&pseudo, &labels, &truth}) put(bytes, *each);
  put(bytes, heat ? std::optional(heat->levels) : std::nullopt);
  bytes.number(heat ? heat->top : 1);
  put(bytes, masks);
  put(bytes, kept);
  return bytes.take();
}

FigureRow FigureRow::load(std::string_view text, ClassesPtr its_classes) {
  ByteReader bytes(text);
  FigureRow row;
  row.classes = std::move(its_classes);
  row.id = bytes.text();
  std::uint64_t const height = bytes.count(), width = bytes.count();
  row.size = checked_size(height, width, "a figure");
  row.before = bytes.maybe();
  row.after = bytes.maybe();
  if (bytes.count() != 0) row.image = decode_image(file_in(bytes.text()), "a saved image");
  for (auto* each : {&row.pseudo, &row.labels, &row.truth}) *each = labels_in(bytes);
  auto const levels = labels_in(bytes);
  double const top = bytes.number();
  if (levels) row.heat = Heat{*levels, top};
  row.masks = regions_in(bytes, row.size);
  row.kept = regions_in(bytes, row.size);
  bytes.end();
  return row;
}

}  // namespace seplflow::panels
