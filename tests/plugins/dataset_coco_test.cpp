#include <string>
#include <vector>

#include <seplflow/formats/png.hpp>
#include "dataset/stages.hpp"
#include "support/catch.hpp"
#include "support/image_label_file.hpp"
#include "support/png_fixture.hpp"
#include "support/stage_driver.hpp"
#include "support/temp_folder.hpp"

using namespace seplflow;
namespace fs = std::filesystem;

namespace {

using Names = std::vector<std::string>;
using Options = std::map<std::string, OptionValue>;

// Image 30 has no annotation, image 25 nothing but a crowd.
constexpr char const* kInstances = R"({
"info": {"year": 2014},
"images": [
  {"id": 9, "file_name": "COCO_train2014_000000000009.jpg", "height": 2, "width": 3},
  {"id": 30, "file_name": "COCO_train2014_000000000030.jpg", "height": 1, "width": 1},
  {"id": 25, "file_name": "COCO_train2014_000000000025.jpg", "height": 1, "width": 2}],
"annotations": [
  {"id": 1, "image_id": 25, "category_id": 1, "iscrowd": 1,
   "segmentation": {"size": [1, 2], "counts": [0, 2]}},
  {"id": 2, "image_id": 9, "category_id": 13, "iscrowd": 0,
   "segmentation": [[0, 0, 2, 0, 2, 2, 0, 2]]},
  {"id": 3, "image_id": 9, "category_id": 1, "iscrowd": 0,
   "segmentation": {"size": [2, 3], "counts": [2, 2, 2]}}],
"categories": [{"id": 1, "name": "person"}, {"id": 13, "name": "stop sign"}]})";

// The folder of COCO as it is unpacked.
struct CocoFolder {
  CocoFolder() {
    folder.write("annotations/instances_train2014.json", kInstances);
    folder.write("train2014/COCO_train2014_000000000009.jpg", label_png(LabelMap(Size{2, 3})));
  }

  StageDriver opening(Options options = {}, Names wanted = {}) const {
    if (!options.contains("annotations")) options.try_emplace("root", folder.path().string());
    return StageDriver(dataset::declare_coco, {std::move(options), {}, std::move(wanted)});
  }
  StageDriver listing(std::string const& names) const {
    return opening({{"list", folder.write("list.txt", names).string()}});
  }
  std::string path(char const* name) const { return (folder / name).string(); }

  TempFolder folder;
};

}  // namespace

TEST_CASE("dataset.coco is a source of samples, images, ground truth and image-level labels") {
  StageDriver const stage(dataset::declare_coco);
  CHECK(stage.declaration().name == "dataset.coco");
  CHECK(stage.declaration().kind == StageKind::source);
  Names outputs;
  for (Port const& port : stage.declaration().outputs) outputs.push_back(port.name);
  CHECK(outputs == Names{"sample", "image", "truth", "image_labels"});
  CHECK(stage.default_of("split") == OptionValue(std::string("train2014")));
}

TEST_CASE("the samples are all images with an annotation, crowds included") {
  CocoFolder const coco;
  StageDriver stage = coco.opening();
  CHECK(stage.instance().count() == 2);
  auto const samples = stage.samples();
  REQUIRE(samples.size() == 2);
  CHECK(samples[0].id == "COCO_train2014_000000000009");
  CHECK(samples[0].size == Size{2, 3});
  CHECK(samples[0].classes->names() == Names{"background", "person", "stop sign"});
  CHECK(samples[1].id == "COCO_train2014_000000000025");
  CHECK(stage.produce<ImageLabels>("image_labels", samples[0]) == ImageLabels{{1, 2}});
  CHECK(stage.produce<ImageLabels>("image_labels", samples[1]) == ImageLabels{{1}});
  CHECK(stage.produce<LabelMap>("truth", samples[0]) == LabelMap(Size{2, 3}, {2, 1, 0, 2, 1, 0}));
  CHECK(stage.produce<LabelMap>("truth", samples[1]) == LabelMap(Size{1, 2}));
}

TEST_CASE(
    "a list chooses samples and their order, by name or number, with or without annotations") {
  CocoFolder const coco;
  for (char const* const names :
       {"COCO_train2014_000000000030\nCOCO_train2014_000000000009\n",
        "000000000030\r\n000000000009", "30\n9\n", "COCO_train2014_000000000030\n9\n"}) {
    StageDriver stage = coco.listing(names);
    CHECK(ids_of(stage) == Names{"COCO_train2014_000000000030", "COCO_train2014_000000000009"});
  }
}

