// Which classes images show, for all images of a data set.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <seplflow.hpp>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace seplflow::dataset {

// The classes of many images, a few bytes each.
class ImageLevelLabels {
 public:
  // Classes ascending, without repeats, all foreground.
  void add(std::vector<Label> const& classes);

  std::size_t count() const { return ends_.size(); }
  // Of image i < count(), in the order of adding.
  ImageLabels at(std::size_t i) const;

 private:
  std::vector<Label> classes_;
  std::vector<std::uint64_t> ends_;  // in classes_, by image
};

// A .npy file of image-level labels as methods of weakly supervised segmentation keep them: cls_
// labels.npy of VOC (its keys numpy.int32 2007000032 or text "2007_000032"), a dict by the name or
// the number of a COCO image, or a plain array with a row for each image. Each image has a number
// for each foreground class, in label order; the class is shown when it is above 0.
class ImageLabelFile {
 public:
  // Throws Error, naming the file and what it holds, when it is of no such form, or has not one
  // number for each of `foreground` classes, or a number is negative, infinite or NaN.
  ImageLabelFile(std::filesystem::path const& file, std::size_t foreground);

  // Whether images are found by name. The rows of a plain array are those of its data set in
  // ascending order of image number (CLIMS's train_labels.npy has one for each of 82,783 images).
  bool has_names() const { return has_names_; }

  std::size_t count() const { return labels_.count(); }
  ImageLabels at(std::size_t row) const { return labels_.at(row); }

  // The row of an image by its name, under any of the spellings that files of VOC and COCO have.
  // Only of a file that has names.
  std::optional<std::size_t> find(std::string const& name) const;

  // The labels of these images. Throws Error, saying how many and the first few, when the file
  // lacks any. Only of a file that has names.
  ImageLevelLabels of(std::vector<std::string> const& names) const;

 private:
  std::filesystem::path file_;
  bool has_names_ = true;
  std::unordered_map<std::string, std::uint32_t> rows_;  // by key, numbers as decimal text
  ImageLevelLabels labels_;
};

// "a, b, c and 814 more": the first few names of `total` of which `first` are given.
std::string first_of(std::vector<std::string> const& first, std::size_t total);

constexpr std::size_t kNamesShown = 5;

}  // namespace seplflow::dataset
