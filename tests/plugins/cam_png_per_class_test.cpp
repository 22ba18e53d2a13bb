#include <cstdint>
#include <string>
#include <vector>

#include <seplflow/score_maps.hpp>
#include "cam/class_files.hpp"
#include "cam/stages.hpp"
#include "support/catch.hpp"
#include "support/png_fixture.hpp"
#include "support/stage_driver.hpp"
#include "support/temp_folder.hpp"

using namespace seplflow;

namespace {

using Bytes = std::vector<std::uint8_t>;
using Options = std::map<std::string, OptionValue>;

std::string gray(Size size, Bytes values) {
  return as_text(make_png(size, {}, std::move(values)));
}

StageDriver png_stage(TempFolder const& folder, Options options = {}) {
  options["dir"] = folder.path().string();
  return StageDriver(cam::declare_png_per_class, {std::move(options), {}, {}});
}

ScoreMaps read_pngs(TempFolder const& folder, Sample const& sample, Options options = {}) {
  StageDriver stage = png_stage(folder, std::move(options));
  REQUIRE(stage.problems() == "");
  return stage.run<ScoreMaps>(sample);
}

Options const kRca = {{"method", std::string("rca")}};
Options const kEmpty = {{"on_missing", std::string("empty")}};

}  // namespace

TEST_CASE("cam.png_per_class takes a sample and outputs scores from an existing folder") {
  TempFolder const folder;
  StageDriver const stage = png_stage(folder);
  CHECK(stage.declaration().inputs.at(0).name == "sample");
  CHECK(stage.declaration().outputs.at(0).name == "scores");
  auto const& dir = stage.declaration().options.at(find_option(stage.declaration(), "dir").value());
  CHECK(dir.required);
  CHECK(dir.path_kind == PathKind::folder);
}

TEST_CASE(
    "a sample has the classes that it has PNGs for, counted from 0, with scores of value / 255") {
  TempFolder const folder;
  folder.write("2007_000032_14.png", gray({1, 3}, {0, 51, 255}));
  folder.write("2007_000032_0.png", gray({1, 3}, {1, 2, 3}));
  folder.write("2007_000032_9.png", gray({1, 3}, {9, 9, 9}));
  folder.write("2007_000033_3.png", gray({1, 3}, {9, 9, 9}));
  ScoreMaps const scores = read_pngs(folder, voc_sample("2007_000032", Size{1, 3}));
  CHECK(classes_of(scores) == std::vector<Label>{1, 10, 15});
  CHECK(scores.precision() == Precision::single);
  CHECK_FALSE(scores.has_background());
  for (int x = 0; x < 3; ++x) {
    CHECK(scores.plane(0)[x] == static_cast<float>((x + 1) / 255.0));
  }
  CHECK(scores.plane(2)[1] == static_cast<float>(51 / 255.0));
  CHECK(scores.plane(2)[2] == 1.0F);
}

TEST_CASE("RCA's maps are scaled by their least and greatest value, in double precision") {
  TempFolder const folder;
  folder.write("2007_000032_3.png", gray({1, 3}, {10, 60, 110}));
  folder.write("2007_000032_4.png", gray({1, 3}, {7, 7, 7}));
  ScoreMaps const scores = read_pngs(folder, voc_sample("2007_000032"), kRca);
  REQUIRE(scores.precision() == Precision::full);
  scores.visit_plane(0, [](auto plane) {
    CHECK(plane[0] == 0);
    CHECK(plane[1] == 50 / (100 + 1e-8));
    CHECK(plane[2] == 100 / (100 + 1e-8));
  });
  scores.visit_plane(1, [](auto plane) { CHECK(plane[2] == 0); });
}

TEST_CASE("RCA's smaller maps are found by the image's position in the list and enlarged") {
  TempFolder const folder;
  folder.write("0_14.png", gray({1, 2}, {1, 2}));
  folder.write("7_2.png", gray({1, 2}, {0, 80}));
  Sample sample = voc_sample("2007_000032", Size{1, 8});
  sample.index = 7;
  ScoreMaps const scores = read_pngs(folder, sample, kRca);
  CHECK(classes_of(scores) == std::vector<Label>{3});
  CHECK(scores.size() == Size{1, 8});
  scores.visit_plane(0, [](auto plane) {
    Bytes const resized = {0, 0, 10, 30, 50, 70, 80, 80};
    for (std::size_t x = 0; x < 8; ++x) CHECK(plane[x] == resized[x] / (80 + 1e-8));
  });
  sample.size.reset();
  CHECK_THROWS_WITH(read_pngs(folder, sample, kRca), Contains("7_2.png may have any size"));
}

