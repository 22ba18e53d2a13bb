#include "listed_samples.hpp"

#include <algorithm>
#include <map>
#include <mutex>
#include <regex>

#include <seplflow/detail/files_read.hpp>
#include "common/image_level_rule.hpp"
#include "common/refuse_errors.hpp"
#include "common/sample_file.hpp"

namespace seplflow::dataset {

namespace fs = std::filesystem;

std::optional<LabelFile> FileOptions::read_truth(fs::path const& file,
                                                 SampleContext const& context) const {
  if (!needs_truth() && !is_there(file)) {
    context.warn(
        "there is no ground truth (missing_truth = \"skip\"), so stages that need it leave "
        "the sample out",
        file.filename().string());
    return std::nullopt;
  }
  try {
    return read_labels(file, context.sample().classes, "the ground truth " + file.string());
  } catch (Error const&) {
    if (is_there(file)) throw;
    throw Error("there is no ground truth " + file.string() +
                " (missing_truth = \"skip\" leaves such samples out of the scores)");
  }
}

std::string exif_remark(int orientation, Exif exif) {
  if (orientation == 1) return "";
  std::string const text = "the image has the EXIF orientation " + std::to_string(orientation);
  return exif == Exif::apply
             ? text + ", which is applied"
             : text +
                   ", which is ignored, as PIL's open does (exif = \"apply\" on the data set turns "
                   "the image, as cv2.imread does)";
}

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
  mutable std::optional<LabelFile> labels;
  mutable FileState state;  // of the file that was decoded
};

std::optional<Sample> ListedSamples::next() {
  if (next_ == names_.size()) return std::nullopt;
  Sample sample;
  sample.id = names_[next_++];
  sample.classes = classes_;
  sample.size = add_size(sample);
  sample.set_note(std::make_shared<Truth const>());
  return sample;
}

// The size, from the header of a file; adds a remark about an orientation.
std::optional<Size> ListedSamples::add_size(Sample& sample) const {
  for (auto const& folder : {images_, truth_}) {
    if (!folder) continue;
    fs::path const file = find_picture(*folder, sample.id);
    if (file.empty()) continue;
    try {
      auto const [size, orientation] = read_image_header(file, exif);
      if (folder == images_) sample.remark = exif_remark(orientation, exif);
      return size;
    } catch (Error const&) {
      // The output that needs the pixels will report what is wrong with the file.
    }
  }
  return std::nullopt;
}

void warn_of_damage(SampleContext const& context, std::vector<std::string> const& remarks,
                    fs::path const& file) {
  static std::regex const number("0x[0-9a-f]+|[0-9]+");
  for (std::string const& remark : remarks) {
    context.warn("an image is damaged, so some of its pixels may be wrong; copy or download it "
                 "again (libjpeg: " +
                     std::regex_replace(remark, number, "N") + ")",
                 file.filename().string() + ": " + remark);
  }
}

Image ListedSamples::image(SampleContext const& context) const {
  Sample const& sample = context.sample();
  fs::path const file = find_picture(*images_, sample.id);
  if (file.empty()) {
    throw Error("there is no image " + (*images_ / sample.id).string() + " (.jpg, .jpeg or .png)");
  }
  OrientedImage read = read_oriented_image(file, exif);
  warn_of_damage(context, read.remarks, file);
  return std::move(read.image);
}

std::vector<fs::path> ListedSamples::image_files(Sample const& sample) const {
  return images_ ? picture_files(*images_, sample.id) : std::vector<fs::path>();
}

std::vector<fs::path> ListedSamples::truth_files(Sample const& sample) const {
  return truth_ ? label_files(*truth_, sample) : std::vector<fs::path>();
}

std::vector<fs::path> ListedSamples::image_label_files(Sample const& sample) const {
  return image_labels_ ? std::vector{image_labels_->file()} : truth_files(sample);
}