TEST_CASE("a list with unknown names, or with one image under two names, is refused") {
  CocoFolder const coco;
  CHECK_THAT(coco.listing("9\n31\n000000000032\n").problems(),
             Contains("list: 2 of 3 samples in ") && Contains("are not in ") &&
                 Contains("(31, 000000000032); is this the list of another split?"));
  CHECK_THAT(coco.listing("9\nCOCO_train2014_000000000009\n").problems(),
             Contains("lists one image twice, as 9 and COCO_train2014_000000000009"));
  std::string many;
  for (int i = 100; i < 120; ++i) many += std::to_string(i) + "\n";
  CHECK_THAT(coco.listing(many).problems(),
             Contains("list: 20 of 20 samples") && Contains("104 and 15 more);"));
}

TEST_CASE(
    "images are read from the folder of the split and must have the size in the annotations") {
  CocoFolder const coco;
  StageDriver stage = coco.opening({}, {"image"});
  CHECK(stage.problems().empty());
  auto const samples = stage.samples();
  CHECK(stage.produce<Image>("image", samples[0]).size() == Size{2, 3});
  CHECK_THROWS_WITH(stage.produce<Image>("image", samples[1]),
                    Contains("train2014/COCO_train2014_000000000025.jpg"));
  coco.folder.write("train2014/COCO_train2014_000000000025.jpg", label_png(LabelMap(Size{3, 3})));
  CHECK_THROWS_WITH(stage.produce<Image>("image", samples[1]),
                    Contains("3x3") && Contains("1x2") && Contains("instances_train2014.json"));
}

TEST_CASE("images may be in another folder") {
  CocoFolder const coco;
  coco.folder.write("jpg/COCO_train2014_000000000009.jpg", label_png(LabelMap(Size{2, 3})));
  StageDriver stage =
      coco.opening({{"annotations", coco.path("annotations/instances_train2014.json")},
                    {"images", coco.path("jpg")}},
                   {"image"});
  CHECK(stage.problems().empty());
  CHECK(stage.produce<Image>("image", stage.samples().at(0)).size() == Size{2, 3});
}

TEST_CASE("an image is found under any of its COCO names, its own first") {
  CocoFolder const coco;
  coco.folder.write("train2014/000000000025.png", label_png(LabelMap(Size{1, 2})));
  coco.folder.write("train2014/9.png", label_png(LabelMap(Size{7, 7})));
  StageDriver stage = coco.opening({}, {"image"});
  auto const samples = stage.samples();
  CHECK(stage.produce<Image>("image", samples[0]).size() == Size{2, 3});
  CHECK(stage.produce<Image>("image", samples[1]).size() == Size{1, 2});
}

TEST_CASE("a category that only groups others and shifts their classes is named") {
  std::string text = kInstances;
  std::string const before = R"("categories": [)";
  text.insert(text.find(before) + before.size(),
              R"({"id": 0, "name": "objects", "supercategory": "none"}, )");
  TempFolder const folder;
  auto const file = folder.write("a.json", text).string();
  StageDriver stage(dataset::declare_coco, {{{"annotations", file}}, {}, {}});
  CHECK(stage.problems().empty());
  CHECK_THAT(stage.warnings(), Contains("category 0 (\"objects\")") &&
                                   Contains("has no annotations but is class 1") &&
                                   Contains("\"person\" is class 2"));
  CHECK(CocoFolder().opening().warnings().empty());
}

TEST_CASE("a list of paths chooses samples by file name") {
  CocoFolder const coco;
  StageDriver stage = coco.listing(
      "/JPEGImages/COCO_train2014_000000000009.jpg "
      "/SegmentationClass/COCO_train2014_000000000009.png\n");
  CHECK(ids_of(stage) == Names{"COCO_train2014_000000000009"});
  StageDriver names = coco.listing("000000000025.jpg\ntrain2014/9.jpg\n");
  CHECK(ids_of(names) == Names{"COCO_train2014_000000000025", "COCO_train2014_000000000009"});
}

