
#include <seplflow/formats/image_file.hpp>
#include "output/stages.hpp"
#include "support/catch.hpp"
#include "support/stage_driver.hpp"

using namespace seplflow;

namespace {

using Pixel = std::vector<std::uint8_t>;

constexpr Size kSize{4, 6};
constexpr std::uint32_t kGap = 8;

Image black() {
  return Image(kSize, std::vector<std::uint8_t>(3 * kSize.pixels()));
}

Pixel at(Image const& image, std::uint32_t y, std::uint32_t x) {
  auto const pixel = image.rgb().subspan(3 * (std::size_t{y} * image.size().width + x), 3);
  return {pixel.begin(), pixel.end()};
}

// Columns `first` to `last` of the picture.
Mask columns(std::uint32_t first, std::uint32_t last) {
  std::uint32_t const h = kSize.height;
  return Mask::from_counts(kSize, std::vector<std::uint32_t>{first * h, (last + 1 - first) * h,
                                                             (kSize.width - last - 1) * h});
}

struct Inputs {
  LabelMap const *pseudo = nullptr, *labels = nullptr, *truth = nullptr;
  MaskSet const* masks = nullptr;
};

Image panels(Image const& image, Inputs const& inputs,
             std::map<std::string, OptionValue> options = {}) {
  StageDriver stage(output::declare_panels, {std::move(options), {}, {}});
  stage.write(voc_sample("a"), image, inputs.pseudo, inputs.masks, inputs.labels, inputs.truth);
  return decode_image(stage.files().at("a.png"), "a.png");
}

}  // namespace

TEST_CASE("a figure has a panel for each input that is connected") {
  LabelMap const labels(kSize);
  MaskSet const masks({}, kSize);
  CHECK(panels(black(), {}).size() == kSize);
  CHECK(panels(black(), {.masks = &masks}).size() == Size{4, 2 * 6 + kGap});
  CHECK(panels(black(), {.pseudo = &labels, .labels = &labels, .truth = &labels, .masks = &masks})
            .size() == Size{4, 5 * 6 + 4 * kGap});
}

TEST_CASE("classes have VOC's colours in the given opacity") {
  LabelMap const labels(kSize, std::vector<Label>(kSize.pixels(), 15));  // a person
  Image const figure = panels(black(), {.labels = &labels}, {{"opacity", 1.0}});
  CHECK(at(figure, 0, 0) == Pixel{0, 0, 0});
  CHECK(at(figure, 0, 6) == Pixel{255, 255, 255});
  CHECK(at(figure, 2, 6 + kGap + 3) == Pixel{192, 128, 128});
  CHECK(at(panels(black(), {.labels = &labels}, {{"opacity", 0.5}}), 2, 6 + kGap + 3) ==
        Pixel{96, 64, 64});
}

TEST_CASE("masks have distinct colours, and small masks lie on large ones") {
  MaskSet const masks({{columns(1, 1), {}}, {columns(0, 4), {}}});
  Image const figure = panels(black(), {.masks = &masks}, {{"opacity", 1.0}});
  std::uint32_t const left = 6 + kGap;
  Pixel const small = at(figure, 1, left + 1), large = at(figure, 1, left + 3);
  CHECK(small != large);
  CHECK(small != Pixel{0, 0, 0});
  CHECK(large == at(figure, 1, left));
  CHECK(at(figure, 1, left + 5) == Pixel{0, 0, 0});
}

TEST_CASE("inputs of another size than the image are refused") {
  MaskSet const masks({{Mask(Size{5, 5}), {}}});
  LabelMap const labels(Size{5, 5});
  CHECK_THROWS_WITH(panels(black(), {.masks = &masks}), Contains("5x5") && Contains("4x6"));
  CHECK_THROWS_WITH(panels(black(), {.truth = &labels}), Contains("the ground truth"));
}
