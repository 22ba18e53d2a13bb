#include <algorithm>
#include <unordered_map>

#include "common/picture_file.hpp"
#include "common/sample_file.hpp"
#include "formats/image/image.hpp"
#include "formats/image/png.hpp"
#include "formats/json/coco_instances.hpp"
#include "image_level_labels.hpp"
#include "listed_samples.hpp"
#include "name_list.hpp"
#include "stages.hpp"

namespace seplflow::dataset {
namespace {

namespace fs = std::filesystem;

std::string id_of(CocoImage const& image) {
  return fs::path(image.file_name).stem().string();
}

// The images of a file by the names that lists call them.
class ImageFinder {
 public:
  // Throws Error when two images have the same name.
  explicit ImageFinder(CocoInstances const& instances, fs::path const& file) {
    std::span const images = instances.images();
    for (std::uint32_t i = 0; i < images.size(); ++i) {
      std::string const id = id_of(images[i]);
      auto const [before, is_new] = by_id_.try_emplace(id, i);
      if (!is_new) {
        throw Error(file.string() + ": images " + std::to_string(images[before->second].id) +
                    " and " + std::to_string(images[i].id) + " are both called \"" + id +
                    "\"; expected a name for each, since samples and their files are called so");
      }
      if (auto const number = coco_number(id)) by_number_.emplace(*number, i);
    }
  }

  // By its own name, or by the number in it, as of COCO's images.
  std::optional<std::uint32_t> find(std::string const& name) const {
    if (auto const found = by_id_.find(name); found != by_id_.end()) return found->second;
    auto const number = coco_number(name);
    if (!number || by_number_.count(*number) != 1) return std::nullopt;
    return by_number_.find(*number)->second;
  }

 private:
  std::unordered_map<std::string, std::uint32_t> by_id_;
  std::unordered_multimap<std::string, std::uint32_t> by_number_;
};

// Where the image-level labels come from.
enum class TagSource { annotations, truth, list, cls_labels };

// MS COCO 2014, or another data set in its format.
struct Coco {
  std::optional<fs::path> root, annotations, list, images_folder, truth_folder;
  std::string split = "train2014";
  std::optional<TagSource> tags_from;
  std::optional<fs::path> cls_labels;

  void check(OptionCheck& check);

  std::optional<Sample> next();
  std::uint64_t count() const { return samples_.size(); }

  Image image(Sample const& sample) const;
  LabelMap truth(Sample const& sample) const;
  ImageLabels image_labels(Sample const& sample) const;

  // None where there is no folder.
  std::vector<fs::path> image_files(Sample const& sample) const {
    std::error_code ignored;
    return fs::is_directory(images_, ignored) ? std::vector{image_file(sample)}
                                              : std::vector<fs::path>();
  }
  std::vector<fs::path> truth_files(Sample const& sample) const {
    return truth_folder ? sample_files(*truth_folder, sample, ".png")
                        : std::vector<fs::path>{annotations_file_};
  }
  std::vector<fs::path> image_label_files(Sample const& sample) const {
    return tags_from == TagSource::truth ? truth_files(sample) : std::vector<fs::path>{tags_file_};
  }

 private:
  void choose_files(OptionCheck& check);
  NameList choose_samples();
  void choose_image_labels(OptionCheck& check, NameList listed);
  ImageLevelLabels read_cls_labels() const;
  void compare_with_annotations(OptionCheck& check) const;
  CocoImage const& image_of(Sample const& sample) const {
    return *static_cast<CocoImage const*>(sample.source_data.get());
  }
  std::size_t index_of(Sample const& sample) const {
    return static_cast<std::size_t>(&image_of(sample) - instances_->images().data());
  }
  fs::path image_file(Sample const& sample) const;