TEST_CASE("the detected naming is recorded and may be set") {
  TempFolder const folder;
  folder.write("7_2.png", gray({1, 1}, {255}));
  folder.write("._7_2.png", "added by macOS");  // is not a file of the sample "._7"
  auto const names = [&](Options const& options) {
    StageDriver stage = png_stage(folder, options);
    return stage.instance().option(find_option(stage.declaration(), "names").value());
  };
  CHECK(names(kRca) == OptionValue(std::string("position")));
  CHECK(names({}) == OptionValue(std::string("id")));
  CHECK(names({{"method", std::string("rca")}, {"names", std::string("id")}}) ==
        OptionValue(std::string("id")));

  Sample sample = voc_sample("2007_000032", Size{1, 1});
  sample.index = 7;
  CHECK(classes_of(read_pngs(folder, sample, {{"names", std::string("position")}})) ==
        std::vector<Label>{3});
  CHECK_THROWS_WITH(read_pngs(folder, sample), Contains("names = \"position\""));
}

TEST_CASE("PNGs are found under any name of a COCO sample, and in the subfolder of an id") {
  TempFolder const folder;
  folder.write("139_61.png", gray({1, 1}, {255}));
  folder.write("train/a_5.png", gray({1, 1}, {255}));
  Sample sample = voc_sample("COCO_val2014_000000000139");
  sample.classes = coco14_classes();
  CHECK(classes_of(read_pngs(folder, sample)) == std::vector<Label>{62});
  CHECK(classes_of(read_pngs(folder, voc_sample("train/a"))) == std::vector<Label>{6});
}

TEST_CASE("a sample without PNGs is an error, or has no class") {
  TempFolder const folder;
  folder.write("b_1.png", gray({1, 1}, {255}));
  CHECK_THROWS_WITH(read_pngs(folder, voc_sample("a", Size{2, 3})),
                    Contains("there is no file a_CLASS.png in " + folder.path().string()) &&
                        Contains("on_missing = \"empty\""));
  ScoreMaps const scores = read_pngs(folder, voc_sample("a", Size{2, 3}), kEmpty);
  CHECK(scores.classes().empty());
  CHECK(scores.size() == Size{2, 3});
  CHECK_THROWS_WITH(read_pngs(folder, voc_sample("a"), kEmpty),
                    Contains("size of the sample is unknown"));
}

TEST_CASE("unknown classes and maps of another size are refused") {
  TempFolder const folder;
  folder.write("a_20.png", gray({1, 1}, {255}));
  CHECK_THROWS_WITH(read_pngs(folder, voc_sample("a")),
                    Contains("a_20.png belongs to class 21 (20 in the file name") &&
                        Contains("0..20 (background to tvmonitor)"));
  folder.write("b_1.png", gray({2, 3}, Bytes(6)));
  CHECK_THROWS_WITH(read_pngs(folder, voc_sample("b", Size{3, 2})),
                    Contains("b_1.png is 2x3 but the sample's image is 3x2 (height x width)") &&
                        Contains("one is the other transposed"));
  CHECK_THROWS_WITH(read_pngs(folder, voc_sample("b", Size{3, 4})),
                    Contains("do both belong to the same data set?"));
  folder.write("b_2.png", gray({3, 3}, Bytes(9)));
  CHECK_THROWS_WITH(
      read_pngs(folder, voc_sample("b")),
      Contains("b_2.png is 3x3 but the map of another class is 2x3 (height x width)"));
}

TEST_CASE("a PNG that cannot hold scores is refused with its format") {
  TempFolder const folder;
  auto const refusal = [&](Bytes const& file) {
    folder.write("a_1.png", as_text(file));
    try {
      read_pngs(folder, voc_sample("a"));
    } catch (Error const& error) {
      return std::string(error.what());
    }
    return std::string("accepted");
  };
  Bytes cut = make_png({2, 2}, {}, Bytes(4));
  cut.resize(cut.size() / 2);
  CHECK_THAT(refusal(cut), Contains("a_1.png is truncated"));
  CHECK_THAT(refusal({}), Contains("a_1.png is empty (0 bytes)"));
  CHECK_THAT(refusal(make_png({1, 2}, {PNG_COLOR_TYPE_RGB, 8}, Bytes(6))),
             Contains("a_1.png is an 8-bit RGB PNG; scores are 8-bit gray PNGs"));
  CHECK_THAT(refusal(make_png({1, 2}, {PNG_COLOR_TYPE_PALETTE, 8}, Bytes(2))),
             Contains("8-bit palette PNG"));
  CHECK_THAT(refusal(make_png({1, 2}, {PNG_COLOR_TYPE_GRAY, 16}, Bytes(4))),
             Contains("16-bit gray PNG"));
  CHECK_THAT(refusal(claiming_png()), Contains("a_1.png has the size 100000x100000"));
}

