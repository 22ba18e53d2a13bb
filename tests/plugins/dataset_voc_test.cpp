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

namespace {

using Bytes = std::vector<std::uint8_t>;
using Names = std::vector<std::string>;
using Options = std::map<std::string, OptionValue>;

constexpr char const* kTrain = "ImageSets/Segmentation/train.txt";

StageDriver opening(TempFolder const& root, Options options = {}, Names wanted = {}) {
  options["root"] = root.path().string();
  return StageDriver(dataset::declare_voc, {std::move(options), {}, std::move(wanted)});
}

Names ids_in(std::string const& list) {
  TempFolder const root;
  root.write(kTrain, list);
  StageDriver stage = opening(root);
  CHECK(stage.problems().empty());
  return ids_of(stage);
}

std::string problems_of(std::string const& list) {
  TempFolder const root;
  root.write(kTrain, list);
  return opening(root).problems();
}

// The truth that is read from a file with these bytes.
LabelMap truth_of(Bytes const& file) {
  TempFolder const root;
  root.write(kTrain, "a\n");
  root.write("SegmentationClass/a.png", as_text(file));
  StageDriver stage = opening(root, {}, {"truth"});
  return stage.produce<LabelMap>("truth", stage.samples().at(0));
}

LabelMap const kTruth({2, 3}, {0, 1, 20, 255, 7, 1});

Bytes palette_png_of(LabelMap const& labels) {
  return encode_label_png(labels, LabelColours::voc_palette);
}

}  // namespace

TEST_CASE("dataset.voc is a source of samples, images, ground truth and image-level labels") {
  StageDriver const stage(dataset::declare_voc, {{{"root", std::string("/")}}});
  auto const& declaration = stage.declaration();
  CHECK(declaration.name == "dataset.voc");
  CHECK(declaration.kind == StageKind::source);
  Names outputs;
  for (Port const& port : declaration.outputs) outputs.push_back(port.name);
  CHECK(outputs == Names{"sample", "image", "truth", "image_labels"});
  CHECK(stage.default_of("split") == OptionValue(std::string("train")));
  CHECK(stage.default_of("truth") == OptionValue(std::string("SegmentationClass")));
  CHECK(stage.default_of("images") == OptionValue(std::string("JPEGImages")));
}

TEST_CASE("samples come in the order of their list, with VOC's classes") {
  TempFolder const root;
  root.write(kTrain, "2007_000063\n2007_000032\n");
  StageDriver stage = opening(root);
  CHECK(stage.instance().count() == 2);
  auto const samples = stage.samples();
  REQUIRE(samples.size() == 2);
  CHECK(samples[0].id == "2007_000063");
  CHECK(samples[1].id == "2007_000032");
  CHECK(samples[0].classes->names() == voc12_classes()->names());
  CHECK_FALSE(samples[0].size);
}

TEST_CASE("split and list choose the samples") {
  TempFolder const root;
  root.write("ImageSets/Segmentation/val.txt", "v\n");
  auto const list = root.write("elsewhere/mine.txt", "m\n");
  StageDriver val = opening(root, {{"split", std::string("val")}});
  CHECK(ids_of(val) == Names{"v"});
  StageDriver mine = opening(root, {{"list", list.string()}});
  CHECK(ids_of(mine) == Names{"m"});
}

TEST_CASE("a list replaces the split, whatever that says") {
  TempFolder const root;
  auto const list = root.write("mine.txt", "b\n");
  auto opened = opening(root, {{"list", list.string()}, {"split", std::string("none")}});
  CHECK(opened.problems().empty());
}

TEST_CASE("a split without a list is refused with the files searched and the existing lists") {
  TempFolder const root;
  root.write(kTrain, "a\n");
  root.write("ImageSets/SegmentationAug/train_aug.txt", "a\n");
  CHECK_THAT(opening(root, {{"split", std::string("trian")}}).problems(),
             Contains("split: there is no list of the split \"trian\"") &&
                 Contains((root / "ImageSets/Segmentation/trian.txt").string()) &&
                 Contains((root / "ImageSets/SegmentationAug/trian.txt").string()) &&
                 Contains("(there are ImageSets/Segmentation/train.txt, "
                          "ImageSets/SegmentationAug/train_aug.txt); did you mean \"train\"?"));
}

