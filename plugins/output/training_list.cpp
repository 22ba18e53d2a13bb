#include <seplflow/formats/input_file.hpp>
#include <set>

#include "common/sample_file.hpp"
#include "stages.hpp"
#include "training_notes.hpp"

namespace seplflow::output {
namespace {

namespace fs = std::filesystem;

enum class Layout { voc, plain };
auto const kLayouts = choices<Layout>({{"voc", Layout::voc}, {"plain", Layout::plain}});

enum class ImageFiles { absolute, relative, copied };
auto const kImageFiles = choices<ImageFiles>({{"absolute", ImageFiles::absolute},
                                              {"relative", ImageFiles::relative},
                                              {"copied", ImageFiles::copied}});

// The endings of the pictures in a folder.
std::set<std::string> endings_in(fs::path const& folder) {
  std::set<std::string> endings;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    std::string const ending = entry->path().extension().string();
    if (std::ranges::count(kPictureEndings, ending) > 0) endings.insert(ending);
  }
  return endings;
}

// Writes labels and a list in the layout that a training program expects.
struct TrainingList : PaletteOptions {
  fs::path images;
  Layout layout = Layout::voc;
  std::string split = "train_aug";
  std::optional<ImageFiles> image_files;
  std::optional<std::string> image_suffix;

  void check(OptionCheck& check) {
    check_colours(check);
    if (!image_files) image_files = is_plain() ? ImageFiles::copied : ImageFiles::absolute;
    is_plain() ? check_plain(check) : check_voc(check);
  }

  std::vector<fs::path> files(Sample const& sample) const {
    return picture_files(images, sample.id);
  }

  void operator()(SampleContext const& context, LabelMap const& labels) const {
    Sample const& sample = context.sample();
    fs::path const image = image_of(sample);
    if (is_plain()) require_plain(sample, image);
    context.output().write(label_folder() / (name_of(sample, image) + ".png"),
                           encoded(labels, sample));
    if (image_files != ImageFiles::copied) return;
    context.output().write(image_folder() / image_name(sample, image), read_file(image));
  }

  fs::path list_file() const {
    return is_plain() ? fs::path("names.txt")
                      : fs::path("VOC2012/ImageSets/SegmentationAug") / (split + ".txt");
  }

  // The reader of VOC's list removes one slash and joins the rest to its root, which an absolute
  // path overrides.
  std::string list_line(Sample const& sample) const {
    fs::path const image = image_of(sample);
    if (is_plain()) return name_of(sample, image);
    std::string const path = image_files == ImageFiles::absolute
                                 ? image.string()
                                 : "JPEGImages/" + image_name(sample, image).string();
    return "/" + path + " /SegmentationClassAug/" + sample.id + ".png";
  }

  std::vector<ListNote> list_notes(Sample const& sample) const {
    if (!sample.classes) return {};
    Classes const& classes = *sample.classes;
    std::vector<ListNote> notes = {{"labels.txt", class_list(classes)}};
    if (is_plain()) {
      bool const elsewhere = image_files == ImageFiles::absolute;
      MmsegImages const files = {elsewhere ? images.string() : "img_dir",
                                 image_suffix.value_or(".jpg"), remark()};
      notes.push_back({"mmseg_dataset.py", mmseg_config(classes, colours_for(sample), files)});
    } else {
      notes.push_back({"deeplab.yaml", deeplab_config(classes, split, remark())});
    }
    return notes;
  }

 private:
  bool is_plain() const { return layout == Layout::plain; }

  fs::path label_folder() const { return is_plain() ? "ann_dir" : "VOC2012/SegmentationClassAug"; }
  fs::path image_folder() const { return is_plain() ? "img_dir" : "VOC2012/JPEGImages"; }

  void check_voc(OptionCheck& check) const {
    if (image_suffix) {
      check.refuse("image_suffix",
                   "only layout = \"plain\" uses it: the list of layout = \"voc\" has whole file "
                   "names");
    }
    bool const is_listed = image_files == ImageFiles::absolute;
    if (!is_listed || images.string().find(' ') == std::string::npos) return;
    check.refuse("images", "the path " + images.string() +
                               " contains a space, which separates the columns of the list; use a "
                               "link without spaces, or image_files = \"relative\"");
  }

  void check_plain(OptionCheck& check) {
    if (split != TrainingList().split) {  // a resolved pipeline has the default
      check.refuse("split",
                   "only layout = \"voc\" uses it: the list of layout = \"plain\" is "
                   "names.txt");
    }
    auto const endings = endings_in(images);
    if (!image_suffix) {
      image_suffix = endings.size() == 1 ? *endings.begin() : ".jpg";
    } else if (!endings.empty() && !endings.contains(*image_suffix)) {
      check.refuse("image_suffix", "no image in " + images.string() + " ends in \"" +
                                       *image_suffix + "\"; they end in \"" + *endings.begin() +
                                       "\"");
    }
  }

  fs::path image_of(Sample const& sample) const {
    if (!is_plain() && sample.id.find(' ') != std::string::npos) {
      throw Error("its name contains a space, which separates the columns of the list");
    }
    fs::path const file = find_picture(images, sample.id);
    if (file.empty()) {
      throw Error("there is no image " + (images / sample.id).string() +
                  " (.jpg, .jpeg or .png) to train on");
    }
    return file;
  }

  // mmsegmentation strips the lines of names.txt and puts one suffix behind each.
  void require_plain(Sample const& sample, fs::path const& image) const {
    if (!sample.classes) {
      throw Error(
          "its data set does not name its classes, which the config of mmsegmentation needs");
    }
    if (sample.id.front() == ' ' || sample.id.back() == ' ') {
      throw Error("its name begins or ends with a space, which readers of names.txt remove");
    }
    std::string const ending = image.extension().string();
    if (ending == *image_suffix) return;
    throw Error("the image " + image.string() + " ends in \"" + ending +
                "\", but mmsegmentation puts image_suffix = \"" + *image_suffix +
                "\" behind all names; convert the images to one format, or set image_suffix");
  }

