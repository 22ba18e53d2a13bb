
#include <seplflow/formats/png.hpp>

#include "output/stages.hpp"
#include "support/catch.hpp"
#include "support/stage_driver.hpp"
#include "support/temp_folder.hpp"

using namespace seplflow;

namespace {

using Options = std::map<std::string, OptionValue>;

StageDriver listing(std::filesystem::path const& images, Options options = {}) {
  options["images"] = images.string();
  return StageDriver(output::declare_training_list, {options, {}, {}});
}

Options plain(Options options = {}) {
  options["layout"] = std::string("plain");
  return options;
}

Options with_files(std::string const& image_files, Options options = {}) {
  options["image_files"] = image_files;
  return options;
}

LabelMap const kListedLabels({1, 3}, {0, 15, 255});

// What the stage writes into this file beside its list.
std::string note_of(StageDriver& stage, Sample const& sample, char const* file) {
  for (auto const& note : stage.instance().list_notes(sample)) {
    if (note.file == file) return note.text;
  }
  return "";
}

}  // namespace

TEST_CASE(
    "output.training_list writes labels in VOC's layout, and a list with absolute image paths") {
  TempFolder const folder;
  auto const image = folder.write("JPEGImages/a.jpg", "");
  StageDriver stage = listing(folder / "JPEGImages");
  CHECK(stage.problems().empty());
  stage.write(voc_sample("a"), kListedLabels);
  REQUIRE(stage.files().size() == 1);
  CHECK(decode_label_png(stage.files().at("VOC2012/SegmentationClassAug/a.png"), "a") == kListedLabels);
  CHECK(stage.instance().list_file() == "VOC2012/ImageSets/SegmentationAug/train_aug.txt");
  CHECK(stage.instance().list_line(voc_sample("a")) ==
        "/" + image.string() + " /SegmentationClassAug/a.png");
}

TEST_CASE("a sample without an image to train on fails with the path of the image") {
  TempFolder const folder;
  StageDriver stage = listing(folder.path());
  CHECK_THROWS_WITH(stage.write(voc_sample("a"), kListedLabels),
                    Contains("there is no image " + (folder / "a").string()));
}

TEST_CASE("spaces, which separate the columns of the list, are refused") {
  TempFolder const folder;
  folder.write("my images/a.jpg", "");
  folder.write("images/a b.jpg", "");
  CHECK_THAT(listing(folder / "my images").problems(),
             Contains("images: ") && Contains("contains a space"));
  StageDriver stage = listing(folder / "images");
  CHECK_THROWS_WITH(stage.write(voc_sample("a b"), kListedLabels), Contains("contains a space"));
}

TEST_CASE("output.training_list states the number of classes in a config of deeplab-pytorch") {
  TempFolder const folder;
  folder.write("a.jpg", "");
  StageDriver stage = listing(folder.path());
  CHECK(stage.instance().list_notes(voc_sample("a")).size() == 2);
  CHECK_THAT(note_of(stage, voc_sample("a"), "deeplab.yaml"),
             Contains("    N_CLASSES: 21\n") && Contains("        TRAIN: train_aug\n") &&
                 Contains(folder.path().string()));
  CHECK_THAT(note_of(stage, voc_sample("a"), "labels.txt"),
             StartsWith("0\tbackground\n1\taeroplane\n") && Contains("\n20\ttvmonitor\n"));
  Sample coco = voc_sample("a");
  coco.classes = coco14_classes();
  CHECK_THAT(note_of(stage, coco, "deeplab.yaml"), Contains("N_CLASSES: 81\n"));
}

TEST_CASE("output.training_list can name images relative to the folder of the stage or copy them") {
  TempFolder const folder;
  folder.write("my images/a.jpeg", "an image");
  for (std::string const files : {"relative", "copied"}) {
    CAPTURE(files);
    StageDriver stage = listing(folder / "my images", with_files(files));
    CHECK(stage.problems().empty());
    stage.write(voc_sample("a"), kListedLabels);
    CHECK(stage.instance().list_line(voc_sample("a")) ==
          "/JPEGImages/a.jpeg /SegmentationClassAug/a.png");
    CHECK(stage.files().size() == (files == "copied" ? 2 : 1));
    if (files == "copied") CHECK(stage.text("VOC2012/JPEGImages/a.jpeg") == "an image");
    CHECK_THAT(note_of(stage, voc_sample("a"), "deeplab.yaml"),
               Contains("VOC2012/JPEGImages/") && !Contains(folder.path().string()));
  }
}

TEST_CASE("the plain layout of output.training_list has images and labels and names") {
  TempFolder const folder;
  folder.write("images/a b.png", "an image");
  folder.write("images/notes.txt", "");
  StageDriver stage = listing(folder / "images", plain());
  CHECK(stage.problems().empty());
  CHECK(stage.option("image_suffix") == OptionValue(std::string(".png")));
  stage.write(voc_sample("a b"), kListedLabels);
  REQUIRE(stage.files().size() == 2);
  CHECK(stage.text("img_dir/a b.png") == "an image");
  CHECK(decode_label_png(stage.files().at("ann_dir/a b.png"), "a") == kListedLabels);
  CHECK(stage.instance().list_file() == "names.txt");
  CHECK(stage.instance().list_line(voc_sample("a b")) == "a b");
  CHECK(stage.instance().list_notes(voc_sample("a b")).size() == 2);
}

TEST_CASE("an image of COCO that stays in its place gives its label its name in the plain layout") {
  TempFolder const folder;
  folder.write("COCO_train2014_000000000009.jpg", "");
  StageDriver stage = listing(folder.path(), plain(with_files("absolute")));
  stage.write(voc_sample("9"), kListedLabels);
  REQUIRE(stage.files().size() == 1);
  CHECK(stage.files().contains("ann_dir/COCO_train2014_000000000009.png"));
  CHECK(stage.instance().list_line(voc_sample("9")) == "COCO_train2014_000000000009");
}

TEST_CASE("images with two endings are refused where one suffix stands for all") {
  TempFolder const folder;
  folder.write("a.jpg", "");
  folder.write("b.png", "");
  StageDriver stage = listing(folder.path(), plain());
  stage.write(voc_sample("a"), kListedLabels);
  CHECK_THROWS_WITH(stage.write(voc_sample("b"), kListedLabels),
                    Contains("b.png ends in \".png\"") && Contains("image_suffix = \".jpg\""));
  CHECK_THAT(listing(folder.path(), plain({{"image_suffix", std::string(".jpeg")}})).problems(),
             Contains("ends in \".jpeg\"; they end in \".jpg\""));
}

TEST_CASE("options of the other layout of output.training_list are refused") {
  TempFolder const folder;
  CHECK_THAT(listing(folder.path(), plain({{"split", std::string("train")}})).problems(),
             Contains("split: only layout = \"voc\" uses it"));
  // A resolved pipeline has the default.
  CHECK(listing(folder.path(), plain({{"split", std::string("train_aug")}})).problems().empty());
  CHECK_THAT(listing(folder.path(), {{"image_suffix", std::string(".jpg")}}).problems(),
             Contains("image_suffix: only layout = \"plain\" uses it"));
}
