// Images on which a training is scored every few iterations, without learning from them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include <seplflow/seplflow.hpp>
#include "dataset/listed_samples.hpp"

namespace seplflow::nets {

// Options of stages that train.
struct Validation {
  std::optional<std::filesystem::path> validate_images, validate_labels, validate_list;

  // Call it in check(). Sets `every`, if it is not set, where there is anything to validate with.
  // `label_file_of` returns a file that must exist for an image; empty without one.
  void check_validation(
      OptionCheck& check, std::optional<std::int64_t>& every,
      std::function<std::filesystem::path(std::string const& name)> const& label_file_of = {});

  bool validates() const { return !names_.empty(); }
  std::vector<std::string> const& names() const { return names_; }
  bool has(Sample const& sample) const { return known_.contains(sample.id); }

  // Throws Error unless the first image, one from the middle and the last can be read, and their
  // labels in the folder `truth` if it is given.
  void try_some(ClassesPtr const& classes,
                std::optional<std::filesystem::path> const& truth) const;

  // Calls f with each image, in the order of the list. An error of f names the image.
  using Visit = std::function<void(dataset::ListedSamples const&, SampleContext const&)>;
  void for_each(dataset::ListedSamples samples, Visit const& f) const;

 private:
  std::vector<std::string> names_;
  std::unordered_set<std::string> known_;
};

template <class T>
void with_validation_options(StageBuilder<T>& stage, std::string const& labels,
                             OptionConstraint labels_exist, std::string const& score) {
  stage
      .option("validate_images", &T::validate_images,
              "folder of images, NAME.jpg or NAME.png, on which the training is scored",
              existing_folder())
      .option("validate_labels", &T::validate_labels, labels, labels_exist)
      .option("validate_list", &T::validate_list,
              "file with the names of these images (default: all pictures in validate_images)",
              existing_file())
      .option("validate_every", &T::validate_every,
              "iterations after which " + score +
                  " is computed anew, as well as after the last one (default: 1000)",
              at_least(1));
}

}  // namespace seplflow::nets
