// What training programs need to know about a data set besides its images and labels.
#pragma once

#include <seplflow/seplflow.hpp>
#include <string>
#include <string_view>

namespace seplflow::output {

// A line for each class: its id, a tab, its name.
std::string class_list(Classes const& classes);

// The section DATASET of deeplab-pytorch's configs, for a list with this name. `images` is a
// sentence on where the images are.
std::string deeplab_config(Classes const& classes, std::string_view split, std::string_view images);

// Where a config of mmsegmentation finds the images.
struct MmsegImages {
  std::string folder;  // absolute, or relative to the config
  std::string suffix;  // of all images, such as ".jpg"
  std::string remark;  // a sentence on where they are
};

// A config of mmsegmentation 1.x that loads names.txt, ann_dir/NAME.png and the images for
// training. `colours` are those of the classes, by label; other labels have the colours of VOC.
std::string mmseg_config(Classes const& classes, Colours const& colours, MmsegImages const& images);

}  // namespace seplflow::output
