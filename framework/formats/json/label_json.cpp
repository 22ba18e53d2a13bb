#include "formats/json/label_json.hpp"

#include <algorithm>
#include <cstring>

#include <seplflow/formats/input_file.hpp>
#include "formats/json/checked_json.hpp"

namespace seplflow {
namespace {

namespace ondemand = simdjson::ondemand;
using JsonType = ondemand::json_type;

constexpr std::string_view kExpectedLabels =
    "its labels to be class names, or a number for each class";

JsonType type_of(ondemand::value value, JsonPlace const& place) {
  JsonType type{};
  place.check(value.type().get(type), "a value");
  return type;
}

void add_label(ondemand::value value, JsonPlace const& place, LabelledImage& image) {
  switch (type_of(value, place)) {
    case JsonType::string:
      image.classes.emplace_back(as<std::string_view>(value, place, kExpectedLabels));
      break;
    case JsonType::boolean:
      image.numbers.push_back(as<bool>(value, place, kExpectedLabels) ? 1 : 0);
      break;
    default:
      image.numbers.push_back(as<double>(value, place, kExpectedLabels));
  }
}

void add_labels(ondemand::value value, JsonPlace const& place, LabelledImage& image) {
  if (type_of(value, place) != JsonType::array) return add_label(value, place, image);
  for_each_element(as<ondemand::array>(value, place, kExpectedLabels), place,
                   [&](ondemand::value each) { add_label(each, place, image); });
}

template <std::size_t N>
bool is_among(std::string_view key, std::string_view const (&keys)[N]) {
  return std::ranges::find(keys, key) != std::end(keys);
}

LabelledImage read_record(ondemand::value value, JsonPlace const& place) {
  constexpr std::string_view kNames[] = {"image",    "file_name", "filename",
                                         "image_id", "name",      "id"};
  constexpr std::string_view kLabels[] = {"labels", "classes",  "label",
                                          "class",  "category", "categories"};
  LabelledImage image;
  std::string_view const expected =
      "an object with the name of an image (\"image\") and its classes (\"labels\")";
  bool labelled = false;
  for_each_field(as<ondemand::object>(value, place, expected), place,
                 [&](std::string_view key, ondemand::value field) {
                   if (is_among(key, kNames) && image.name.empty()) {
                     image.name = type_of(field, place) == JsonType::string
                                      ? std::string(as<std::string_view>(field, place, "a name"))
                                      : std::to_string(as<std::uint64_t>(field, place, "a name"));
                   } else if (is_among(key, kLabels) && !labelled) {
                     add_labels(field, place, image);
                     labelled = true;
                   }
                 });
  if (image.name.empty() || !labelled) place.fail_expecting(expected);
  return image;
}

}  // namespace

std::vector<LabelledImage> read_label_json(std::filesystem::path const& path) {
  std::string const name = path.string();
  JsonPlace place{name};
  auto const bytes = read_file(path);
  std::string_view json(reinterpret_cast<char const*>(bytes.data()), bytes.size());
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (json.starts_with(kByteOrderMark)) json.remove_prefix(kByteOrderMark.size());
  simdjson::padded_string const text(json);
  ondemand::parser parser;
  ondemand::document document;
  std::string_view const expected = "an object by image, or a list of images with their labels";
  place.check(parser.iterate(text).get(document), expected);
  JsonType type{};
  place.check(document.type().get(type), expected);
  std::vector<LabelledImage> images;
  if (type == JsonType::array) {
    JsonPlace entry{name, "entry"};
    for_each_element(as<ondemand::array>(document, place, expected), entry,
                     [&](ondemand::value value) {
                       images.push_back(read_record(value, entry));
                       ++entry.number;
                     });
    return images;
  }
  for_each_field(as<ondemand::object>(document, place, expected), place,
                 [&](std::string_view key, ondemand::value value) {
                   LabelledImage image;
                   image.name = key;
                   std::string const of = " (image " + image.name + ")";
                   add_labels(value, {name, "entry", images.size(), of}, image);
                   images.push_back(std::move(image));
                 });
  return images;
}

}  // namespace seplflow
