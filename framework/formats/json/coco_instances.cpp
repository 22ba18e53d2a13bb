#include "formats/json/coco_instances.hpp"

#include <simdjson.h>

#include <bitset>
#include <optional>
#include <string_view>

#include "base/error.hpp"
#include "data/mask.hpp"
#include "formats/json/checked_json.hpp"
#include "formats/json/coco_segmentation.hpp"

namespace seplflow {
namespace {

namespace ondemand = simdjson::ondemand;

// Reads annotations again from their positions in the file.
class Outlines {
 public:
  Outlines(InputFile const& file, std::string_view name, CocoImage const& image)
      : file_(file),
        name_(name),
        image_(image),
        of_image_(" of image " + std::to_string(image.id)) {}

  Mask mask(CocoAnnotation const& annotation) {
    JsonPlace const place{name_, "annotation", annotation.id, of_image_};
    Segmentation const segmentation = read(annotation, place);
    if (segmentation.size && *segmentation.size != image_.size) {
      place.fail("its RLE has the size " + to_string(*segmentation.size) + ", but its image " +
                 to_string(image_.size) + " (height x width)");
    }
    try {
      return mask_of(segmentation, image_.size);
    } catch (Error const& error) {
      place.fail(error.what());
    }
  }

 private:
  // Valid until the next one is read.
  Segmentation read(CocoAnnotation const& annotation, JsonPlace const& place) {
    if (text_.size() < annotation.length) text_ = padded(annotation.length);
    auto* const bytes = reinterpret_cast<std::uint8_t*>(text_.data());
    std::size_t const length = file_.read_at(annotation.offset, {bytes, annotation.length});
    simdjson::padded_string_view const text(text_.data(), length,
                                            text_.size() + simdjson::SIMDJSON_PADDING);
    std::string_view const expected = "the annotation that was here before; the file has changed";
    ondemand::document document;
    place.check(parser_.iterate(text).get(document), expected);
    std::optional<Segmentation> segmentation;
    std::optional<std::uint64_t> id;
    for_each_field(as<ondemand::object>(document, place, expected), place,
                   [&](std::string_view key, ondemand::value value) {
                     if (key == "id") id = as<std::uint64_t>(value, place, expected);
                     if (key == "segmentation") segmentation = read_segmentation(value, place);
                   });
    if (id != annotation.id) place.fail_expecting(expected);
    if (!segmentation) place.fail("has no \"segmentation\"; expected the annotations of instances");
    return std::move(*segmentation);
  }

  InputFile const& file_;
  std::string_view name_;
  CocoImage const& image_;
  std::string of_image_;
  ondemand::parser parser_;
  simdjson::padded_string text_;
};

}  // namespace

CocoInstances::CocoInstances(std::filesystem::path const& path)
    : file_(path), name_(path.string()), index_(read_coco_index(file_, name_)) {}

std::span<CocoAnnotation const> CocoInstances::annotations_of(CocoImage const& image) const {
  return std::span(index_.annotations).subspan(image.first_annotation, image.annotations);
}

ImageLabels CocoInstances::image_labels(std::size_t image) const {
  std::bitset<256> present;
  for (CocoAnnotation const& annotation : annotations_of(images()[image])) {
    present.set(annotation.label);
  }
  ImageLabels labels;
  for (std::size_t label = 1; label < present.size(); ++label) {
    if (present[label]) labels.classes.push_back(static_cast<Label>(label));
  }
  return labels;
}

LabelMap CocoInstances::truth(std::size_t image) const {
  CocoImage const& of = images()[image];
  Canvas canvas(of.size);
  Outlines outlines(file_, name_, of);
  for (CocoAnnotation const& annotation : annotations_of(of)) {
    if (!annotation.crowd) canvas.paint(outlines.mask(annotation), annotation.label);
  }
  return canvas.labels();
}

}  // namespace seplflow
