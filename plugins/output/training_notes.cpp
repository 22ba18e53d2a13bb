#include "training_notes.hpp"

#include <seplflow/formats/png.hpp>

namespace seplflow::output {
namespace {

// A text as Python writes it. mmengine replaces {{ ... }} in a config before Python reads it, so
// braces are escaped too.
std::string python_text(std::string_view text) {
  constexpr char const* kDigits = "0123456789abcdef";
  std::string quoted = "'";
  for (char const letter : text) {
    auto const byte = static_cast<unsigned char>(letter);
    if (letter == '\'' || letter == '\\') {
      quoted += std::string("\\") + letter;
    } else if (byte < 0x20 || byte == 0x7f || letter == '{' || letter == '}') {
      quoted += std::string("\\x") + kDigits[byte >> 4] + kDigits[byte & 15];
    } else {
      quoted += letter;
    }
  }
  return quoted + "'";
}

std::string class_tuple(Classes const& classes) {
  std::string text = "(\n";
  for (std::string const& name : classes.names()) text += "    " + python_text(name) + ",\n";
  return text + ")";
}

std::string palette_list(Classes const& classes, Colours const& colours) {
  std::string text = "[\n";
  for (std::size_t id = 0; id < classes.count(); ++id) {
    auto const [red, green, blue] = colour_of(static_cast<Label>(id), colours);
    text += "    [" + std::to_string(red) + ", " + std::to_string(green) + ", " +
            std::to_string(blue) + "],\n";
  }
  return text + "]";
}

constexpr char const* kLoader = R"(
crop_size = (512, 512)
train_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadAnnotations'),
    dict(type='RandomResize', scale=(2048, 512), ratio_range=(0.5, 2.0), keep_ratio=True),
    dict(type='RandomCrop', crop_size=crop_size, cat_max_ratio=0.75),
    dict(type='RandomFlip', prob=0.5),
    dict(type='PhotoMetricDistortion'),
    dict(type='PackSegInputs'),
]
train_dataloader = dict(
    batch_size=4,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='InfiniteSampler', shuffle=True),
    dataset=dict(
        type='BaseSegDataset',
        data_root=data_root,
        ann_file='names.txt',
        data_prefix=dict(img_path=image_folder, seg_map_path='ann_dir'),
        img_suffix=image_suffix,
        seg_map_suffix='.png',
        metainfo=metainfo,
        ignore_index=255,
        reduce_zero_label=False,
        pipeline=train_pipeline,
    ),
)
)";

}  // namespace

std::string class_list(Classes const& classes) {
  std::string text;
  for (std::size_t id = 0; id < classes.count(); ++id) {
    text += std::to_string(id) + "\t" + classes.names()[id] + "\n";
  }
  return text;
}

std::string deeplab_config(Classes const& classes, std::string_view split,
                           std::string_view images) {
  return "# The section DATASET of deeplab-pytorch's configs/voc12.yaml, for the labels in this "
         "folder.\n"
         "# vocaug is the loader that reads lists like this one, whatever the data set is.\n"
         "# Set ROOT to the path of this folder, and LABELS to that of labels.txt in it.\n"
         "# " +
         std::string(images) +
         "\n"
         "DATASET:\n"
         "    NAME: vocaug\n"
         "    ROOT: .\n"
         "    LABELS: ./labels.txt\n"
         "    N_CLASSES: " +
         std::to_string(classes.count()) +
         "\n"
         "    IGNORE_LABEL: 255\n"
         "    SCALES: [0.5, 0.75, 1.0, 1.25, 1.5]\n"
         "    SPLIT:\n"
         "        TRAIN: " +
         std::string(split) +
         "\n"
         "        VAL: val  # with the ROOT of the real ground truth\n";
}

std::string mmseg_config(Classes const& classes, Colours const& colours,
                         MmsegImages const& images) {
  std::string const count = std::to_string(classes.count());
  return "# The labels in this folder as a data set for mmsegmentation 1.x. Name this file in the "
         "_base_\n"
         "# of a config, give the model " +
         count +
         " classes, and validate on real ground truth:\n"
         "#   model = dict(decode_head=dict(num_classes=" +
         count + "), auxiliary_head=dict(num_classes=" + count +
         "))\n"
         "# " +
         images.remark +
         "\n"
         "data_root = '{{ fileDirname }}'  # the folder of this file\n"
         "image_folder = " +
         python_text(images.folder) +
         "\n"
         "image_suffix = " +
         python_text(images.suffix) +
         "\n"
         "num_classes = " +
         count +
         "\n"
         "classes = " +
         class_tuple(classes) +
         "\n"
         "palette = " +
         palette_list(classes, colours) +
         "\n"
         "metainfo = dict(classes=classes, palette=palette)\n" +
         kLoader;
}

}  // namespace seplflow::output
