#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "dataset/stages.hpp"
#include "formats/png.hpp"
#include "support/png_fixture.hpp"
#include "support/stage_driver.hpp"
#include "support/temp_folder.hpp"

using Catch::Matchers::Contains;
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

Names ids_of(StageDriver& stage) {
  Names ids;
  for (Sample const& sample : stage.samples()) ids.push_back(sample.id);
  return ids;
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

Bytes png_of(LabelMap const& labels) {
  return encode_label_png(labels, LabelColours::voc_palette);
}

}  // namespace

TEST_CASE("dataset.voc is a source of samples, images, truth and image-level labels") {
  StageDriver const stage(dataset::declare_voc);
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

TEST_CASE("a split without a list file is refused at the split, with the file") {
  TempFolder const root;
  CHECK_THAT(opening(root, {{"split", std::string("trian")}}).problems(),
             Contains("split: ") && Contains("trian.txt: No such file"));
}

TEST_CASE("lists may have CRLF, blank lines, blanks around names and no last newline") {
  CHECK(ids_in("a\r\nb\r\n") == Names{"a", "b"});
  CHECK(ids_in("\n\na\n \t\n\r\nb") == Names{"a", "b"});
  CHECK(ids_in("  a \nb\t\n") == Names{"a", "b"});
  CHECK(ids_in("train/0001\n") == Names{"train/0001"});
}

TEST_CASE("a name that is listed twice is refused with both lines") {
  CHECK_THAT(
      problems_of("a\nb\n\na\n"),
      Contains("split: ") && Contains("train.txt:4: \"a\" is listed twice, first in line 1"));
}

TEST_CASE("names that lead out of their folder are refused with their line") {
  CHECK_THAT(problems_of("a\n../x\n"),
             Contains("train.txt:2: \"../x\" cannot name a sample: it leaves its folder"));
  CHECK_THAT(problems_of("/etc/x\n"),
             Contains("train.txt:1: \"/etc/x\" cannot name a sample: it is an absolute path"));
  CHECK_THAT(problems_of("a//b\n"), Contains("train.txt:1: ") && Contains("empty part"));
}

TEST_CASE("a name with spaces is refused, since a line holds one name") {
  CHECK_THAT(problems_of("a\nb 0 14\n"), Contains("train.txt:2: \"b 0 14\" holds spaces"));
  CHECK_THAT(problems_of("b c\n"), Contains("train.txt:1: \"b c\" holds spaces"));
}

TEST_CASE("all mistakes in a list are reported in one go, up to ten") {
  CHECK_THAT(problems_of("../x\na\na\nb c\n"),
             Contains("train.txt:1: ") && Contains("train.txt:3: ") && Contains("train.txt:4: "));
  std::string many;
  for (int i = 0; i < 13; ++i) many += "../x\n";
  CHECK_THAT(problems_of(many), Contains("train.txt:10: ") && !Contains("train.txt:11: ") &&
                                    Contains("... and 3 more lines"));
}

TEST_CASE("a list without names is refused") {
  CHECK_THAT(problems_of(""), Contains("train.txt names no sample"));
  CHECK_THAT(problems_of("\n \r\n"), Contains("train.txt names no sample"));
}

TEST_CASE("the size of a sample is that of its image, else of its truth, without decoding") {
  TempFolder const root;
  root.write(kTrain, "both\ntruth\nneither\nbroken\n");
  // Only the header is sound.
  Bytes const image = make_png({4, 5}, {PNG_COLOR_TYPE_RGB, 8}, Bytes(60));
  root.write("JPEGImages/both.png", as_text(image).substr(0, 40));
  root.write("SegmentationClass/both.png", as_text(png_of(kTruth)));
  root.write("SegmentationClass/truth.png", as_text(png_of(kTruth)));
  root.write("SegmentationClass/broken.png", "no picture");
  auto stage = opening(root);
  auto const samples = stage.samples();
  REQUIRE(samples.size() == 4);
  CHECK(samples[0].size == Size{4, 5});
  CHECK(samples[1].size == Size{2, 3});
  CHECK_FALSE(samples[2].size);
  CHECK_FALSE(samples[3].size);
}

TEST_CASE("truth is the raw ids of a palette or gray PNG, 255 included") {
  CHECK(truth_of(png_of(kTruth)) == kTruth);
  CHECK(truth_of(encode_label_png(kTruth, LabelColours::gray)) == kTruth);
}

TEST_CASE("image-level labels are the classes that the truth shows") {
  TempFolder const root;
  root.write(kTrain, "a\n");
  root.write("SegmentationClass/a.png", as_text(png_of(kTruth)));
  StageDriver stage = opening(root, {}, {"image_labels"});
  CHECK(stage.problems().empty());
  CHECK(stage.produce<ImageLabels>("image_labels", stage.samples().at(0)).classes ==
        std::vector<Label>{1, 7, 20});
}

TEST_CASE("images are the pixels of their file") {
  TempFolder const root;
  root.write(kTrain, "a\n");
  Bytes const pixels{1, 2, 3, 40, 50, 60};
  root.write("JPEGImages/a.png", as_text(make_png({1, 2}, {PNG_COLOR_TYPE_RGB, 8}, pixels)));
  StageDriver stage = opening(root, {}, {"image"});
  auto const image = stage.produce<Image>("image", stage.samples().at(0));
  CHECK(image.size() == Size{1, 2});
  CHECK(Bytes(image.rgb().begin(), image.rgb().end()) == pixels);
}

TEST_CASE("truth may be in another folder of root, or anywhere") {
  TempFolder const root, elsewhere;
  root.write(kTrain, "a\n");
  root.write("SegmentationClassAug/a.png", as_text(png_of(kTruth)));
  elsewhere.write("a.png", as_text(png_of(LabelMap(Size{1, 1}))));
  auto const truth_in = [&](std::string const& folder) {
    StageDriver stage = opening(root, {{"truth", folder}}, {"truth"});
    CHECK(stage.problems().empty());
    return stage.produce<LabelMap>("truth", stage.samples().at(0));
  };
  CHECK(truth_in("SegmentationClassAug") == kTruth);
  CHECK(truth_in(elsewhere.path().string()) == LabelMap(Size{1, 1}));
}

TEST_CASE("a folder is needed only where something is read from it") {
  TempFolder const root;
  root.write(kTrain, "a\n");
  CHECK(opening(root).problems().empty());
  CHECK_THAT(opening(root, {}, {"truth"}).problems(), Contains("truth: ") &&
                                                          Contains("there is no folder") &&
                                                          Contains("SegmentationClass"));
  CHECK_THAT(opening(root, {}, {"image"}).problems(),
             Contains("images: ") && Contains("JPEGImages"));
  CHECK_THAT(opening(root, {}, {"image_labels"}).problems(), Contains("SegmentationClass"));
}

TEST_CASE("a truth or image that is missing is named") {
  TempFolder const root;
  root.write(kTrain, "a\n");
  root.write("SegmentationClass/b.png", as_text(png_of(kTruth)));
  root.write("JPEGImages/b.jpg", "");
  StageDriver stage = opening(root, {}, {"truth", "image"});
  Sample const sample = stage.samples().at(0);
  CHECK_THROWS_WITH(stage.produce<LabelMap>("truth", sample),
                    Contains((root / "SegmentationClass/a.png").string()));
  CHECK_THROWS_WITH(stage.produce<Image>("image", sample),
                    Contains("there is no image " + (root / "JPEGImages/a").string()));
}

TEST_CASE("a truth that is none is refused with file and reason") {
  Bytes cut = png_of(kTruth);
  cut.resize(cut.size() - 15);
  CHECK_THROWS_WITH(truth_of(cut), Contains("a.png is truncated"));
  CHECK_THROWS_WITH(truth_of({}), Contains("a.png is empty (0 bytes)"));
  CHECK_THROWS_WITH(truth_of(make_png({1, 2}, {PNG_COLOR_TYPE_GRAY, 16}, Bytes(4))),
                    Contains("a.png is a 16-bit gray PNG"));
  CHECK_THROWS_WITH(truth_of(make_png({1, 2}, {PNG_COLOR_TYPE_RGB, 8}, Bytes(6))),
                    Contains("a.png is an 8-bit RGB PNG"));
  CHECK_THROWS_WITH(truth_of(png_of(LabelMap({1, 3}, {0, 0, 21}))),
                    Contains("a.png holds class 21 (first at row 0, column 2)"));
}

TEST_CASE("a truth that claims 100000x100000 pixels is refused by its header") {
  Bytes const file = claiming_png();
  CHECK_THROWS_WITH(truth_of(file), Contains("a.png has the size 100000x100000"));
}
