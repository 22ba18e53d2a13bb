#include "listed_samples.hpp"
#include "name_list.hpp"
#include "stages.hpp"

namespace seplflow::dataset {
namespace {

namespace fs = std::filesystem;

// Any folder of pictures and label maps.
struct Folder : ListedSamples {
  std::optional<fs::path> images_folder, truth_folder, list;
  std::vector<std::string> classes;

  void check(OptionCheck& check) {
    require_folder(check, "image", "images", images_folder);
    require_folder(check, "truth", "truth", truth_folder);
    require_folder(check, "image_labels", "truth", truth_folder);
    if (!list && !images_folder && !truth_folder) {
      check.refuse("", "it needs \"list\", \"images\" or \"truth\" to know its samples");
      return;
    }
    ClassesPtr known;
    try {
      known = named_classes();
    } catch (Error const& error) {
      check.refuse("classes", error.what());
    }
    try {
      open(names(known ? known->count() - 1 : kMostClasses), known, images_folder, truth_folder);
    } catch (std::exception const& error) {
      check.refuse(list ? "list" : images_folder ? "images" : "truth", error.what());
    }
  }

 private:
  ClassesPtr named_classes() const {
    if (classes == std::vector<std::string>{"voc12"}) return voc12_classes();
    if (classes == std::vector<std::string>{"coco14"}) return coco14_classes();
    if (classes.size() == 1) {
      throw Error("\"" + classes[0] +
                  "\" is no known set of classes; write \"voc12\", \"coco14\", or the list of "
                  "names, background first");
    }
    return std::make_shared<Classes const>(classes);
  }

  static constexpr std::size_t kMostClasses = 254;

  std::vector<std::string> names(std::size_t foreground) const {
    if (list) return read_name_list(*list, foreground).names;
    return names_in_folder(images_folder ? *images_folder : *truth_folder);
  }
};

}  // namespace

void declare_folder(Plugin& plugin) {
  plugin
      .stage<Folder>("dataset.folder",
                     "Any folder of images and label maps, with classes named in the pipeline")
      .output("image", &Folder::image, &Folder::image_files)
      .output("truth", &Folder::truth, &Folder::truth_files)
      .output("image_labels", &Folder::image_labels, &Folder::truth_files)
      .option("list", &Folder::list,
              "the samples, one a line, as dataset.voc takes them; without it every picture of "
              "images, else of truth, sorted",
              existing_file())
      .option("images", &Folder::images_folder, "folder of images, NAME.jpg or NAME.png",
              existing_folder())
      .option("truth", &Folder::truth_folder, "folder of truth, NAME.png", existing_folder())
      .option("classes", &Folder::classes,
              "\"voc12\", \"coco14\", or the names of the classes, background first", required())
      .details(
          "Truth is an 8-bit gray or palette PNG of class ids, 255 to ignore. Names may lead into "
          "subfolders (`train/0001`), never out of the folder; the path of an image in a list "
          "(`train/0001.jpg`) gives the name of its file alone (`0001`). An output that no stage "
          "uses costs "
          "nothing and needs no folder. `image_labels` are the classes that the truth shows.");
}

}  // namespace seplflow::dataset
