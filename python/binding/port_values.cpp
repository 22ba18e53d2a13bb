#include "binding/port_values.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include <seplflow/error.hpp>
#include <seplflow/formats/coco_rle.hpp>
#include <seplflow/formats/mask_json.hpp>

namespace seplflow::python {
namespace {

py::module_ numpy() {
  return py::module_::import("numpy");
}

// "a float32 array of shape (3, 4)", "a list"
std::string description_of(py::handle object) {
  if (py::isinstance<py::array>(object)) {
    return "an array of dtype " + py::str(object.attr("dtype")).cast<std::string>() +
           " and shape " + py::str(object.attr("shape")).cast<std::string>();
  }
  if (object.is_none()) return "None";
  return "an object of type " + py::str(py::type::of(object).attr("__name__")).cast<std::string>();
}

[[noreturn]] void refuse(std::string const& what, std::string const& wanted, py::handle got) {
  throw py::type_error(what + ": expected " + wanted + ", got " + description_of(got));
}

// numpy arrays, and what shows itself as one, such as a tensor of torch on the CPU or an image of Pillow.
py::array array_of(py::handle object, std::string const& what, std::string const& wanted) {
  bool const is_array = py::isinstance<py::array>(object);
  if (is_array && py::hasattr(object, "mask")) {
    refuse(what, wanted + " (fill a masked array first)", object);
  }
  if (is_array) return py::reinterpret_borrow<py::array>(object);
  bool const converts =
      py::hasattr(object, "__array__") || py::hasattr(object, "__array_interface__");
  if (!converts || py::isinstance<py::type>(object)) refuse(what, wanted, object);
  return numpy().attr("asarray")(object).cast<py::array>();
}

char kind_of(py::array const& array) {
  return array.dtype().kind();
}

// Row-major, aligned and in the byte order of the machine; the array itself if it is.
template <class T>
py::array_t<T> plain(py::array const& array) {
  return py::array_t<T, py::array::c_style | py::array::forcecast>(array);
}

Size size_of(py::array const& array, py::ssize_t first, std::string const& what,
             std::string const& wanted) {
  try {
    return checked_size(static_cast<std::uint64_t>(array.shape(first)),
                        static_cast<std::uint64_t>(array.shape(first + 1)), "it");
  } catch (Error const& error) {
    refuse(what, wanted + " (" + error.what() + ")", array);
  }
}

// Integers of any width, if all are 0..255.
py::array_t<std::uint8_t> bytes_of(py::array const& array, std::string const& what,
                                   std::string const& wanted) {
  char const kind = kind_of(array);
  if (kind != 'u' && kind != 'i') refuse(what, wanted, array);
  if (array.itemsize() > 1 || kind == 'i') {
    for (char const* const extreme : {"min", "max"}) {
      py::object const value = array.attr(extreme)();
      if (value.attr("__ge__")(0).cast<bool>() && value.attr("__le__")(255).cast<bool>()) continue;
      py::object const index = array.attr(std::string(extreme) == "min" ? "argmin" : "argmax")();
      throw py::value_error(what + ": expected values from 0 to 255, got " +
                            py::str(value).cast<std::string>() + " at " +
                            py::str(py::tuple(py::module_::import("builtins").attr("map")(
                                        py::module_::import("builtins").attr("int"),
                                        numpy().attr("unravel_index")(index, array.attr("shape")))))
                                .cast<std::string>());
    }
  }
  return plain<std::uint8_t>(array);
}

Value label_map_of(py::handle object, std::string const& what) {
  std::string const wanted = "an H x W array of integers from 0 to 255, 255 being ignore";
  py::array const array = array_of(object, what, wanted);
  if (array.ndim() != 2) refuse(what, wanted, array);
  Size const size = size_of(array, 0, what, wanted);
  auto const pixels = bytes_of(array, what, wanted);
  return std::make_shared<LabelMap const>(
      size, std::vector<Label>(pixels.data(), pixels.data() + pixels.size()));
}

Value image_of(py::handle object, std::string const& what) {
  std::string const wanted = "an H x W x 3 array of uint8, red green blue";
  py::array const array = array_of(object, what, wanted);
  if (array.ndim() != 3 || array.shape(2) != 3 || kind_of(array) != 'u' || array.itemsize() != 1) {
    refuse(what, wanted, array);
  }
  Size const size = size_of(array, 0, what, wanted);
  auto const pixels = plain<std::uint8_t>(array);
  return std::make_shared<Image const>(
      size, std::vector<std::uint8_t>(pixels.data(), pixels.data() + pixels.size()));
}

std::vector<Label> classes_of(py::handle object, std::string const& what) {
  std::string const wanted = "class ids from 0 to 254";
  py::object const list = numpy().attr("asarray")(object);
  py::array const array = list.cast<py::array>();
  if (array.ndim() != 1) refuse(what, "a list of " + wanted, object);
  if (array.size() == 0) return {};
  auto const ids = bytes_of(array, what, "a list of " + wanted);
  return {ids.data(), ids.data() + ids.size()};
}

constexpr char const* kScoresWanted =
    "seplflow.Scores(values, classes), values being a K x H x W array of float16, float32 or "
    "float64, or a dict of such H x W arrays by class id";

Value score_maps_of(py::array const& values, std::vector<Label> classes, std::string method,
                    std::string const& what) {
  if (values.ndim() != 3 || kind_of(values) != 'f' || values.itemsize() > 8) {
    refuse(what, kScoresWanted, values);
  }
  if (static_cast<std::size_t>(values.shape(0)) != classes.size()) {
    throw py::type_error(what + ": expected one class for each of " +
                         std::to_string(values.shape(0)) + " score maps, got " +
                         std::to_string(classes.size()));
  }
  Size const size = size_of(values, 1, what, kScoresWanted);
  if (values.itemsize() == 8) {
    auto const all = plain<double>(values);
    return std::make_shared<ScoreMaps const>(
        ScoreMaps(size, std::move(classes), std::vector(all.data(), all.data() + all.size()))
            .made_by(std::move(method)));
  }
  auto const all = plain<float>(values);
  Precision const precision = values.itemsize() == 2 ? Precision::half : Precision::single;
  return std::make_shared<ScoreMaps const>(
      ScoreMaps(size, std::move(classes), std::vector(all.data(), all.data() + all.size()),
                precision)
          .made_by(std::move(method)));
}

Value scores_of(py::handle object, std::string const& what) {
  if (py::isinstance<py::dict>(object)) {
    auto const dict = py::reinterpret_borrow<py::dict>(object);
    py::list classes, maps;
    for (auto const& [id, map] : dict) {
      classes.append(id);
      maps.append(array_of(map, what, kScoresWanted));
      bool const fits = maps[0].attr("dtype").equal(maps[maps.size() - 1].attr("dtype")) &&
                        maps[0].attr("shape").equal(maps[maps.size() - 1].attr("shape"));
      if (!fits) refuse(what, "arrays of one dtype and shape for all classes", map);
    }
    if (maps.empty()) {
      throw py::type_error(what + ": expected " + kScoresWanted + ", got an empty dict");
    }
    return score_maps_of(numpy().attr("stack")(maps).cast<py::array>(), classes_of(classes, what),
                         "", what);
  }
  py::object const scores = py::module_::import("seplflow._values").attr("Scores");
  if (!py::isinstance(object, scores)) refuse(what, kScoresWanted, object);
  return score_maps_of(array_of(object.attr("values"), what, kScoresWanted),
                       classes_of(object.attr("classes"), what),
                       object.attr("method").cast<std::string>(), what);
}

Value image_labels_of(py::handle object, std::string const& what) {
  ImageLabels labels{classes_of(object, what)};
  std::ranges::sort(labels.classes);
  auto const rest = std::unique(labels.classes.begin(), labels.classes.end());
  labels.classes.erase(rest, labels.classes.end());
  bool const fits = labels.classes.empty() ||
                    (labels.classes.front() != kBackground && labels.classes.back() != kIgnore);
  if (!fits) throw py::value_error(what + ": expected foreground classes, 1 to 254");
  return std::make_shared<ImageLabels const>(std::move(labels));
}

// ---- Masks ----

constexpr char const* kMasksWanted =
    "an N x H x W array of bool, or a list of masks: H x W arrays of bool, run lengths "
    "{\"size\": [H, W], \"counts\": ...}, or the records of SAM's generate()";

// Pixels other than 0 are inside: an array of bool may hold any byte.
Mask mask_of_bytes(Size size, std::uint8_t const* bytes) {
  ColumnRunScanner scanner(size);
  for (std::uint32_t y = 0; y < size.height; ++y) {
    scanner.add_row({bytes + std::size_t{y} * size.width, size.width});
  }
  std::vector<std::uint32_t> counts;
  std::uint32_t begin = 0, end = 0;
  bool inside = false;
  for (Run const& run : scanner.finish()) {
    if ((run.value != 0) != inside) {
      counts.push_back(end - begin);
      begin = end;
      inside = !inside;
    }
    end = run.end;
  }
  counts.push_back(end - begin);
  return Mask::from_counts(size, counts);
}

// Bool, or bytes that are 0 and one other value.
py::array_t<std::uint8_t> mask_bytes(py::array const& array, std::string const& what) {
  if (kind_of(array) == 'b') {
    return plain<std::uint8_t>(array.attr("view")("uint8").cast<py::array>());
  }
  if (kind_of(array) != 'u' || array.itemsize() != 1) refuse(what, kMasksWanted, array);
  auto const bytes = plain<std::uint8_t>(array);
  std::array<bool, 256> seen{};
  for (py::ssize_t i = 0; i < bytes.size(); ++i) seen[bytes.data()[i]] = true;
  for (std::size_t value = 2; value < 255; ++value) {
    if (seen[value] || (value == 2 && seen[1] && seen[255])) {
      throw py::value_error(what + ": expected bool, or uint8 of 0 and 1 or of 0 and 255, got the "
                                   "value " + std::to_string(seen[value] ? value : 255));
    }
  }
  return bytes;
}

Mask mask_of_array(py::array const& array, std::string const& what) {
  if (array.ndim() != 2) refuse(what, "an H x W array of bool", array);
  Size const size = size_of(array, 0, what, "an H x W array of bool");
  auto const bytes = mask_bytes(array, what);
  return mask_of_bytes(size, bytes.data());
}

std::vector<MaskSet::Entry> entries_of_array(py::array const& array, std::string const& what,
                                             std::optional<Size>& size) {
  if (array.ndim() != 3) refuse(what, kMasksWanted, array);
  size = size_of(array, 1, what, kMasksWanted);
  auto const bytes = mask_bytes(array, what);
  std::uint8_t const* const pixels = bytes.data();
  auto const count = static_cast<std::size_t>(array.shape(0));
  std::vector<MaskSet::Entry> entries;
  py::gil_scoped_release const released;
  for (std::size_t i = 0; i < count; ++i) {
    entries.push_back({mask_of_bytes(*size, pixels + i * size->pixels()), {}});
  }
  return entries;
}

std::vector<std::uint64_t> integers_of(py::handle list, std::string const& what) {
  std::vector<std::uint64_t> numbers;
  for (py::handle const each : list) {
    auto const index = py::reinterpret_steal<py::object>(::PyNumber_Index(each.ptr()));
    if (!index) throw py::error_already_set();
    auto const number = ::PyLong_AsUnsignedLongLong(index.ptr());
    if (::PyErr_Occurred() != nullptr || number > std::numeric_limits<std::uint32_t>::max()) {
      ::PyErr_Clear();
      throw py::value_error(what + ": expected integers of at least 0, got " +
                            py::str(each).cast<std::string>());
    }
    numbers.push_back(number);
  }
  return numbers;
}

Mask mask_of_runs(py::dict const& runs, std::string const& what) {
  if (!runs.contains("size") || !runs.contains("counts")) {
    throw py::type_error(what + ": expected run lengths with \"size\" and \"counts\"");
  }
  auto const sides = integers_of(runs["size"], what + ", \"size\"");
  if (sides.size() != 2) throw py::value_error(what + ": \"size\" must be [height, width]");
  py::object const counts = runs["counts"];
  try {
    Size const size = checked_size(sides[0], sides[1], "a mask");
    if (py::isinstance<py::str>(counts) || py::isinstance<py::bytes>(counts)) {
      return decode_coco_rle(size, counts.cast<std::string>());
    }
    auto const numbers = integers_of(counts, what + ", \"counts\"");
    return Mask::from_counts(size, std::vector<std::uint32_t>(numbers.begin(), numbers.end()));
  } catch (Error const& error) {
    throw py::value_error(what + ": " + error.what());
  }
}

template <std::size_t N>
std::array<double, N> numbers_of(py::handle list) {
  auto const all = list.cast<std::vector<double>>();
  std::array<double, N> numbers{};
  std::copy_n(all.begin(), std::min(N, all.size()), numbers.begin());
  return numbers;
}

// What SAM reports about the mask, if the record has all of it.
std::optional<MaskInfo> info_of(py::dict const& record) {
  for (char const* const key : {"predicted_iou", "stability_score", "point_coords", "crop_box"}) {
    if (!record.contains(key) || record[key].is_none()) return std::nullopt;
  }
  py::object const points = record["point_coords"];
  if (py::len(points) == 0) return std::nullopt;
  MaskInfo info;
  info.predicted_iou = py::float_(record["predicted_iou"]);
  info.stability_score = py::float_(record["stability_score"]);
  info.point = numbers_of<2>(points[py::int_(0)]);
  info.crop_box = numbers_of<4>(record["crop_box"]);
  return info;
}

// A mask that was written along the rows, or transposed, has another area or box than its record.
void compare_with_claims(py::dict const& record, Mask const& mask, std::string const& what) {
  MaskClaims claims;
  if (record.contains("area") && !record["area"].is_none()) {
    claims.area = py::float_(record["area"]);
  }
  if (record.contains("bbox") && !record["bbox"].is_none() && py::len(record["bbox"]) == 4) {
    claims.box = numbers_of<4>(record["bbox"]);
  }
  if (!contradict(claims, mask, true)) return;
  warn(what + ": its \"area\" or \"bbox\" does not fit its mask, which has " +
       std::to_string(mask.area()) +
       " pixels; check whether the mask is transposed or its run lengths go along the rows");
}

MaskSet::Entry entry_of(py::handle object, std::string const& what) {
  if (!py::isinstance<py::dict>(object)) {
    return {mask_of_array(array_of(object, what, kMasksWanted), what), {}};
  }
  auto const record = py::reinterpret_borrow<py::dict>(object);
  if (!record.contains("segmentation")) return {mask_of_runs(record, what), {}};
  py::object const segmentation = record["segmentation"];
  Mask mask = py::isinstance<py::dict>(segmentation)
                  ? mask_of_runs(segmentation, what)
                  : mask_of_array(array_of(segmentation, what, kMasksWanted), what);
  compare_with_claims(record, mask, what);
  return {std::move(mask), info_of(record)};
}

Value masks_of(py::handle object, std::string const& what) {
  std::optional<Size> size;
  std::vector<MaskSet::Entry> entries;
  bool const is_list = py::isinstance<py::list>(object) || py::isinstance<py::tuple>(object);
  if (!is_list) {
    entries = entries_of_array(array_of(object, what, kMasksWanted), what, size);
  } else {
    std::size_t index = 0;
    for (py::handle const each : object) {
      entries.push_back(entry_of(each, what + ", mask " + std::to_string(index++)));
    }
  }
  try {
    return std::make_shared<MaskSet const>(std::move(entries), size);
  } catch (Error const& error) {
    throw py::value_error(what + ": " + error.what());
  }
}

Value converted(Port const& port, py::handle object, std::string const& what) {
  if (port.type == PortType<LabelMap>::name) return label_map_of(object, what);
  if (port.type == PortType<Image>::name) return image_of(object, what);
  if (port.type == PortType<ScoreMaps>::name) return scores_of(object, what);
  if (port.type == PortType<ImageLabels>::name) return image_labels_of(object, what);
  if (port.type == PortType<MaskSet>::name) return masks_of(object, what);
  if (port.type == PortType<Sample>::name) {
    return std::make_shared<Sample const>(sample_for(object));
  }
  refuse(what, "a value of type " + port.type + " that another stage returned", object);
}

ClassesPtr classes_named(py::handle object) {
  if (object.is_none()) return nullptr;
  if (py::isinstance<py::str>(object)) {
    auto const name = object.cast<std::string>();
    if (name == "voc12") return voc12_classes();
    if (name == "coco14") return coco14_classes();
    throw py::value_error("classes: expected \"voc12\", \"coco14\" or a list of names, got \"" +
                          name + "\"");
  }
  return std::make_shared<Classes const>(object.cast<std::vector<std::string>>());
}

}  // namespace

Value value_for(Port const& port, py::handle object, std::string const& what) {
  if (py::isinstance<PortValue>(object)) {
    auto const& held = object.cast<PortValue const&>();
    if (held.port.type == port.type && held.port.fingerprint == port.fingerprint) return held.value;
    throw py::type_error(what + ": expected a value of type " + port.type + ", got one of type " + held.port.type +
                         (held.port.type == port.type ? " of another plugin" : ""));
  }
  try {
    return converted(port, object, what);
  } catch (Error const& error) {
    throw py::value_error(what + ": " + error.what());
  }
}

Sample sample_for(py::handle object) {
  Sample sample;
  if (object.is_none()) return sample;
  if (py::isinstance<py::str>(object)) {
    sample.id = object.cast<std::string>();
    return sample;
  }
  py::object const type = py::module_::import("seplflow._values").attr("Sample");
  if (!py::isinstance(object, type)) refuse("sample", "an id or a seplflow.Sample", object);
  sample.id = object.attr("id").cast<std::string>();
  sample.classes = classes_named(object.attr("classes"));
  if (py::object const size = object.attr("size"); !size.is_none()) {
    auto const sides = integers_of(size, "sample, \"size\"");
    if (sides.size() != 2) throw py::value_error("sample: \"size\" must be (height, width)");
    sample.size = checked_size(sides[0], sides[1], "the image");
  }
  return sample;
}

py::str text_of(std::string const& text) {
  PyObject* const decoded =
      ::PyUnicode_DecodeUTF8(text.data(), static_cast<py::ssize_t>(text.size()), "replace");
  if (decoded == nullptr) throw py::error_already_set();
  return py::reinterpret_steal<py::str>(decoded);
}

void warn(std::string const& text) {
  py::module_::import("seplflow._errors").attr("warn")(text_of(text));
}

}  // namespace seplflow::python
