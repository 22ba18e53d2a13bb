#include <string>
#include <vector>

#include <seplflow/formats/png.hpp>
#include "dataset/stages.hpp"
#include "support/catch.hpp"
#include "support/jpeg_fixture.hpp"
#include "support/pickle_bytes.hpp"
#include "support/png_fixture.hpp"
#include "support/stage_driver.hpp"
#include "support/temp_folder.hpp"

using namespace seplflow;

namespace {

using Bytes = std::vector<std::uint8_t>;
using Names = std::vector<std::string>;
using Options = std::map<std::string, OptionValue>;

StageDriver opening(Options options, Names wanted = {}) {
  options.try_emplace("classes", Names{"voc12"});
  return StageDriver(dataset::declare_folder, {std::move(options), {}, std::move(wanted)});
}

std::string const kPicture = label_png(LabelMap(Size{2, 3}));

Names class_names(Names const& classes) {
  TempFolder const folder;
  StageDriver stage =
      opening({{"list", folder.write("names.txt", "a\n").string()}, {"classes", classes}});
  CHECK(stage.problems().empty());
  return stage.samples().at(0).classes->names();
}

}  // namespace

TEST_CASE("dataset.folder is a source of samples, images, ground truth and image-level labels") {
  StageDriver const stage(dataset::declare_folder, {{{"classes", std::string("voc12")}}});
  CHECK(stage.declaration().name == "dataset.folder");
  CHECK(stage.declaration().kind == StageKind::source);
  Names outputs;
  for (Port const& port : stage.declaration().outputs) outputs.push_back(port.name);
  CHECK(outputs == Names{"sample", "image", "truth", "image_labels"});
  auto const classes = find_option(stage.declaration(), "classes");
  REQUIRE(classes);
  CHECK(stage.declaration().options[*classes].required);
}

TEST_CASE("classes are VOC's, COCO's, or those in the pipeline") {
  CHECK(class_names({"voc12"}) == voc12_classes()->names());
  CHECK(class_names({"coco14"}) == coco14_classes()->names());
  CHECK(class_names({"background", "cat"}) == Names{"background", "cat"});
}

TEST_CASE("an unknown set of classes is refused with the known ones") {
  TempFolder const folder;
  auto const list = folder.write("names.txt", "a\n").string();
  CHECK_THAT(
      opening({{"list", list}, {"classes", Names{"voc"}}}).problems(),
      Contains("classes: ") && Contains("\"voc\" is not a known set") && Contains("\"voc12\""));
}

TEST_CASE("duplicate class names are refused at the option") {
  TempFolder const folder;
  auto const list = folder.write("names.txt", "a\n").string();
  CHECK_THAT(opening({{"list", list}, {"classes", Names{"background", "cat", "cat"}}}).problems(),
             Contains("classes: ") && Contains("two classes have the name \"cat\""));
}

TEST_CASE("without a list every image is a sample, sorted by name") {
  TempFolder const folder;
  for (std::string const name : {"b.jpg", "a.png", "c.JPEG", "a10.jpg", "a9.PNG"}) {
    folder.write("images/" + name, kPicture);
  }
  folder.write("images/notes.txt", "no picture");
  folder.write("truth/z.png", kPicture);
  StageDriver stage =
      opening({{"images", (folder / "images").string()}, {"truth", (folder / "truth").string()}});
  CHECK(ids_of(stage) == Names{"a", "a10", "a9", "b", "c"});
}

TEST_CASE("without a list and images every ground truth file is a sample") {
  TempFolder const folder;
  folder.write("truth/b.png", kPicture);
  folder.write("truth/a.png", kPicture);
  StageDriver stage = opening({{"truth", (folder / "truth").string()}});
  CHECK(ids_of(stage) == Names{"a", "b"});
}

TEST_CASE("a list chooses the samples and their order, and names may contain subfolders") {
  TempFolder const folder;
  folder.write("truth/a.png", kPicture);
  folder.write("truth/train/0001.png", kPicture);
  StageDriver stage = opening({{"list", folder.write("names.txt", "train/0001\r\n\r\na").string()},
                               {"truth", (folder / "truth").string()}},
                              {"truth"});
  CHECK(stage.problems().empty());
  auto const samples = stage.samples();
  REQUIRE(samples.size() == 2);
  CHECK(samples[0].id == "train/0001");
  CHECK(samples[0].size == Size{2, 3});
  CHECK(stage.produce<LabelMap>("truth", samples[0]) == LabelMap(Size{2, 3}));
  CHECK(samples[1].id == "a");
}