TEST_CASE("a root that contains the right folder is refused with the name of that folder") {
  TempFolder const root;
  root.write("VOCdevkit/VOC2012/" + std::string(kTrain), "a\n");
  CHECK_THAT(opening(root).problems(),
             Contains("did you mean \"" + (root / "VOCdevkit/VOC2012").string() + "\"?"));
  TempFolder const kit;
  kit.write("VOC2012/" + std::string(kTrain), "a\n");
  CHECK_THAT(opening(kit).problems(), Contains("did you mean \"" + (kit / "VOC2012").string()));
}

TEST_CASE("train_aug is found wherever the augmented lists were unpacked") {
  for (char const* const place :
       {"ImageSets/Segmentation/train_aug.txt", "ImageSets/Segmentation/trainaug.txt",
        "ImageSets/SegmentationAug/train_aug.txt"}) {
    INFO(place);
    TempFolder const root;
    root.write(place, "/JPEGImages/b.jpg /SegmentationClassAug/b.png\n");
    StageDriver stage = opening(root, {{"split", std::string("train_aug")}});
    CHECK(stage.problems().empty());
    CHECK(ids_of(stage) == Names{"b"});
  }
}

TEST_CASE("ImageSets/Segmentation comes first if several folders have the split") {
  TempFolder const root;
  root.write("ImageSets/Segmentation/val.txt", "a\n");
  root.write("ImageSets/SegmentationAug/val.txt", "/JPEGImages/b.jpg /SegmentationClass/b.png\n");
  StageDriver stage = opening(root, {{"split", std::string("val")}});
  CHECK(ids_of(stage) == Names{"a"});
}

TEST_CASE("lists may have CRLF, blank lines, blanks around names and no last newline") {
  CHECK(ids_in("a\r\nb\r\n") == Names{"a", "b"});
  CHECK(ids_in("\n\na\n \t\n\r\nb") == Names{"a", "b"});
  CHECK(ids_in("  a \nb\t\n") == Names{"a", "b"});
  CHECK(ids_in("train/0001\n") == Names{"train/0001"});
}

TEST_CASE("images in a list stand for their names, with or without folders") {
  CHECK(ids_in("2007_000032.jpg\nJPEGImages/2007_000039.jpg\n") ==
        Names{"2007_000032", "2007_000039"});
}

TEST_CASE("a name that is listed twice is refused with both line numbers") {
  CHECK_THAT(
      problems_of("a\nb\n\na\n"),
      Contains("split: ") && Contains("train.txt:4: \"a\" is listed twice, first in line 1"));
}

TEST_CASE("names that leave their folder are refused with their line number") {
  CHECK_THAT(problems_of("a\n../x\n"),
             Contains("train.txt:2: \"../x\" cannot name a sample: it leaves its folder"));
  CHECK_THAT(problems_of("/etc/x\n"),
             Contains("train.txt:1: \"/etc/x\" cannot name a sample: it is an absolute path"));
  CHECK_THAT(problems_of("a//b\n"), Contains("train.txt:1: ") && Contains("empty part"));
}

TEST_CASE("a name with spaces is refused, since a line holds one name") {
  CHECK_THAT(problems_of("b c\n"), Contains("train.txt:1: \"b c\" contains spaces"));
}

TEST_CASE("all errors in a list are reported at once, up to ten") {
  CHECK_THAT(problems_of("../x\na\na\nb c\n"),
             Contains("train.txt:1: ") && Contains("train.txt:3: ") && Contains("train.txt:4: "));
  std::string many;
  for (int i = 0; i < 13; ++i) many += "../x\n";
  CHECK_THAT(problems_of(many), Contains("train.txt:10: ") && !Contains("train.txt:11: ") &&
                                    Contains("... and 3 more lines"));
}

TEST_CASE("a list without names is refused") {
  CHECK_THAT(problems_of(""), Contains("train.txt names no samples"));
  CHECK_THAT(problems_of("\n \r\n"), Contains("train.txt names no samples"));
}

