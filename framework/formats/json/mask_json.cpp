#include <seplflow/formats/mask_json.hpp>

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include <seplflow/error.hpp>
#include <seplflow/formats/coco_rle.hpp>
#include <seplflow/formats/file_kind.hpp>
#include <seplflow/formats/input_file.hpp>
#include "base/number_text.hpp"
#include "formats/json/coco_segmentation.hpp"

namespace seplflow {
namespace {

using simdjson::ondemand::json_type;
namespace ondemand = simdjson::ondemand;

constexpr std::string_view kFileKinds =
    "a list of mask records (segment-anything's amg.py --convert-to-rle) or an object with "
    "\"annotations\" (SA-1B)";

struct MaskRecord {
  Segmentation segmentation;
  std::optional<MaskInfo> info;
};

// The records as the file holds them. They become masks in a second step: what they need, such as
// SA-1B's header, may follow them.
struct MaskRecords {
  std::optional<Size> image_size;  // SA-1B's header
  std::vector<MaskRecord> records;
};

// The fields of MaskInfo that a record has.
struct InfoFields {
  std::optional<double> predicted_iou, stability_score;
  std::optional<std::array<double, 2>> point;
  std::optional<std::array<double, 4>> crop_box;

  std::optional<MaskInfo> whole() const {
    if (!predicted_iou || !stability_score || !point || !crop_box) return std::nullopt;
    return MaskInfo{*predicted_iou, *stability_score, *point, *crop_box};
  }
};

template <std::size_t N>
std::array<double, N> read_tuple(ondemand::value value, JsonPlace const& place,
                                 std::string_view expected) {
  std::vector<double> const numbers = read_numbers(value, place, expected);
  if (numbers.size() != N) place.fail_expecting(expected);
  std::array<double, N> tuple{};
  std::copy(numbers.begin(), numbers.end(), tuple.begin());
  return tuple;
}

void read_info(std::string_view key, ondemand::value value, JsonPlace const& place,
               InfoFields& info) {
  if (key == "predicted_iou") {
    info.predicted_iou = as<double>(value, place, "predicted_iou to be a number");
  } else if (key == "stability_score") {
    info.stability_score = as<double>(value, place, "stability_score to be a number");
  } else if (key == "crop_box") {
    info.crop_box = read_tuple<4>(value, place, "crop_box to be [x, y, width, height]");
  } else if (key == "point_coords") {
    std::string_view const expected = "point_coords to be [[x, y]]";
    for_each_element(as<ondemand::array>(value, place, expected), place,
                     [&](ondemand::value point) {
                       auto const xy = read_tuple<2>(point, place, expected);
                       if (!info.point) info.point = xy;
                     });
  }
}

// A scalar as the file spells it: enough to compare two of them.
std::string_view token_of(ondemand::value value) {
  std::string_view const token = value.raw_json_token();
  return token.substr(0, token.find_last_not_of(" \t\r\n") + 1);
}

class RecordReader {
 public:
  explicit RecordReader(std::string_view file) : file_{file} {}

  // The result is valid as long as the parser and `json`, and the parser reads nothing else.
  MaskRecords read(ondemand::parser& parser, simdjson::padded_string_view json) {
    ondemand::document document;
    file_.check(parser.iterate(json).get(document), kFileKinds);
    json_type type{};
    file_.check(document.type().get(type), kFileKinds);
    if (type == json_type::object) {
      read_sa1b(as<ondemand::object>(document, file_, kFileKinds));
    } else {
      read_list(as<ondemand::array>(document, file_, kFileKinds));
    }
    // simdjson stops after the first value and silently accepts what follows.
    if (document.current_location().error() != simdjson::OUT_OF_BOUNDS) {
      file_.fail("has more text after the end of its JSON; expected " + std::string(kFileKinds) +
                 " and nothing else");
    }
    return std::move(result_);
  }

 private:
  void read_sa1b(ondemand::object object) {
    bool has_annotations = false;
    for_each_field(object, file_, [&](std::string_view key, ondemand::value value) {
      if (key == "images") {
        file_.fail(
            "holds the annotations of many images (\"images\"), a COCO data set; expected the "
            "masks of one image: " +
            std::string(kFileKinds));
      }
      if (key == "image") read_header(value);
      if (key != "annotations") return;
      has_annotations = true;
      read_list(as<ondemand::array>(value, file_, "\"annotations\" to be a list of mask records"));
    });
    if (!has_annotations)
      file_.fail("is an object without \"annotations\"; expected " + std::string(kFileKinds));
  }

  void read_header(ondemand::value value) {
    std::string_view const expected = "\"image\" to be an object with \"height\" and \"width\"";
    std::optional<std::uint64_t> height, width;
    auto const object = as<ondemand::object>(value, file_, expected);
    for_each_field(object, file_, [&](std::string_view key, ondemand::value extent) {
      std::string const positive = "the image's " + std::string(key) + " to be a positive number";
      if (key == "height") height = as<std::uint64_t>(extent, file_, positive);
      if (key == "width") width = as<std::uint64_t>(extent, file_, positive);
    });
    if (!height || !width) file_.fail_expecting(expected);
    result_.image_size = checked_size(*height, *width, std::string(file_.file));
  }

  void read_list(ondemand::array list) {
    JsonPlace place{file_.file, "record"};
    for_each_element(list, place, [&](ondemand::value value) {
      read_record(
          as<ondemand::object>(value, place, "a mask record, an object with \"segmentation\""),
          place);
      ++place.number;
    });
  }

