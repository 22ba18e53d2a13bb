// Samples with names and files: what the data sets on disk have in common.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <seplflow/seplflow.hpp>

#include <seplflow/formats/image_file.hpp>
#include "common/label_options.hpp"
#include "name_list.hpp"

namespace seplflow::dataset {

// ---- Options of all data sets on disk ----

// What to do about a sample without ground truth.
enum class MissingTruth { error, skip };

struct FileOptions : LabelOptions {
  Exif exif = Exif::ignore;
  MissingTruth missing_truth = MissingTruth::error;

  bool needs_truth() const { return missing_truth == MissingTruth::error; }

 protected:
  // The ground truth of a sample in the file. Nothing, after a warning, if it is missing and may
  // be. Throws Error, with the file, when it cannot be read, or when it holds other labels than the
  // classes of the sample and 255.
  std::optional<LabelFile> read_truth(std::filesystem::path const& file,
                                      SampleContext const& context) const;
};

template <class T>
StageBuilder<T>& with_file_options(StageBuilder<T>& stage) {
  return with_label_options(stage)
      .option("missing_truth", &T::missing_truth,
              "what to do about a sample without ground truth: report an error, or skip it in the "
              "stages that need the ground truth, and count it in a warning",
              choices<MissingTruth>({{"error", MissingTruth::error}, {"skip", MissingTruth::skip}}))
      .option(
          "exif", &T::exif,
          "what to do about the EXIF orientation of an image: ignore it, as PIL's open does, or "
          "apply it, as cv2.imread does",
          choices<Exif>({{"ignore", Exif::ignore}, {"apply", Exif::apply}}));
}

// For details() of the data sets.
constexpr char const* kFileOptionDetails =
    "With `missing_truth = \"skip\"`, a sample without ground truth passes the other stages, so "
    "that "
    "10,582 labels can be written and 1,464 of them scored in one run: stages that need the ground "
    "truth leave the sample out. An image with an EXIF orientation causes a warning with its "
    "number. "
    "It is read as it is stored, as PIL's open does; `exif = \"apply\"` turns it, as cv2.imread "
    "does.\n\n"
    "`relabel = [\"255=1\"]` reads ground truth of two classes that is stored as 0 and 255. "
    "`colours` are also the colours of the files that `output.labels`, `output.training_list` and "
    "`output.panels` write.";
constexpr char const* kClsLabelsHelp =
    "file of image-level labels: a method's cls_labels.npy (a dict by name), a CSV file with a "
    "header (a column for each class, or one with class names), or a JSON object by name";

// "the image has the EXIF orientation 6, ..."; empty for an upright image.
std::string exif_remark(int orientation, Exif exif);

// Warns of what libjpeg remarks of the image in `file`, which it decodes all the same. Remarks that
// differ in their numbers are of one kind.
void warn_of_damage(SampleContext const& context, std::vector<std::string> const& remarks,
                    std::filesystem::path const& file);

// ---- Samples by name ----

// Emits samples by name and reads their pictures from two folders. Either folder may be absent: a
// folder is needed only when something is read from it.
class ListedSamples : public FileOptions {
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
  Image image(SampleContext const& context) const;
  // Decoded once per sample, whichever outputs ask for it.
  std::optional<LabelMap> truth(SampleContext const& context) const;
  // The labels that were taken, or else the classes that the ground truth shows; nothing if there
  // is none. They are useful without it, so a ground truth that cannot be read is only a warning.
  std::optional<ImageLabels> image_labels(SampleContext const& context) const;

  // Empty when there is no folder.
  std::vector<std::filesystem::path> image_files(Sample const& sample) const;
  std::vector<std::filesystem::path> truth_files(Sample const& sample) const;
  std::vector<std::filesystem::path> image_label_files(Sample const& sample) const;
  bool needs_image_label_files() const { return image_labels_.has_value(); }

 protected:
  // Whether a stage reads the ground truth itself; set it in check().
  bool truth_is_wanted_ = false;

 private:
  struct Truth;

  std::optional<Size> add_size(Sample& sample) const;
  std::optional<LabelFile> decoded_truth(std::filesystem::path const& file,
                                         SampleContext const& context) const;

  std::vector<std::string> names_;
  std::size_t next_ = 0;
  ClassesPtr classes_;
  std::optional<std::filesystem::path> images_, truth_;
  std::optional<ImageLevelLabels> image_labels_;
};

// Reports an error when the pipeline uses an output whose folder is missing.
void require_folder(OptionCheck& check, char const* output, char const* option,
                    std::optional<std::filesystem::path> const& folder);

// ---- Where a data set takes its image-level labels from ----

enum class LabelSource { annotations, truth, list, cls_labels };

struct ImageLabelOptions {
  std::optional<LabelSource> label_source;
  std::optional<std::filesystem::path> cls_labels;

 protected:
  // Whether the image-level labels cost little: they are in a file, or come from ground truth that
  // is read anyway.
  bool offers_image_labels(OptionCheck const& check) const {
    if (label_source == LabelSource::truth) return check.wanted("truth");
    return label_source || cls_labels || check.wanted("truth");
  }

  // The labels of the chosen source: those of the list, or `read`, those of cls_labels. Nothing for
  // another source; also nothing after an error, which is reported.
  std::optional<ImageLevelLabels> chosen_labels(OptionCheck& check, NameList& list,
                                                std::optional<ImageLevelLabels> read) const;
  // The same for samples by name: reads cls_labels, if it is set, and compares it with the list.
  std::optional<ImageLevelLabels> labels_of_list(OptionCheck& check, NameList& list,
                                                 Classes const& classes) const;
};

// Warns at `option` when two files disagree about samples; `used` says which labels count.
void warn_of_different_labels(OptionCheck& check, std::string const& option,
                              std::vector<std::string> const& samples, ImageLevelLabels const& a,
                              ImageLevelLabels const& b, std::string const& used);

}  // namespace seplflow::dataset
