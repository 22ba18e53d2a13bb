#include <algorithm>

#include "base/similar_names.hpp"
#include "common/refuse_errors.hpp"
#include "listed_samples.hpp"
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

// `; did you mean "/data/VOCdevkit/VOC2012"?` for a root that contains the folder that is meant.
std::string nearby_root(fs::path const& root) {
  for (char const* const folder : {"VOC2012", "VOCdevkit/VOC2012"}) {
    if (is_folder(root / folder)) return "; did you mean \"" + (root / folder).string() + "\"?";
  }
  return "";
}

// The list of a split, wherever the archives of VOC and of its augmented labels put it. Throws
// Error, with the files that were looked for and the splits that exist, when there is none.
fs::path list_of_split(fs::path const& root, std::string const& split) {
  std::vector<std::string> spellings = {split};
  if (split == "train_aug") spellings.push_back("trainaug");
  std::string tried, others;
  std::vector<std::string> splits;
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
    splits.insert(splits.end(), names.begin(), names.end());
    for (std::string const& name : names) {
      others +=
          (others.empty() ? " (there are " : ", ") + std::string(folder) + "/" + name + ".txt";
    }
  }
  throw Error("there is no list of the split \"" + split + "\": no file " + tried +
              (others.empty() ? "" : others + ")") + did_you_mean(split, splits) +
              nearby_root(root));
}

// PASCAL VOC 2012 as it is unpacked.
struct Voc : ListedSamples, ImageLabelOptions {
  fs::path root;
  std::string split = "train";
  std::optional<fs::path> list;
  std::string truth_folder = "SegmentationClass";
  std::string images_folder = "JPEGImages";

  bool offers(std::string_view output, OptionCheck const& check) const {
    return output == "image_labels" && offers_image_labels(check);
  }

  void check(OptionCheck& check) {
    if (list) split.clear();
    if (!label_source) label_source = cls_labels ? LabelSource::cls_labels : LabelSource::truth;
    fs::path const images = root / images_folder, truth = root / truth_folder;
    require_folder(check, "image", "images", images);
    require_folder(check, "truth", "truth", truth);
    check_label_options(check);
    truth_is_wanted_ = check.wanted("truth");
    auto const classes =
        std::make_shared<Classes const>(voc12_classes()->names(), chosen_colours());
    NameList listed;
    bool const has_list = refuse_errors(check, list ? "list" : "split", [&] {
      listed =
          read_name_list(list ? *list : list_of_split(root, split), classes->count() - 1, strict);
    });
    if (!has_list) return;
    if (truth_is_wanted_ && needs_truth() && !check.given("truth")) {
      require_truth(check, listed.names, truth);
    }
    if (auto labels = labels_of_list(check, listed, *classes)) {
      take_image_labels(std::move(*labels));
    }
    open(std::move(listed.names), classes, images, truth);
  }

 private:
  // The ground truth of train_aug is in two folders; the default one has only 2,913 of its 10,582
  // files.
  void require_truth(OptionCheck& check, std::vector<std::string> const& names,
                     fs::path const& truth) const {
    if (!is_folder(truth)) return;  // already reported
    std::vector<std::string> missing;
    for (std::string const& name : names) {
      Sample sample;
      sample.id = name;
      if (!is_file(label_file(truth, sample))) missing.push_back(name);
    }
    fs::path const augmented = root / kAugmentedTruth;
    bool const is_there = !missing.empty() && is_file(augmented / (missing[0] + ".png"));
    if (missing.empty() || (!is_there && split != "train_aug")) return;
    std::string const setting = "set truth = \"" + std::string(kAugmentedTruth) + "\"";
    check.refuse("split",
                 std::to_string(missing.size()) + " of " + std::to_string(names.size()) +
                     " samples have no ground truth in " + truth.string() + " (" +
                     first_names(missing) + "); " +
                     (is_there ? setting
                               : "put the augmented ground truth into " + augmented.string() +
                                     " and " + setting + ", or use split = \"train\"") +
                     ", or score only those that have it with missing_truth = \"skip\"");
  }
};

}  // namespace

