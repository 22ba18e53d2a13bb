// Samples with names and files: what the data sets on disk have in common.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <seplflow/seplflow.hpp>

#include "name_list.hpp"

namespace seplflow::dataset {

// Emits samples by name and reads their pictures from two folders. Either folder may be absent: a
// folder is needed only when something is read from it.
class ListedSamples {
 public:
  void open(std::vector<std::string> names, ClassesPtr classes,
            std::optional<std::filesystem::path> images,
            std::optional<std::filesystem::path> truth);

  // Uses these image-level labels of the samples, in their order, instead of the classes that the
  // ground truth shows.
  void take_image_labels(ImageLevelLabels labels) { image_labels_ = std::move(labels); }

  // The next sample, with its size when the header of a file gives it.
  std::optional<Sample> next();
  std::uint64_t count() const { return names_.size(); }

  // Throws Error, with the file, when it does not exist or cannot be read.
  Image image(Sample const& sample) const;
  // Class ids from an 8-bit gray or palette PNG, each one of the classes or 255. Decoded once per
  // sample, whichever outputs ask for it.
  LabelMap truth(Sample const& sample) const;
  // The labels that were taken, or else the classes that the ground truth shows.
  ImageLabels image_labels(Sample const& sample) const;

  // Empty when there is no folder.
  std::vector<std::filesystem::path> image_files(Sample const& sample) const;
  std::vector<std::filesystem::path> truth_files(Sample const& sample) const;
  std::vector<std::filesystem::path> image_label_files(Sample const& sample) const;

 private:
  struct Truth;

  std::optional<Size> size_of(std::string const& name) const;

  std::vector<std::string> names_;
  std::size_t next_ = 0;
  ClassesPtr classes_;
  std::optional<std::filesystem::path> images_, truth_;
  std::optional<ImageLevelLabels> image_labels_;
};

// The ground truth NAME.png. Throws Error, with the file, when it holds other labels than the
// classes of the sample and 255.
LabelMap read_truth(std::filesystem::path const& folder, Sample const& sample);

// Reports an error when the pipeline uses an output whose folder is missing.
void require_folder(OptionCheck& check, char const* output, char const* option,
                    std::optional<std::filesystem::path> const& folder);

// ---- Where a data set takes its image-level labels from ----

enum class LabelSource { annotations, truth, list, cls_labels };

struct ImageLabelOptions {
  std::optional<LabelSource> label_source;
  std::optional<std::filesystem::path> cls_labels;

 protected:
  // The labels of the chosen source: those of the list, or `read`, those of cls_labels. Nothing for
  // another source; also nothing after an error, which is reported.
  std::optional<ImageLevelLabels> chosen_labels(OptionCheck& check, NameList& list,
                                                std::optional<ImageLevelLabels> read) const;
};

// Warns at `option` when two files disagree about samples; `used` says which labels count.
void warn_of_different_labels(OptionCheck& check, std::string const& option,
                              std::vector<std::string> const& samples, ImageLevelLabels const& a,
                              ImageLevelLabels const& b, std::string const& used);

}  // namespace seplflow::dataset
