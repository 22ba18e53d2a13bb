#include "listed_samples.hpp"
#include "name_list.hpp"
#include "stages.hpp"

namespace seplflow::dataset {
namespace {

namespace fs = std::filesystem;

// PASCAL VOC 2012 as it is unpacked.
struct Voc : ListedSamples {
  fs::path root;
  std::string split = "train";
  std::optional<fs::path> list;
  std::string truth_folder = "SegmentationClass";
  std::string images_folder = "JPEGImages";

  void check(OptionCheck& check) {
    if (list) split.clear();
    fs::path const names = list ? *list : root / "ImageSets/Segmentation" / (split + ".txt");
    fs::path const images = root / images_folder, truth = root / truth_folder;
    require_folder(check, "image", "images", images);
    require_folder(check, "truth", "truth", truth);
    require_folder(check, "image_labels", "truth", truth);
    try {
      open(read_name_list(names), voc12_classes(), images, truth);
    } catch (Error const& error) {
      check.refuse(list ? "list" : "split", error.what());
    }
  }
};

}  // namespace

void declare_voc(Plugin& plugin) {
  plugin.stage<Voc>("dataset.voc", "PASCAL VOC 2012: the samples of a split, with image and truth")
      .output("image", &Voc::image, &Voc::image_files)
      .output("truth", &Voc::truth, &Voc::truth_files)
      .output("image_labels", &Voc::image_labels, &Voc::truth_files)
      .option("root", &Voc::root, "the folder VOC2012 of the unpacked data set", existing_folder(),
              required())
      .option("split", &Voc::split, "the list ImageSets/Segmentation/SPLIT.txt")
      .option("list", &Voc::list, "a list of names, one a line, instead of a split",
              existing_file())
      .option("truth", &Voc::truth_folder, "folder of the truth, under root or absolute")
      .option("images", &Voc::images_folder, "folder of the images, under root or absolute")
      .details(
          "The 20 classes have the ids 1 to 20, 0 is background, 255 in the truth is boundary or "
          "ignore. Truth is read from NAME.png (8-bit palette or gray, raw ids), images from "
          "NAME.jpg. An output that no stage uses costs nothing and needs no folder. "
          "`image_labels` "
          "are the classes that the truth shows.\n\n"
          "Lists hold one name a line; CRLF, blank lines and a missing final newline are fine, a "
          "name that comes twice is not. A sample's size comes from the header of its image or "
          "truth, where there is one.");
}

}  // namespace seplflow::dataset
