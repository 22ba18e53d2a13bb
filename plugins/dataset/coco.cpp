#include <algorithm>
#include <unordered_map>

#include <seplflow/formats/image_file.hpp>
#include "common/refuse_errors.hpp"
#include "common/sample_file.hpp"
#include "formats/json/coco_instances.hpp"
#include "listed_samples.hpp"
#include "stages.hpp"

namespace seplflow::dataset {
namespace {

namespace fs = std::filesystem;

std::string id_of(CocoImage const& image) {
  return fs::path(image.file_name).stem().string();
}

// Finds the images of a file by the names that lists use.
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
                    " and " + std::to_string(images[i].id) + " are both named \"" + id +
                    "\"; names must be unique, since they name samples and files");
      }
      if (auto const number = coco_number(id)) by_number_.emplace(*number, i);
    }
  }

  // Finds an image by its own name or by the number in it (COCO_train2014_000000000009).
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

// MS COCO 2014, or another data set in its format.
struct Coco : FileOptions, ImageLabelOptions {
  std::optional<fs::path> root, annotations, list, images_folder, truth_folder;
  std::string split = "train2014";

  bool offers(std::string_view output, OptionCheck const& check) const {
    return output == "image_labels" && (!label_source || offers_image_labels(check));
  }

  void check(OptionCheck& check) {
    if (!root && !annotations) {
      check.refuse(
          "", "it needs \"root\" (the folder of COCO 2014) or \"annotations\" (an instances file)");
      return;
    }
    choose_files(check);
    check_label_options(check);
    if (!read_annotations(check)) return;
    classes_ = std::make_shared<Classes const>(instances_->classes()->names(), chosen_colours());
    warn_of_shifting_category(check);
    NameList listed;
    std::string const option = list ? "list" : annotations ? "annotations" : "root";
    if (!refuse_errors(check, option, [&] { listed = choose_samples(); })) return;
    choose_image_labels(check, listed);
  }

  std::optional<Sample> next() {
    if (next_ == samples_.size()) return std::nullopt;
    CocoImage const& image = instances_->images()[samples_[next_++]];
    Sample sample;
    sample.id = id_of(image);
    sample.classes = classes_;
    sample.size = image.size;
    sample.set_note(std::shared_ptr<CocoImage const>(instances_, &image));
    return sample;
  }

  std::uint64_t count() const { return samples_.size(); }

  Image image(SampleContext const& context) const {
    Sample const& sample = context.sample();
    fs::path const file = image_file(sample);
    auto [image, orientation, remarks] = read_oriented_image(file, exif);
    warn_of_damage(context, remarks, file);
    std::string const remark = exif_remark(orientation, exif);
    if (!remark.empty()) context.warn(remark);
    if (!remark.empty() && image.size() != *sample.size) {
      throw Error("image " + file.string() + " is " + to_string(image.size()) +
                  " but its entry in " + annotations_file_.string() + " is " +
                  to_string(*sample.size) + " (height x width): " + remark);
    }
    require_same_size(image.size(), "image " + file.string(), *sample.size,
                      "its entry in " + annotations_file_.string());
    return std::move(image);
  }

  std::optional<LabelMap> truth(SampleContext const& context) const {
    if (!truth_folder) return instances_->truth(index_of(context.sample()));
    auto const read = read_truth(label_file(*truth_folder, context.sample()), context);
    if (!read) return std::nullopt;
    if (!read->remark.empty()) context.warn(read->remark, read->detail);
    return read->labels;
  }

  std::optional<ImageLabels> image_labels(SampleContext const& context) const {
    Sample const& sample = context.sample();
    if (label_source == LabelSource::truth) {
      auto const labels = truth(context);
      return labels ? std::optional(image_labels_of(*labels)) : std::nullopt;
    }
    return image_labels_ ? image_labels_->at(sample.index)
                         : instances_->image_labels(index_of(sample));
  }

  // Empty when there is no folder.
  std::vector<fs::path> image_files(Sample const& sample) const {
    std::error_code ignored;
    return fs::is_directory(images_, ignored) ? std::vector{image_file(sample)}
                                              : std::vector<fs::path>();
  }
  std::vector<fs::path> truth_files(Sample const& sample) const {
    return truth_folder ? label_files(*truth_folder, sample)
                        : std::vector<fs::path>{annotations_file_};
  }
  std::vector<fs::path> image_label_files(Sample const& sample) const {
    if (label_source == LabelSource::truth) return truth_files(sample);
    return {image_labels_ ? image_labels_->file() : annotations_file_};
  }