  // The path of the image below the folder of the images, as it is or will be.
  fs::path image_name(Sample const& sample, fs::path const& image) const {
    if (image_files == ImageFiles::copied) return sample.id + image.extension().string();
    return image.lexically_relative(images);
  }

  // What image and label are called. An image of COCO that stays where it is may have another name
  // than its sample.
  std::string name_of(Sample const& sample, fs::path const& image) const {
    if (!is_plain()) return sample.id;
    return image_name(sample, image).replace_extension().string();
  }

  // A sentence for the notes.
  std::string remark() const {
    std::string const folder = image_folder().string() + "/";
    switch (*image_files) {
      case ImageFiles::absolute:
        return is_plain()
                   ? "image_folder is the folder of the images on the machine that wrote this."
                   : "The list has the absolute paths of the images, below " + one_line(images) +
                         ".";
      case ImageFiles::relative:
        return "Put the images, or a link to their folder, at " + folder +
               " in this folder; then it can be moved.";
      case ImageFiles::copied:
        return "The images are in " + folder + " in this folder, which can be moved.";
    }
    return "";
  }

  // A path in a comment must not end it.
  static std::string one_line(fs::path const& path) {
    std::string text = path.string();
    std::ranges::replace(text, '\n', ' ');
    return text;
  }
};

constexpr char const* kDetails =
    "The folder of the stage is a data set to train on. `docs/training.md` shows the whole way. "
    "The "
    "labels are 8-bit PNGs of class ids; 255 is ignored. The list names the samples whose labels "
    "were written, in the order of the data set; failed samples are not in it. It is written when "
    "all samples have been processed. A sample without an image fails.\n\n"
    "**`layout = \"voc\"`** is what deeplab-pytorch (kazuto1011, dataset `vocaug`) and its "
    "descendants read without changes, for any data set: `VOC2012` is only a name that the reader "
    "expects.\n\n"
    "    RUN/STAGE/VOC2012/SegmentationClassAug/NAME.png        the labels\n"
    "    RUN/STAGE/VOC2012/ImageSets/SegmentationAug/SPLIT.txt  image and label of each sample\n"
    "    RUN/STAGE/deeplab.yaml                                 the section DATASET of its "
    "configs\n"
    "    RUN/STAGE/labels.txt                                   id and name of each class\n\n"
    "`deeplab.yaml` has the name of the list and `N_CLASSES`, which counts the background: 21 for "
    "VOC, 81 for COCO, one more than the objects for your own data. Put it into a copy of "
    "`configs/voc12.yaml`, set `ROOT` to the path of RUN/STAGE, and train; to evaluate, set ROOT "
    "back "
    "to the data set with the real ground truth. A line of the list is `//path/of/images/NAME.jpg "
    "/SegmentationClassAug/NAME.png`: the reader joins everything after the first slash to "
    "ROOT/VOC2012, so it finds images by their absolute path and labels in the run.\n\n"
    "**`layout = \"plain\"`** has one folder of images and one of labels, which most programs "
    "read:\n\n"
    "    RUN/STAGE/img_dir/NAME.jpg   the images\n"
    "    RUN/STAGE/ann_dir/NAME.png   the labels\n"
    "    RUN/STAGE/names.txt          the names, without folder and ending\n"
    "    RUN/STAGE/labels.txt         id and name of each class\n"
    "    RUN/STAGE/mmseg_dataset.py   a config of mmsegmentation 1.x that loads them, with names "
    "and "
    "colours of the classes\n\n"
    "mmsegmentation puts one suffix behind all names, so all images must have the same; "
    "`image_suffix` names it.\n\n"
    "**Images**. `image_files` determines whether the folder can be moved to another machine:\n\n"
    "| `image_files` | The list or config names the images | Movable |\n"
    "|---|---|---|\n"
    "| `absolute` | by their absolute path in `images` | no: the images must be at the same path "
    "|\n"
    "| `relative` | by their path in the folder of the stage, where you put them or a link: "
    "VOC2012/JPEGImages or img_dir | yes |\n"
    "| `copied` | the same; the stage copies the image files there, byte for byte | yes, complete "
    "|\n\n"
    "Everything else is relative to the folder of the stage. Only `ROOT` in deeplab.yaml must be "
    "set "
    "to it.";

}  // namespace

void declare_training_list(Plugin& plugin) {
  auto& stage = plugin.stage<TrainingList>(
      "output.training_list",
      "Writes labels with the sample list that segmentation training reads");
  stage.inputs("labels")
      .option("images", &TrainingList::images, "folder of the images, NAME.jpg", existing_folder(),
              required())
      .option(
          "layout", &TrainingList::layout,
          "folders and list: voc, as deeplab-pytorch reads them, or plain: img_dir, ann_dir and "
          "names.txt, with a config of mmsegmentation",
          kLayouts)
      .option("split", &TrainingList::split, "with layout voc: name of the list, without .txt",
              one_of({"train", "train_aug", "trainval", "trainval_aug"}))
      .option(
          "image_files", &TrainingList::image_files,
          "where training finds the images: at their absolute path, relative to the folder of "
          "the stage, where you put them, or copied into it (default: absolute with layout voc, "
          "copied with plain)",
          kImageFiles)
      .option("image_suffix", &TrainingList::image_suffix,
              "with layout plain: the ending of all images, with its dot (default: that of the "
              "images in the folder, if they have one in common, or else .jpg)");
  with_palette(stage).details(kDetails);
}

}  // namespace seplflow::output