  void read_record(ondemand::object fields, JsonPlace const& place) {
    MaskRecord record;
    InfoFields info;
    bool has_segmentation = false;
    for_each_field(fields, place, [&](std::string_view key, ondemand::value value) {
      if (key == "segmentation") {
        record.segmentation = read_segmentation(value, place);
        has_segmentation = true;
      } else if (key == "image_id") {
        require_same_image(token_of(value), place);
      } else {
        read_info(key, value, place, info);
      }
    });
    if (!has_segmentation) place.fail("has no \"segmentation\"; expected a mask record");
    record.info = info.whole();
    result_.records.push_back(std::move(record));
  }

  void require_same_image(std::string_view image_id, JsonPlace const& place) {
    if (!image_id_) image_id_ = image_id;
    if (*image_id_ == image_id) return;
    place.fail("belongs to image " + std::string(image_id) + ", a record before it to image " +
               std::string(*image_id_) +
               "; expected the masks of one image: split the file by \"image_id\"");
  }

  JsonPlace file_;
  MaskRecords result_;
  std::optional<std::string_view> image_id_;
};

// The size that all masks of the file have; nothing when it is unknown.
std::optional<Size> common_size(MaskRecords const& file, std::string_view name,
                                std::optional<Size> image_size) {
  std::optional<Size> size = image_size ? image_size : file.image_size;
  std::string source = image_size ? "the image" : "\"image\" in the file";
  if (size && file.image_size) {
    require_same_size(*file.image_size, "\"image\" in " + std::string(name), *size, source);
  }
  for (std::size_t i = 0; i < file.records.size(); ++i) {
    std::optional<Size> const own = file.records[i].segmentation.size;
    if (!own) continue;
    if (!size) {
      size = own;
      source = "record " + std::to_string(i);
    }
    // Checked for every mask, so the names are put together only for an error.
    if (*own != *size) {
      require_same_size(*own, std::string(name) + ", record " + std::to_string(i), *size, source);
    }
  }
  return size;
}

MaskSet parse(simdjson::padded_string_view json, std::string_view name,
              std::optional<Size> image_size, std::uint64_t min_area) {
  require_kind({reinterpret_cast<std::uint8_t const*>(json.data()), json.size()}, {FileKind::json},
               name, "the masks of an image as JSON");
  ondemand::parser parser;
  MaskRecords const file = RecordReader(name).read(parser, json);
  std::optional<Size> const size = common_size(file, name, image_size);
  std::vector<MaskSet::Entry> entries;
  entries.reserve(file.records.size());
  for (std::size_t i = 0; i < file.records.size(); ++i) {
    try {
      Mask mask = mask_of(file.records[i].segmentation, size);
      if (mask.area() >= min_area) entries.push_back({std::move(mask), file.records[i].info});
    } catch (Error const& error) {
      JsonPlace{name, "record", i}.fail(error.what());
    }
  }
  return MaskSet(std::move(entries), size);
}

std::string record_text(Mask const& mask, std::optional<MaskInfo> const& info) {
  Size const size = mask.size();
  MaskBox const box = written_box(mask, info);
  auto const number = [](auto each) { return std::to_string(each); };
  // COCO's alphabet holds one character that JSON escapes.
  std::string counts;
  for (char const c : encode_coco_rle(mask))
    counts += c == '\\' ? std::string("\\\\") : std::string(1, c);
  std::string text = "{\"segmentation\": {\"size\": [" + number(size.height) + ", " +
                     number(size.width) + "], \"counts\": \"" + counts +
                     "\"}, \"area\": " + number(mask.area()) + ", \"bbox\": [" + number(box.left) +
                     ", " + number(box.top) + ", " + number(box.width()) + ", " +
                     number(box.height()) + "]";
  if (info) {
    auto const& crop = info->crop_box;
    text += ", \"predicted_iou\": " + shortest(info->predicted_iou) + ", \"point_coords\": [[" +
            shortest(info->point[0]) + ", " + shortest(info->point[1]) +
            "]], \"stability_score\": " + shortest(info->stability_score) + ", \"crop_box\": [" +
            shortest(crop[0]) + ", " + shortest(crop[1]) + ", " + shortest(crop[2]) + ", " +
            shortest(crop[3]) + "]";
  }
  return text + "}";
}

}  // namespace

MaskSet read_mask_json(std::filesystem::path const& path, std::optional<Size> image_size,
                       std::uint64_t min_area) {
  InputFile file(path);
  simdjson::padded_string text = padded(file.size());
  auto* const bytes = reinterpret_cast<std::uint8_t*>(text.data());
  std::size_t const size = file.read({bytes, file.size()});
  simdjson::padded_string_view const json(text.data(), size,
                                          text.size() + simdjson::SIMDJSON_PADDING);
  return parse(json, path.string(), image_size, min_area);
}

MaskSet parse_mask_json(std::span<std::uint8_t const> bytes, std::string_view name,
                        std::optional<Size> image_size, std::uint64_t min_area) {
  simdjson::padded_string text = padded(bytes.size());
  std::ranges::copy(bytes, text.data());
  return parse(text, name, image_size, min_area);
}

MaskBox written_box(Mask const& mask, std::optional<MaskInfo> const& info) {
  if (mask.area() > 0 || !info) return box_around(mask);
  auto const left = static_cast<std::int64_t>(info->crop_box[0]);
  auto const top = static_cast<std::int64_t>(info->crop_box[1]);
  return {left, top, left, top};
}

std::string encode_mask_json(MaskSet const& masks) {
  std::string text = "[";
  for (std::size_t i = 0; i < masks.count(); ++i) {
    text += (i > 0 ? ", " : "") + record_text(masks.mask(i), masks.info(i));
  }
  return text + "]\n";
}

}  // namespace seplflow