TEST_CASE("the size of a sample comes from its image, or else its ground truth, without decoding") {
  TempFolder const root;
  root.write(kTrain, "both\ntruth\nneither\nbroken\n");
  // Only the header is sound.
  Bytes const image = make_png({4, 5}, {PNG_COLOR_TYPE_RGB, 8}, Bytes(60));
  root.write("JPEGImages/both.png", as_text(image).substr(0, 40));
  root.write("SegmentationClass/both.png", as_text(palette_png_of(kTruth)));
  root.write("SegmentationClass/truth.png", as_text(palette_png_of(kTruth)));
  root.write("SegmentationClass/broken.png", "no picture");
  auto stage = opening(root);
  auto const samples = stage.samples();
  REQUIRE(samples.size() == 4);
  CHECK(samples[0].size == Size{4, 5});
  CHECK(samples[1].size == Size{2, 3});
  CHECK_FALSE(samples[2].size);
  CHECK_FALSE(samples[3].size);
}

TEST_CASE("the ground truth is the raw ids of a palette or gray PNG, 255 included") {
  CHECK(truth_of(palette_png_of(kTruth)) == kTruth);
  CHECK(truth_of(encode_label_png(kTruth, LabelColours::gray)) == kTruth);
}

TEST_CASE("image-level labels are the classes that the ground truth shows") {
  TempFolder const root;
  root.write(kTrain, "a\n");
  root.write("SegmentationClass/a.png", as_text(palette_png_of(kTruth)));
  StageDriver stage = opening(root, {}, {"image_labels"});
  CHECK(stage.problems().empty());
  CHECK(stage.produce<ImageLabels>("image_labels", stage.samples().at(0)).classes ==
        std::vector<Label>{1, 7, 20});
}

TEST_CASE("ground truth that is also used for image-level labels is decoded once") {
  TempFolder const root;
  root.write(kTrain, "a\n");
  auto const file = root.write("SegmentationClass/a.png", as_text(palette_png_of(kTruth)));
  StageDriver stage = opening(root, {}, {"truth", "image_labels"});
  Sample const sample = stage.samples().at(0);
  stage.produce<ImageLabels>("image_labels", sample);
  // Other bytes of the same size and time: only a second reading would notice.
  auto const time = std::filesystem::last_write_time(file);
  root.write("SegmentationClass/a.png", std::string(std::filesystem::file_size(file), 'x'));
  std::filesystem::last_write_time(file, time);
  CHECK(stage.produce<LabelMap>("truth", sample) == kTruth);
  root.write("SegmentationClass/a.png", "x");
  CHECK_THROWS_WITH(stage.produce<LabelMap>("truth", sample),
                    Contains("a.png changed while the sample was processed"));
}

TEST_CASE("images have the pixels of their files") {
  TempFolder const root;
  root.write(kTrain, "a\n");
  Bytes const pixels{1, 2, 3, 40, 50, 60};
  root.write("JPEGImages/a.png", as_text(make_png({1, 2}, {PNG_COLOR_TYPE_RGB, 8}, pixels)));
  StageDriver stage = opening(root, {}, {"image"});
  auto const image = stage.produce<Image>("image", stage.samples().at(0));
  CHECK(image.size() == Size{1, 2});
  CHECK(Bytes(image.rgb().begin(), image.rgb().end()) == pixels);
}

TEST_CASE("the ground truth may be in another folder of root, or anywhere") {
  TempFolder const root, elsewhere;
  root.write(kTrain, "a\n");
  root.write("SegmentationClassAug/a.png", as_text(palette_png_of(kTruth)));
  elsewhere.write("a.png", as_text(palette_png_of(LabelMap(Size{1, 1}))));
  auto const truth_in = [&](std::string const& folder) {
    StageDriver stage = opening(root, {{"truth", folder}}, {"truth"});
    CHECK(stage.problems().empty());
    return stage.produce<LabelMap>("truth", stage.samples().at(0));
  };
  CHECK(truth_in("SegmentationClassAug") == kTruth);
  CHECK(truth_in(elsewhere.path().string()) == LabelMap(Size{1, 1}));
}

TEST_CASE("a folder is needed only if something is read from it") {
  TempFolder const root;
  root.write(kTrain, "a\n");
  CHECK(opening(root).problems().empty());
  CHECK_THAT(opening(root, {}, {"truth"}).problems(), Contains("truth: ") &&
                                                          Contains("there is no folder") &&
                                                          Contains("SegmentationClass"));
  CHECK_THAT(opening(root, {}, {"image"}).problems(),
             Contains("images: ") && Contains("JPEGImages"));
  // Image-level labels are useful where they are known.
  StageDriver stage = opening(root, {}, {"image_labels"});
  CHECK(stage.problems().empty());
  CHECK_FALSE(stage.has("image_labels", stage.samples().at(0)));
}

