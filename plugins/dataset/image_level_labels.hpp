// Image-level labels: which classes each image of a data set shows.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <seplflow/seplflow.hpp>

namespace seplflow::dataset {

// The labels of many images, a few bytes each.
class ImageLevelLabels {
 public:
  // `file` is where the labels come from.
  explicit ImageLevelLabels(std::filesystem::path file = {}) : file_(std::move(file)) {}

  // Adds an image: its foreground classes, ascending and without repeats.
  void add(std::vector<Label> const& classes);

  std::filesystem::path const& file() const { return file_; }
  std::size_t count() const { return ends_.size(); }
  // The labels of image i < count(), in the order of adding.
  ImageLabels at(std::size_t i) const;

 private:
  std::filesystem::path file_;
  std::vector<Label> classes_;
  std::vector<std::uint64_t> ends_;  // in classes_, by image
};

// A file of image-level labels. A .npy file as weakly supervised methods keep it: VOC's cls_labels.npy
// (with the keys numpy.int32 2007000032 or text "2007_000032"), a dict by the name or number of a
// COCO image, or a plain array with a row for each image. Each image has a number for each
// foreground class, in label order; the image shows the classes with a number above 0. Or a CSV or
// JSON file; see label_table.hpp.
class ImageLabelFile {
 public:
  // Throws Error, with the file and what it holds, when the file has another form, does not have
  // one number for each foreground class, or holds a number that is not 0 or a count.
  ImageLabelFile(std::filesystem::path const& file, Classes const& classes);

  // Whether images are found by name. The rows of a plain array are those of its data set in
  // ascending order of image number (CLIMS's train_labels.npy has one for each of 82,783 images).
  bool has_names() const { return has_names_; }

  std::size_t count() const { return labels_.count(); }
  ImageLabels at(std::size_t row) const { return labels_.at(row); }

  // The row of an image by its name, in any spelling that files of VOC and COCO use. Only for a
  // file that has names.
  std::optional<std::size_t> find(std::string const& name) const;

  // The labels of these images. Throws Error, with the number of missing images and the first few
  // names, when the file does not have them all. Only for a file that has names.
  ImageLevelLabels labels_of(std::vector<std::string> const& names) const;

 private:
  void read_array(std::filesystem::path const& file, std::size_t foreground);
  void add_row(std::string const& name, std::vector<Label> const& labels);

  bool has_names_ = true;
  std::unordered_map<std::string, std::uint32_t> rows_;  // by key, numbers as decimal text
  ImageLevelLabels labels_;
};

// The first few of many names: "a, b, c and 814 more".
std::string first_names(std::vector<std::string> const& names);

}  // namespace seplflow::dataset
