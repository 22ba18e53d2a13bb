#include "formats/json/coco_instances.hpp"

#include <simdjson.h>

#include <algorithm>
#include <bitset>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include <seplflow/error.hpp>
#include <seplflow/mask.hpp>
#include <seplflow/sample.hpp>
#include "formats/json/checked_json.hpp"
#include "formats/json/coco_segmentation.hpp"
#include "formats/json/json_list_reader.hpp"

namespace seplflow {
namespace {

namespace ondemand = simdjson::ondemand;

struct Category {
  std::uint64_t id = 0;
  std::string name, supercategory;
};

// An annotation whose image and category may come later in the file.
struct Found {
  CocoAnnotation annotation;
  std::uint64_t image_id = 0, category_id = 0;
};

template <class T>
T taken(std::optional<T>& field, JsonPlace const& place, std::string const& name) {
  if (!field) place.fail("has no \"" + name + "\"");
  return std::move(*field);
}

std::uint64_t whole_number(ondemand::value value, JsonPlace const& place, std::string_view name) {
  return as<std::uint64_t>(value, place, std::string(name) + " to be a whole number, 0 or more");
}

CocoImage read_image(ondemand::object fields, JsonPlace const& place) {
  std::optional<std::uint64_t> id, height, width;
  std::optional<std::string> file_name;
  for_each_field(fields, place, [&](std::string_view key, ondemand::value value) {
    if (key == "id") id = whole_number(value, place, key);
    if (key == "height") height = whole_number(value, place, key);
    if (key == "width") width = whole_number(value, place, key);
    if (key == "file_name") {
      file_name = as<std::string_view>(value, place, "file_name to be a string");
    }
  });
  CocoImage image;
  image.id = taken(id, place, "id");
  image.file_name = taken(file_name, place, "file_name");
  std::uint64_t const rows = taken(height, place, "height"), columns = taken(width, place, "width");
  if (auto const unsafe = why_unsafe_id(image.file_name)) {
    place.fail("the file_name \"" + image.file_name + "\" " + *unsafe);
  }
  try {
    image.size = checked_size(rows, columns, "image " + std::to_string(image.id));
  } catch (Error const& error) {
    place.fail(error.what());
  }
  return image;
}

Category read_category(ondemand::object fields, JsonPlace const& place) {
  std::optional<std::uint64_t> id;
  std::optional<std::string> name;
  std::string_view supercategory;
  for_each_field(fields, place, [&](std::string_view key, ondemand::value value) {
    if (key == "id") id = whole_number(value, place, key);
    if (key == "name") name = as<std::string_view>(value, place, "name to be a string");
    // It serves only a warning, so a value that is not a string does not matter.
    if (key == "supercategory" && value.get(supercategory) != simdjson::SUCCESS) supercategory = {};
  });
  return {taken(id, place, "id"), taken(name, place, "name"), std::string(supercategory)};
}

bool read_crowd(ondemand::value value, JsonPlace const& place) {
  std::string_view const expected = "iscrowd to be 0 or 1";
  ondemand::json_type type{};
  place.check(value.type().get(type), expected);
  if (type == ondemand::json_type::boolean) return as<bool>(value, place, expected);
  auto const crowd = as<std::uint64_t>(value, place, expected);
  if (crowd > 1) place.fail_expecting(expected);
  return crowd == 1;
}

Found read_annotation(ondemand::object fields, JsonPlace const& place) {
  std::optional<std::uint64_t> id, image_id, category_id;
  Found found;
  for_each_field(fields, place, [&](std::string_view key, ondemand::value value) {
    if (key == "id") id = whole_number(value, place, key);
    if (key == "image_id") image_id = whole_number(value, place, key);
    if (key == "category_id") category_id = whole_number(value, place, key);
    if (key == "iscrowd") found.annotation.crowd = read_crowd(value, place);
  });
  found.annotation.id = taken(id, place, "id");
  found.image_id = taken(image_id, place, "image_id");
  if (!category_id) {
    place.fail(
        "has no \"category_id\"; expected the annotations of instances (instances_val2014.json), "
        "not of captions");
  }
  found.category_id = *category_id;
  return found;
}

void require_unique_ids(std::vector<Found> const& found, std::string const& name) {
  std::vector<std::uint64_t> ids(found.size());
  std::ranges::transform(found, ids.begin(), [](Found const& each) { return each.annotation.id; });
  std::ranges::sort(ids);
  auto const twice = std::ranges::adjacent_find(ids);
  if (twice != ids.end()) JsonPlace{name, "annotation", *twice}.fail("is defined twice");
}

// Reads the file once through a small window, without parsing outlines or keeping them in memory.
class Reader {
 public:
  Reader(InputFile& file, std::string const& name) : file_(file), name_(name) {}

  CocoIndex read() {
    JsonListReader lists(file_, name_);
    std::string const expected =
        "; expected COCO's instances, an object with \"images\", \"annotations\" and "
        "\"categories\"";
    if (lists.first() == '[') {
      throw Error(name_ + " is a list, which looks like COCO's results" + expected);
    }
    lists.read([this](std::string_view list) { return on_element(list); });
    for (char const* const list : {"images", "annotations", "categories"}) {
      if (!lists_.contains(list)) throw Error(name_ + " has no list \"" + list + "\"" + expected);
    }
    CocoIndex index;
    index.classes = classes();
    require_one_image_each();
    require_unique_ids(found_, name_);
    index.annotations = by_image();
    index.categories = counted_categories(index.annotations);
    index.images = std::move(images_);
    return index;
  }

 private:
  template <class Read>
  auto parsed(JsonListReader::Element const& element, std::string_view list, Read const& read) {
    JsonPlace const place{name_, "entry", element.index, list};
    ondemand::document document;
    std::string_view const expected = "an object";
    place.check(parser_.iterate(element.text).get(document), expected);
    return read(as<ondemand::object>(document, place, expected), place);
  }

