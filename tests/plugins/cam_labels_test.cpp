#include <string>
#include <vector>

#include <seplflow/formats/png.hpp>
#include "cam/stages.hpp"
#include "support/catch.hpp"
#include "support/pickle_bytes.hpp"
#include "support/png_fixture.hpp"
#include "support/stage_driver.hpp"
#include "support/temp_folder.hpp"

using namespace seplflow;

namespace {

using Bytes = std::vector<std::uint8_t>;

StageDriver reading(TempFolder const& folder, std::string const& on_missing = "error") {
  return StageDriver(cam::declare_labels,
                     {{{"dir", folder.path().string()}, {"on_missing", on_missing}}, {}, {}});
}

LabelMap read(TempFolder const& folder, Sample const& sample) {
  return reading(folder).run<LabelMap>(sample);
}

std::string png_of(LabelMap const& labels, LabelColours colours = LabelColours::gray) {
  return as_text(encode_label_png(labels, colours));
}

LabelMap const kLabels({2, 3}, {0, 1, 20, 255, 0, 15});

}  // namespace

TEST_CASE("cam.labels takes a sample and outputs labels from an existing folder") {
  StageDriver const stage(cam::declare_labels, {{{"dir", std::string("/")}}});
  CHECK(stage.declaration().name == "cam.labels");
  CHECK(stage.declaration().inputs.at(0).name == "sample");
  CHECK(stage.declaration().outputs.at(0).name == "labels");
  CHECK(stage.default_of("on_missing") == OptionValue(std::string("error")));
  auto const dir_index = find_option(stage.declaration(), "dir");
  REQUIRE(dir_index);
  auto const& dir = stage.declaration().options[*dir_index];
  CHECK(dir.required);
  CHECK(dir.path_kind == PathKind::folder);
}

TEST_CASE("pseudo-labels are the raw values of gray and palette PNGs") {
  auto const colours = GENERATE(LabelColours::gray, LabelColours::voc_palette);
  TempFolder const folder;
  folder.write("a.png", png_of(kLabels, colours));
  CHECK(read(folder, voc_sample("a")) == kLabels);
  CHECK(read(folder, voc_sample("a", Size{2, 3})) == kLabels);
}

TEST_CASE("the pseudo-label of a sample in a subfolder is in that subfolder") {
  TempFolder const folder;
  folder.write("train/0001.png", png_of(kLabels));
  CHECK(read(folder, voc_sample("train/0001")) == kLabels);
}

TEST_CASE("names may contain spaces") {
  TempFolder const folder;
  folder.write("a b.png", png_of(kLabels));
  CHECK(read(folder, voc_sample("a b")) == kLabels);
}

TEST_CASE("a missing pseudo-label is an error that names the file and the way out") {
  TempFolder const folder;
  CHECK_THROWS_WITH(read(folder, voc_sample("a")),
                    Contains("there is no pseudo-label " + (folder / "a.png").string()) &&
                        Contains("on_missing = \"empty\""));
}

TEST_CASE("a missing pseudo-label is all background if asked for") {
  TempFolder const folder;
  StageDriver stage = reading(folder, "empty");
  CHECK(stage.run<LabelMap>(voc_sample("a", Size{2, 3})) == LabelMap(Size{2, 3}));
  auto const warned = stage.warned();
  REQUIRE(warned.size() == 1);
  CHECK(warned[0].what ==
        "there is no pseudo-label, so the sample is all background (on_missing = \"empty\")");
}

TEST_CASE("a missing pseudo-label of unknown size is always an error") {
  TempFolder const folder;
  CHECK_THROWS_WITH(
      reading(folder, "empty").run<LabelMap>(voc_sample("a")),
      Contains("there is no pseudo-label") && Contains("size of the sample is unknown"));
}

TEST_CASE("on_missing = empty does not excuse a damaged file") {
  TempFolder const folder;
  folder.write("a.png", "");
  CHECK_THROWS_WITH(reading(folder, "empty").run<LabelMap>(voc_sample("a", Size{2, 3})),
                    Contains("a.png is empty (0 bytes)"));
}

TEST_CASE("an unknown class is refused with file and position") {
  TempFolder const folder;
  folder.write("a.png", png_of(LabelMap({2, 3}, {0, 0, 0, 0, 21, 0})));
  CHECK_THROWS_WITH(read(folder, voc_sample("a")),
                    Contains("a.png holds class 21 (first at row 1, column 1)") &&
                        Contains("0..20 (background to tvmonitor)"));
}

TEST_CASE("a pseudo-label of another size than its image is refused with both sizes") {
  TempFolder const folder;
  folder.write("a.png", png_of(kLabels));
  CHECK_THROWS_WITH(read(folder, voc_sample("a", Size{3, 2})),
                    Contains("a.png is 2x3 but the sample's image is 3x2"));
}