 private:
  void choose_files(OptionCheck& check) {
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

  bool read_annotations(OptionCheck& check) {
    std::error_code ignored;
    if (!annotations && !fs::exists(annotations_file_, ignored)) {
      check.refuse(
          check.given("split") ? "split" : "root",
          "the annotations " + annotations_file_.string() +
              " do not exist; unpack annotations_trainval2014.zip from cocodataset.org in " +
              root->string() + ", or set \"annotations\" to the file");
      return false;
    }
    return refuse_errors(check, annotations ? "annotations" : "root", [&] {
      instances_ = std::make_shared<CocoInstances const>(annotations_file_);
    });
  }

  // Exporters such as Roboflow's put a category before the others that only groups them.
  void warn_of_shifting_category(OptionCheck& check) const {
    auto const& names = instances_->classes()->names();
    std::span const categories = instances_->categories();
    for (std::size_t i = 0; i + 1 < categories.size(); ++i) {
      CocoCategory const& category = categories[i];
      bool const groups = std::ranges::any_of(categories, [&](CocoCategory const& other) {
        return &other != &category && other.supercategory == names[i + 1];
      });
      if (category.annotations > 0 || (category.id != 0 && !groups)) continue;
      check.warn(annotations ? "annotations" : "root",
                 "category " + std::to_string(category.id) + " (\"" + names[i + 1] + "\") in " +
                     annotations_file_.string() + " has no annotations but is class " +
                     std::to_string(i + 1) +
                     ", so the categories after it are one class higher: \"" + names[i + 2] +
                     "\" is class " + std::to_string(i + 2) +
                     "; if labels and CAMs do not count it, remove the category from the file");
    }
  }

  NameList choose_samples() {
    ImageFinder const finder(*instances_, annotations_file_);
    std::span const images = instances_->images();
    if (!list) {
      for (std::uint32_t i = 0; i < images.size(); ++i) {
        if (images[i].annotations > 0) samples_.push_back(i);
      }
      if (samples_.empty()) {
        throw Error(annotations_file_.string() + " has no images with annotations");
      }
      return {};
    }
    NameList listed = read_name_list(*list, instances_->classes()->count() - 1, strict);
    std::vector<std::string> missing;
    std::unordered_map<std::uint32_t, std::string> taken;
    for (std::string const& name : listed.names) {
      auto const image = finder.find(name);
      if (!image) {
        missing.push_back(name);
        continue;
      }
      auto const [before, is_new] = taken.try_emplace(*image, name);
      if (!is_new) {
        throw Error(list->string() + " lists one image twice, as " + before->second + " and " +
                    name);
      }
      samples_.push_back(*image);
    }
    if (missing.empty()) return listed;
    throw Error(std::to_string(missing.size()) + " of " + std::to_string(listed.names.size()) +
                " samples in " + list->string() + " are not in " + annotations_file_.string() +
                " (" + first_names(missing) + "); is this the list of another split?");
  }

  void choose_image_labels(OptionCheck& check, NameList& listed) {
    if (!label_source) {
      label_source = cls_labels ? LabelSource::cls_labels : LabelSource::annotations;
    }
    std::vector<std::string> ids;
    for (std::uint32_t const sample : samples_) ids.push_back(id_of(instances_->images()[sample]));
    std::optional<ImageLevelLabels> read;
    if (label_source == LabelSource::cls_labels && cls_labels &&
        !refuse_errors(check, "cls_labels", [&] { read = read_cls_labels(ids); })) {
      return;
    }
    image_labels_ = chosen_labels(check, listed, std::move(read));
    if (!image_labels_) return;
    ImageLevelLabels annotated(annotations_file_);
    for (std::uint32_t const sample : samples_) {
      annotated.add(instances_->image_labels(sample).classes);
    }
    warn_of_different_labels(
        check, label_source == LabelSource::list ? "list" : "cls_labels", ids, *image_labels_,
        annotated, "the former are used (image_labels = \"annotations\" chooses the latter)");
  }

  // Throws Error when the file has an unknown form or a sample is missing.
  ImageLevelLabels read_cls_labels(std::vector<std::string> const& ids) const {
    ImageLabelFile const file(*cls_labels, *instances_->classes());
    std::span const images = instances_->images();
    if (file.has_names()) return file.labels_of(ids);
    if (file.count() != images.size()) {
      throw Error(
          cls_labels->string() + " has " + std::to_string(file.count()) + " rows, but there are " +
          std::to_string(images.size()) + " images in " + annotations_file_.string() +
          "; expected a row for each of them, with or without annotations, by ascending id");
    }
    std::vector<std::uint64_t> image_ids;
    for (CocoImage const& image : images) image_ids.push_back(image.id);
    std::ranges::sort(image_ids);
    ImageLevelLabels labels(*cls_labels);
    for (std::uint32_t const sample : samples_) {
      auto const row = std::ranges::lower_bound(image_ids, images[sample].id) - image_ids.begin();
      labels.add(file.at(static_cast<std::size_t>(row)).classes);
    }
    return labels;
  }

  static CocoImage const& image_of(Sample const& sample) { return sample.note<CocoImage>(); }
  std::size_t index_of(Sample const& sample) const {
    return static_cast<std::size_t>(&image_of(sample) - instances_->images().data());
  }

  // The image under the name in the annotations, or under another of its COCO names.
  fs::path image_file(Sample const& sample) const {
    fs::path const file = images_ / image_of(sample).file_name;
    if (is_there(file)) return file;
    fs::path const other = find_picture(images_, sample.id);
    return other.empty() ? file : other;
  }

  fs::path annotations_file_, images_;
  std::optional<ImageLevelLabels> image_labels_;  // of samples_; else those of the annotations
  std::shared_ptr<CocoInstances const> instances_;
  ClassesPtr classes_;
  std::vector<std::uint32_t> samples_;  // indices of images
  std::size_t next_ = 0;
};

}  // namespace

