#include "image_label_options.hpp"

namespace seplflow::dataset {

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
