
#include <map>
#include <random>
#include <seplflow/formats/image_file.hpp>
#include <seplflow/formats/png.hpp>
#include <set>

#include "eval/stages.hpp"
#include "panels/stages.hpp"
#include "support/catch.hpp"
#include "support/stage_driver.hpp"

using namespace seplflow;

namespace {

using Pixel = std::vector<std::uint8_t>;
using Options = std::map<std::string, OptionValue>;

constexpr Size kPictureSize{4, 6};
constexpr std::uint32_t kGap = 8;

Image black(Size size = kPictureSize) {
  return Image(size, std::vector<std::uint8_t>(3 * size.pixels()));
}

Pixel at(Image const& image, std::uint32_t y, std::uint32_t x) {
  auto const pixel = image.rgb().subspan(3 * (std::size_t{y} * image.size().width + x), 3);
  return {pixel.begin(), pixel.end()};
}

// Columns `first` to `last` of the picture.
Mask columns(std::uint32_t first, std::uint32_t last) {
  std::uint32_t const h = kPictureSize.height;
  return Mask::from_counts(kPictureSize,
                           std::vector<std::uint32_t>{first * h, (last + 1 - first) * h,
                                                      (kPictureSize.width - last - 1) * h});
}

struct Inputs {
  Image const* image = nullptr;
  LabelMap const *pseudo = nullptr, *labels = nullptr, *truth = nullptr;
  MaskSet const *masks = nullptr, *kept = nullptr;
  ScoreMaps const* scores = nullptr;

  std::vector<std::string> connected() const {
    std::vector<std::string> names;
    auto const add = [&](void const* value, char const* name) {
      if (value) names.push_back(name);
    };
    add(image, "image");
    add(pseudo, "pseudo");
    add(masks, "masks");
    add(labels, "labels");
    add(truth, "truth");
    add(kept, "kept");
    add(scores, "scores");
    return names;
  }
};

StageDriver panels_with(Inputs const& inputs, Options options) {
  return StageDriver(panels::declare_panels, {std::move(options), inputs.connected(), {}});
}

Image figure(Inputs const& in, Options options = {}, Sample const& sample = voc_sample("a")) {
  StageDriver stage = panels_with(in, std::move(options));
  stage.write(sample, in.image, in.pseudo, in.masks, in.labels, in.truth, in.kept, in.scores);
  return decode_image(stage.files().at(sample.id + ".png"), "a.png");
}

// Nothing but the panels, without lines.
Image bare(Inputs const& inputs, Options options = {}) {
  options.insert({{"titles", std::vector<std::string>()},
                  {"caption", false},
                  {"legend", false},
                  {"contours", false}});
  return figure(inputs, std::move(options));
}

LabelMap noise(Size size, std::mt19937& random, std::vector<Label> const& of) {
  std::vector<Label> labels(size.pixels());
  for (Label& label : labels) label = of[random() % of.size()];
  return LabelMap(size, std::move(labels));
}

// Text that leaves a figure would leave marks on its edge.
bool has_white_edges(Image const& image) {
  auto const [height, width] = image.size();
  Pixel const white{255, 255, 255};
  for (std::uint32_t x = 0; x < width; ++x) {
    if (at(image, 0, x) != white || at(image, height - 1, x) != white) return false;
  }
  for (std::uint32_t y = 0; y < height; ++y) {
    if (at(image, y, 0) != white || at(image, y, width - 1) != white) return false;
  }
  return true;
}

}  // namespace

#ifdef SEPLFLOW_WITHOUT_CAIRO

TEST_CASE("output.panels says which libraries it needs") {
  StageDriver const stage(panels::declare_panels, {{}, {"image"}, {}});
  CHECK(stage.declaration().missing_library == "libcairo and libpango");
}

#else

TEST_CASE("a figure has a panel for each input that is connected") {
  Image const image = black();
  LabelMap const labels(kPictureSize);
  MaskSet const masks({}, kPictureSize);
  CHECK(bare({.image = &image}).size() == kPictureSize);
  CHECK(bare({.image = &image, .masks = &masks}).size() == Size{4, 2 * 6 + kGap});
  CHECK(bare({.labels = &labels, .truth = &labels}).size() == Size{4, 2 * 6 + kGap});
  CHECK(bare({.image = &image,
              .pseudo = &labels,
              .labels = &labels,
              .truth = &labels,
              .masks = &masks})
            .size() == Size{4, 5 * 6 + 4 * kGap});
  CHECK(bare({.pseudo = &labels, .labels = &labels, .truth = &labels},
             {{"columns", std::vector<std::string>{"difference", "labels"}}})
            .size() == Size{4, 2 * 6 + kGap});
}