TEST_CASE("a file that is not a pseudo-label is refused with its format") {
  TempFolder const folder;
  auto const refusal = [&](Bytes const& file) {
    folder.write("a.png", as_text(file));
    try {
      read(folder, voc_sample("a"));
    } catch (Error const& error) {
      return std::string(error.what());
    }
    return std::string("accepted");
  };
  Bytes cut = encode_label_png(kLabels, LabelColours::gray);
  cut.resize(cut.size() / 2);
  CHECK_THAT(refusal(cut), Contains("a.png is truncated"));
  CHECK_THAT(refusal({}), Contains("a.png is empty (0 bytes)"));
  CHECK_THAT(refusal({'G', 'I', 'F', '8', '9', 'a'}), Contains("a.png is a GIF image, not a label map: "));
  CHECK_THAT(refusal(make_png({1, 1}, {PNG_COLOR_TYPE_GRAY, 16}, {1, 0})),
             Contains("a.png is a 16-bit gray PNG"));
  CHECK_THAT(
      refusal(make_png({1, 1}, {PNG_COLOR_TYPE_RGB, 8}, {255, 0, 0})),
      Contains("a.png is an 8-bit RGB PNG") && Contains("colours do not determine class ids"));
  CHECK_THAT(refusal(claiming_png()), Contains("a.png has the size 100000x100000"));
}

TEST_CASE("a label file is found under .png, .PNG and .npy, in this order") {
  TempFolder const folder;
  std::string const npy = pickle_bytes::npy(
      "{'descr': '|u1', 'fortran_order': False, 'shape': (1, 2), }", std::string("\x02\x0f", 2));
  auto const pixels = [&] {
    auto const labels = read(folder, voc_sample("a"));
    return Bytes(labels.pixels().begin(), labels.pixels().end());
  };
  folder.write("a.npy", npy);
  CHECK(pixels() == Bytes{2, 15});
  folder.write("a.PNG", png_of(LabelMap({1, 2}, {3, 0})));
  CHECK(pixels() == Bytes{3, 0});
  folder.write("a.png", png_of(LabelMap({1, 2}, {4, 0})));
  CHECK(pixels() == Bytes{4, 0});
  auto const files = reading(folder).instance().files(0, voc_sample("b"));
  CHECK(files == std::vector<std::filesystem::path>{folder / "b.png", folder / "b.PNG",
                                                    folder / "b.npy"});
}

TEST_CASE("pseudo-labels that are read by colour cause a warning") {
  TempFolder const folder;
  folder.write("a.png", as_text(make_png({1, 2}, {PNG_COLOR_TYPE_PALETTE, 8}, {0, 1},
                                         {voc_colour(12), voc_colour(0)})));
  StageDriver stage = reading(folder);
  CHECK(stage.run<LabelMap>(voc_sample("a")) == LabelMap({1, 2}, {12, 0}));
  auto const warned = stage.warned();
  REQUIRE(warned.size() == 1);
  CHECK_THAT(warned[0].what, Contains("contradict their values"));
  StageDriver strict(cam::declare_labels,
                     {{{"dir", folder.path().string()}, {"strict", true}}, {}, {}});
  CHECK_THROWS_WITH(strict.run<LabelMap>(voc_sample("a")), Contains("strict = true"));
}

TEST_CASE("pseudo-labels of 0 and 255 cause a warning that shows relabel, which reads them") {
  TempFolder const folder;
  folder.write("a.png", png_of(LabelMap({1, 2}, {0, 255})));
  Sample sample = voc_sample("a");
  sample.classes = std::make_shared<Classes const>(std::vector<std::string>{"background", "polyp"});
  StageDriver plain = reading(folder);
  CHECK(plain.run<LabelMap>(sample) == LabelMap({1, 2}, {0, 255}));
  auto const warned = plain.warned();
  REQUIRE(warned.size() == 1);
  CHECK_THAT(warned[0].what, Contains("class 1 (polyp)") && Contains("relabel = [\"255=1\"]"));
  StageDriver relabelled(
      cam::declare_labels,
      {{{"dir", folder.path().string()}, {"relabel", std::vector<std::string>{"255=1"}}}, {}, {}});
  CHECK(relabelled.run<LabelMap>(sample) == LabelMap({1, 2}, {0, 1}));
  CHECK(relabelled.warned().empty());
}

TEST_CASE("wrong colours and pairs of ids are refused at their options") {
  using Texts = std::vector<std::string>;
  TempFolder const folder;
  auto const problems = [&](std::string const& option, Texts const& value) {
    return StageDriver(cam::declare_labels,
                       {{{"dir", folder.path().string()}, {option, value}}, {}, {}})
        .problems();
  };
  CHECK(problems("colours", {"#000000", "255, 0, 8", "255=#FFFFFF"}).empty());
  CHECK_THAT(problems("colours", {"black"}), Contains("colours: \"black\" is not a colour"));
  CHECK_THAT(problems("colours", {"#000000", "0=#ffffff"}), Contains("repeats the id 0"));
  CHECK_THAT(problems("colours", {"#010203", "1,2,3"}), Contains("repeats the colour of the id 0"));
  CHECK(problems("relabel", {"255=1", "128=0"}).empty());
  CHECK_THAT(problems("relabel", {"255"}), Contains("relabel: \"255\" is not a pair of ids"));
  CHECK_THAT(problems("relabel", {"300=1"}), Contains("is not a pair of ids"));
  CHECK_THAT(problems("relabel", {"255=1", "255=2"}), Contains("the id 255 is relabelled twice"));
}