std::optional<ImageLabels> ListedSamples::image_labels(SampleContext const& context) const {
  if (image_labels_) return image_labels_->at(context.sample().index);
  if (!truth_) return std::nullopt;
  fs::path const file = label_file(*truth_, context.sample());
  if (!is_there(file)) return std::nullopt;
  try {
    auto const truth = decoded_truth(file, context);
    return truth ? std::optional(image_labels_of(truth->labels)) : std::nullopt;
  } catch (Error const& error) {
    // If it is read for itself, the sample fails there.
    if (truth_is_wanted_) return std::nullopt;
    context.warn("the image-level labels are unknown, because the ground truth cannot be read",
                 error.what());
    return std::nullopt;
  }
}

std::optional<LabelMap> ListedSamples::truth(SampleContext const& context) const {
  auto const truth = decoded_truth(label_file(*truth_, context.sample()), context);
  return truth ? std::optional(truth->labels) : std::nullopt;
}

std::optional<LabelFile> ListedSamples::decoded_truth(fs::path const& file,
                                                      SampleContext const& context) const {
  auto const& truth = context.sample().note<Truth>();
  bool is_first = false;
  std::call_once(truth.decoded, [&] {
    is_first = true;
    truth.state = state_of(file);
    truth.labels = read_truth(file, context);
  });
  // A resumed run compares the file with its state when each output began.
  if (!is_first && state_of(file) != truth.state) {
    throw Error(file.string() + " changed while the sample was processed");
  }
  if (truth.labels && !truth.labels->remark.empty()) {
    context.warn(truth.labels->remark, truth.labels->detail);
  }
  if (truth.labels) {
    LabelMap const& labels = truth.labels->labels;
    if (auto const size = context.sample().size) {
      require_same_size(labels.size(), "the ground truth " + file.string(), *size,
                        "the sample's image");
    }
    warn_of_two_values(context, labels, "the ground truth has", "ignore");
  }
  return truth.labels;
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

std::optional<ImageLevelLabels> ImageLabelOptions::labels_of_list(OptionCheck& check,
                                                                  NameList& list,
                                                                  Classes const& classes) const {
  std::optional<ImageLevelLabels> read;
  auto const read_file = [&] {
    ImageLabelFile const file(*cls_labels, classes);
    if (!file.has_names()) {
      throw Error(cls_labels->string() +
                  " is a plain array, which does not name the images of its rows; expected a dict "
                  "by name (cls_labels.npy)");
    }
    read = file.labels_of(list.names);
  };
  if (cls_labels && !refuse_errors(check, "cls_labels", read_file)) return std::nullopt;
  if (read && list.classes) {
    std::string used = "neither is used, but the classes of the ground truth are";
    if (label_source == LabelSource::list) used = "those of the list are used";
    if (label_source == LabelSource::cls_labels) used = "those of cls_labels are used";
    warn_of_different_labels(check, "cls_labels", list.names, *list.classes, *read,
                             used + " (image_labels = \"list\" or \"cls_labels\" chooses)");
  }
  return chosen_labels(check, list, std::move(read));
}

void warn_of_different_labels(OptionCheck& check, std::string const& option,
                              std::vector<std::string> const& samples, ImageLevelLabels const& a,
                              ImageLevelLabels const& b, std::string const& used) {
  std::vector<std::string> different;
  std::map<std::string, std::size_t> explained;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    auto const labels = a.at(i), others = b.at(i);
    if (labels == others) continue;
    different.push_back(samples[i]);
    ++explained[numbering_that_fits(labels.classes, others, 0)];
  }
  if (different.empty()) return;
  auto const most = std::ranges::max_element(
      explained, {}, [](auto const& numbering) { return numbering.second; });
  std::string numbering;
  if (!most->first.empty() && 2 * most->second > different.size()) {
    numbering = most->first + " for " + std::to_string(most->second) + " of them";
  }
  check.warn(option, "the image-level labels in " + a.file().string() + " and in " +
                         b.file().string() + " differ for " + std::to_string(different.size()) +
                         " of " + std::to_string(samples.size()) + " samples (" +
                         first_names(different) + "); " + used + numbering);
}

}  // namespace seplflow::dataset
