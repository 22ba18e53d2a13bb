#include <seplflow/formats/mask_collection.hpp>

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include <seplflow/error.hpp>
#include "formats/gzip.hpp"
#include "formats/json/checked_json.hpp"
#include "formats/json/json_list_reader.hpp"

namespace seplflow {
namespace {

namespace ondemand = simdjson::ondemand;
using simdjson::ondemand::json_type;

constexpr std::string_view kKinds =
    "the masks of several images: a list of records with \"image_id\" (COCO's results), the same "
    "records one after the other (JSON Lines), an object with the records of each image, or COCO's "
    "\"images\" and \"annotations\"";

// A number that changes when another file takes the place of this one.
std::uint64_t stamp_of(std::filesystem::path const& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return 0;
  std::uint64_t stamp = static_cast<std::uint64_t>(status.st_mtim.tv_sec) * 1000000007ULL +
                        static_cast<std::uint64_t>(status.st_mtim.tv_nsec);
  stamp = stamp * 1000003ULL + static_cast<std::uint64_t>(status.st_size);
  return stamp * 1000003ULL + static_cast<std::uint64_t>(status.st_ino);
}

// The last part of a path, without an extension of pictures or arrays.
std::string stem_of(std::string_view name) {
  name.remove_prefix(name.find_last_of("/\\") + 1);
  std::size_t const dot = name.rfind('.');
  if (dot == std::string_view::npos || dot == 0) return std::string(name);
  std::string ending(name.substr(dot + 1));
  std::ranges::transform(ending, ending.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  static std::set<std::string, std::less<>> const known = {"jpg",  "jpeg", "png",  "bmp", "tif",
                                                           "tiff", "webp", "json", "npy"};
  return std::string(known.contains(ending) ? name.substr(0, dot) : name);
}

// The file, or what was compressed.
InputFile open_whole(std::filesystem::path const& path) {
  {
    InputFile const file(path);
    std::array<std::uint8_t, 3> head{};
    if (!is_gzip(std::span(head).first(file.read_at(0, head)))) return InputFile(path);
  }
  return gunzip_file(path);
}

std::string without_zeros(std::string_view digits) {
  std::size_t const first = std::min(digits.find_first_not_of('0'), digits.size() - 1);
  return std::string(digits.substr(first));
}

constexpr std::string_view kDigits = "0123456789";

// All digits of a text, as a number without leading zeros; empty without any.
std::string all_digits(std::string_view text) {
  std::string digits;
  for (char const c : text) {
    if (kDigits.find(c) != std::string_view::npos) digits += c;
  }
  return digits.empty() ? digits : without_zeros(digits);
}

std::string trailing_number(std::string_view text) {
  std::size_t const before = text.find_last_not_of(kDigits);
  text.remove_prefix(before == std::string_view::npos ? 0 : before + 1);
  return text.empty() ? std::string() : without_zeros(text);
}

// Text or a whole number.
std::string name_in(ondemand::value value, JsonPlace const& place, std::string_view key) {
  json_type type{};
  std::string const expected = std::string(key) + " to be a text or a whole number";
  place.check(value.type().get(type), expected);
  if (type == json_type::string) return std::string(as<std::string_view>(value, place, expected));
  return std::to_string(as<std::uint64_t>(value, place, expected));
}

bool names_image(std::string_view key) {
  return key == "image_id" || key == "file_name" || key == "image_name";
}

// The image that a record belongs to, or all records of an image ("annotations").
struct Owner {
  std::string image;
  bool has_all_records = false;
};

void read_owner(ondemand::object record, JsonPlace const& place, Owner& owner) {
  for_each_field(record, place, [&](std::string_view key, ondemand::value value) {
    if (names_image(key) && (owner.image.empty() || key == "image_id")) {
      owner.image = name_in(value, place, key);
    } else if (key == "annotations") {
      owner.has_all_records = true;
    } else if (key == "image") {
      ondemand::object header;
      if (value.get(header) == simdjson::SUCCESS) read_owner(header, place, owner);
    }
  });
}

Owner owner_of(ondemand::object record, JsonPlace const& place) {
  Owner owner;
  read_owner(record, place, owner);
  if (owner.image.empty()) {
    place.fail("has no \"image_id\"; expected " + std::string(kKinds));
  }
  return owner;
}

// An entry of COCO's "images".
struct ListedImage {
  std::string id, name;
  std::optional<Size> size = {};
};

ListedImage read_listed_image(ondemand::parser& parser, JsonListReader::Element const& element,
                              JsonPlace const& place) {
  ondemand::document document;
  place.check(parser.iterate(element.text).get(document), "an object");
  ListedImage image;
  std::uint64_t height = 0, width = 0;
  for_each_field(as<ondemand::object>(document, place, "an object"), place,
                 [&](std::string_view key, ondemand::value value) {
                   if (key == "id") image.id = name_in(value, place, key);
                   if (key == "file_name") image.name = name_in(value, place, key);
                   if (key == "height") height = as<std::uint64_t>(value, place, "height");
                   if (key == "width") width = as<std::uint64_t>(value, place, "width");
                 });
  if (image.id.empty()) place.fail("has no \"id\"");
  if (image.name.empty()) image.name = image.id;
  if (height > 0 && width > 0) image.size = checked_size(height, width, std::string(place.file));
  return image;
}

}  // namespace

MaskCollection::MaskCollection(std::filesystem::path const& path)
    : path_(path), file_name_(path.string()), stamp_(stamp_of(path)), file_(open_whole(path)) {
  read_index();
  for (std::size_t i = 0; i < images_.size(); ++i) {
    std::string const stem = stem_of(images_[i].name);
    by_stem_.emplace(stem, i);
    if (!stem.empty() && stem.find_first_not_of(kDigits) == std::string::npos) {
      by_number_.emplace(without_zeros(stem), i);
    }
  }
}

void MaskCollection::read_index() {
  file_.rewind();
  JsonListReader reader(file_, file_name_);
  if (reader.first() != '{') return read_results();
  std::vector<std::pair<std::string, Place>> fields;
  bool is_record = false, has_images = false, has_annotations = false, has_image = false;
  bool const more = reader.read_fields([&](JsonListReader::Field const& field) {
    is_record = is_record || field.name == "segmentation";
    has_images = has_images || field.name == "images";
    has_image = has_image || field.name == "image";
    has_annotations = has_annotations || field.name == "annotations";
    fields.emplace_back(field.name, Place{field.offset, field.length});
  });
  if (is_record || more) return read_results();
  if (has_images && has_annotations) return read_data_set();
  if (has_annotations) {
    throw Error(file_name_ + " holds the masks of one image; expected " + std::string(kKinds) +
                (has_image ? ". For a file of SA-1B for each image use `dir`" : ""));
  }
  for (auto const& [name, place] : fields) add_record(name, place, true);
}

MaskCollection::Image& MaskCollection::image_named(std::string const& name) {
  auto const [place, is_new] = by_name_.try_emplace(name, images_.size());
  if (is_new) images_.push_back({name});
  return images_[place->second];
}

void MaskCollection::add_record(std::string const& name, Place place, bool has_all_records) {
  Image& image = image_named(name);
  if (has_all_records && !image.places.empty()) {
    throw Error(file_name_ + " has the image \"" + name + "\" twice");
  }
  image.places.push_back(place);
  image.is_list = has_all_records;
}

void MaskCollection::read_results() {
  file_.rewind();
  JsonListReader reader(file_, file_name_);
  ondemand::parser parser;
  reader.read_elements([&](JsonListReader::Element const& element) {
    JsonPlace const place{file_name_, "record", element.index};
    ondemand::document document;
    std::string_view const expected = "a mask record, an object with \"image_id\"";
    place.check(parser.iterate(element.text).get(document), expected);
    Owner const owner = owner_of(as<ondemand::object>(document, place, expected), place);
    add_record(owner.image, {element.offset, element.text.size()}, owner.has_all_records);
  });
}

// Its images come first or last, so records are kept by the ids of images until all are known.
void MaskCollection::read_data_set() {
  std::map<std::string, ListedImage> known;
  std::vector<std::pair<std::string, Place>> records;
  file_.rewind();
  JsonListReader reader(file_, file_name_);
  ondemand::parser parser;
  auto const on_image = [&](JsonListReader::Element const& element) {
    JsonPlace const place{file_name_, "entry", element.index, " of \"images\""};
    auto image = read_listed_image(parser, element, place);
    if (!known.emplace(image.id, image).second) place.fail("has the id of another image");
  };
  auto const on_record = [&](JsonListReader::Element const& element) {
    JsonPlace const place{file_name_, "entry", element.index, " of \"annotations\""};
    ondemand::document document;
    place.check(parser.iterate(element.text).get(document), "an object");
    records.emplace_back(owner_of(as<ondemand::object>(document, place, "an object"), place).image,
                         Place{element.offset, element.text.size()});
  };
  reader.read([&](std::string_view list) -> JsonListReader::OnElement {
    if (list == "images") return on_image;
    if (list == "annotations") return on_record;
    return nullptr;
  });
  for (auto const& [id, image] : known) image_named(image.name).size = image.size;
  for (auto const& [id, place] : records) {
    auto const image = known.find(id);
    if (image == known.end()) {
      throw Error(file_name_ + ": an annotation belongs to image " + id +
                  ", which \"images\" does not list");
    }
    add_record(image->second.name, place, false);
  }
}

std::optional<std::size_t> MaskCollection::only_one(std::string_view id, std::string_view key,
                                                    bool number) const {
  auto const& index = number ? by_number_ : by_stem_;
  auto const [first, last] = index.equal_range(key);
  if (first == last) return std::nullopt;
  if (std::next(first) != last) {
    throw Error(file_name_ + " has several images that sample \"" + std::string(id) +
                "\" can mean: \"" + images_[first->second].name + "\" and \"" +
                images_[std::next(first)->second].name + "\"");
  }
  return first->second;
}

std::optional<MaskCollection::Found> MaskCollection::find(
    std::string_view id, std::vector<std::string> const& names) const {
  for (std::string const& name : names) {
    if (auto const exact = by_name_.find(name); exact != by_name_.end()) {
      return Found{exact->second};
    }
  }
  for (std::string const& name : names) {
    if (auto const one = only_one(id, stem_of(name), false)) return Found{*one};
  }
  for (std::string const& number : {all_digits(stem_of(id)), trailing_number(id)}) {
    auto const one = number.empty() ? std::nullopt : only_one(id, number, true);
    if (!one) continue;
    std::scoped_lock const lock(claiming_);
    std::string const& claimant = claims_.try_emplace(*one, id).first->second;
    if (claimant == id) return Found{*one, true};
    throw Error(file_name_ + ": the image \"" + images_[*one].name +
                "\" could be that of sample \"" + claimant + "\" or \"" + std::string(id) +
                "\", which end with the same number; name the images by the names of the samples");
  }
  return std::nullopt;
}

void MaskCollection::require_unchanged() const {
  if (stamp_of(path_) == stamp_) return;
  throw Error(file_name_ + " has changed since it was opened; start the run again");
}

MaskFile MaskCollection::read(std::size_t i, MaskReading const& reading) const {
  require_unchanged();
  Image const& image = images_[i];
  std::size_t length = 2;
  for (Place const& place : image.places) length += place.length + 1;
  std::vector<std::uint8_t> text;
  text.reserve(length);
  if (!image.is_list) text.push_back('[');
  for (Place const& place : image.places) {
    if (text.size() > 1) text.push_back(',');
    std::size_t const begin = text.size();
    text.resize(begin + place.length);
    text.resize(begin + file_.read_at(place.offset, std::span(text).subspan(begin)));
  }
  if (!image.is_list) text.push_back(']');
  MaskReading of_image = reading;
  if (!of_image.image_size) of_image.image_size = image.size;
  return parse_mask_file(text, file_name_ + ", image " + image.name, of_image);
}

}  // namespace seplflow