TEST_CASE("the error for a missing image or ground truth names the file") {
  TempFolder const root;
  root.write(kTrain, "a\n");
  root.write("SegmentationClass/b.png", as_text(palette_png_of(kTruth)));
  root.write("JPEGImages/b.jpg", "");
  StageDriver stage = opening(root, {}, {"truth", "image"});
  Sample const sample = stage.samples().at(0);
  CHECK_THROWS_WITH(stage.produce<LabelMap>("truth", sample),
                    Contains((root / "SegmentationClass/a.png").string()));
  CHECK_THROWS_WITH(stage.produce<Image>("image", sample),
                    Contains("there is no image " + (root / "JPEGImages/a").string()));
}

TEST_CASE("a file that is not ground truth is refused with file and reason") {
  Bytes cut = palette_png_of(kTruth);
  cut.resize(cut.size() - 15);
  CHECK_THROWS_WITH(truth_of(cut), Contains("a.png is truncated"));
  CHECK_THROWS_WITH(truth_of({}), Contains("a.png is empty (0 bytes)"));
  CHECK_THROWS_WITH(truth_of(make_png({1, 1}, {PNG_COLOR_TYPE_GRAY, 16}, {1, 0})),
                    Contains("a.png is a 16-bit gray PNG"));
  CHECK_THROWS_WITH(truth_of(make_png({1, 1}, {PNG_COLOR_TYPE_RGB, 8}, {255, 0, 0})),
                    Contains("a.png is an 8-bit RGB PNG"));
  CHECK_THROWS_WITH(truth_of(palette_png_of(LabelMap({1, 3}, {0, 0, 21}))),
                    Contains("a.png holds class 21 (first at row 0, column 2)"));
}

TEST_CASE("ground truth that claims 100000x100000 pixels is refused by its header") {
  Bytes const file = claiming_png();
  CHECK_THROWS_WITH(truth_of(file), Contains("a.png has the size 100000x100000"));
}

namespace {

// {name: multi-hot of the 20 classes}
std::string tags_file(std::vector<std::pair<std::string, std::vector<Label>>> const& images) {
  std::vector<std::pair<ImageKey, std::vector<float>>> entries;
  for (auto const& [name, labels] : images) {
    std::vector<float> row(20);
    for (Label const label : labels) row.at(label - 1u) = 1;
    entries.emplace_back(name, row);
  }
  return image_label_file(entries);
}

std::vector<Label> tags_of(StageDriver& stage, std::size_t i = 0) {
  return stage.produce<ImageLabels>("image_labels", stage.samples().at(i)).classes;
}

}  // namespace

TEST_CASE(
    "ground truth that exists only in SegmentationClassAug is an error that names the option") {
  TempFolder const root;
  root.write("ImageSets/SegmentationAug/train_aug.txt", "a\nb\nc\n");
  root.write("SegmentationClass/a.png", as_text(palette_png_of(kTruth)));
  Options const train_aug = {{"split", std::string("train_aug")}};
  CHECK_THAT(opening(root, train_aug, {"truth"}).problems(),
             Contains("split: 2 of 3 samples have no ground truth in ") && Contains("(b, c); ") &&
                 Contains("put the augmented ground truth into") &&
                 Contains("set truth = \"SegmentationClassAug\""));
  root.write("SegmentationClassAug/b.png", as_text(palette_png_of(kTruth)));
  CHECK_THAT(opening(root, train_aug, {"truth"}).problems(),
             Contains("; set truth = \"SegmentationClassAug\"") &&
                 Contains("missing_truth = \"skip\""));
  Options partial = train_aug;
  partial["missing_truth"] = std::string("skip");
  CHECK(opening(root, partial, {"truth"}).problems().empty());
  CHECK(opening(root, train_aug, {"image"}).problems().find("truth") == std::string::npos);
  Options chosen = train_aug;
  chosen["truth"] = std::string("SegmentationClassAug");
  CHECK(opening(root, chosen, {"truth"}).problems().empty());
}