TEST_CASE("a folder in place of a pseudo-label is refused") {
  TempFolder const folder;
  folder.write("a.png/x", "");
  CHECK_THROWS_WITH(read(folder, voc_sample("a")), Contains("a.png is a folder, not a file"));
}

namespace {

ImageLabels const kPerson{{15}};

StageDriver with_tags(TempFolder const& folder, bool restrict_to_image_labels) {
  return StageDriver(cam::declare_labels, {{{"dir", folder.path().string()},
                                            {"restrict_to_image_labels", restrict_to_image_labels}},
                                           {"sample", "image_labels"},
                                           {}});
}

}  // namespace

TEST_CASE("a class that the image-level labels exclude causes a warning with its name, and stays") {
  TempFolder const folder;
  folder.write("a.png", png_of(kLabels));
  StageDriver stage = with_tags(folder, false);
  CHECK(stage.problems().empty());
  Sample const sample = voc_sample("a");
  CHECK(stage.run<LabelMap>(sample, sample, kPerson) == kLabels);
  CHECK(stage.warned() ==
        std::vector<Warning>{{"the pseudo-label holds classes that the image-level labels exclude",
                              "aeroplane, tvmonitor"}});
}

TEST_CASE("a warning about denied classes names another numbering that fits") {
  TempFolder const folder;
  StageDriver stage = with_tags(folder, false);
  auto const explanation = [&](Bytes pixels, ImageLabels const& tags, ClassesPtr classes) {
    Size const size{1, static_cast<std::uint32_t>(pixels.size())};
    folder.write("a.png", png_of(LabelMap(size, std::move(pixels))));
    Sample sample = voc_sample("a");
    sample.classes = std::move(classes);
    stage.run<LabelMap>(sample, sample, tags);
    return stage.warned().at(0).what;
  };
  CHECK_THAT(explanation({0, 13, 16, 255}, {{12, 15}}, voc12_classes()),
             Contains("a constant shift of -1"));
  CHECK_THAT(explanation({0, 1, 13, 16}, {{12, 15}}, voc12_classes()),  // 1 was background
             Contains("a constant shift of -1"));
  CHECK_THAT(explanation({0, 11, 14}, {{12, 15}}, voc12_classes()),
             Contains("a constant shift of +1"));
  CHECK_THAT(explanation({0, 18, 63}, {{17, 58}}, coco14_classes()),
             Contains("COCO's category ids from 1 to 90"));
  CHECK_THAT(explanation({0, 3, 16}, {{12, 15}}, voc12_classes()), !Contains("fit"));
}

TEST_CASE("restrict_to_image_labels turns denied classes into background and keeps 255") {
  TempFolder const folder;
  folder.write("a.png", png_of(kLabels));
  StageDriver stage = with_tags(folder, true);
  Sample const sample = voc_sample("a");
  CHECK(stage.run<LabelMap>(sample, sample, kPerson) == LabelMap({2, 3}, {0, 0, 0, 255, 0, 15}));
  CHECK(stage.run<LabelMap>(sample, sample, ImageLabels{}) ==
        LabelMap({2, 3}, {0, 0, 0, 255, 0, 0}));
  CHECK(stage.warned().empty());
}

TEST_CASE("labels within the image-level labels are used unchanged, without a warning") {
  TempFolder const folder;
  folder.write("a.png", png_of(kLabels));
  bool const restricts = GENERATE(false, true);
  StageDriver stage = with_tags(folder, restricts);
  Sample const sample = voc_sample("a");
  CHECK(stage.run<LabelMap>(sample, sample, ImageLabels{{1, 3, 15, 20}}) == kLabels);
  // A sample without image-level labels.
  if (restricts) {
    CHECK_THROWS_WITH(stage.run<LabelMap>(sample), Contains("has no image-level labels"));
  } else {
    CHECK(stage.run<LabelMap>(sample) == kLabels);
  }
  CHECK(stage.warned().empty());
}

TEST_CASE("restrict_to_image_labels without image-level labels says what to connect") {
  TempFolder const folder;
  StageDriver const stage(
      cam::declare_labels,
      {{{"dir", folder.path().string()}, {"restrict_to_image_labels", true}}, {"sample"}, {}});
  CHECK_THAT(stage.problems(), Contains("restrict_to_image_labels: ") &&
                                   Contains("image_labels = \"DATASET.image_labels\""));
}