TEST_CASE("classes have VOC's colours in the given opacity") {
  Image const image = black();
  LabelMap const labels(kPictureSize, std::vector<Label>(kPictureSize.pixels(), 15));  // a person
  Inputs const inputs{.image = &image, .labels = &labels};
  Image const opaque = bare(inputs, {{"opacity", 1.0}});
  CHECK(at(opaque, 0, 0) == Pixel{0, 0, 0});
  CHECK(at(opaque, 0, 6) == Pixel{255, 255, 255});
  CHECK(at(opaque, 2, 6 + kGap + 3) == Pixel{192, 128, 128});
  CHECK(at(bare(inputs, {{"opacity", 0.5}}), 2, 6 + kGap + 3) == Pixel{96, 64, 64});
  CHECK(at(bare({.labels = &labels}), 2, 3) == Pixel{192, 128, 128});
}

TEST_CASE("masks have distinct colours, and small masks lie on large ones") {
  MaskSet const masks({{columns(1, 1), {}}, {columns(0, 4), {}}});
  Image const drawn = bare({.masks = &masks});
  Pixel const small = at(drawn, 1, 1), large = at(drawn, 1, 3);
  CHECK(small != large);
  CHECK(small != Pixel{0, 0, 0});
  CHECK(large == at(drawn, 1, 0));
  CHECK(at(drawn, 1, 5) == Pixel{0, 0, 0});
}

TEST_CASE("kept masks have the colour of the class that they overlap most") {
  LabelMap const pseudo(kPictureSize, {0, 8, 8, 8, 0, 0,  0, 8, 8, 8, 0, 0,  //
                                0, 8, 8, 8, 0, 12, 0, 0, 0, 0, 0, 12});
  MaskSet const kept({{columns(1, 2), {}}, {columns(4, 5), {}}});
  Image const drawn =
      bare({.pseudo = &pseudo, .kept = &kept}, {{"columns", std::vector<std::string>{"kept"}}});
  CHECK(at(drawn, 3, 1) == Pixel{64, 0, 0});
  CHECK(at(drawn, 0, 5) == Pixel{64, 0, 128});
  CHECK(at(drawn, 0, 3) == Pixel{0, 0, 0});
}

TEST_CASE("the difference shows what became right and what became wrong") {
  LabelMap const truth({1, 6}, {8, 8, 8, 8, 255, 0}), before({1, 6}, {8, 0, 8, 12, 0, 0}),
      after({1, 6}, {8, 8, 0, 0, 8, 255});
  Inputs const inputs{.pseudo = &before, .labels = &after, .truth = &truth};
  std::vector<std::string> const column{"difference"};
  Image const drawn = bare(inputs, {{"columns", column}});
  Pixel const none{0, 0, 0}, gained{86, 180, 233}, lost{213, 94, 0}, wrong{150, 150, 150};
  std::vector<Pixel> const expected = {none, gained, lost, wrong, none, lost};
  for (std::uint32_t x = 0; x < 6; ++x) CHECK(at(drawn, 0, x) == expected[x]);
  Image const other =
      bare(inputs, {{"columns", column}, {"predicted_255", std::string("background")}});
  CHECK(at(other, 0, 5) == none);
}

TEST_CASE("255 is hatched, so it does not look like a class") {
  Size const size{64, 64};
  LabelMap const ignored(size, std::vector<Label>(size.pixels(), 255));
  for (bool const with_image : {false, true}) {
    Image const image = black(size),
                drawn = bare({.image = with_image ? &image : nullptr, .truth = &ignored},
                             {{"columns", std::vector<std::string>{"truth"}}});
    std::set<Pixel> colours;
    for (std::uint32_t x = 0; x < size.width; ++x) colours.insert(at(drawn, 32, x));
    CHECK(colours.size() > 2);
    for (Pixel const& colour : colours) CHECK((colour[0] == colour[1] && colour[1] == colour[2]));
  }
}

TEST_CASE("a heat map shows the largest score of a class, and not the background's") {
  ScoreMaps const scores({1, 3}, {0, 1, 2}, std::vector<float>{1, 1, 1, 0, 1, 0.5f, 0, 0, 0.75f});
  Image const drawn = bare({.scores = &scores});
  CHECK(at(drawn, 0, 0) == Pixel{68, 1, 84});
  CHECK(at(drawn, 0, 1) == Pixel{253, 231, 37});
  CHECK(at(drawn, 0, 2)[1] > 170);
}

TEST_CASE("an image without masks says so in its column") {
  Image const image = black({160, 200});
  MaskSet const none({}, Size{160, 200});
  auto const marks = [&](std::string const& column) {
    Image const drawn = figure(
        {.image = &image, .masks = &none},
        {{"columns", std::vector<std::string>{column}}, {"titles", std::vector<std::string>{"x"}}});
    return std::set<Pixel>{at(drawn, drawn.size().height / 2, drawn.size().width / 2 - 40),
                           Pixel(drawn.rgb().begin(), drawn.rgb().end())};
  };
  CHECK(marks("image") != marks("masks"));
}

