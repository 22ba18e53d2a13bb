// Samples that have names and files: what the data sets on disk have in common.
#pragma once

#include <filesystem>
#include <optional>
#include <seplflow.hpp>
#include <string>
#include <vector>

#include "image_level_labels.hpp"

namespace seplflow::dataset {

// Emits samples by name and reads their pictures from two folders, either of which may be absent:
// a folder is needed only where something is read from it.
class ListedSamples {
 public:
  void open(std::vector<std::string> names, ClassesPtr classes,
            std::optional<std::filesystem::path> images,
            std::optional<std::filesystem::path> truth);

  // Image-level labels of the samples, in their order, instead of what the truth shows; `file` is
  // where they come from.
  void take_image_labels(ImageLevelLabels labels, std::filesystem::path file);

  // The next sample, with the size of its picture where a file's header tells.
  std::optional<Sample> next();
  std::uint64_t count() const { return names_.size(); }

  // Throws Error, naming the file, when there is none or it cannot be read.
  Image image(Sample const& sample) const;
  // Class ids of an 8-bit gray or palette PNG, each one of the classes or 255. Decoded once for a
  // sample, whatever asks for it.
  LabelMap truth(Sample const& sample) const;
  // The classes that the truth shows, or those that were taken.
  ImageLabels image_labels(Sample const& sample) const;

  // None where there is no folder.
  std::vector<std::filesystem::path> image_files(Sample const& sample) const;
  std::vector<std::filesystem::path> truth_files(Sample const& sample) const;
  std::vector<std::filesystem::path> image_label_files(Sample const& sample) const;

 private:
  struct Truth;

  LabelMap decoded_truth(Sample const& sample) const;
  std::optional<Size> size_of(std::string const& name) const;

  std::vector<std::string> names_;
  std::size_t next_ = 0;
  ClassesPtr classes_;
  std::optional<std::filesystem::path> images_, truth_;
  std::optional<ImageLevelLabels> image_labels_;
  std::filesystem::path image_labels_file_;
};

// Complains of a folder that is not there for an output that the pipeline wants.
void require_folder(OptionCheck& check, char const* output, char const* option,
                    std::optional<std::filesystem::path> const& folder);

}  // namespace seplflow::dataset