void declare_coco(Plugin& plugin) {
  auto& stage =
      plugin
          .stage<Coco>(
              "dataset.coco",
              "Reads MS COCO 2014 samples: image, semantic ground truth, image-level labels")
          .output("image", &Coco::image, &Coco::image_files)
          .output("truth", &Coco::truth, &Coco::truth_files, &Coco::needs_truth)
          .output("image_labels", &Coco::image_labels, &Coco::image_label_files,
                  &Coco::needs_truth);
  stage
      .option("root", &Coco::root,
              "the folder of COCO, which contains annotations, train2014 and val2014",
              existing_folder())
      .option("split", &Coco::split,
              "which samples: those of root/annotations/instances_SPLIT.json, with images in "
              "root/SPLIT; train and val mean train2014 and val2014")
      .option("annotations", &Coco::annotations, "an instances file instead of a split",
              existing_file())
      .option("list", &Coco::list,
              "file with the sample names, one per line, instead of all images with annotations",
              existing_file())
      .option("images", &Coco::images_folder, "folder of the images instead of root/SPLIT",
              existing_folder())
      .option("truth", &Coco::truth_folder,
              "folder of the ground truth as PNG or .npy files, instead of the outlines in the "
              "annotations",
              existing_folder())
      .option("image_labels", &Coco::label_source,
              "where the image-level labels come from: the annotations, the ground truth, the "
              "classes in the list, or the file cls_labels (default: cls_labels if that is set, "
              "else annotations)",
              choices<LabelSource>({{"annotations", LabelSource::annotations},
                                    {"truth", LabelSource::truth},
                                    {"list", LabelSource::list},
                                    {"cls_labels", LabelSource::cls_labels}}))
      .option("cls_labels", &Coco::cls_labels,
              std::string(kClsLabelsHelp) + "; also an array with a row for each image",
              existing_file());
  with_file_options(stage).details(
      "A sample is an image with at least one annotation, crowds included: train2014 has "
      "82,081 and val2014 has 40,137. Its id is the file name of its image without the "
      "extension, `COCO_val2014_000000000139`. Samples come in the order of the annotations, "
      "or of the list. A list may also name images by number (`000000057870`, `139`) and may "
      "contain images without annotations. Its lines have the same forms as in `dataset.voc`: "
      "for example `COCO_train2014_000000000009 45 49 50`, a name and its classes **counted "
      "from 0**; in such a list, a name alone is an image without a class.\n\n"
      "The classes are background and the categories of the file in the order of their ids: in "
      "COCO, 1 is person and 80 is toothbrush, although the category ids end with 90. A file "
      "of another data set has its own categories, names and numbers.\n\n"
      "The ground truth is drawn as pycocotools draws it: crowds are left out, a later "
      "annotation covers an earlier one, everything else is background, and no pixel is 255. "
      "To draw it only once, write it with `output.labels` and read it with the option "
      "`truth`: NAME.png, or one of the other names that COCO's files have (000000000139.png, "
      "139.png).\n\n"
      "`image_labels` come from one of four sources: the classes of all annotations, crowds "
      "included; the classes that the ground truth shows, which are fewer where a class is a "
      "crowd or covered (the list of CLIP-ES has these); the classes in the list of a method; "
      "or its `cls_labels.npy`, a dict by name or number (EPS, SIPE, RIB) or an array with a "
      "row for each image of the file, with or without annotations, by ascending id (CLIMS). "
      "The check warns with the number of samples whose labels differ from the annotations.\n\n"
      "The annotations are read once, when the pipeline is checked, and need not fit in "
      "memory; outlines are read again for each sample. An output that no stage uses costs "
      "nothing and needs no folder.\n\n" +
      std::string(kLabelFileDetails) + "\n\n" + kFileOptionDetails);
}

}  // namespace seplflow::dataset
