
#include <seplflow/formats/png.hpp>
#include "output/stages.hpp"
#include "support/catch.hpp"
#include "support/stage_driver.hpp"
#include "support/temp_folder.hpp"

using namespace seplflow;

namespace {

StageDriver listing(std::filesystem::path const& images) {
  return StageDriver(output::declare_training_list, {{{"images", images.string()}}, {}, {}});
}

LabelMap const kLabels({1, 3}, {0, 15, 255});

}  // namespace

TEST_CASE(
    "output.training_list writes labels in VOC's layout, and a list with absolute image paths") {
  TempFolder const folder;
  auto const image = folder.write("JPEGImages/a.jpg", "");
  StageDriver stage = listing(folder / "JPEGImages");
  CHECK(stage.problems().empty());
  stage.write(voc_sample("a"), kLabels);
  REQUIRE(stage.files().size() == 1);
  CHECK(decode_label_png(stage.files().at("VOC2012/SegmentationClassAug/a.png"), "a") ==
        kLabels);
  CHECK(stage.instance().list_file() == "VOC2012/ImageSets/SegmentationAug/train_aug.txt");
  CHECK(stage.instance().list_line(voc_sample("a")) ==
        "/" + image.string() + " /SegmentationClassAug/a.png");
}

TEST_CASE("a sample without an image to train on fails with the path of the image") {
  TempFolder const folder;
  StageDriver stage = listing(folder.path());
  CHECK_THROWS_WITH(stage.write(voc_sample("a"), kLabels),
                    Contains("there is no image " + (folder / "a").string()));
}

TEST_CASE("spaces, which separate the columns of the list, are refused") {
  TempFolder const folder;
  folder.write("my images/a.jpg", "");
  folder.write("images/a b.jpg", "");
  CHECK_THAT(listing(folder / "my images").problems(),
             Contains("images: ") && Contains("contains a space"));
  StageDriver stage = listing(folder / "images");
  CHECK_THROWS_WITH(stage.write(voc_sample("a b"), kLabels), Contains("contains a space"));
}