TEST_CASE("images in a list stand for their file names") {
  TempFolder const folder;
  StageDriver stage =
      opening({{"list", folder.write("names.txt", "a.jpg\ntrain/0001.png\n").string()}});
  CHECK(stage.problems().empty());
  auto const samples = stage.samples();
  REQUIRE(samples.size() == 2);
  CHECK(samples[0].id == "a");
  CHECK(samples[1].id == "0001");
}

TEST_CASE("samples of a list alone have no size") {
  TempFolder const folder;
  StageDriver stage = opening({{"list", folder.write("names.txt", "a\nb\n").string()}});
  CHECK(stage.problems().empty());
  CHECK(stage.instance().count() == 2);
  CHECK_FALSE(stage.samples().at(0).size);
}

TEST_CASE("a picture's name may hold spaces") {
  TempFolder const folder;
  folder.write("truth/a b.png", kPicture);
  StageDriver stage = opening({{"truth", (folder / "truth").string()}}, {"truth"});
  auto const samples = stage.samples();
  REQUIRE(samples.size() == 1);
  CHECK(samples[0].id == "a b");
  CHECK(stage.produce<LabelMap>("truth", samples[0]).size() == Size{2, 3});
}

TEST_CASE("a list, images or truth are required") {
  CHECK_THAT(opening({}).problems(),
             Contains("it needs \"list\", \"images\" or \"truth\" to find its samples"));
}

TEST_CASE("two pictures that differ only in their extensions are refused") {
  TempFolder const folder;
  folder.write("images/a.jpg", kPicture);
  folder.write("images/a.png", kPicture);
  CHECK_THAT(opening({{"images", (folder / "images").string()}}).problems(),
             Contains("images: ") && Contains("two pictures named \"a\""));
}

TEST_CASE("a folder without pictures is refused") {
  TempFolder const folder;
  folder.write("images/notes.txt", "");
  CHECK_THAT(opening({{"images", (folder / "images").string()}}).problems(),
             Contains("images: ") && Contains("has no pictures"));
}

TEST_CASE("pictures in other formats are named, and so are folders instead of pictures") {
  TempFolder const folder;
  folder.write("images/b.TIF", "x");
  std::string const images = (folder / "images").string();
  CHECK_THAT(opening({{"images", images}}).problems(),
             Contains("has no pictures") && Contains("such as b.TIF"));
  folder.write("images/a.png", kPicture);
  folder.write("images/c.webp", "x");
  StageDriver stage = opening({{"images", images}});
  CHECK(ids_of(stage) == Names{"a"});
  CHECK_THAT(stage.warnings(),
             Contains("2 pictures in other formats") && Contains("b.TIF, c.webp"));
  folder.write("nested/train/a.png", kPicture);
  CHECK_THAT(opening({{"images", (folder / "nested").string()}}).problems(),
             Contains("has no pictures") && Contains("such as train;"));
}

TEST_CASE("errors in a list are reported at the option") {
  TempFolder const folder;
  auto const list = folder.write("names.txt", "../x\n/abs\na\na\nb c\n").string();
  CHECK_THAT(opening({{"list", list}}).problems(),
             Contains("list: ") && Contains("names.txt:1: \"../x\" cannot name a sample") &&
                 Contains("names.txt:2: \"/abs\" cannot name a sample") &&
                 Contains("names.txt:4: \"a\" is listed twice, first in line 3") &&
                 Contains("names.txt:5: \"b c\" contains spaces"));
}

TEST_CASE("an output without its folder is refused only if it is used") {
  TempFolder const folder;
  auto const list = folder.write("names.txt", "a\n").string();
  CHECK(opening({{"list", list}}).problems().empty());
  CHECK_THAT(opening({{"list", list}}, {"truth"}).problems(),
             Contains("output \"truth\" is used; set the option \"truth\""));
  CHECK_THAT(opening({{"list", list}}, {"image"}).problems(),
             Contains("output \"image\" is used; set the option \"images\""));
  // Image-level labels are useful where they are known.
  StageDriver stage = opening({{"list", list}}, {"image_labels"});
  CHECK(stage.problems().empty());
  CHECK_FALSE(stage.has("image_labels", stage.samples().at(0)));
}

TEST_CASE("a first class that is not background is refused unless it is said to be") {
  TempFolder const folder;
  auto const list = folder.write("names.txt", "a\n").string();
  auto const problems = [&](Names const& classes, std::string const& background = "") {
    Options options = {{"list", list}, {"classes", classes}};
    if (!background.empty()) options["background_name"] = background;
    return opening(options).problems();
  };
  CHECK_THAT(problems({"cat", "dog"}), Contains("classes: the first class is \"cat\"") &&
                                           Contains("background_name = \"cat\""));
  for (char const* const name : {"background", "_background_", "Background", "BG", "unlabeled"}) {
    CHECK(problems({name, "cat"}).empty());
  }
  CHECK(problems({"void", "cat"}, "void").empty());
  CHECK_THAT(problems({"background", "cat"}, "void"), Contains("whose name is \"void\""));
}

