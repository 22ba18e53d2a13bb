#include "common/refuse_errors.hpp"
#include "listed_samples.hpp"
#include "stages.hpp"

namespace seplflow::dataset {
namespace {

namespace fs = std::filesystem;

// Any folder of images and label maps.
struct Folder : ListedSamples {
  std::optional<fs::path> images_folder, truth_folder, list;
  std::vector<std::string> classes;

  void check(OptionCheck& check) {
    require_folder(check, "image", "images", images_folder);
    require_folder(check, "truth", "truth", truth_folder);
    require_folder(check, "image_labels", "truth", truth_folder);
    if (!list && !images_folder && !truth_folder) {
      check.refuse("", "it needs \"list\", \"images\" or \"truth\" to find its samples");
      return;
    }
    ClassesPtr known;
    refuse_errors(check, "classes", [&] { known = named_classes(); });
    refuse_errors(check,
                  list            ? "list"
                  : images_folder ? "images"
                                  : "truth",
                  [&] {
                    open(sample_names(known ? known->count() - 1 : kMostClasses), known,
                         images_folder, truth_folder);
                  });
  }

 private:
  static constexpr std::size_t kMostClasses = 254;

  ClassesPtr named_classes() const {
    if (classes == std::vector<std::string>{"voc12"}) return voc12_classes();
    if (classes == std::vector<std::string>{"coco14"}) return coco14_classes();
    if (classes.size() == 1) {
      throw Error("\"" + classes[0] +
                  "\" is not a known set of classes; write \"voc12\", \"coco14\", or the list of "
                  "names, background first");
    }
    return std::make_shared<Classes const>(classes);
  }

  std::vector<std::string> sample_names(std::size_t foreground) const {
    if (list) return read_name_list(*list, foreground).names;
    return names_in_folder(images_folder ? *images_folder : *truth_folder);
  }
};

}  // namespace

void declare_folder(Plugin& plugin) {
  plugin
      .stage<Folder>("dataset.folder",
                     "Reads any folder of images and label maps, with classes that you name")
      .output("image", &Folder::image, &Folder::image_files)
      .output("truth", &Folder::truth, &Folder::truth_files)
      .output("image_labels", &Folder::image_labels, &Folder::truth_files)
      .option("list", &Folder::list,
              "file with the sample names, one per line, in any form that dataset.voc reads; "
              "without it, all pictures in images (or else in truth), sorted by name",
              existing_file())
      .option("images", &Folder::images_folder, "folder of the images: NAME.jpg or NAME.png",
              existing_folder())
      .option("truth", &Folder::truth_folder, "folder of the ground truth: NAME.png",
              existing_folder())
      .option("classes", &Folder::classes,
              "\"voc12\", \"coco14\", or the names of the classes, background first", required())
      .details(
          "The ground truth is an 8-bit gray or palette PNG of class ids; 255 means ignore. Sample "
          "names may contain subfolders (`train/0001`) but must not leave the folder. The path of "
          "an image in a list (`train/0001.jpg`) stands for its file name alone (`0001`). "
          "`image_labels` are the classes that the ground truth shows. An output that no stage "
          "uses costs nothing and needs no folder.");
}

}  // namespace seplflow::dataset
