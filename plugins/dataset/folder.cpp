#include <algorithm>
#include <cctype>

#include "common/refuse_errors.hpp"
#include "listed_samples.hpp"
#include "stages.hpp"

namespace seplflow::dataset {
namespace {

namespace fs = std::filesystem;

bool is_background_name(std::string name) {
  std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::tolower(c); });
  constexpr char const* kNames[] = {"background", "_background_", "__background__",
                                    "bg",         "unlabeled",    "unlabelled"};
  return std::ranges::find(kNames, name) != std::end(kNames);
}

// Any folder of images and label maps.
struct Folder : ListedSamples, ImageLabelOptions {
  std::optional<fs::path> images_folder, truth_folder, list;
  std::vector<std::string> classes;
  std::optional<std::string> background_name;

  bool offers(std::string_view output, OptionCheck const& check) const {
    if (output != "image_labels") return false;
    if (offers_image_labels(check)) return true;
    return !label_source && list && read_name_list(*list, kMostClasses, strict).classes;
  }

  void check(OptionCheck& check) {
    require_folder(check, "image", "images", images_folder);
    require_folder(check, "truth", "truth", truth_folder);
    check_label_options(check);
    truth_is_wanted_ = check.wanted("truth");
    if (!list && !images_folder && !truth_folder) {
      check.refuse("", "it needs \"list\", \"images\" or \"truth\" to find its samples");
      return;
    }
    ClassesPtr known;
    refuse_errors(check, "classes", [&] { known = named_classes(); });
    refuse_errors(check, source_option(), [&] {
      NameList listed = samples(check, known ? known->count() - 1 : kMostClasses);
      if (known) choose_image_labels(check, listed, *known);
      open(std::move(listed.names), known, images_folder, truth_folder);
    });
  }

 private:
  static constexpr std::size_t kMostClasses = 254;

  char const* source_option() const {
    if (list) return "list";
    return images_folder ? "images" : "truth";
  }

  ClassesPtr named_classes() const {
    if (classes == std::vector<std::string>{"voc12"}) return coloured(*voc12_classes());
    if (classes == std::vector<std::string>{"coco14"}) return coloured(*coco14_classes());
    if (classes.size() == 1) {
      throw Error("\"" + classes[0] +
                  "\" is not a known set of classes; write \"voc12\", \"coco14\", or the list of "
                  "names, background first");
    }
    if (!classes.empty()) require_background(classes[0]);
    return coloured(Classes(classes));
  }

  ClassesPtr coloured(Classes const& plain) const {
    return std::make_shared<Classes const>(plain.names(), chosen_colours());
  }

  // Without background, every class would have the id of the one before it.
  void require_background(std::string const& first) const {
    if (background_name ? first == *background_name : is_background_name(first)) return;
    throw Error("the first class is \"" + first + "\", but class 0 is the background" +
                (background_name ? ", whose name is \"" + *background_name + "\"" : "") +
                "; put \"background\" before it, or set background_name = \"" + first +
                "\" if that is the name of the background");
  }

  NameList samples(OptionCheck& check, std::size_t foreground) const {
    if (list) return read_name_list(*list, foreground, strict);
    NameList found;
    std::vector<std::string> others;
    fs::path const& folder = images_folder ? *images_folder : *truth_folder;
    found.names =
        names_in_folder(folder, images_folder ? Pictures::images : Pictures::label_maps, others);
    if (!others.empty()) {
      check.warn(source_option(),
                 "the folder " + folder.string() + " has " + std::to_string(others.size()) +
                     " pictures in other formats, which are not samples: " + first_names(others) +
                     "; convert them to PNG");
    }
    return found;
  }

  void choose_image_labels(OptionCheck& check, NameList& listed, Classes const& known) {
    if (!label_source) {
      label_source = cls_labels       ? LabelSource::cls_labels
                     : listed.classes ? LabelSource::list
                                      : LabelSource::truth;
    }
    if (auto labels = labels_of_list(check, listed, known)) take_image_labels(std::move(*labels));
  }
};

}  // namespace

void declare_folder(Plugin& plugin) {
  auto& stage =
      plugin
          .stage<Folder>("dataset.folder",
                         "Reads any folder of images and label maps, with classes that you name")
          .output("image", &Folder::image, &Folder::image_files)
          .output("truth", &Folder::truth, &Folder::truth_files, &Folder::needs_truth)
          .output("image_labels", &Folder::image_labels, &Folder::image_label_files,
                  &Folder::needs_image_label_files);
  stage
      .option("list", &Folder::list,
              "file with the sample names, one per line, in any form that dataset.voc reads; "
              "without it, all pictures in images (or else in truth), sorted by name",
              existing_file())
      .option("images", &Folder::images_folder, "folder of the images: NAME.jpg or NAME.png",
              existing_folder())
      .option("truth", &Folder::truth_folder, "folder of the ground truth: NAME.png or NAME.npy",
              existing_folder())
      .option("classes", &Folder::classes,
              "\"voc12\", \"coco14\", or the names of the classes, background first", required())
      .option("background_name", &Folder::background_name,
              "the name of the first class, if that is not background, _background_, bg or "
              "unlabeled")
      .option("image_labels", &Folder::label_source,
              "where the image-level labels come from: the ground truth, the classes in the list, "
              "or the file cls_labels (default: cls_labels if that is set, else the list if its "
              "lines have classes, else truth)",
              choices<LabelSource>({{"truth", LabelSource::truth},
                                    {"list", LabelSource::list},
                                    {"cls_labels", LabelSource::cls_labels}}))
      .option("cls_labels", &Folder::cls_labels, kClsLabelsHelp, existing_file());
  with_file_options(stage).details(
      "In the ground truth, 0 is background and 255 means ignore. Sample names may contain "
      "subfolders (`train/0001`) but must not leave the folder. The path of an image in a list "
      "(`train/0001.jpg`) stands for its file name alone (`0001`). An output that no stage "
      "uses costs nothing and needs no folder.\n\n"
      "`image_labels` need no ground truth: a list may have the classes of each image (`0001 0 "
      "14`, **counted from 0** without background), and `cls_labels` may be a file of them. "
      "Otherwise they are the classes that the ground truth shows; a sample without ground "
      "truth has none.\n\n" +
      std::string(kLabelFileDetails) + "\n\n" + kFileOptionDetails);
}

}  // namespace seplflow::dataset