TEST_CASE("image-level labels come from the list or from a file, without any ground truth") {
  TempFolder const folder;
  Names const classes = {"background", "cat", "dog"};
  auto const list = folder.write("names.txt", "a 0 1\nb\n").string();
  StageDriver listed = opening({{"list", list}, {"classes", classes}}, {"image_labels"});
  CHECK(listed.problems().empty());
  auto const samples = listed.samples();
  CHECK(listed.produce<ImageLabels>("image_labels", samples.at(0)) == ImageLabels{{1, 2}});
  CHECK(listed.produce<ImageLabels>("image_labels", samples.at(1)) == ImageLabels{});

  auto const csv = folder.write("tags.csv", "image,labels\na.jpg,dog\nb.jpg,cat\n").string();
  StageDriver read =
      opening({{"list", list}, {"classes", classes}, {"cls_labels", csv}}, {"image_labels"});
  CHECK(read.problems().empty());
  CHECK(read.produce<ImageLabels>("image_labels", read.samples().at(0)) == ImageLabels{{2}});
  CHECK_THAT(read.warnings(), Contains("differ for 2 of 2 samples"));

  StageDriver truth =
      opening({{"list", list}, {"classes", classes}, {"image_labels", std::string("truth")}},
              {"image_labels"});
  CHECK_FALSE(truth.has("image_labels", truth.samples().at(0)));
}

TEST_CASE("a list that counts classes from 1 is explained where another file denies it") {
  TempFolder const folder;
  auto const list = folder.write("names.txt", "a 1\nb 1 2\nc 2\n").string();
  auto const json =
      folder.write("tags.json", R"({"a": "cat", "b": ["cat", "dog"], "c": "dog"})").string();
  StageDriver const stage = opening({{"list", list},
                                     {"classes", Names{"background", "cat", "dog", "cow"}},
                                     {"cls_labels", json}});
  CHECK_THAT(stage.warnings(), Contains("differ for 3 of 3 samples") &&
                                   Contains("a constant shift of -1") && Contains("for 3 of them"));
}

TEST_CASE("ground truth may be missing if that is allowed, and other samples have theirs") {
  TempFolder const folder;
  folder.write("truth/a.png", kPicture);
  auto const list = folder.write("names.txt", "a\nb\n").string();
  for (bool const skips : {true, false}) {
    StageDriver stage = opening({{"list", list},
                                 {"truth", (folder / "truth").string()},
                                 {"missing_truth", std::string(skips ? "skip" : "error")}},
                                {"truth"});
    auto const samples = stage.samples();
    auto const output = find_port(stage.declaration().outputs, "truth").value();
    CHECK(stage.instance().needs_files(output) == !skips);
    CHECK(stage.has("truth", samples.at(0)));
    CHECK(stage.warned().empty());
    if (skips) {
      CHECK_FALSE(stage.has("truth", samples.at(1)));
      CHECK_THAT(stage.warned().at(0).what, Contains("there is no ground truth"));
    } else {
      CHECK_THROWS_WITH(stage.has("truth", samples.at(1)), Contains("there is no ground truth") &&
                                                               Contains("b.png") &&
                                                               Contains("missing_truth"));
    }
  }
}

TEST_CASE("label files of arrays are ground truth, and files of file managers are ignored") {
  TempFolder const folder;
  folder.write("truth/a.npy",
               pickle_bytes::npy("{'descr': '|u1', 'fortran_order': False, 'shape': (1, 2), }",
                                 std::string("\0\x02", 2)));
  for (char const* const name : {"._a.png", ".DS_Store", "Thumbs.db"}) {
    folder.write("truth/" + std::string(name), "x");
  }
  StageDriver stage = opening({{"truth", (folder / "truth").string()}}, {"truth"});
  auto const samples = stage.samples();
  REQUIRE(samples.size() == 1);
  CHECK(samples[0].id == "a");
  CHECK(stage.produce<LabelMap>("truth", samples[0]) == LabelMap({1, 2}, {0, 2}));
}

TEST_CASE("colours of the data set belong to its classes") {
  TempFolder const folder;
  auto const list = folder.write("names.txt", "a\n").string();
  StageDriver stage = opening({{"list", list}, {"colours", Names{"#000000", "#ff8000"}}});
  CHECK(stage.samples().at(0).classes->colours() == Colours{{0, {0, 0, 0}}, {1, {255, 128, 0}}});
}