TEST_CASE("image-level labels come from cls_labels if that is set, without any ground truth") {
  TempFolder const root;
  root.write(kTrain, "a\nb\n");
  auto const file = root.write("cls_labels.npy", tags_file({{"b", {20}}, {"a", {1, 15}}}));
  StageDriver stage = opening(root, {{"cls_labels", file.string()}}, {"image_labels"});
  CHECK(stage.problems().empty());
  CHECK(stage.warnings().empty());
  auto const samples = stage.samples();
  CHECK(stage.produce<ImageLabels>("image_labels", samples.at(0)).classes ==
        std::vector<Label>{1, 15});
  CHECK(stage.produce<ImageLabels>("image_labels", samples.at(1)).classes ==
        std::vector<Label>{20});
  auto const output = find_port(stage.declaration().outputs, "image_labels");
  CHECK(stage.instance().files(output.value(), samples.at(0)) ==
        std::vector<std::filesystem::path>{file});
}

TEST_CASE("image-level labels come from the list or the ground truth if asked for") {
  TempFolder const root;
  root.write(kTrain, "a 0 14 \nb 19 \n");
  root.write("SegmentationClass/a.png", as_text(palette_png_of(kTruth)));
  root.write("SegmentationClass/b.png", as_text(palette_png_of(kTruth)));
  auto const file = root.write("cls_labels.npy", tags_file({{"b", {20}}, {"a", {1, 15}}}));
  auto const from = [&](std::string const& choice) {
    return opening(root, {{"image_labels", choice}, {"cls_labels", file.string()}},
                   {"image_labels"});
  };
  StageDriver list = from("list"), truth = from("truth"), by_default = opening(root, {}, {});
  CHECK(list.problems() + truth.problems() + list.warnings() == "");
  CHECK(tags_of(list) == std::vector<Label>{1, 15});
  CHECK(tags_of(truth) == std::vector<Label>{1, 7, 20});
  CHECK(tags_of(by_default) == std::vector<Label>{1, 7, 20});
}

TEST_CASE("a missing source of image-level labels is refused with what to do") {
  TempFolder const root;
  root.write(kTrain, "a\n");
  CHECK_THAT(opening(root, {{"image_labels", std::string("list")}}).problems(),
             Contains("image_labels: the lines of ") && Contains("have no classes"));
  CHECK_THAT(opening(root, {{"image_labels", std::string("cls_labels")}}).problems(),
             Contains("image_labels: ") && Contains("set cls_labels = "));
  auto const file = root.write("cls_labels.npy", tags_file({{"b", {20}}}));
  CHECK_THAT(
      opening(root, {{"cls_labels", file.string()}}).problems(),
      Contains("cls_labels: ") && Contains("has no image-level labels for 1 of 1 samples: a"));
}

TEST_CASE("an image without classes in a list with classes has no image-level labels") {
  TempFolder const root;
  root.write(kTrain, "a\nb 0 14\n");
  StageDriver stage = opening(root, {{"image_labels", std::string("list")}}, {"image_labels"});
  CHECK(stage.problems().empty());
  auto const samples = stage.samples();
  REQUIRE(samples.size() == 2);
  CHECK(stage.produce<ImageLabels>("image_labels", samples[0]).classes.empty());
  CHECK(stage.produce<ImageLabels>("image_labels", samples[1]) == ImageLabels{{1, 15}});
}

TEST_CASE("a warning names a list and a cls_labels that differ, and which of them is used") {
  TempFolder const root;
  root.write(kTrain, "a 0\nb 19\nc 4\n");
  auto const file =
      root.write("cls_labels.npy", tags_file({{"a", {2}}, {"b", {20}}, {"c", {5, 6}}}));
  StageDriver stage = opening(root, {{"cls_labels", file.string()}});
  CHECK(stage.problems().empty());
  CHECK_THAT(stage.warnings(), Contains("cls_labels: ") && Contains("train.txt") &&
                                   Contains("differ for 2 of 3 samples (a, c)") &&
                                   Contains("those of cls_labels are used"));
  StageDriver list =
      opening(root, {{"cls_labels", file.string()}, {"image_labels", std::string("list")}});
  CHECK_THAT(list.warnings(), Contains("those of the list are used"));
}
