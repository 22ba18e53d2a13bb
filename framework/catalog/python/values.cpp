#include "catalog/python/values.hpp"

#include <cmath>
#include <cstring>
#include <limits>
#include <seplflow/error.hpp>

namespace seplflow {
namespace {

// Of the parts of a block, for the vector instructions of numpy.
constexpr std::size_t kAlignment = 64;

constexpr std::string_view kPrecisions[] = {"half", "single", "full"};

template <class T>
std::vector<T> numbers_at(std::span<std::uint8_t const> block, std::size_t offset,
                          std::size_t count) {
  auto const bytes = received_bytes(block, offset, count * sizeof(T));
  std::vector<T> numbers(count);
  if (count > 0) std::memcpy(numbers.data(), bytes.data(), bytes.size());
  return numbers;
}

Size size_of(PythonJson const& height, PythonJson const& width, char const* what) {
  return checked_size(height.get<std::uint64_t>(), width.get<std::uint64_t>(), what);
}

Image received_image(PythonJson const& told, std::span<std::uint8_t const> block) {
  Size const size = size_of(told.at(2), told.at(3), "the image that it returned");
  return Image(size, numbers_at<std::uint8_t>(block, told.at(1), 3 * size.pixels()));
}

LabelMap received_labels(PythonJson const& told, std::span<std::uint8_t const> block) {
  Size const size = size_of(told.at(2), told.at(3), "the label map that it returned");
  return LabelMap(size, numbers_at<Label>(block, told.at(1), size.pixels()));
}

template <class T>
std::unique_ptr<T[]> plane_values(std::span<std::uint8_t const> block, std::size_t offset,
                                  std::size_t count) {
  auto const bytes = received_bytes(block, offset, count * sizeof(T));
  auto values = std::make_unique_for_overwrite<T[]>(count);
  if (count > 0) std::memcpy(values.get(), bytes.data(), bytes.size());
  return values;
}

ScoreMaps received_scores(PythonJson const& told, std::span<std::uint8_t const> block) {
  Size const size = size_of(told.at(2), told.at(3), "the score maps that it returned");
  auto classes = told.at(4).get<std::vector<Label>>();
  std::size_t const offset = told.at(1), count = classes.size() * size.pixels();
  std::string const precision = told.at(5), method = told.at(6);
  if (precision == kPrecisions[2]) {
    return ScoreMaps::adopt(size, std::move(classes), plane_values<double>(block, offset, count))
        .made_by(method);
  }
  return ScoreMaps::adopt(size, std::move(classes), plane_values<float>(block, offset, count),
                          precision == kPrecisions[0] ? Precision::half : Precision::single)
      .made_by(method);
}

std::vector<std::uint32_t> counts_of(std::span<std::uint32_t const> bounds, Size size) {
  std::vector<std::uint32_t> counts;
  counts.reserve(bounds.size() + 1);
  std::uint32_t before = 0;
  for (std::uint32_t const bound : bounds) {
    counts.push_back(bound - before);
    before = bound;
  }
  counts.push_back(static_cast<std::uint32_t>(size.pixels()) - before);
  return counts;
}

MaskSet received_masks(PythonJson const& told, std::span<std::uint8_t const> block) {
  std::size_t const offset = told.at(1), count = told.at(2), total = told.at(4);
  std::optional<Size> size;
  if (!told.at(3).is_null())
    size = size_of(told.at(3).at(0), told.at(3).at(1), "the masks that it returned");
  if (count > 0 && !size) throw Error("it returned masks without a size");
  auto const starts = numbers_at<std::uint64_t>(block, offset, count + 1);
  std::size_t const infos = offset + 8 * (count + 1), runs = infos + 64 * count;
  auto const numbers = numbers_at<double>(block, infos, 8 * count);
  auto const bounds = numbers_at<std::uint32_t>(block, runs, total);
  std::vector<MaskSet::Entry> entries;
  for (std::size_t i = 0; i < count; ++i) {
    if (starts[i] > starts[i + 1] || starts[i + 1] > total)
      throw Error("it returned masks out of order");
    std::span const own = std::span(bounds).subspan(starts[i], starts[i + 1] - starts[i]);
    MaskSet::Entry entry{Mask::from_counts(*size, counts_of(own, *size)), std::nullopt};
    double const* const info = numbers.data() + 8 * i;
    if (!std::isnan(info[0])) {
      entry.info =
          MaskInfo{info[0], info[1], {info[2], info[3]}, {info[4], info[5], info[6], info[7]}};
    }
    entries.push_back(std::move(entry));
  }
  return MaskSet(std::move(entries), size);
}

template <class T>
Value checked(T value, Sample const& sample) {
  if constexpr (requires { PortType<T>::check(value, sample); }) PortType<T>::check(value, sample);
  return std::make_shared<T const>(std::move(value));
}

ImageLabels received_classes(PythonJson const& told, Sample const& sample) {
  ImageLabels labels{told.at(1).get<std::vector<Label>>()};
  for (Label const label : labels.classes) {
    if (!sample.classes || sample.classes->contains(label)) continue;
    throw Error("it returned the class " + std::to_string(label) +
                ", but the classes of the data set are " + sample.classes->describe());
  }
  return labels;
}

}  // namespace

std::span<std::uint8_t const> received_bytes(std::span<std::uint8_t const> block,
                                             std::size_t offset, std::size_t size) {
  if (offset > block.size() || size > block.size() - offset) {
    throw Error("it returned a value that is not in the shared memory");
  }
  return block.subspan(offset, size);
}

Port python_port(std::string name, std::string_view type, bool optional) {
  auto const try_type = [&]<class T>(T const*) -> std::optional<Port> {
    if (type != PortType<T>::name) return std::nullopt;
    return detail::port_of<T>(name, optional);
  };
  std::optional<Port> port;
  auto const any = [&]<class... T>(T const*... types) {
    ((port = port ? port : try_type(types)), ...);
  };
  any(static_cast<Image*>(nullptr), static_cast<LabelMap*>(nullptr),
      static_cast<ScoreMaps*>(nullptr), static_cast<MaskSet*>(nullptr),
      static_cast<OverlapTable*>(nullptr), static_cast<ImageLabels*>(nullptr),
      static_cast<Sample*>(nullptr));
  if (!port) throw Error("a port has the type \"" + std::string(type) + "\"");
  return *port;
}

template <class T>
std::size_t SentValues::add_part(std::span<T const> values) {
  std::size_t const offset = size_;
  parts_.push_back(
      {offset, {reinterpret_cast<std::uint8_t const*>(values.data()), values.size_bytes()}});
  size_ += values.size_bytes();
  return offset;
}

template <class T>
std::size_t SentValues::add_own(std::vector<T> values) {
  auto const owned = std::make_shared<std::vector<T> const>(std::move(values));
  owned_.push_back(owned);
  return add_part(std::span<T const>(*owned));
}

PythonJson SentValues::add(std::string_view type, void const* value) {
  if (!value) return nullptr;
  size_ = (size_ + kAlignment - 1) / kAlignment * kAlignment;
  if (type == PortType<Image>::name) return add_image(*static_cast<Image const*>(value));
  if (type == PortType<LabelMap>::name) return add_labels(*static_cast<LabelMap const*>(value));
  if (type == PortType<ScoreMaps>::name) return add_scores(*static_cast<ScoreMaps const*>(value));
  if (type == PortType<MaskSet>::name) return add_masks(*static_cast<MaskSet const*>(value));
  if (type == PortType<OverlapTable>::name)
    return add_overlaps(*static_cast<OverlapTable const*>(value));
  if (type == PortType<Sample>::name)
    return {"Sample", sent_sample(*static_cast<Sample const*>(value))};
  return {"ImageLabels", static_cast<ImageLabels const*>(value)->classes};
}

PythonJson SentValues::add_image(Image const& image) {
  return {"Image", add_part(image.rgb()), image.size().height, image.size().width};
}

PythonJson SentValues::add_labels(LabelMap const& labels) {
  return {"LabelMap", add_part(labels.pixels()), labels.size().height, labels.size().width};
}

PythonJson SentValues::add_scores(ScoreMaps const& scores) {
  std::size_t const offset = size_;
  for (std::size_t i = 0; i < scores.classes().size(); ++i) {
    scores.visit_plane(i, [&](auto const& plane) { add_part(plane); });
  }
  std::vector<Label> const classes(scores.classes().begin(), scores.classes().end());
  return {"ScoreMaps",         offset,  scores.size().height,
          scores.size().width, classes, kPrecisions[static_cast<std::size_t>(scores.precision())],
          scores.method()};
}

PythonJson SentValues::add_masks(MaskSet const& masks) {
  constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
  std::vector<std::uint64_t> starts = {0};
  std::vector<double> infos;
  for (std::size_t i = 0; i < masks.count(); ++i) {
    starts.push_back(starts.back() + masks.mask(i).bounds().size());
    auto const& info = masks.info(i);
    if (info) {
      infos.insert(infos.end(), {info->predicted_iou, info->stability_score});
      infos.insert(infos.end(), info->point.begin(), info->point.end());
      infos.insert(infos.end(), info->crop_box.begin(), info->crop_box.end());
    } else {
      infos.insert(infos.end(), 8, kNone);
    }
  }
  std::uint64_t const total = starts.back();
  std::size_t const offset = add_own(std::move(starts));
  add_own(std::move(infos));
  for (std::size_t i = 0; i < masks.count(); ++i) add_part(masks.mask(i).bounds());
  PythonJson size = nullptr;
  if (masks.size()) size = {masks.size()->height, masks.size()->width};
  return {"MaskSet", offset, masks.count(), size, total};
}

PythonJson SentValues::add_overlaps(OverlapTable const& overlaps) {
  std::vector<Label> const classes(overlaps.classes().begin(), overlaps.classes().end());
  std::vector<std::uint64_t> areas, assigned;
  std::size_t const offset = add_part(overlaps.class_areas());
  for (std::size_t i = 0; i < overlaps.masks(); ++i) {
    areas.push_back(overlaps.mask_area(i));
    auto const place = overlaps.assigned(i);
    assigned.push_back(place ? *place : ~std::uint64_t{0});  // -1 as a signed number
  }
  add_own(std::move(areas));
  for (std::size_t i = 0; i < overlaps.masks(); ++i) add_part(overlaps.overlaps(i));
  add_own(std::move(assigned));
  return {"OverlapTable", offset, overlaps.masks(), classes};
}

void SentValues::copy_to(SharedBlock& block) const {
  auto const bytes = block.grown_to(size_);
  for (Part const& part : parts_) {
    if (!part.bytes.empty())
      std::memcpy(bytes.data() + part.offset, part.bytes.data(), part.bytes.size());
  }
}

PythonJson sent_sample(Sample const& sample) {
  PythonJson told = {{"id", sample.id},
                     {"index", sample.index},
                     {"size", nullptr},
                     {"classes", PythonJson::array()}};
  if (sample.size) told["size"] = {sample.size->height, sample.size->width};
  if (sample.classes) told["classes"] = sample.classes->names();
  return told;
}

Value received_value(PythonJson const& told, std::string_view type,
                     std::span<std::uint8_t const> block, Sample const& sample) {
  if (type == PortType<Image>::name) return checked(received_image(told, block), sample);
  if (type == PortType<LabelMap>::name) return checked(received_labels(told, block), sample);
  if (type == PortType<ScoreMaps>::name) return checked(received_scores(told, block), sample);
  if (type == PortType<MaskSet>::name) return checked(received_masks(told, block), sample);
  return checked(received_classes(told, sample), sample);
}

}  // namespace seplflow