TEST_CASE(
    "image-level labels may come from the list, counted from 0, and a warning reports "
    "differences") {
  CocoFolder const coco;
  std::string const list = coco.folder.write(
      "list.txt", "COCO_train2014_000000000025 0\nCOCO_train2014_000000000009 0\n");
  StageDriver stage =
      coco.opening({{"list", list}, {"image_labels", std::string("list")}}, {"image_labels"});
  CHECK(stage.problems().empty());
  auto const samples = stage.samples();
  CHECK(stage.produce<ImageLabels>("image_labels", samples[0]) == ImageLabels{{1}});
  CHECK(stage.produce<ImageLabels>("image_labels", samples[1]) == ImageLabels{{1}});
  CHECK(stage.instance().files(3, samples[0]) == std::vector<fs::path>{list});
  CHECK_THAT(stage.warnings(),
             Contains("list: ") && Contains("differ for 1 of 2 samples (COCO_train"
                                            "2014_000000000009)"));
  StageDriver other = coco.opening({{"list", list}}, {"image_labels"});
  CHECK(other.produce<ImageLabels>("image_labels", other.samples().at(1)) == ImageLabels{{1, 2}});
  CHECK(other.warnings().empty());
  StageDriver without = coco.opening({{"list", coco.folder.write("list.txt", "9 1\n25\n").string()},
                                      {"image_labels", std::string("list")}},
                                     {"image_labels"});
  CHECK(without.problems().empty());
  CHECK(without.produce<ImageLabels>("image_labels", without.samples().at(1)).classes.empty());
  CHECK_THAT(coco.listing("9 2\n").problems(), Contains("not one of the 2 classes"));
  CHECK_THAT(coco.opening({{"image_labels", std::string("list")}}).problems(),
             Contains("image_labels: there is no list; set \"list\""));
}

TEST_CASE("image-level labels may be the classes that the ground truth shows") {
  CocoFolder const coco;
  coco.folder.write("truth/25.png", label_png(LabelMap(Size{1, 2}, {255, 2})));
  Options options = {{"image_labels", std::string("truth")}};
  StageDriver drawn = coco.opening(options, {"image_labels"});
  auto const samples = drawn.samples();
  CHECK(drawn.produce<ImageLabels>("image_labels", samples[0]) == ImageLabels{{1, 2}});
  CHECK(drawn.produce<ImageLabels>("image_labels", samples[1]) == ImageLabels{});
  options["truth"] = coco.path("truth");
  StageDriver read = coco.opening(options, {"image_labels"});
  CHECK(read.produce<ImageLabels>("image_labels", read.samples().at(1)) == ImageLabels{{2}});
  CHECK(read.instance().files(3, samples[1]).back() == coco.path("truth/25.png"));
}

TEST_CASE("image-level labels may come from a dict by name or number") {
  CocoFolder const coco;
  using Entries = std::vector<std::pair<ImageKey, std::vector<float>>>;
  auto const with = [&](Entries const& entries) {
    return coco.opening(
        {{"cls_labels", coco.folder.write("cls_labels.npy", image_label_file(entries)).string()}},
        {"image_labels"});
  };
  for (Entries const& entries :
       {Entries{{25, {1, 0}}, {9, {0, 1}}},
        Entries{{"COCO_train2014_000000000009", {0, 1}}, {"COCO_train2014_000000000025", {1, 0}}},
        Entries{{"000000000009", {0, 1}}, {"000000000025", {1, 0}}}}) {
    StageDriver stage = with(entries);
    CHECK(stage.problems().empty());
    auto const samples = stage.samples();
    CHECK(stage.produce<ImageLabels>("image_labels", samples[0]) == ImageLabels{{2}});
    CHECK(stage.produce<ImageLabels>("image_labels", samples[1]) == ImageLabels{{1}});
    CHECK_THAT(stage.warnings(), Contains("cls_labels: ") && Contains("differ for 1 of 2 samples"));
  }
  CHECK_THAT(with({{9, {0, 1}}}).problems(),
             Contains("cls_labels: ") && Contains("no image-level labels for 1 of 2 samples"));
  CHECK_THAT(with({{9, {0, 1, 1}}, {25, {0, 1, 1}}}).problems(), Contains("there are 2 classes"));
  CHECK_THAT(coco.opening({{"image_labels", std::string("cls_labels")}}).problems(),
             Contains("image_labels: no file is given; set cls_labels"));
}

TEST_CASE("the rows of a plain array are all images in ascending order of id") {
  CocoFolder const coco;
  auto const with = [&](std::string const& rows, int count) {
    std::string header =
        "{'descr': '|u1', 'fortran_order': False, 'shape': (" + std::to_string(count) + ", 2), }";
    header.resize(117, ' ');
    std::string const npy = "\x93NUMPY" + std::string("\x01\x00\x76\x00", 4) + header + "\n" + rows;
    return coco.opening({{"cls_labels", coco.folder.write("train_labels.npy", npy).string()}},
                        {"image_labels"});
  };
  // Images 9, 25 and 30, of which the last is no sample.
  StageDriver stage = with(std::string("\0\1\1\1\1\0", 6), 3);
  CHECK(stage.problems().empty());
  auto const samples = stage.samples();
  CHECK(stage.produce<ImageLabels>("image_labels", samples[0]) == ImageLabels{{2}});
  CHECK(stage.produce<ImageLabels>("image_labels", samples[1]) == ImageLabels{{1, 2}});
  CHECK_THAT(with(std::string("\0\1\1\1", 4), 2).problems(),
             Contains("has 2 rows, but there are 3 images in "));
}