void declare_voc(Plugin& plugin) {
  auto& stage =
      plugin
          .stage<Voc>("dataset.voc",
                      "Reads PASCAL VOC 2012 samples: image, ground truth, image-level labels")
          .output("image", &Voc::image, &Voc::image_files)
          .output("truth", &Voc::truth, &Voc::truth_files, &Voc::needs_truth)
          .output("image_labels", &Voc::image_labels, &Voc::image_label_files,
                  &Voc::needs_image_label_files);
  stage
      .option("root", &Voc::root, "the folder VOC2012 of the unpacked data set", existing_folder(),
              required())
      .option("split", &Voc::split,
              "which samples: train, val, trainval, train_aug, or any other SPLIT.txt in "
              "ImageSets/Segmentation or ImageSets/SegmentationAug")
      .option("list", &Voc::list, "file with the sample names, one per line, instead of a split",
              existing_file())
      .option("truth", &Voc::truth_folder,
              "folder of the ground truth, relative to root or absolute; train_aug needs "
              "SegmentationClassAug")
      .option("images", &Voc::images_folder, "folder of the images, relative to root or absolute")
      .option("image_labels", &Voc::label_source,
              "where the image-level labels come from: the ground truth, the classes in the list, "
              "or the file cls_labels (default: cls_labels if that is set, else truth)",
              choices<LabelSource>({{"truth", LabelSource::truth},
                                    {"list", LabelSource::list},
                                    {"cls_labels", LabelSource::cls_labels}}))
      .option("cls_labels", &Voc::cls_labels, kClsLabelsHelp, existing_file());
  with_file_options(stage).details(
      "Class ids are 0 for background and 1 to 20 for VOC's classes; 255 in the ground truth "
      "means boundary or ignore. The ground truth is read from NAME.png or NAME.npy, and images "
      "from NAME.jpg. An output that no stage uses costs nothing and needs no folder.\n\n" +
      std::string(kLabelFileDetails) +
      "\n\n"
      "A list has one sample per line:\n\n"
      "| Line | Meaning |\n"
      "|---|---|\n"
      "| `2007_000032` | a name |\n"
      "| `/JPEGImages/2007_000032.jpg`, `2007_000032.jpg` | an image; its file name gives the "
      "name, and the options give the folder |\n"
      "| `/JPEGImages/2007_000032.jpg /SegmentationClassAug/2007_000032.png` | an image and "
      "its label map; both give the name |\n"
      "| `2007_000032 0 14` | a name (or an image) and its classes, **counted from 0**: "
      "aeroplane and person, whose labels are 1 and 15 |\n\n"
      "If any line has classes, a name alone is an image without a class. CRLF, trailing "
      "blanks, blank lines and a missing final newline are accepted. Backslashes separate folders "
      "too, an image and its label map may have two of COCO's names, and the files of file "
      "managers (`._NAME`, `.DS_Store`, `Thumbs.db`, `__MACOSX`) are skipped; `strict = true` "
      "refuses backslashes and two names. Errors are: a CSV file, a repeated name, a "
      "class repeated in a line, names mixed with images, label maps in a list with "
      "classes, columns of 0 and 1 for every class, and the lists of single classes in "
      "ImageSets/Main. `train_aug` reads train_aug.txt or trainaug.txt; "
      "ImageSets/Segmentation is searched first. A sample's size comes from the header of its "
      "image or ground truth, if either exists.\n\n"
      "`image_labels` are what weakly supervised methods are trained on. There are several "
      "versions of them: `cls_labels.npy`, which most methods ship in one of three dialects "
      "(all with the same labels); lists with classes, which differ from it; and the classes "
      "that the ground truth shows. If a list has classes and `cls_labels` is set as well, the "
      "check compares the two and warns with the number of samples that differ. If the classes "
      "of the ground truth count and a sample has none, its image-level labels are unknown: "
      "nothing is compared with them.\n\n" +
      std::string(kFileOptionDetails));
}

}  // namespace seplflow::dataset
