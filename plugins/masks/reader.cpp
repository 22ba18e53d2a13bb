#include "reader.hpp"

#include <utility>
#include <vector>

namespace seplflow::masks {

std::optional<Size> Reader::required_size(Sample const& sample) const {
  return resize == Resize::none ? sample.size : std::nullopt;
}

void Reader::require_size(std::optional<Size> size, std::string const& what,
                          Sample const& sample) const {
  auto const required = required_size(sample);
  if (!required || !size) return;
  try {
    require_same_size(*size, what, *required, "the sample's image");
  } catch (Error const& error) {
    throw Error(std::string(error.what()) + kSizeHint);
  }
}

namespace {

// Of masks that are to have the size of the image.
std::optional<Size> new_size(MaskSet const& masks, Sample const& sample) {
  if (!masks.size()) return sample.size;
  if (!sample.size) throw Error("resize needs the size of the image" + std::string(kUnknownSize));
  Size const from = *masks.size(), to = *sample.size;
  if (from != to && from.height == to.width && from.width == to.height) {
    throw Error("the masks are " + to_string(from) + " and the image is " + to_string(to) +
                " (height x width): the masks are transposed, and resize does not turn them");
  }
  return to;
}

}  // namespace

MaskSet Reader::settled(SampleContext const& context, MaskSet masks) const {
  Sample const& sample = context.sample();
  std::vector<MaskSet::Entry> entries;
  std::optional<Size> const to = resize == Resize::none ? masks.size() : new_size(masks, sample);
  bool changes = false;
  for (std::size_t i = 0; i < masks.count(); ++i) {
    changes = changes || masks.mask(i).size() != to || masks.mask(i).area() < min_area;
  }
  for (std::size_t i = 0; changes && i < masks.count(); ++i) {
    Mask mask = resized_nearest(masks.mask(i), *to);
    if (mask.area() >= min_area) entries.push_back({std::move(mask), masks.info(i)});
  }
  if (changes) masks = MaskSet(std::move(entries), to);
  context.count("masks", masks.count());
  context.count("missing_files", 0);
  return masks;
}

MaskSet Reader::missing(SampleContext const& context, std::string const& what,
                        std::string const& detail) const {
  context.count("masks", 0);
  context.count("missing_files", 1);
  warn_of_missing(context, what, "has no masks", detail);
  return MaskSet({}, context.sample().size);
}

void Reader::warn_of_contradictions(SampleContext const& context, MaskFile const& file) const {
  if (file.contradictions == 0) return;
  context.warn(
      "masks contradict the area or the bbox of their own records; were they written along rows, "
      "transposed, or converted from arrays wrongly?",
      std::to_string(file.contradictions) + " of " + std::to_string(file.records) + " masks; " +
          file.contradiction);
}

void Reader::expect_masks(OptionCheck& check) const {
  bool const is_error = on_missing == OnMissing::error;
  check.expect_some(
      {"masks",
       std::string("is this the right place, and does the stage read the format of its files?") +
           (is_error ? " If there are really no masks, set on_missing = \"empty\"" : ""),
       is_error});
}

}  // namespace seplflow::masks