TEST_CASE("contours separate a class from an image of the same colour") {
  Size const size{60, 60};
  std::vector<std::uint8_t> rgb;
  for (std::size_t i = 0; i < size.pixels(); ++i) rgb.insert(rgb.end(), {192, 128, 128});
  std::vector<Label> labels(size.pixels());
  for (std::size_t p = 0; p < labels.size(); ++p) labels[p] = p % 60 < 30 ? 15 : 0;
  Image const image(size, rgb);
  LabelMap const person(size, labels);
  Options const column{{"columns", std::vector<std::string>{"labels"}}};
  Inputs const inputs{.image = &image, .labels = &person};
  auto with_contours = column;
  with_contours["contours"] = true;
  CHECK(at(bare(inputs, column), 30, 30) == Pixel{192, 128, 128});
  CHECK(at(bare(inputs, with_contours), 30, 30) != Pixel{192, 128, 128});
}

TEST_CASE("text stays inside a figure, whatever its sizes and names", "[arithmetic]") {
  std::vector<std::string> many = {"background"};
  for (int i = 1; i <= 200; ++i) many.push_back("class with a long name " + std::to_string(i));
  Sample long_names = voc_sample(std::string(200, 'W') + "/" + "\xff");
  long_names.classes = std::make_shared<Classes>(many);
  std::vector<Label> all(40 * 40);
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<Label>(i % 201);
  Size const size = GENERATE(Size{40, 40}, Size{1, 1}, Size{3, 2000}, Size{2000, 3});
  std::vector<Label> labels(size.pixels());
  for (std::size_t i = 0; i < labels.size(); ++i) labels[i] = all[i % all.size()];
  LabelMap const map(size, labels);
  Inputs const inputs{.pseudo = &map, .labels = &map, .truth = &map};
  Options const options =
      GENERATE(Options{}, Options{{"width", std::int64_t{1004}}},
               Options{{"width", std::int64_t{120}}}, Options{{"height", std::int64_t{50}}},
               Options{{"titles", std::vector<std::string>(3, "Unabbreviatedlonglonglongtitle")}});
  Image const drawn = figure(inputs, options, long_names);
  INFO(to_string(size) << " " << options.size());
  CHECK(has_white_edges(drawn));
  if (options.contains("width")) {
    CHECK(drawn.size().width == std::get<std::int64_t>(options.at("width")));
  }
}

TEST_CASE("inputs of another size than the image are refused") {
  Image const image = black();
  MaskSet const masks({{Mask(Size{5, 5}), {}}});
  LabelMap const labels(Size{5, 5});
  CHECK_THROWS_WITH(bare({.image = &image, .masks = &masks}), Contains("5x5") && Contains("4x6"));
  CHECK_THROWS_WITH(bare({.image = &image, .truth = &labels}), Contains("the ground truth"));
}

TEST_CASE("a column whose input is not connected says what to connect") {
  struct Case {
    Options options;
    std::string problem;
  };
  LabelMap const labels(kPictureSize);
  auto const columns_of = [](std::vector<std::string> names) {
    return Options{{"columns", names}};
  };
  std::vector<Case> const cases = {
      {columns_of({"image"}), "needs the input \"image\"; connect it: in = { ..., image = ... }"},
      {columns_of({"kept"}), "\"SELECT.kept\", the output of sepl.select"},
      {columns_of({"labels", "difference"}), "needs the input \"truth\""},
      {columns_of({"labels", "cam"}), "needs the input \"scores\""},
      {columns_of({"colour"}), "there is no column \"colour\"; the columns are image, cam,"},
      {columns_of({"labels", "labels"}), "is there twice"},
      {{{"titles", std::vector<std::string>{"a"}}}, "1 title for 2 columns"},
      {{{"width", std::int64_t{100}}, {"height", std::int64_t{100}}}, "not both"},
      {{{"select.worst", std::int64_t{1}}}, "needs the input \"truth\""},
      {{{"select.first", std::int64_t{1}}, {"limit", std::int64_t{1}}}, "`select` sets its own"},
      {{{"select.names", std::vector<std::string>{"a", "a"}}}, "a name is there twice"}};
  for (Case const& each : cases) {
    StageDriver const stage = panels_with({.pseudo = &labels, .labels = &labels}, each.options);
    CHECK_THAT(stage.problems(), Contains(each.problem));
  }
  CHECK_THAT(panels_with({}, {}).problems(), Contains("nothing is connected that can be drawn"));
}

