#include "image_level_labels.hpp"

#include <algorithm>
#include <cmath>
#include <span>

#include <seplflow/formats/npy.hpp>
#include "common/sample_file.hpp"
#include "label_table.hpp"

namespace seplflow::dataset {
namespace {

namespace fs = std::filesystem;

std::vector<Label> classes_in(Array const& row, std::size_t foreground, std::string const& of,
                              fs::path const& file) {
  if (row.axes() != 1 || row.size() != foreground) {
    throw Error(file.string() + ": the image-level labels of " + of + " are " + row.description() +
                ", but there are " + std::to_string(foreground) +
                " classes; the file belongs to another data set");
  }
  std::vector<Label> classes;
  for (std::size_t i = 0; i < foreground; ++i) {
    double const value = row.number(i);
    if (!(value >= 0) || std::isinf(value) || value != std::floor(value)) {
      throw Error(file.string() + ": the image-level label of " + of + " for class " +
                  std::to_string(i + 1) + " is " + std::to_string(value) +
                  "; expected 0 (not shown) or 1 (shown)");
    }
    if (value > 0) classes.push_back(static_cast<Label>(i + 1));
  }
  return classes;
}

}  // namespace

void ImageLevelLabels::add(std::vector<Label> const& classes) {
  classes_.insert(classes_.end(), classes.begin(), classes.end());
  ends_.push_back(classes_.size());
}

ImageLabels ImageLevelLabels::at(std::size_t i) const {
  auto const begin = classes_.begin();
  auto const first = static_cast<std::ptrdiff_t>(i == 0 ? 0 : ends_.at(i - 1));
  return {{begin + first, begin + static_cast<std::ptrdiff_t>(ends_.at(i))}};
}

ImageLabelFile::ImageLabelFile(fs::path const& file, Classes const& classes) : labels_(file) {
  LabelFileKind const kind = kind_of_labels(file);
  if (kind == LabelFileKind::npy) {
    read_array(file, classes.count() - 1);
    return;
  }
  LabelTable const table = kind == LabelFileKind::json ? label_table_of_json(file, classes)
                                                       : read_label_csv(file, classes);
  for (auto const& [name, labels] : table) {
    add_row(name, labels);
  }
}

void ImageLabelFile::add_row(std::string const& name, std::vector<Label> const& labels) {
  auto const row = static_cast<std::uint32_t>(labels_.count());
  labels_.add(labels);
  if (!rows_.emplace(name, row).second) {
    throw Error(labels_.file().string() + " holds the image " + name + " twice");
  }
}

void ImageLabelFile::read_array(fs::path const& file, std::size_t foreground) {
  using Kind = PickleValue::Kind;
  Pickle const pickle = read_npy(file);
  PickleValue const root = pickle.root();
  if (root.is(Kind::array) && root.array().axes() == 2) {
    has_names_ = false;
    Array const& rows = root.array();
    for (std::uint64_t i = 0; i < rows.shape()[0]; ++i) {
      labels_.add(classes_in(rows.at(i), foreground, "row " + std::to_string(i), file));
    }
    return;
  }
  if (!root.is(Kind::dict)) {
    throw Error(file.string() + " holds " + root.description() +
                "; expected image-level labels: a dict with an array for each image, or an array "
                "of shape (images, classes)");
  }
  rows_.reserve(root.size());
  for (std::size_t i = 0; i < root.size(); ++i) {
    PickleValue const key = root.key(i), value = root.value(i);
    if (!key.is(Kind::integer) && !key.is(Kind::text)) {
      throw Error(file.string() + ": " + key.description() +
                  " is a key; expected the name or the number of an image");
    }
    std::string name =
        key.is(Kind::integer) ? std::to_string(key.integer()) : std::string(key.text());
    if (!value.is(Kind::array)) {
      throw Error(file.string() + ": the image-level labels of " + name + " are " +
                  value.description() + "; expected an array of " + std::to_string(foreground) +
                  " numbers");
    }
    add_row(name, classes_in(value.array(), foreground, name, file));
  }
}

std::optional<std::size_t> ImageLabelFile::find(std::string const& name) const {
  auto spellings = sample_names(name);
  if (auto number = voc_number(name)) spellings.push_back(std::move(*number));
  for (std::string const& spelling : spellings) {
    for (std::string const& key : {spelling, spelling + ".jpg"}) {
      auto const found = rows_.find(key);
      if (found != rows_.end()) return found->second;
    }
  }
  return std::nullopt;
}

ImageLevelLabels ImageLabelFile::labels_of(std::vector<std::string> const& names) const {
  ImageLevelLabels labels(labels_.file());
  std::vector<std::string> missing;
  for (std::string const& name : names) {
    if (auto const row = find(name)) {
      labels.add(at(*row).classes);
    } else {
      missing.push_back(name);
    }
  }
  if (!missing.empty()) {
    throw Error(labels_.file().string() + " has no image-level labels for " +
                std::to_string(missing.size()) + " of " + std::to_string(names.size()) +
                " samples: " + first_names(missing));
  }
  return labels;
}

std::string first_names(std::vector<std::string> const& names) {
  constexpr std::size_t kShown = 5;
  std::string text;
  for (std::string const& name : std::span(names).first(std::min(names.size(), kShown))) {
    text += (text.empty() ? "" : ", ") + name;
  }
  if (names.size() > kShown) text += " and " + std::to_string(names.size() - kShown) + " more";
  return text;
}

}  // namespace seplflow::dataset
