#include "common/sample_file.hpp"

#include <string>
#include <vector>

#include <seplflow/formats/png.hpp>
#include "cam/stages.hpp"
#include "dataset/stages.hpp"
#include "masks/stages.hpp"
#include "support/catch.hpp"
#include "support/png_fixture.hpp"
#include "support/stage_driver.hpp"
#include "support/temp_folder.hpp"

using namespace seplflow;
namespace fs = std::filesystem;

namespace {

using Names = std::vector<std::string>;

constexpr char const* kId = "COCO_val2014_000000000139";

std::string picture(Label label) {
  return as_text(encode_label_png(LabelMap(Size{1, 1}, {label}), LabelColours::gray));
}

// The value of the only pixel of the pseudo-label that cam.labels finds for the sample.
int found_by(std::string const& id, TempFolder const& folder) {
  StageDriver stage(cam::declare_labels, {{{"dir", folder.path().string()}}, {}, {}});
  return stage.run<LabelMap>(voc_sample(id)).at(0, 0);
}

Names files_of(StageDriver& stage, std::string const& id, TempFolder const& folder,
               std::size_t output = 0) {
  Names names;
  for (fs::path const& file : stage.instance().files(output, voc_sample(id))) {
    names.push_back(file.lexically_relative(folder.path()).string());
  }
  return names;
}

}  // namespace

TEST_CASE("a sample of COCO has all names of COCO's files, its id first") {
  Names const others = {"000000000139", "139", "COCO_train2014_000000000139"};
  Names expected = {kId};
  expected.insert(expected.end(), others.begin(), others.end());
  CHECK(sample_names(kId) == expected);
  CHECK(sample_names("000000000139") ==
        Names{"000000000139", "139", "COCO_train2014_000000000139", "COCO_val2014_000000000139"});
  CHECK(sample_names("139") ==
        Names{"139", "000000000139", "COCO_train2014_000000000139", "COCO_val2014_000000000139"});
  CHECK(sample_names("COCO_test2015_000000581929").size() == 5);
  CHECK(sample_names("train/139").at(1) == "train/000000000139");
  CHECK(sample_names("000000000000") ==
        Names{"000000000000", "0", "COCO_train2014_000000000000", "COCO_val2014_000000000000"});
}

TEST_CASE("an id in another form than COCO's stands only for itself") {
  for (std::string const id :
       {"2007_000032", "0001", "00", "scene_000139", "COCO_val2014_139", "COCO_000000000139",
        "COCO__000000000139", "COCO_val2014_000000000139x", "0000000000139", "1390000000000",
        "COCO_val2014_", "-139", "139.0", "a", "COCO_val2014_000000000139/a"}) {
    CHECK(sample_names(id) == Names{id});
  }
}

TEST_CASE("pseudo-labels are found by the id, then by the number of the image") {
  TempFolder const folder;
  folder.write("COCO_train2014_000000000139.png", picture(5));
  CHECK(found_by(kId, folder) == 5);
  folder.write("139.png", picture(4));
  CHECK(found_by(kId, folder) == 4);
  CHECK(found_by("000000000139", folder) == 4);
  folder.write("000000000139.png", picture(3));
  CHECK(found_by(kId, folder) == 3);
  CHECK(found_by("139", folder) == 4);
  folder.write(std::string(kId) + ".png", picture(2));
  CHECK(found_by(kId, folder) == 2);
}

TEST_CASE("a name of VOC is never matched by its number") {
  TempFolder const folder;
  folder.write("32.png", picture(1));
  folder.write("000000000032.png", picture(1));
  folder.write("0032.png", picture(1));
  CHECK_THROWS_WITH(found_by("2007_000032", folder), Contains("2007_000032.png (set on_missing"));
}

TEST_CASE("the error for a missing file of COCO lists all its names") {
  TempFolder const folder;
  folder.write("140.png", picture(1));
  CHECK_THROWS_WITH(found_by(kId, folder),
                    Contains("there is no pseudo-label") &&
                        Contains("COCO_val2014_000000000139.png, nor one named 000000000139, 139, "
                                 "COCO_train2014_000000000139 (set on_missing = \"empty\""));
}

TEST_CASE("a file that exists but cannot be read is not skipped") {
  TempFolder const folder;
  folder.write("139.png", picture(1));
  fs::create_symlink("nowhere", folder / (std::string(kId) + ".png"));
  CHECK_THROWS_WITH(found_by(kId, folder), Contains("cannot read"));
}

TEST_CASE("masks are found by the number of the image") {
  TempFolder const folder;
  folder.write("139.json", R"([{"segmentation": {"size": [1, 2], "counts": [1, 1]}}])");
  fs::create_directories(folder / "000000000139");
  folder.write("000000000139/0.png", picture(255));
  StageDriver json(masks::declare_json, {{{"dir", folder.path().string()}}, {}, {}});
  CHECK(json.run<MaskSet>(voc_sample(kId)).size() == Size{1, 2});
  StageDriver png(masks::declare_png, {{{"dir", folder.path().string()}}, {}, {}});
  CHECK(png.run<MaskSet>(voc_sample(kId)).size() == Size{1, 1});
  CHECK(files_of(png, kId, folder) ==
        Names{kId, "000000000139", "000000000139/metadata.csv", "000000000139/0.png"});
}

TEST_CASE("image and ground truth of a listed sample are found by the number of the image") {
  TempFolder const folder;
  folder.write("images/COCO_train2014_000000000139.png", picture(1));
  folder.write("truth/139.png", picture(2));
  StageDriver stage(dataset::declare_folder,
                    {{{"list", folder.write("list.txt", "000000000139\n").string()},
                      {"images", (folder / "images").string()},
                      {"truth", (folder / "truth").string()},
                      {"classes", Names{"coco14"}}},
                     {},
                     {"image", "truth"}});
  CHECK(stage.problems().empty());
  auto const samples = stage.samples();
  REQUIRE(samples.size() == 1);
  CHECK(samples[0].size == Size{1, 1});
  CHECK(stage.produce<Image>("image", samples[0]).size() == Size{1, 1});
  CHECK(stage.produce<LabelMap>("truth", samples[0]).at(0, 0) == 2);
}

TEST_CASE("the files of a sample are all candidates, so that a resumed run notices changes") {
  TempFolder const folder;
  StageDriver stage(cam::declare_labels, {{{"dir", folder.path().string()}}, {}, {}});
  Names const all = {"COCO_val2014_000000000139.png", "000000000139.png", "139.png",
                     "COCO_train2014_000000000139.png"};
  // Then the same names with .PNG, and with .npy.
  Names const candidates = files_of(stage, kId, folder);
  REQUIRE(candidates.size() == 12);
  CHECK(Names(candidates.begin(), candidates.begin() + 4) == all);
  CHECK(candidates[4] == "COCO_val2014_000000000139.PNG");
  CHECK(candidates[11] == "COCO_train2014_000000000139.npy");
  folder.write("139.png", picture(1));
  CHECK(files_of(stage, kId, folder) == Names{all[0], all[1], all[2]});
  folder.write("COCO_val2014_000000000139.png", picture(1));
  CHECK(files_of(stage, kId, folder) == Names{all[0]});
  CHECK(files_of(stage, "2007_000032", folder) ==
        Names{"2007_000032.png", "2007_000032.PNG", "2007_000032.npy"});
}
