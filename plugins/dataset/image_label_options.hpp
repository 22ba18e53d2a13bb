// The options that choose where a data set takes its image-level labels from.
#pragma once

#include <filesystem>
#include <optional>
#include <seplflow.hpp>
#include <string>
#include <vector>

#include "name_list.hpp"

namespace seplflow::dataset {

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
