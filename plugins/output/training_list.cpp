#include "common/picture_file.hpp"
#include "formats/image/png.hpp"
#include "stages.hpp"

namespace seplflow::output {
namespace {

namespace fs = std::filesystem;

// Labels where segmentation training looks for them: a VOC layout of its own, with a list.
struct TrainingList {
  fs::path images;
  std::string split = "train_aug";
  LabelColours palette = LabelColours::voc_palette;

  void check(OptionCheck& check) const {
    if (images.string().find(' ') == std::string::npos) return;
    check.refuse("images", "the path " + images.string() +
                               " holds a space, which parts the columns of the list; use a link "
                               "without one");
  }

  std::vector<fs::path> files(Sample const& sample) const {
    return picture_files(images, sample.id);
  }

  void operator()(SampleContext const& context, LabelMap const& labels) const {
    image_of(context.sample());
    context.output().write("VOC2012/SegmentationClassAug/" + context.sample().id + ".png",
                           encode_label_png(labels, palette));
  }

  fs::path list_file() const {
    return fs::path("VOC2012/ImageSets/SegmentationAug") / (split + ".txt");
  }

  // The reader takes one slash off and joins the rest to its root, which an absolute path replaces.
  std::string list_line(Sample const& sample) const {
    return "/" + image_of(sample).string() + " /SegmentationClassAug/" + sample.id + ".png";
  }

 private:
  fs::path image_of(Sample const& sample) const {
    if (sample.id.find(' ') != std::string::npos) {
      throw Error("its name holds a space, which parts the columns of the list");
    }
    fs::path const file = find_picture(images, sample.id);
    if (file.empty()) {
      throw Error("there is no image " + (images / sample.id).string() +
                  " (.jpg, .jpeg or .png) to train on");
    }
    return file;
  }
};

}  // namespace

void declare_training_list(Plugin& plugin) {
  plugin
      .stage<TrainingList>("output.training_list",
                           "Write labels and the list that segmentation training reads them by")
      .inputs("labels")
      .option("images", &TrainingList::images, "folder of the images, NAME.jpg", existing_folder(),
              required())
      .option("split", &TrainingList::split, "name of the list",
              one_of({"train", "train_aug", "trainval", "trainval_aug"}))
      .option(
          "palette", &TrainingList::palette,
          "the VOC palette, so that a viewer shows the classes, or none: gray values",
          choices<LabelColours>({{"voc", LabelColours::voc_palette}, {"none", LabelColours::gray}}))
      .details(
          "The stage's folder is a data set that deeplab-pytorch (kazuto1011, dataset `vocaug`) "
          "and what descends from it train on as it is:\n\n"
          "    RUN/STAGE/VOC2012/SegmentationClassAug/NAME.png        8 bits, class ids, 255 "
          "ignored\n"
          "    RUN/STAGE/VOC2012/ImageSets/SegmentationAug/SPLIT.txt  image and label of each "
          "sample\n\n"
          "In its `configs/voc12.yaml` set\n\n"
          "    DATASET:\n"
          "        NAME: vocaug\n"
          "        ROOT: /path/to/RUN/STAGE\n"
          "        SPLIT:\n"
          "            TRAIN: train_aug\n\n"
          "and train; to evaluate, set ROOT back to the data set with the real truth. A line of "
          "the list is `//path/of/images/NAME.jpg /SegmentationClassAug/NAME.png`: the reader "
          "joins what follows the first slash to ROOT/VOC2012, and so finds images by their "
          "absolute path and labels in the run. The list is in the order of the data set and names "
          "the samples whose labels are there; one that failed is not in it. It is written when "
          "all samples were tried. A sample without an image fails.");
}

}  // namespace seplflow::output
