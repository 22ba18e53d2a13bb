#include "formats/json/mask_records.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include <seplflow/error.hpp>

namespace seplflow {
namespace {

using simdjson::ondemand::json_type;
namespace ondemand = simdjson::ondemand;

constexpr std::string_view kFileKinds =
    "a list of mask records (segment-anything's amg.py --convert-to-rle) or an object with "
    "\"annotations\" (SA-1B)";

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

// null, or what Python writes for numbers that are not finite: NaN, Infinity, -Infinity.
bool is_absent(ondemand::value value) {
  std::string_view const token = value.raw_json_token();
  return token.starts_with('n') || token.starts_with('N') || token.starts_with('I') ||
         token.starts_with("-I");
}

// Nothing if a number is absent.
template <std::size_t N>
std::optional<std::array<double, N>> read_tuple(ondemand::value value, JsonPlace const& place,
                                                std::string_view expected, bool strict) {
  std::array<double, N> tuple{};
  std::size_t count = 0;
  bool whole = true;
  for_each_element(as<ondemand::array>(value, place, expected), place, [&](ondemand::value number) {
    if (!strict && is_absent(number)) {
      whole = false;
    } else if (count < N) {
      tuple[count] = as<double>(number, place, expected);
    }
    ++count;
  });
  if (count != N) place.fail_expecting(expected);
  return whole ? std::optional(tuple) : std::nullopt;
}

// What is only compared, so that other uses of these names do no harm.
void read_claims(std::string_view key, ondemand::value value, MaskRecord& record) {
  if (key == "area") {
    if (double area = 0; value.get(area) == simdjson::SUCCESS) record.claims.area = area;
  } else if (key == "bbox") {
    ondemand::array list;
    if (value.get(list) != simdjson::SUCCESS) return;
    std::array<double, 4> box{};
    std::size_t count = 0;
    for (auto element : list) {
      double number = 0;
      if (element.get(number) != simdjson::SUCCESS) return;
      if (count < box.size()) box[count] = number;
      ++count;
    }
    if (count == box.size()) record.claims.box = box;
  }
}

void read_info(std::string_view key, ondemand::value value, JsonPlace const& place, bool strict,
               InfoFields& info) {
  bool const is_known = key == "predicted_iou" || key == "stability_score" || key == "crop_box" ||
                        key == "point_coords";
  if (!is_known || (!strict && is_absent(value))) return;
  if (key == "predicted_iou") {
    info.predicted_iou = as<double>(value, place, "predicted_iou to be a number");
  } else if (key == "stability_score") {
    info.stability_score = as<double>(value, place, "stability_score to be a number");
  } else if (key == "crop_box") {
    info.crop_box = read_tuple<4>(value, place, "crop_box to be [x, y, width, height]", strict);
  } else if (key == "point_coords") {
    std::string_view const expected = "point_coords to be [[x, y]]";
    for_each_element(as<ondemand::array>(value, place, expected), place,
                     [&](ondemand::value point) {
                       auto const xy = read_tuple<2>(point, place, expected, strict);
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
  RecordReader(std::string_view file, SegmentationReading const& reading)
      : file_{file}, reading_(reading) {}

  // The result is valid as long as the parser and `json`, and the parser reads nothing else.
  MaskRecords read(ondemand::parser& parser, simdjson::padded_string_view json) {
    ondemand::document document;
    file_.check(parser.iterate(json).get(document), kFileKinds);
    json_type type{};
    file_.check(document.type().get(type), kFileKinds);
    if (type == json_type::object) {
      if (!read_sa1b(as<ondemand::object>(document, file_, kFileKinds))) {
        read_lines(parser, json);
        return std::move(result_);
      }
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
  // False for an object that is a record itself.
  bool read_sa1b(ondemand::object object) {
    bool has_annotations = false, is_record = false;
    for_each_field(object, file_, [&](std::string_view key, ondemand::value value) {
      if (key == "images") {
        file_.fail(
            "holds the annotations of many images (\"images\"), a COCO data set; expected the "
            "masks of one image: " +
            std::string(kFileKinds) + ". For one file of all images set `file` instead of `dir`");
      }
      if (key == "image") read_header(value);
      if (key == "segmentation") is_record = true;
      if (key != "annotations") return;
      has_annotations = true;
      read_list(as<ondemand::array>(value, file_, "\"annotations\" to be a list of mask records"));
    });
    if (!has_annotations && is_record && !reading_.strict) return false;
    if (!has_annotations)
      file_.fail("is an object without \"annotations\"; expected " + std::string(kFileKinds));
    return true;
  }

  // Records one after the other. The parser forgets the text of one when it reads the next.
  void read_lines(ondemand::parser& parser, simdjson::padded_string_view json) {
    JsonPlace place{file_.file, "record"};
    std::string_view const expected = "a mask record, an object with \"segmentation\"";
    ondemand::document_stream lines;
    file_.check(parser.iterate_many(json.data(), json.size(), json.size()).get(lines), kFileKinds);
    for (auto line : lines) {
      ondemand::document_reference document;
      place.check(std::move(line).get(document), expected);
      ondemand::object object;
      place.check(document.get_object().get(object), expected);
      read_record(object, place);
      Segmentation& segmentation = result_.records.back().segmentation;
      if (std::holds_alternative<std::string_view>(segmentation.shape)) {
        try {
          PolygonWork none;
          segmentation.shape = mask_of(segmentation, std::nullopt, none);
        } catch (Error const& error) {
          place.fail(error.what());
        }
      }
      if (image_id_) {
        image_id_text_ = *image_id_;
        image_id_ = image_id_text_;
      }
      ++place.number;
    }
    if (lines.truncated_bytes() > 0) {
      file_.fail(
          "the JSON is incomplete; the file seems truncated: copy, download or create it "
          "again");
    }
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
    if (!height && !width) return;
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
        record.segmentation = read_segmentation(value, place, reading_);
        has_segmentation = true;
      } else if (key == "image_id") {
        require_same_image(token_of(value), place);
      } else {
        read_claims(key, value, record);
        read_info(key, value, place, reading_.strict, info);
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
               "; expected the masks of one image. For one file of all images set `file` instead "
               "of `dir`");
  }

  JsonPlace file_;
  MaskRecords result_;
  SegmentationReading const& reading_;
  std::optional<std::string_view> image_id_;
  std::string image_id_text_;  // where the parser does not keep it
};

}  // namespace

MaskRecords read_mask_records(ondemand::parser& parser, simdjson::padded_string_view json,
                              std::string_view name, SegmentationReading const& reading) {
  return RecordReader(name, reading).read(parser, json);
}

}  // namespace seplflow