  fs::path annotations_file_, images_, tags_file_;
  std::optional<ImageLevelLabels> tags_;  // by place in samples_; without, those of the annotations
  std::shared_ptr<CocoInstances const> instances_;
  std::vector<std::uint32_t> samples_;  // indices of images
  std::size_t next_ = 0;
};

void Coco::choose_files(OptionCheck& check) {
  if (annotations && !check.given("split")) split.clear();
  if (split == "train" || split == "val") split += "2014";
  if (annotations) {
    annotations_file_ = *annotations;
  } else if (root) {
    annotations_file_ = *root / "annotations" / ("instances_" + split + ".json");
  }
  std::optional<fs::path> images = images_folder;
  if (!images && root && !split.empty()) images = *root / split;
  require_folder(check, "image", "images", images);
  images_ = images.value_or(fs::path());
}

NameList Coco::choose_samples() {
  ImageFinder const finder(*instances_, annotations_file_);
  std::span const images = instances_->images();
  if (!list) {
    for (std::uint32_t i = 0; i < images.size(); ++i) {
      if (images[i].annotations > 0) samples_.push_back(i);
    }
    if (samples_.empty())
      throw Error(annotations_file_.string() + " has no image with annotations");
    return {};
  }
  NameList listed = read_name_list(*list, instances_->classes()->count() - 1);
  std::vector<std::string> first_missing;
  std::size_t missing = 0;
  std::unordered_map<std::uint32_t, std::string> taken;
  for (std::string const& name : listed.names) {
    auto const image = finder.find(name);
    if (!image) {
      if (++missing <= kNamesShown) first_missing.push_back(name);
      continue;
    }
    auto const [before, is_new] = taken.try_emplace(*image, name);
    if (!is_new) {
      throw Error(list->string() + " lists one image twice, as " + before->second + " and " + name);
    }
    samples_.push_back(*image);
  }
  if (missing == 0) return listed;
  throw Error(std::to_string(missing) + " of " + std::to_string(listed.names.size()) +
              " samples of " + list->string() + " are not in " + annotations_file_.string() + " (" +
              first_of(first_missing, missing) + "); is it the list of another split?");
}

// Throws Error when the file is of no known form, or lacks a sample.
ImageLevelLabels Coco::read_cls_labels() const {
  ImageLabelFile const file(*cls_labels, instances_->classes()->count() - 1);
  std::span const images = instances_->images();
  if (file.has_names()) {
    std::vector<std::string> ids;
    for (std::uint32_t const sample : samples_) ids.push_back(id_of(images[sample]));
    return file.of(ids);
  }
  if (file.count() != images.size()) {
    throw Error(cls_labels->string() + " has " + std::to_string(file.count()) +
                " rows, but there are " + std::to_string(images.size()) + " images in " +
                annotations_file_.string() +
                "; expected a row for each of them, labelled or not, by ascending id");
  }
  std::vector<std::uint64_t> image_ids;
  for (CocoImage const& image : images) image_ids.push_back(image.id);
  std::ranges::sort(image_ids);
  ImageLevelLabels labels;
  for (std::uint32_t const sample : samples_) {
    auto const row = std::ranges::lower_bound(image_ids, images[sample].id) - image_ids.begin();
    labels.add(file.at(static_cast<std::size_t>(row)).classes);
  }
  return labels;
}

void Coco::compare_with_annotations(OptionCheck& check) const {
  std::size_t differ = 0;
  std::vector<std::string> first;
  for (std::size_t i = 0; i < samples_.size(); ++i) {
    if (tags_->at(i) == instances_->image_labels(samples_[i])) continue;
    if (++differ <= kNamesShown) first.push_back(id_of(instances_->images()[samples_[i]]));
  }
  if (differ == 0) return;
  check.warn(tags_from == TagSource::list ? "list" : "cls_labels",
             "the image-level labels in " + tags_file_.string() +
                 ", which are used, and the "
                 "annotations in " +
                 annotations_file_.string() + " differ for " + std::to_string(differ) + " of " +
                 std::to_string(samples_.size()) + " samples (" + first_of(first, differ) +
                 "); image_labels = \"annotations\" takes the others");
}

void Coco::choose_image_labels(OptionCheck& check, NameList listed) {
  if (!tags_from) tags_from = cls_labels ? TagSource::cls_labels : TagSource::annotations;
  tags_file_ = annotations_file_;
  if (tags_from == TagSource::annotations || tags_from == TagSource::truth) return;
  if (tags_from == TagSource::list) {
    if (!listed.classes) {
      check.refuse("image_labels",
                   (list ? "the lines of " + list->string() + " hold no classes (NAME 45 49)"
                         : std::string("there is no list")) +
                       "; set \"list\" to one with classes, or take \"annotations\" or "
                       "\"cls_labels\"");
      return;
    }
    tags_file_ = *list;
    tags_ = std::move(listed.classes);
  } else {
    if (!cls_labels) {
      check.refuse("image_labels",
                   "nothing says which file; set cls_labels = \"FOLDER/cls_labels.npy\"");
      return;
    }
    tags_file_ = *cls_labels;
    try {
      tags_ = read_cls_labels();
    } catch (Error const& error) {
      check.refuse("cls_labels", error.what());
      return;
    }
  }
  compare_with_annotations(check);
}

void Coco::check(OptionCheck& check) {
  if (!root && !annotations) {
    check.refuse(
        "", "it needs \"root\" (the folder of COCO 2014) or \"annotations\" (a file of instances)");
    return;
  }
  choose_files(check);
  std::error_code ignored;
  if (!annotations && !fs::exists(annotations_file_, ignored)) {
    check.refuse(check.given("split") ? "split" : "root",
                 "there are no annotations " + annotations_file_.string() +
                     "; unpack annotations_trainval2014.zip of cocodataset.org in " +
                     root->string() + ", or set \"annotations\" to the file");
    return;
  }
  try {
    instances_ = std::make_shared<CocoInstances const>(annotations_file_);
  } catch (Error const& error) {
    check.refuse(annotations ? "annotations" : "root", error.what());
    return;
  }
  NameList listed;
  try {
    listed = choose_samples();
  } catch (Error const& error) {
    check.refuse(list ? "list" : annotations ? "annotations" : "root", error.what());
    return;
  }
  choose_image_labels(check, std::move(listed));
}

std::optional<Sample> Coco::next() {
  if (next_ == samples_.size()) return std::nullopt;
  CocoImage const& image = instances_->images()[samples_[next_++]];
  Sample sample;
  sample.id = id_of(image);
  sample.classes = instances_->classes();
  sample.size = image.size;
  sample.source_data = std::shared_ptr<CocoImage const>(instances_, &image);
  return sample;
}

// Under the name that the annotations tell, or another one of COCO's.
fs::path Coco::image_file(Sample const& sample) const {
  fs::path const file = images_ / image_of(sample).file_name;
  if (is_there(file)) return file;
  fs::path const other = find_picture(images_, sample.id);
  return other.empty() ? file : other;
}

Image Coco::image(Sample const& sample) const {
  fs::path const file = image_file(sample);
  Image image = read_image(file);
  require_same_size(image.size(), "image " + file.string(), *sample.size,
                    "the one that " + annotations_file_.string() + " tells of");
  return image;
}

LabelMap Coco::truth(Sample const& sample) const {
  if (!truth_folder) return instances_->truth(index_of(sample));
  fs::path const file = sample_file(*truth_folder, sample, ".png");
  LabelMap truth = read_label_png(file);
  require_labels_in(*sample.classes, truth, "truth " + file.string());
  return truth;
}

ImageLabels Coco::image_labels(Sample const& sample) const {
  if (tags_from == TagSource::truth) return image_labels_of(truth(sample));
  return tags_ ? tags_->at(sample.index) : instances_->image_labels(index_of(sample));
}

}  // namespace

void declare_coco(Plugin& plugin) {
  plugin
      .stage<Coco>("dataset.coco",
                   "MS COCO 2014: the labelled images of a split, with semantic truth")
      .output("image", &Coco::image, &Coco::image_files)
      .output("truth", &Coco::truth, &Coco::truth_files)
      .output("image_labels", &Coco::image_labels, &Coco::image_label_files)
      .option("root", &Coco::root, "the folder of COCO, with annotations, train2014, val2014",
              existing_folder())
      .option(
          "split", &Coco::split,
          "the instances_SPLIT.json in root/annotations and the images in root/SPLIT; train and "
          "val are those of 2014")
      .option("annotations", &Coco::annotations, "a file of instances instead of a split",
              existing_file())
      .option("list", &Coco::list,
              "the names of the samples, one a line, instead of all that are "
              "labelled",
              existing_file())
      .option("images", &Coco::images_folder, "folder of the images instead of root/SPLIT",
              existing_folder())
      .option("truth", &Coco::truth_folder,
              "folder of truth as PNG files, instead of the outlines in the annotations",
              existing_folder())
      .option("image_labels", &Coco::tags_from,
              "where image-level labels come from: the annotations, what the truth shows, the "
              "list's classes, or the file cls_labels (default: cls_labels where it is set, else "
              "annotations)",
              choices<TagSource>({{"annotations", TagSource::annotations},
                                  {"truth", TagSource::truth},
                                  {"list", TagSource::list},
                                  {"cls_labels", TagSource::cls_labels}}))
      .option("cls_labels", &Coco::cls_labels,
              "a method's file of image-level labels: a dict by name or number, or an array with a "
              "row for each image",
              existing_file())
      .details(
          "A sample is an image that has an annotation, be it a crowd: of train2014 82,081, of "
          "val2014 40,137. Its id is the name of its image without the ending, "
          "`COCO_val2014_000000000139`. Samples come in the order of the file, or of the list, "
          "whose names may also be the numbers of images (`000000057870`, `139`); a list chooses "
          "images without annotations as well. Its lines are those that `dataset.voc` takes, among "
          "them `COCO_train2014_000000000009 45 49 50`, a name and its classes **counted from "
          "0**, and, among such, a name alone, of an image without a class.\n\n"
          "The classes are background and the categories of the file in the order of their ids, so "
          "that of COCO 1 is person and 80 toothbrush, though their ids end with 90. A file with "
          "other categories, of another data set, gives its own names and numbers.\n\n"
          "Truth is drawn as pycocotools draws it: crowds are left out, a later annotation covers "
          "an earlier one, what no annotation covers is background, and no pixel is 255. "
          "`output.labels` on `truth` writes PNG files, which the option `truth` reads again: "
          "NAME.png, or one of the other names that COCO's files go by (000000000139.png, "
          "139.png).\n\n"
          "`image_labels` are the classes of all annotations, crowds included; or those that the "
          "truth shows, fewer where a class is a crowd or covered (the list of CLIP-ES has these); "
          "or what a method was trained with: the classes in its list, or its `cls_labels.npy`, a "
          "dict by name or number (EPS, SIPE, RIB), or an array with a row for each image of the "
          "file, labelled or not, by ascending id (CLIMS). The check warns when these and the "
          "annotations differ, and says for how many samples.\n\n"
          "The file of annotations is read once, when the pipeline is checked, and need not fit in "
          "memory; outlines are read again for each sample. An output that no stage uses costs "
          "nothing and needs no folder.");
}

}  // namespace seplflow::dataset
