#include <array>

#include "image_level_labels.hpp"
#include "listed_samples.hpp"
#include "name_list.hpp"
#include "stages.hpp"

namespace seplflow::dataset {
namespace {

namespace fs = std::filesystem;

constexpr char const* kAugmentedTruth = "SegmentationClassAug";

bool is_folder(fs::path const& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored);
}

bool is_file(fs::path const& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored);
}

// `; did you mean "/data/VOCdevkit/VOC2012"?` for a root that lies around the folder that is meant.
std::string nearby_root(fs::path const& root) {
  for (char const* const folder : {"VOC2012", "VOCdevkit/VOC2012"}) {
    if (is_folder(root / folder)) return "; did you mean \"" + (root / folder).string() + "\"?";
  }
  return "";
}

// The list of a split, wherever the archives of VOC and of its augmented labels put it. Throws
// Error, naming what was looked for and which splits there are, when there is none.
fs::path list_of_split(fs::path const& root, std::string const& split) {
  std::vector<std::string> spellings = {split};
  if (split == "train_aug") spellings.push_back("trainaug");
  std::string tried, others;
  for (char const* const folder : {"ImageSets/Segmentation", "ImageSets/SegmentationAug"}) {
    for (std::string const& spelling : spellings) {
      fs::path list = root / folder / (spelling + ".txt");
      if (is_file(list)) return list;
      tried += (tried.empty() ? "" : ", ") + list.string();
    }
    std::error_code none;
    std::vector<std::string> names;
    for (auto const& entry : fs::directory_iterator(root / folder, none)) {
      if (entry.path().extension() == ".txt") names.push_back(entry.path().stem().string());
    }
    std::ranges::sort(names);
    for (std::string const& name : names) {
      others +=
          (others.empty() ? " (there are " : ", ") + std::string(folder) + "/" + name + ".txt";
    }
  }
  throw Error("there is no list of the split \"" + split + "\": no file " + tried +
              (others.empty() ? "" : others + ")") + nearby_root(root));
}

// Where the image-level labels come from.
enum class TagSource { truth, list, cls_labels };

// PASCAL VOC 2012 as it is unpacked.
struct Voc : ListedSamples {
  fs::path root;
  std::string split = "train";
  std::optional<fs::path> list;
  std::string truth_folder = "SegmentationClass";
  std::string images_folder = "JPEGImages";
  std::optional<TagSource> tags_from;
  std::optional<fs::path> cls_labels;

  void check(OptionCheck& check) {
    if (list) split.clear();
    if (!tags_from) tags_from = cls_labels ? TagSource::cls_labels : TagSource::truth;
    fs::path const images = root / images_folder, truth = root / truth_folder;
    bool const tags_of_truth = tags_from == TagSource::truth;
    require_folder(check, "image", "images", images);
    require_folder(check, "truth", "truth", truth);
    if (tags_of_truth) require_folder(check, "image_labels", "truth", truth);
    ClassesPtr const classes = voc12_classes();
    std::size_t const foreground = classes->count() - 1;
    NameList listed;
    fs::path file;
    try {
      file = list ? *list : list_of_split(root, split);
      listed = read_name_list(file, foreground);
    } catch (Error const& error) {
      check.refuse(list ? "list" : "split", error.what());
      return;
    }
    bool const reads_truth =
        check.wanted("truth") || (check.wanted("image_labels") && tags_of_truth);
    if (reads_truth && !check.given("truth")) require_truth(check, listed.names, truth);
    choose_image_labels(check, listed, file, foreground);
    open(std::move(listed.names), classes, images, truth);
  }

 private:
  // The truth of train_aug is in two folders, of which the default holds but 2,913 of 10,582.
  void require_truth(OptionCheck& check, std::vector<std::string> const& names,
                     fs::path const& truth) const {
    if (!is_folder(truth)) return;  // that was said
    std::size_t missing = 0;
    std::string first;
    for (std::string const& name : names) {
      if (is_file(truth / (name + ".png"))) continue;
      if (++missing == 1) first = name;
    }
    fs::path const augmented = root / kAugmentedTruth;
    bool const is_there = missing > 0 && is_file(augmented / (first + ".png"));
    if (missing == 0 || (!is_there && split != "train_aug")) return;
    check.refuse("split", std::to_string(missing) + " of " + std::to_string(names.size()) +
                              " samples, the first " + first + ", have no truth in " +
                              truth.string() + "; " +
                              (is_there ? "set truth = \"" + std::string(kAugmentedTruth) + "\""
                                        : "put the augmented truth into " + augmented.string() +
                                              " and set truth = \"" + kAugmentedTruth +
                                              "\", or use split = \"train\""));
  }

