#include "binding/python_values.hpp"

#include <pybind11/stl.h>

#include <cstring>

#include <seplflow/error.hpp>
#include <seplflow/formats/coco_rle.hpp>
#include <seplflow/formats/mask_json.hpp>

namespace seplflow::python {
namespace {

// So that Python has methods for them.
struct Masks : PortValue {
  MaskSet const& set() const { return *static_cast<MaskSet const*>(value.get()); }
};
struct Overlaps : PortValue {
  OverlapTable const& table() const { return *static_cast<OverlapTable const*>(value.get()); }
};

using Shape = std::vector<py::ssize_t>;

Shape shape_of(Size size) {
  return {static_cast<py::ssize_t>(size.height), static_cast<py::ssize_t>(size.width)};
}

// Over the memory at `data`, which `owner` keeps alive.
template <class T>
py::array array_over(T const* data, Shape shape, Value const& owner, bool copy) {
  if (copy) return py::array_t<T>(std::move(shape), data);
  py::capsule const keeper(new Value(owner), [](void* held) { delete static_cast<Value*>(held); });
  return py::array_t<T>(std::move(shape), data, keeper);
}

py::array array_of(LabelMap const& labels, Value const& owner, bool copy) {
  return array_over(labels.pixels().data(), shape_of(labels.size()), owner, copy);
}

py::array array_of(Image const& image, Value const& owner, bool copy) {
  Shape shape = shape_of(image.size());
  shape.push_back(3);
  return array_over(image.rgb().data(), shape, owner, copy);
}

py::object scores_of(ScoreMaps const& scores) {
  Shape shape = shape_of(scores.size());
  std::size_t const count = scores.classes().size();
  shape.insert(shape.begin(), static_cast<py::ssize_t>(count));
  auto const filled = [&](auto all) {
    for (std::size_t i = 0; i < count; ++i) {
      scores.visit_plane(i, [&](auto plane) {
        std::memcpy(all.mutable_data() + i * plane.size(), plane.data(), plane.size_bytes());
      });
    }
    return py::object(all);
  };
  bool const is_full = scores.precision() == Precision::full;
  py::object values =
      is_full ? filled(py::array_t<double>(shape)) : filled(py::array_t<float>(shape));
  // The values are those of float16, so nothing is rounded.
  if (scores.precision() == Precision::half) values = values.attr("astype")("float16");
  py::array_t<Label> const classes(static_cast<py::ssize_t>(count), scores.classes().data());
  return py::module_::import("seplflow._values").attr("Scores")(values, classes, scores.method());
}

py::object sample_of(Sample const& sample) {
  py::object size = py::none(), classes = py::none();
  if (sample.size) size = py::make_tuple(sample.size->height, sample.size->width);
  if (sample.classes) classes = py::cast(sample.classes->names());
  return py::module_::import("seplflow._values").attr("Sample")(text_of(sample.id), classes, size);
}

py::array labels_array(std::vector<Label> const& labels) {
  return py::array_t<Label>(static_cast<py::ssize_t>(labels.size()), labels.data());
}

// ---- Masks ----

Mask const& mask_at(MaskSet const& set, py::ssize_t index) {
  auto const count = static_cast<py::ssize_t>(set.count());
  if (index < 0) index += count;
  if (index < 0 || index >= count) throw py::index_error("there are " + std::to_string(count) + " masks");
  return set.mask(static_cast<std::size_t>(index));
}

void fill(Mask const& mask, bool* pixels) {
  auto const [height, width] = mask.size();
  auto const bounds = mask.bounds();
  for (std::size_t run = 0; run < bounds.size(); run += 2) {
    for (std::size_t p = bounds[run]; p < bounds[run + 1]; ++p) {
      pixels[p % height * width + p / height] = true;
    }
  }
}

py::array array_of(Mask const& mask) {
  py::array_t<bool> pixels(shape_of(mask.size()));
  std::memset(pixels.mutable_data(), 0, mask.size().pixels());
  fill(mask, pixels.mutable_data());
  return pixels;
}

py::array array_of(MaskSet const& set) {
  Size const size = set.size().value_or(Size{});
  Shape shape = shape_of(size);
  shape.insert(shape.begin(), static_cast<py::ssize_t>(set.count()));
  py::array_t<bool> pixels(shape);
  bool* const all = pixels.mutable_data();
  py::gil_scoped_release const released;
  std::memset(all, 0, set.count() * size.pixels());
  for (std::size_t i = 0; i < set.count(); ++i) fill(set.mask(i), all + i * size.pixels());
  return pixels;
}

py::dict run_lengths_of(Mask const& mask) {
  py::dict runs;
  runs["size"] = py::cast(std::vector<std::uint32_t>{mask.size().height, mask.size().width});
  runs["counts"] = encode_coco_rle(mask);
  return runs;
}

py::list records_of(MaskSet const& set) {
  return py::module_::import("json").attr("loads")(encode_mask_json(set));
}

py::list run_lengths_of(MaskSet const& set) {
  py::list list;
  for (std::size_t i = 0; i < set.count(); ++i) list.append(run_lengths_of(set.mask(i)));
  return list;
}

py::array areas_of(MaskSet const& set) {
  py::array_t<std::uint64_t> areas(static_cast<py::ssize_t>(set.count()));
  for (std::size_t i = 0; i < set.count(); ++i) areas.mutable_data()[i] = set.mask(i).area();
  return areas;
}

std::string described(MaskSet const& set) {
  return "<seplflow.Masks: " + std::to_string(set.count()) + " masks" +
         (set.size() ? " of " + to_string(*set.size()) : "") + ">";
}

Masks masks_from(py::object const& object) {
  Port const port = detail::port_of<MaskSet>("masks");
  return Masks{{value_for(port, object, "masks"), port}};
}

// ---- Overlaps ----

py::array overlaps_of(OverlapTable const& table) {
  std::size_t const classes = table.classes().size();
  py::array_t<std::uint64_t> all(Shape{static_cast<py::ssize_t>(table.masks()),
                                       static_cast<py::ssize_t>(classes)});
  for (std::size_t i = 0; i < table.masks(); ++i) {
    auto const row = table.overlaps(i);
    std::copy(row.begin(), row.end(), all.mutable_data() + i * classes);
  }
  return all;
}

// The class of each mask; 255 for a mask that overlaps none.
py::array assigned_of(OverlapTable const& table) {
  std::vector<Label> labels;
  for (std::size_t i = 0; i < table.masks(); ++i) {
    auto const assigned = table.assigned(i);
    labels.push_back(assigned ? table.classes()[*assigned] : kIgnore);
  }
  return labels_array(labels);
}

py::array mask_areas_of(OverlapTable const& table) {
  py::array_t<std::uint64_t> areas(static_cast<py::ssize_t>(table.masks()));
  for (std::size_t i = 0; i < table.masks(); ++i) areas.mutable_data()[i] = table.mask_area(i);
  return areas;
}

}  // namespace

py::object python_of(PortValue held, bool copy) {
  std::string const& type = held.port.type;
  void const* const value = held.value.get();
  if (value == nullptr) return py::none();
  if (type == PortType<LabelMap>::name) {
    return array_of(*static_cast<LabelMap const*>(value), held.value, copy);
  }
  if (type == PortType<Image>::name) {
    return array_of(*static_cast<Image const*>(value), held.value, copy);
  }
  if (type == PortType<ScoreMaps>::name) return scores_of(*static_cast<ScoreMaps const*>(value));
  if (type == PortType<Sample>::name) return sample_of(*static_cast<Sample const*>(value));
  if (type == PortType<ImageLabels>::name) {
    return labels_array(static_cast<ImageLabels const*>(value)->classes);
  }
  if (type == PortType<MaskSet>::name) return py::cast(Masks{std::move(held)});
  if (type == PortType<OverlapTable>::name) return py::cast(Overlaps{std::move(held)});
  return py::cast(std::move(held));
}

void define_values(py::module_& module) {
  py::class_<PortValue>(module, "Value",
                        "A value that a stage returned and another stage takes. Its content is not "
                        "visible in Python.")
      .def_property_readonly("type", [](PortValue const& value) { return value.port.type; })
      .def("__repr__", [](PortValue const& value) {
        return "<seplflow.Value of type " + value.port.type + ">";
      });
  py::class_<Masks, PortValue>(module, "Masks", R"(The masks of one image, held as runs.

Masks(masks) takes what every input for masks takes: an N x H x W array of bool, or a list of H x W
arrays of bool, of run lengths {"size": [H, W], "counts": ...} (COCO's string, bytes or list), or of the
records that SAM's generate() returns.

len(masks), masks[i] (H x W, bool), numpy.asarray(masks) (N x H x W, bool).
Raises TypeError for another type, dtype or shape, and ValueError for wrong run lengths.)")
      .def(py::init(&masks_from), py::arg("masks"))
      .def("__len__", [](Masks const& masks) { return masks.set().count(); })
      .def("__getitem__",
           [](Masks const& masks, py::ssize_t i) { return array_of(mask_at(masks.set(), i)); })
      .def_property_readonly("shape",
                             [](Masks const& masks) {
                               Size const size = masks.set().size().value_or(Size{});
                               return py::make_tuple(masks.set().count(), size.height, size.width);
                             })
      .def_property_readonly("areas", [](Masks const& masks) { return areas_of(masks.set()); })
      .def("to_array", [](Masks const& masks) { return array_of(masks.set()); })
      .def("to_rle", [](Masks const& masks) { return run_lengths_of(masks.set()); })
      .def("to_records", [](Masks const& masks) { return records_of(masks.set()); })
      .def("__array__",
           [](Masks const& masks, py::args const& dtype, py::kwargs const&) -> py::object {
             py::array const array = array_of(masks.set());
             if (dtype.empty() || dtype[0].is_none()) return array;
             return array.attr("astype")(dtype[0]);
           })
      .def("__repr__", [](Masks const& masks) { return described(masks.set()); });
  py::class_<Overlaps, PortValue>(module, "Overlaps",
                                  "The overlaps between N masks and the K classes of a pseudo-label, "
                                  "in pixels, as sepl.assign counts them.")
      .def_property_readonly("classes",
                             [](Overlaps const& overlaps) {
                               auto const ids = overlaps.table().classes();
                               return labels_array({ids.begin(), ids.end()});
                             })
      .def_property_readonly("class_areas",
                             [](Overlaps const& overlaps) {
                               auto const areas = overlaps.table().class_areas();
                               return py::array_t<std::uint64_t>(
                                   static_cast<py::ssize_t>(areas.size()), areas.data());
                             })
      .def_property_readonly("mask_areas",
                             [](Overlaps const& o) { return mask_areas_of(o.table()); })
      .def_property_readonly("overlaps", [](Overlaps const& o) { return overlaps_of(o.table()); })
      .def_property_readonly("assigned", [](Overlaps const& o) { return assigned_of(o.table()); })
      .def("__len__", [](Overlaps const& overlaps) { return overlaps.table().masks(); })
      .def("__repr__", [](Overlaps const& overlaps) {
        return "<seplflow.Overlaps of " + std::to_string(overlaps.table().masks()) + " masks and " +
               std::to_string(overlaps.table().classes().size()) + " classes>";
      });
}

}  // namespace seplflow::python
