#include <string>
#include <vector>

#include <seplflow/formats/png.hpp>
#include "output/stages.hpp"
#include "support/catch.hpp"
#include "support/png_fixture.hpp"
#include "support/stage_driver.hpp"

using namespace seplflow;

namespace {

using Bytes = std::vector<std::uint8_t>;

LabelMap const kLabels({2, 3}, {0, 1, 20, 255, 254, 15});

StageDriver writing(std::string const& palette) {
  return StageDriver(output::declare_labels, {{{"palette", palette}}, {}, {}});
}

int colour_type(std::vector<std::uint8_t> const& file) {
  return file.at(chunk_data(file, "IHDR") + 9);
}

}  // namespace

TEST_CASE("output.labels is a sink of labels, with VOC's palette by default") {
  StageDriver const stage(output::declare_labels);
  CHECK(stage.declaration().name == "output.labels");
  CHECK(stage.declaration().kind == StageKind::sink);
  CHECK(stage.declaration().inputs.at(0).name == "labels");
  CHECK(stage.default_of("palette") == OptionValue(std::string("voc")));
}

TEST_CASE("labels are written to one file named after the sample") {
  StageDriver stage(output::declare_labels);
  stage.write(voc_sample("2007_000032"), kLabels);
  stage.write(voc_sample("train/0001"), LabelMap(Size{1, 1}));
  REQUIRE(stage.files().size() == 2);
  CHECK(stage.files().contains("2007_000032.png"));
  CHECK(stage.files().contains("train/0001.png"));
}

TEST_CASE("written labels hold the same class ids with and without the palette") {
  std::string const palette = GENERATE("voc", "none");
  StageDriver stage = writing(palette);
  stage.write(voc_sample("a"), kLabels);
  CHECK(decode_label_png(stage.files().at("a.png"), "a.png") == kLabels);
}

TEST_CASE("palette = voc writes a palette PNG, none a gray one") {
  StageDriver voc = writing("voc"), none = writing("none");
  voc.write(voc_sample("a"), kLabels);
  none.write(voc_sample("a"), kLabels);
  CHECK(colour_type(voc.files().at("a.png")) == PNG_COLOR_TYPE_PALETTE);
  CHECK(colour_type(none.files().at("a.png")) == PNG_COLOR_TYPE_GRAY);
}

TEST_CASE("the palette has the colours of the option, or else of the data set") {
  Sample sample = voc_sample("a");
  sample.classes = std::make_shared<Classes const>(std::vector<std::string>{"background", "cat"},
                                                   Colours{{1, {1, 2, 3}}});
  auto const colour_of_1 = [&](StageDriver& stage) {
    stage.write(sample, LabelMap({1, 1}, {1}));
    Bytes const& file = stage.files().at("a.png");
    std::size_t const at = chunk_data(file, "PLTE") + 3;
    return Bytes(file.begin() + static_cast<std::ptrdiff_t>(at),
                 file.begin() + static_cast<std::ptrdiff_t>(at) + 3);
  };
  StageDriver plain(output::declare_labels);
  CHECK(colour_of_1(plain) == Bytes{1, 2, 3});
  StageDriver own(output::declare_labels,
                  {{{"colours", std::vector<std::string>{"#000000", "#0a0b0c"}}}, {}, {}});
  CHECK(colour_of_1(own) == Bytes{10, 11, 12});
}

TEST_CASE("equal labels are written as equal bytes") {
  StageDriver stage(output::declare_labels);
  stage.write(voc_sample("a"), kLabels);
  stage.write(voc_sample("b"), kLabels);
  CHECK(stage.files().at("a.png") == stage.files().at("b.png"));
}