  void choose_image_labels(OptionCheck& check, NameList& listed, fs::path const& file,
                           std::size_t foreground) {
    if (tags_from == TagSource::list && !listed.classes) {
      check.refuse("image_labels",
                   "the lines of " + file.string() +
                       " hold no classes (NAME 0 14); use another list, or \"truth\" "
                       "or \"cls_labels\"");
      return;
    }
    if (tags_from == TagSource::cls_labels && !cls_labels) {
      check.refuse("image_labels",
                   "nothing says which file; set cls_labels = \"FOLDER/cls_labels.npy\"");
      return;
    }
    std::optional<ImageLevelLabels> labels;
    if (cls_labels) {
      try {
        ImageLabelFile const tags(*cls_labels, foreground);
        if (!tags.has_names()) {
          throw Error(cls_labels->string() +
                      " is a plain array, which does not say whose rows these are; expected a dict "
                      "by name (cls_labels.npy)");
        }
        labels = tags.of(listed.names);
      } catch (Error const& error) {
        check.refuse("cls_labels", error.what());
        return;
      }
      if (listed.classes) compare(check, listed, file, *labels);
    }
    if (tags_from == TagSource::cls_labels) {
      take_image_labels(std::move(*labels), *cls_labels);
    } else if (tags_from == TagSource::list) {
      take_image_labels(std::move(*listed.classes), file);
    }
  }

  // A list with classes and a file that disagree are of different makings.
  void compare(OptionCheck& check, NameList const& listed, fs::path const& file,
               ImageLevelLabels const& labels) const {
    std::size_t differ = 0;
    std::vector<std::string> first;
    for (std::size_t i = 0; i < listed.names.size(); ++i) {
      if (listed.classes->at(i) == labels.at(i)) continue;
      if (++differ <= kNamesShown) first.push_back(listed.names[i]);
    }
    if (differ == 0) return;
    std::string used = "neither is used, but the truth's";
    if (tags_from == TagSource::list) used = "the list's are used";
    if (tags_from == TagSource::cls_labels) used = "those of cls_labels are used";
    check.warn("cls_labels", "the image-level labels in " + file.string() + " and in " +
                                 cls_labels->string() + " differ for " + std::to_string(differ) +
                                 " of " + std::to_string(listed.names.size()) + " samples (" +
                                 first_of(first, differ) + "); " + used +
                                 " (image_labels = \"list\" or \"cls_labels\" chooses)");
  }
};

}  // namespace

void declare_voc(Plugin& plugin) {
  plugin.stage<Voc>("dataset.voc", "PASCAL VOC 2012: the samples of a split, with image and truth")
      .output("image", &Voc::image, &Voc::image_files)
      .output("truth", &Voc::truth, &Voc::truth_files)
      .output("image_labels", &Voc::image_labels, &Voc::image_label_files)
      .option("root", &Voc::root, "the folder VOC2012 of the unpacked data set", existing_folder(),
              required())
      .option("split", &Voc::split,
              "which list: train, val, trainval, train_aug, or any other SPLIT.txt in "
              "ImageSets/Segmentation or ImageSets/SegmentationAug")
      .option("list", &Voc::list, "a list of the samples, one a line, instead of a split",
              existing_file())
      .option("truth", &Voc::truth_folder,
              "folder of the truth, under root or absolute; that of train_aug is "
              "SegmentationClassAug")
      .option("images", &Voc::images_folder, "folder of the images, under root or absolute")
      .option(
          "image_labels", &Voc::tags_from,
          "where image-level labels come from: what the truth shows, the list's classes, or the "
          "file cls_labels (default: cls_labels where it is set, else truth)",
          choices<TagSource>({{"truth", TagSource::truth},
                              {"list", TagSource::list},
                              {"cls_labels", TagSource::cls_labels}}))
      .option("cls_labels", &Voc::cls_labels,
              "a method's cls_labels.npy: the image-level labels by name", existing_file())
      .details(
          "The 20 classes have the ids 1 to 20, 0 is background, 255 in the truth is boundary or "
          "ignore. Truth is read from NAME.png (8-bit palette or gray, raw ids), images from "
          "NAME.jpg. An output that no stage uses costs nothing and needs no folder.\n\n"
          "A list has one sample a line:\n\n"
          "| A line | Is |\n"
          "|---|---|\n"
          "| `2007_000032` | a name |\n"
          "| `/JPEGImages/2007_000032.jpg`, `2007_000032.jpg` | an image, whose file gives the "
          "name; the folder comes from the options |\n"
          "| `/JPEGImages/2007_000032.jpg /SegmentationClassAug/2007_000032.png` | an image and "
          "its label; both give the name |\n"
          "| `2007_000032 0 14` | a name (or an image) and its classes, **counted from 0**: "
          "aeroplane and person, whose labels are 1 and 15 |\n\n"
          "Where any line has classes, a name alone is an image without a class. CRLF, trailing "
          "blanks, blank lines and a missing final newline are fine; a name that comes twice is "
          "not, nor a class twice in a line, names among images, labels in a list with classes, "
          "columns of 0 and 1 for every class, nor the lists of single classes in "
          "ImageSets/Main. `train_aug` is train_aug.txt or trainaug.txt; where several are there, "
          "ImageSets/Segmentation comes first. A sample's size comes from the header of its image "
          "or truth, where there is one.\n\n"
          "`image_labels` are what the methods are trained on, and there are several makings of "
          "them: `cls_labels.npy`, which most methods ship in one of three dialects (all with the "
          "same labels), lists with classes, which differ from it, and what the truth shows. Where "
          "a list has classes and `cls_labels` is set as well, the check warns when the two "
          "differ, and says for how many samples.");
}

}  // namespace seplflow::dataset
