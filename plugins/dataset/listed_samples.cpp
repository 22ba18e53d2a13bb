#include "listed_samples.hpp"

#include <mutex>

#include <seplflow/formats/image_file.hpp>
#include <seplflow/formats/png.hpp>
#include "common/sample_file.hpp"

namespace seplflow::dataset {

namespace fs = std::filesystem;

void ListedSamples::open(std::vector<std::string> names, ClassesPtr classes,
                         std::optional<fs::path> images, std::optional<fs::path> truth) {
  names_ = std::move(names);
  classes_ = std::move(classes);
  std::error_code ignored;
  if (images && fs::is_directory(*images, ignored)) images_ = std::move(images);
  if (truth && fs::is_directory(*truth, ignored)) truth_ = std::move(truth);
}

// The ground truth of a sample, decoded when the first output asks for it.
struct ListedSamples::Truth {
  mutable std::once_flag decoded;
  mutable std::optional<LabelMap> labels;
};

std::optional<Sample> ListedSamples::next() {
  if (next_ == names_.size()) return std::nullopt;
  std::string const& name = names_[next_++];
  Sample sample;
  sample.id = name;
  sample.classes = classes_;
  sample.size = size_of(name);
  sample.set_note(std::make_shared<Truth const>());
  return sample;
}

std::optional<Size> ListedSamples::size_of(std::string const& name) const {
  for (auto const& folder : {images_, truth_}) {
    if (!folder) continue;
    fs::path const file = find_picture(*folder, name);
    if (file.empty()) continue;
    try {
      return read_image_size(file);
    } catch (Error const&) {
      // The output that needs the pixels will report what is wrong with the file.
    }
  }
  return std::nullopt;
}

Image ListedSamples::image(Sample const& sample) const {
  fs::path const file = find_picture(*images_, sample.id);
  if (file.empty()) {
    throw Error("there is no image " + (*images_ / sample.id).string() + " (.jpg, .jpeg or .png)");
  }
  return read_image(file);
}

std::vector<fs::path> ListedSamples::image_files(Sample const& sample) const {
  return images_ ? picture_files(*images_, sample.id) : std::vector<fs::path>();
}

std::vector<fs::path> ListedSamples::truth_files(Sample const& sample) const {
  return truth_ ? sample_files(*truth_, sample, ".png") : std::vector<fs::path>();
}

std::vector<fs::path> ListedSamples::image_label_files(Sample const& sample) const {
  return image_labels_ ? std::vector{image_labels_->file()} : truth_files(sample);
}

ImageLabels ListedSamples::image_labels(Sample const& sample) const {
  return image_labels_ ? image_labels_->at(sample.index) : image_labels_of(truth(sample));
}

LabelMap ListedSamples::truth(Sample const& sample) const {
  auto const& truth = sample.note<Truth>();
  std::call_once(truth.decoded, [&] { truth.labels = read_truth(*truth_, sample); });
  return *truth.labels;
}

LabelMap read_truth(fs::path const& folder, Sample const& sample) {
  fs::path const file = sample_file(folder, sample, ".png");
  LabelMap truth = read_label_png(file);
  require_labels_in(*sample.classes, truth, "the ground truth " + file.string());
  return truth;
}

void require_folder(OptionCheck& check, char const* output, char const* option,
                    std::optional<fs::path> const& folder) {
  if (!check.wanted(output)) return;
  std::error_code ignored;
  if (!folder) {
    check.refuse("", "output \"" + std::string(output) + "\" is used; set the option \"" + option +
                         "\" to the folder that holds it");
  } else if (!fs::is_directory(*folder, ignored)) {
    check.missing(option, "output \"" + std::string(output) +
                              "\" is used, but there is no folder " + folder->string());
  }
}

std::optional<ImageLevelLabels> ImageLabelOptions::chosen_labels(
    OptionCheck& check, NameList& list, std::optional<ImageLevelLabels> read) const {
  if (label_source == LabelSource::list) {
    if (list.classes) return std::move(list.classes);
    check.refuse("image_labels",
                 list.file.empty()
                     ? "there is no list; set \"list\" to one with classes, or choose another "
                       "source"
                     : "the lines of " + list.file.string() +
                           " have no classes (NAME 0 14); use another list, or choose another "
                           "source");
  }
  if (label_source == LabelSource::cls_labels) {
    if (cls_labels) return read;
    check.refuse("image_labels", "no file is given; set cls_labels = \"FOLDER/cls_labels.npy\"");
  }
  return std::nullopt;
}

void warn_of_different_labels(OptionCheck& check, std::string const& option,
                              std::vector<std::string> const& samples, ImageLevelLabels const& a,
                              ImageLevelLabels const& b, std::string const& used) {
  std::vector<std::string> different;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    if (a.at(i) != b.at(i)) different.push_back(samples[i]);
  }
  if (different.empty()) return;
  check.warn(option, "the image-level labels in " + a.file().string() + " and in " +
                         b.file().string() + " differ for " + std::to_string(different.size()) +
                         " of " + std::to_string(samples.size()) + " samples (" +
                         first_names(different) + "); " + used);
}

}  // namespace seplflow::dataset