TEST_CASE("the options of a group are written as a table or with a dot") {
  auto const options = [](std::string const& toml) {
    testing::Setup setup(toml);
    setup.inputs = {"pseudo", "labels", "truth"};
    testing::StageKit const stage(panels::declare_panels, "", setup);
    return std::pair(std::get<std::int64_t>(*stage.option("select.worst")),
                     std::get<std::int64_t>(*stage.option("select.best")));
  };
  CHECK(options("select = { worst = 2, best = 3 }") == std::pair<std::int64_t, std::int64_t>(2, 3));
  CHECK(options("select.worst = 4") == std::pair<std::int64_t, std::int64_t>(4, 0));
  CHECK_THROWS_WITH(options("select = { wurst = 2 }"), Contains("did you mean \"select.worst\"?"));
  CHECK_THROWS_WITH(options("select = 2"), Contains("has no option \"select\""));
}

TEST_CASE("only the first samples are drawn, and the others are counted in a warning") {
  LabelMap const labels(kPictureSize);
  StageDriver stage = panels_with({.labels = &labels}, {{"limit", std::int64_t{2}}});
  for (std::uint64_t i = 0; i < 4; ++i) {
    Sample sample = voc_sample("s" + std::to_string(i));
    sample.index = i;
    stage.observe(sample, std::nullopt, std::nullopt, std::nullopt, labels);
  }
  CHECK(stage.files().size() == 2);
  auto const warned = stage.warned();
  REQUIRE(warned.size() == 2);
  CHECK_THAT(warned[0].what, Contains("after the first 2 samples") && Contains("limit = 0"));
}

TEST_CASE("a selected sample has the same figure as when all are drawn") {
  std::mt19937 random(3);
  Image const image = black();
  LabelMap const labels = noise(kPictureSize, random, {0, 3, 255}),
                 truth = noise(kPictureSize, random, {0, 3});
  MaskSet const masks({{columns(1, 1), {}}, {columns(0, 4), {}}});
  ScoreMaps const scores(kPictureSize, {3}, std::vector<float>(kPictureSize.pixels(), 1.5f));
  Inputs const in{.image = &image,
                  .pseudo = &truth,
                  .labels = &labels,
                  .truth = &truth,
                  .masks = &masks,
                  .kept = &masks,
                  .scores = &scores};
  StageDriver all = panels_with(in, {});
  StageDriver selected = panels_with(in, {{"select.names", std::vector<std::string>{"a"}}});
  for (StageDriver* const stage : {&all, &selected}) {
    stage->observe(voc_sample("a"), in.image, in.pseudo, in.masks, in.labels, in.truth, in.kept,
                   in.scores);
  }
  selected.finish();
  CHECK(selected.files().at("a.png") == all.files().at("a.png"));
}

TEST_CASE("the samples of the lowest and highest gain in eval.miou's table are on the sheet") {
  std::mt19937 random(7);
  Size const size{12, 12};
  Options const options{{"select.worst", std::int64_t{2}},
                        {"select.best", std::int64_t{3}},
                        {"select.names", std::vector<std::string>{"s5", "nobody"}},
                        {"width", std::int64_t{300}}};
  LabelMap const any(size);
  StageDriver stage = panels_with({.pseudo = &any, .labels = &any, .truth = &any}, options);
  StageDriver score(eval::declare_miou, {{}, {"truth", "labels", "baseline"}, {}});
  std::vector<std::pair<double, std::string>> gains;
  for (std::uint64_t i = 0; i < 30; ++i) {
    Sample sample = voc_sample("s" + std::to_string(i), size);
    sample.index = i;
    LabelMap const truth = noise(size, random, {0, 3, 7, 255}),
                   pseudo = noise(size, random, {0, 3, 5}),
                   labels = noise(size, random, {0, 3, 7, 255});
    Row const row = score.observe(sample, truth, labels, pseudo);
    auto const table = score.instance().columns();
    auto const gain = std::ranges::find(table, "gain_miou") - table.begin();
    gains.emplace_back(std::get<double>(row[static_cast<std::size_t>(gain)]), sample.id);
    stage.observe(sample, std::nullopt, pseudo, std::nullopt, labels, truth);
  }
  Findings const findings = stage.finish();
  std::ranges::sort(gains);
  std::set<std::string> expected = {"sheet.png", "sheet.pdf", "s5.png"};
  for (std::size_t const i : {0, 1, 27, 28, 29}) expected.insert(gains[i].second + ".png");
  std::set<std::string> written;
  for (auto const& [name, bytes] : stage.files()) written.insert(name);
  CHECK(written == expected);
  REQUIRE(findings.warnings.size() == 1);
  CHECK_THAT(findings.warnings[0], Contains("no sample of this run is called \"nobody\""));
  CHECK_THAT(stage.text("sheet.pdf"), Contains("%PDF") && !Contains("CreationDate"));
}

#endif