  JsonListReader::OnElement on_element(std::string_view list) {
    lists_.emplace(list);
    if (list == "images") {
      return [this](JsonListReader::Element const& element) {
        images_.push_back(parsed(element, " of \"images\"", read_image));
      };
    }
    if (list == "categories") {
      return [this](JsonListReader::Element const& element) {
        categories_.push_back(parsed(element, " of \"categories\"", read_category));
      };
    }
    if (list == "annotations") {
      return [this](JsonListReader::Element const& element) {
        Found found = parsed(element, " of \"annotations\"", read_annotation);
        found.annotation.offset = element.offset;
        found.annotation.length = static_cast<std::uint32_t>(element.text.size());
        found_.push_back(found);
      };
    }
    return nullptr;
  }

  // Also sorts the categories by id: in this order they are labels 1, 2, ...
  ClassesPtr classes() {
    std::ranges::sort(categories_, {}, &Category::id);
    auto const twice = std::ranges::adjacent_find(categories_, {}, &Category::id);
    if (twice != categories_.end()) {
      at("category", twice->id)
          .fail("is defined twice, as \"" + twice->name + "\" and \"" + std::next(twice)->name +
                "\"");
    }
    std::vector<std::string> names = {"background"};
    for (Category const& category : categories_) names.push_back(category.name);
    try {
      return std::make_shared<Classes const>(std::move(names));
    } catch (Error const& error) {
      throw Error(name_ + ", the categories and background: " + error.what());
    }
  }

  std::vector<CocoCategory> counted_categories(std::span<CocoAnnotation const> annotations) const {
    std::vector<CocoCategory> counted;
    for (Category const& each : categories_) counted.push_back({each.id, each.supercategory, 0});
    for (CocoAnnotation const& each : annotations) ++counted[each.label - 1].annotations;
    return counted;
  }

  void require_one_image_each() {
    for (std::size_t i = 0; i < images_.size(); ++i) image_by_id_.emplace_back(images_[i].id, i);
    std::ranges::sort(image_by_id_);
    auto const id_of = [](auto const& entry) { return entry.first; };
    auto const twice = std::ranges::adjacent_find(image_by_id_, {}, id_of);
    if (twice != image_by_id_.end()) {
      at("image", twice->first)
          .fail("is defined twice, as " + images_[twice->second].file_name + " and " +
                images_[std::next(twice)->second].file_name);
    }
  }

  std::size_t image_of(Found const& found) const {
    auto const entry =
        std::ranges::lower_bound(image_by_id_, std::pair(found.image_id, std::size_t{0}));
    if (entry == image_by_id_.end() || entry->first != found.image_id) {
      at("annotation", found.annotation.id)
          .fail("belongs to image " + std::to_string(found.image_id) + ", which \"images\" (" +
                std::to_string(images_.size()) + " of them) does not list");
    }
    return entry->second;
  }

  Label label_of(Found const& found) const {
    auto const category =
        std::ranges::lower_bound(categories_, found.category_id, {}, &Category::id);
    if (category == categories_.end() || category->id != found.category_id) {
      std::string const ids = categories_.empty()
                                  ? ""
                                  : ", ids " + std::to_string(categories_.front().id) + " to " +
                                        std::to_string(categories_.back().id);
      at("annotation", found.annotation.id)
          .fail("has category " + std::to_string(found.category_id) + ", which \"categories\" (" +
                std::to_string(categories_.size()) + " of them" + ids + ") does not list");
    }
    return static_cast<Label>(category - categories_.begin() + 1);
  }

  // A counting sort, which keeps the order of the file within an image.
  std::vector<CocoAnnotation> by_image() {
    std::vector<std::size_t> image_of_each(found_.size());
    for (std::size_t i = 0; i < found_.size(); ++i) {
      found_[i].annotation.label = label_of(found_[i]);
      image_of_each[i] = image_of(found_[i]);
      ++images_[image_of_each[i]].annotations;
    }
    std::size_t first = 0;
    for (CocoImage& image : images_) {
      image.first_annotation = first;
      first += std::exchange(image.annotations, 0);
    }
    std::vector<CocoAnnotation> sorted(found_.size());
    for (std::size_t i = 0; i < found_.size(); ++i) {
      CocoImage& image = images_[image_of_each[i]];
      sorted[image.first_annotation + image.annotations++] = found_[i].annotation;
    }
    return sorted;
  }

  JsonPlace at(char const* part, std::uint64_t id) const { return {name_, part, id}; }

  InputFile& file_;
  std::string const& name_;
  ondemand::parser parser_;
  std::set<std::string, std::less<>> lists_;
  std::vector<CocoImage> images_;
  std::vector<Category> categories_;
  std::vector<Found> found_;
  std::vector<std::pair<std::uint64_t, std::size_t>> image_by_id_;
};

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
      return mask_of(segmentation, image_.size, work_);
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
                     if (key == "segmentation") {
                       segmentation = read_segmentation(value, place, {image_.size});
                     }
                   });
    if (id != annotation.id) place.fail_expecting(expected);
    if (!segmentation) place.fail("has no \"segmentation\"; expected the annotations of instances");
    return std::move(*segmentation);
  }

  InputFile const& file_;
  std::string_view name_;
  CocoImage const& image_;
  std::string of_image_;
  PolygonWork work_;  // of all outlines
  ondemand::parser parser_;
  simdjson::padded_string text_;
};

}  // namespace

CocoInstances::CocoInstances(std::filesystem::path const& path)
    : file_(path), name_(path.string()), index_(Reader(file_, name_).read()) {}

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