TEST_CASE("the ground truth can be read from PNG files under any of COCO's names") {
  CocoFolder const coco;
  coco.folder.write("truth/9.png", label_png(LabelMap(Size{2, 3}, {0, 1, 2, 255, 0, 0})));
  coco.folder.write("truth/000000000025.png", label_png(LabelMap(Size{1, 2}, {3, 0})));
  StageDriver stage = coco.opening({{"truth", coco.path("truth")}}, {"truth"});
  CHECK(stage.problems().empty());
  auto const samples = stage.samples();
  CHECK(stage.produce<LabelMap>("truth", samples[0]) == LabelMap(Size{2, 3}, {0, 1, 2, 255, 0, 0}));
  CHECK_THROWS_WITH(stage.produce<LabelMap>("truth", samples[1]),
                    Contains("000000000025.png") && Contains("holds class 3"));
}

TEST_CASE("the files of an output are the files that it is read from") {
  CocoFolder const coco;
  std::string const annotations = coco.path("annotations/instances_train2014.json");
  StageDriver stage = coco.opening();
  Sample const sample = stage.samples().at(0);
  using Files = std::vector<fs::path>;
  CHECK(stage.instance().files(1, sample) ==
        Files{coco.path("train2014/COCO_train2014_000000000009.jpg")});
  CHECK(stage.instance().files(2, sample) == Files{annotations});
  CHECK(stage.instance().files(3, sample) == Files{annotations});
  coco.folder.write("truth/000000000009.png", label_png(LabelMap(Size{2, 3})));
  StageDriver reading = coco.opening({{"truth", coco.path("truth")}});
  CHECK(reading.instance().files(2, reading.samples().at(0)) ==
        Files{coco.path("truth/COCO_train2014_000000000009.png"),
              coco.path("truth/000000000009.png")});
}

TEST_CASE("train and val are the splits of 2014") {
  CocoFolder const coco;
  CHECK(coco.opening({{"split", std::string("train")}}).problems().empty());
  CHECK_THAT(coco.opening({{"split", std::string("val")}}).problems(),
             Contains("split: the annotations ") &&
                 Contains("annotations/instances_val2014.json do not exist; unpack "
                          "annotations_trainval2014"));
}

TEST_CASE("root or annotations are required, and errors name what else is missing") {
  CHECK_THAT(StageDriver(dataset::declare_coco).problems(), Contains("it needs \"root\""));
  TempFolder const empty;
  CHECK_THAT(
      StageDriver(dataset::declare_coco, {{{"root", empty.path().string()}}, {}, {}}).problems(),
      Contains("root: the annotations ") && Contains("or set \"annotations\" to the file"));
  CocoFolder const coco;
  std::string const annotations = coco.path("annotations/instances_train2014.json");
  CHECK_THAT(coco.opening({{"annotations", annotations}}, {"image"}).problems(),
             Contains("output \"image\" is used; set the option \"images\""));
  CHECK(coco.opening({{"annotations", annotations}}, {"truth", "image_labels"}).problems().empty());
  fs::remove_all(coco.folder / "train2014");
  CHECK_THAT(coco.opening({}, {"image"}).problems(),
             Contains("images: output \"image\" is used, but there is no folder ") &&
                 Contains("/train2014"));
}

TEST_CASE(
    "files that are not instances, or have no annotated images, are refused at their option") {
  CocoFolder const coco;
  auto const with = [&](std::string const& json) {
    return coco.opening({{"annotations", coco.folder.write("x.json", json).string()}}).problems();
  };
  CHECK_THAT(with("[1]"), Contains("annotations: ") && Contains("x.json"));
  CHECK_THAT(with(R"({"images": [], "annotations": [], "categories": []})"),
             Contains("annotations: ") && Contains("has no images with annotations"));
  CHECK_THAT(with(R"({"images": [{"id": 1, "file_name": "a/x.jpg", "height": 1, "width": 1},
                     {"id": 2, "file_name": "b/x.png", "height": 1, "width": 1}],
                     "annotations": [], "categories": []})"),
             Contains("images 1 and 2 are both named \"x\""));
}