TEST_CASE("an EXIF orientation is a remark with its number, and counts if it is applied") {
  TempFolder const folder;
  // The orientation 6 in an eXIf chunk of a PNG of 2 x 3 pixels.
  Bytes png = make_png({2, 3}, {PNG_COLOR_TYPE_RGB, 8}, Bytes(18));
  std::string const tiff("II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0", 26);
  std::string const chunk = std::string("\0\0\0\x1a", 4) + "eXIf" + tiff + "crc!";
  png.insert(png.begin() + 33, chunk.begin(), chunk.end());
  repair_crc(png, chunk_data(png, "eXIf"));
  folder.write("images/a.png", as_text(png));
  for (bool const applies : {false, true}) {
    StageDriver stage = opening({{"images", (folder / "images").string()},
                                 {"exif", std::string(applies ? "apply" : "ignore")}},
                                {"image"});
    auto const samples = stage.samples();
    CHECK_THAT(samples.at(0).remark, Contains("the EXIF orientation 6"));
    CHECK(samples.at(0).size == (applies ? Size{3, 2} : Size{2, 3}));
    CHECK(stage.produce<Image>("image", samples.at(0)).size() == *samples.at(0).size);
  }
}

TEST_CASE("each kind of damage that libjpeg finds in an image is a warning with the file") {
  TempFolder const folder;
  Bytes jpeg = make_jpeg({64, 64}, JCS_RGB, {200, 30, 40});
  folder.write("images/a.jpg", as_text(jpeg));
  Bytes const extra = {1, 2, 3, 4, 5};
  jpeg.insert(jpeg.end() - 2, extra.begin(), extra.end());
  folder.write("images/b.jpg", as_text(jpeg));
  StageDriver stage = opening({{"images", (folder / "images").string()}}, {"image"});
  auto const samples = stage.samples();
  stage.produce<Image>("image", samples.at(0));
  CHECK(stage.warned().empty());
  CHECK(stage.produce<Image>("image", samples.at(1)).size() == Size{64, 64});
  auto const warned = stage.warned();
  REQUIRE(warned.size() == 1);
  CHECK_THAT(warned[0].what, Contains("an image is damaged") && Contains("Corrupt JPEG data: N "));
  CHECK_THAT(warned[0].detail, Contains("b.jpg: Corrupt JPEG data: ") && Contains("extraneous bytes"));
}

TEST_CASE("ground truth contains only known classes, and image-level labels are those it shows") {
  TempFolder const folder;
  LabelMap const truth({1, 4}, {0, 255, 2, 1});
  folder.write("truth/a.png", label_png(truth));
  folder.write("truth/b.png", label_png(LabelMap({1, 2}, {0, 3})));
  StageDriver stage = opening(
      {{"truth", (folder / "truth").string()}, {"classes", Names{"background", "cat", "dog"}}},
      {"truth", "image_labels"});
  auto const samples = stage.samples();
  REQUIRE(samples.size() == 2);
  CHECK(stage.produce<LabelMap>("truth", samples[0]) == truth);
  CHECK(stage.produce<ImageLabels>("image_labels", samples[0]).classes == std::vector<Label>{1, 2});
  CHECK_THROWS_WITH(stage.produce<LabelMap>("truth", samples[1]),
                    Contains("b.png holds class 3") && Contains("0..2 (background to dog)"));
}

TEST_CASE("images are read with any extension") {
  TempFolder const folder;
  Bytes const pixels{1, 2, 3, 40, 50, 60};
  folder.write("images/a.PNG", as_text(make_png({1, 2}, {PNG_COLOR_TYPE_RGB, 8}, pixels)));
  StageDriver stage = opening({{"images", (folder / "images").string()}}, {"image"});
  auto const samples = stage.samples();
  REQUIRE(samples.size() == 1);
  auto const image = stage.produce<Image>("image", samples[0]);
  CHECK(Bytes(image.rgb().begin(), image.rgb().end()) == pixels);
}

TEST_CASE("a file that is not a picture fails only the sample that needs it") {
  TempFolder const folder;
  folder.write("truth/a.png", "");
  folder.write("truth/b.png", kPicture);
  StageDriver stage = opening({{"truth", (folder / "truth").string()}}, {"truth"});
  CHECK(stage.problems().empty());
  auto const samples = stage.samples();
  REQUIRE(samples.size() == 2);
  CHECK_THROWS_WITH(stage.produce<LabelMap>("truth", samples[0]),
                    Contains("a.png is empty (0 bytes)"));
  CHECK_NOTHROW(stage.produce<LabelMap>("truth", samples[1]));
}
