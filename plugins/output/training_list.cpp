#include "common/sample_file.hpp"
#include "stages.hpp"

namespace seplflow::output {
namespace {

namespace fs = std::filesystem;

// Writes labels and a list in the VOC layout that segmentation training expects.
struct TrainingList : PaletteOptions {
  fs::path images;
  std::string split = "train_aug";

  void check(OptionCheck& check) {
    check_colours(check);
    if (images.string().find(' ') == std::string::npos) return;
    check.refuse("images", "the path " + images.string() +
                               " contains a space, which separates the columns of the list; use a "
                               "link without spaces");
  }

  std::vector<fs::path> files(Sample const& sample) const {
    return picture_files(images, sample.id);
  }

  void operator()(SampleContext const& context, LabelMap const& labels) const {
    image_of(context.sample());
    context.output().write("VOC2012/SegmentationClassAug/" + context.sample().id + ".png",
                           encoded(labels, context.sample()));
  }

  fs::path list_file() const {
    return fs::path("VOC2012/ImageSets/SegmentationAug") / (split + ".txt");
  }

  // The reader removes one slash and joins the rest to its root, which an absolute path overrides.
  std::string list_line(Sample const& sample) const {
    return "/" + image_of(sample).string() + " /SegmentationClassAug/" + sample.id + ".png";
  }

 private:
  fs::path image_of(Sample const& sample) const {
    if (sample.id.find(' ') != std::string::npos) {
      throw Error("its name contains a space, which separates the columns of the list");
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
  auto& stage = plugin.stage<TrainingList>(
      "output.training_list",
      "Writes labels with the sample list that segmentation training reads");
  stage.inputs("labels")
      .option("images", &TrainingList::images, "folder of the images, NAME.jpg", existing_folder(),
              required())
      .option("split", &TrainingList::split, "name of the list, without .txt",
              one_of({"train", "train_aug", "trainval", "trainval_aug"}));
  with_palette(stage)
      .details(
          "The folder of the stage is a data set on which deeplab-pytorch (kazuto1011, dataset "
          "`vocaug`) and its descendants train without changes:\n\n"
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
          "and train; to evaluate, set ROOT back to the data set with the real ground truth. A "
          "line of the list is `//path/of/images/NAME.jpg /SegmentationClassAug/NAME.png`: the "
          "reader joins everything after the first slash to ROOT/VOC2012, so it finds images by "
          "their absolute path and labels in the run. The list names the samples whose labels were "
          "written, in the order of the data set; failed samples are not in it. It is written when "
          "all samples have been processed. A sample without an image fails.");
}

}  // namespace seplflow::output