TEST_CASE("a folder without such files is refused by the check, with a file that is there") {
  TempFolder const folder;
  CHECK_THAT(png_stage(folder).problems(), Contains("dir: there is no file NAME_CLASS.png in"));
  folder.write("2007_000032.npy", "");
  CHECK_THAT(png_stage(folder).problems(), Contains(", but there is 2007_000032.npy;"));
}

TEST_CASE("a folder with all files in subfolders is refused by the check, with the subfolders") {
  TempFolder const folder;
  std::string const map = gray({1, 1}, {255});
  auto const in = [&](char const* name) { return (folder / name).string(); };
  folder.write("orig/a_3.png", map);
  folder.write("orig/a_4.png", map);
  std::string const none = "dir: there is no file NAME_CLASS.png in " + folder.path().string();
  for (Options const& options : {Options(), kRca, Options{{"names", std::string("position")}}}) {
    CHECK_THAT(png_stage(folder, options).problems(),
               Contains(none + " itself, but " + in("orig/a_")) &&
                   Contains(".png; set dir to that folder, or set names = \"id\""));
  }
  folder.write("feat/0_3.png", map);
  CHECK_THAT(png_stage(folder, kRca).problems(),
             Contains(in("feat/0_3.png") + " and " + in("orig/a_")) &&
                 Contains("; set dir to one of these folders"));
  // The ids of samples may lead into folders.
  CHECK(classes_of(read_pngs(folder, voc_sample("orig/a"), {{"names", std::string("id")}})) ==
        std::vector<Label>{4, 5});
}

TEST_CASE("links to folders are followed, and cycles are harmless") {
  namespace fs = std::filesystem;
  TempFolder const folder, elsewhere;
  std::string const map = gray({1, 1}, {255});
  folder.write("a_1.png", map);
  elsewhere.write("b_2.png", map);
  fs::create_directory_symlink(elsewhere.path(), folder / "train");
  fs::create_directory_symlink(".", folder / "l0");
  fs::create_directory_symlink(".", folder / "l1");
  fs::create_directory_symlink("nowhere", folder / "gone");
  fs::create_symlink("itself", folder / "itself");
  fs::create_directory_symlink(folder.path(), elsewhere / "back");
  CHECK(classes_of(read_pngs(folder, voc_sample("a"))) == std::vector<Label>{2});
  CHECK(classes_of(read_pngs(folder, voc_sample("train/b"))) == std::vector<Label>{3});
  StageDriver stage = png_stage(folder);
  CHECK_THROWS_WITH(stage.run<ScoreMaps>(voc_sample("l0/a", Size{1, 1})),
                    Contains("there is no file l0/a_CLASS.png"));
}

TEST_CASE("a method that writes other files is refused by the check") {
  TempFolder const folder;
  folder.write("a_1.png", gray({1, 1}, {255}));
  CHECK_THAT(png_stage(folder, {{"method", std::string("irn")}}).problems(),
             Contains("method: \"irn\" does not write one PNG per class") && Contains("cam.npy"));
  CHECK(png_stage(folder, {{"method", std::string("l2g")}}).problems() == "");
}

TEST_CASE("the files of a sample are those that are read") {
  TempFolder const folder;
  folder.write("a_11.png", "");
  folder.write("a_3.png", "");
  StageDriver stage = png_stage(folder);
  CHECK(stage.instance().files(0, voc_sample("a")) ==
        std::vector<std::filesystem::path>{folder / "a_3.png", folder / "a_11.png"});
  CHECK(stage.instance().files(0, voc_sample("b")) ==
        std::vector<std::filesystem::path>{folder / "b_0.png"});
}

TEST_CASE("file names end in a class number without leading zeros") {
  using cam::class_file_name;
  CHECK(class_file_name("2007_000032_14")->sample == "2007_000032");
  CHECK(class_file_name("2007_000032_14")->number == 14);
  CHECK(class_file_name("a_0")->number == 0);
  for (char const* const other :
       {"2007_000032", "a", "a_", "_3", "a_03", "a_1000", "a_x", "a_1x"}) {
    CHECK_FALSE(class_file_name(other));
  }
}

TEST_CASE("classes that the image-level labels exclude are dropped if asked for") {
  TempFolder const folder;
  folder.write("a_1.png", gray({1, 1}, {255}));
  folder.write("a_14.png", gray({1, 1}, {51}));
  Sample const sample = voc_sample("a");
  StageDriver stage(cam::declare_png_per_class,
                    {{{"dir", folder.path().string()}, {"restrict_to_image_labels", true}},
                     {"sample", "image_labels"},
                     {}});
  REQUIRE(stage.problems() == "");
  ScoreMaps const scores = stage.run<ScoreMaps>(sample, sample, ImageLabels{{15}});
  CHECK(classes_of(scores) == std::vector<Label>{15});
  CHECK(scores.plane(0)[0] == static_cast<float>(51 / 255.0));
}
