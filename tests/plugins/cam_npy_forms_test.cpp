// Files of cam.npy that no published method writes, but that have only one meaning.
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <seplflow/score_maps.hpp>
#include "cam/stages.hpp"
#include "support/cam_files.hpp"
#include "support/catch.hpp"
#include "support/stage_driver.hpp"
#include "support/temp_folder.hpp"

using namespace cam_files;
using namespace seplflow;
using pickle_bytes::dict;
using pickle_bytes::packed;
using pickle_bytes::text;

namespace {

using Options = std::map<std::string, OptionValue>;
using Labels = std::vector<Label>;

struct NpyScores {
  Labels classes;
  Floats values;
  std::vector<Warning> warnings;
};

// What the file is read as, of an image of `size`.
NpyScores read_form(std::string const& bytes, Options options = {}, std::string const& name = "a.npy",
          std::string const& id = "a", std::optional<Size> size = Size{1, 2}) {
  TempFolder const folder;
  folder.write(name, bytes);
  options["dir"] = folder.path().string();
  StageDriver stage(cam::declare_npy, {std::move(options), {}, {}});
  REQUIRE(stage.problems() == "");
  auto const scores = stage.run<ScoreMaps>(voc_sample(id, size));
  NpyScores result{{scores.classes().begin(), scores.classes().end()}, {}, stage.warned()};
  for (std::size_t k = 0; k < scores.classes().size(); ++k) {
    scores.visit_plane(k, [&](auto plane) {
      for (auto const value : plane) result.values.push_back(static_cast<float>(value));
    });
  }
  return result;
}

std::string form_refusal(std::string const& bytes, Options const& options = {},
                    std::optional<Size> size = Size{1, 2}) {
  try {
    read_form(bytes, options, "a.npy", "a", size);
  } catch (Error const& error) {
    return error.what();
  }
  return "accepted";
}

Options strict() {
  return {{"strict", true}};
}
Options with(std::string const& name, char const* value) {
  return {{name, std::string(value)}};
}

std::string plain_npy(std::string const& type, std::string const& shape, std::string const& data) {
  return pickle_bytes::npy(
      "{'descr': '" + type + "', 'fortran_order': False, 'shape': " + shape + ", }", data);
}

std::string with_key_array(std::string const& keys, std::string const& scores) {
  return npy(dict(text("keys") + keys + text("high_res") + scores));
}

std::string bytes_of(Shape const& shape, std::string const& values) {
  return pickle_bytes::array(pickle_bytes::dtype("u1", "|"), shape, values);
}


}  // namespace

TEST_CASE("cam.npy reads .npz and torch files where there is no .npy file") {
  std::string const npz = pickle_bytes::zip(
      {{"keys.npy", plain_npy("<i8", "(2,)", packed<std::int64_t>({5, 2})), 8},
       {"high_res.npy", plain_npy("<f4", "(2, 1, 2)", packed(kTwoValues)), 8}});
  pickle_bytes::Storage const storage{"0", "FloatStorage", 4, packed(kTwoValues)};
  std::string const tensor =
      pickle_bytes::tensor(pickle_bytes::storage_id(storage), 0, {2, 1, 2}, {2, 2, 1});
  std::string const pt = pickle_bytes::torch_zip(
      dict(text("keys") + pickle_bytes::list("K\x05K\x02") + text("high_res") + tensor), {storage});
  for (auto const& [bytes, name] :
       {std::pair(npz, "a.npz"), {npz, "a.npy"}, {pt, "a.pt"}, {pt, "a.pth"}, {pt, "a.npy"}}) {
    INFO(name);
    NpyScores const found = read_form(bytes, {}, name);
    CHECK(found.classes == Labels{6, 3});
    CHECK(found.values == kTwoValues);
  }
  CHECK_THAT(form_refusal(npz, strict()), Contains("a.npy: this is a .npz file of numpy, not a .npy"));
  CHECK_THROWS_WITH(read_form(npz, strict(), "a.npz"), Contains("there is no CAM file "));
}

TEST_CASE("the published file comes first, and files() names all that were looked for") {
  TempFolder const folder;
  folder.write("a.npz", "");
  folder.write("a.npy", npy(with_keys({5, 2}, {{"high_res", kTwo}})));
  StageDriver stage(cam::declare_npy, {{{"dir", folder.path().string()}}, {}, {}});
  CHECK(stage.run<ScoreMaps>(voc_sample("a", Size{1, 2})).classes().size() == 2);
  CHECK(stage.instance().files(0, voc_sample("a")) ==
        std::vector<std::filesystem::path>{folder / "a.npy"});
  CHECK(stage.instance().files(0, voc_sample("b")).size() == 4);
}

TEST_CASE("names of VOC may be numbers") {
  std::string const file = npy(with_keys({5, 2}, {{"high_res", kTwo}}));
  CHECK(read_form(file, {}, "2007000032.npy", "2007_000032").classes == Labels{6, 3});
  CHECK_THROWS_WITH(read_form(file, strict(), "2007000032.npy", "2007_000032"),
                    Contains("2007_000032.npy"));
}

TEST_CASE("a pattern names the file of a sample") {
  std::string const file = npy(with_keys({5, 2}, {{"high_res", kTwo}}));
  CHECK(read_form(file, with("pattern", "{id}_cam.npy"), "a_cam.npy").classes == Labels{6, 3});
  CHECK(read_form(file, with("pattern", "{id}_cam.npy"), "2007000032_cam.npy", "2007_000032").classes ==
        Labels{6, 3});
  CHECK_THROWS_WITH(read_form(file, with("pattern", "{id}_cam.npy"), "b.npy", "b"),
                    Contains("there is no CAM file ") && Contains("b_cam.npy"));
  StageDriver const one(cam::declare_npy, {{{"dir", std::string("/")}, {"pattern", std::string("a.npy")}}, {}, {}});
  CHECK_THAT(one.problems(), Contains("has no {id}"));
}

TEST_CASE("class numbers may be text or whole floating-point numbers") {
  std::string const texts = npy(dict(text("14") + kOther + text("5") + kMap));
  CHECK(read_form(texts, with("method", "psa")).classes == Labels{6, 15});
  CHECK(read_form(texts, with("method", "psa")).values == kTwoValues);
  CHECK_THAT(form_refusal(texts, strict()), Contains("looks like a file of PSA"));
  std::string const number = "G" + pickle_bytes::big(14.0);
  CHECK(read_form(npy(dict(number + kMap))).classes == Labels{15});
  CHECK_THAT(form_refusal(npy(dict("G" + pickle_bytes::big(1.5) + kMap))), Contains("holds a dict"));
  CHECK_THAT(form_refusal(npy(dict(text("5") + kMap + pickle_bytes::integer(5) + kMap))),
             Contains("two maps with the key 5"));
}

TEST_CASE("the array of keys may have any form of one row") {
  using pickle_bytes::array;
  using pickle_bytes::dtype;
  std::string const two = packed<std::int64_t>({5, 2});
  for (std::string const& keys :
       {array(dtype("i8"), {2, 1}, two), array(dtype("i8"), {1, 2}, two), doubles({2}, {5, 2}),
        floats({2, 1}, {5, 2}), pickle_bytes::list(text("5") + text("2"))}) {
    NpyScores const found = read_form(with_key_array(keys, kTwo));
    CHECK(found.classes == Labels{6, 3});
    CHECK(found.values == kTwoValues);
    CHECK_THAT(form_refusal(with_key_array(keys, kTwo), strict()), Contains("has in 'keys' "));
  }
  std::string const one = floats({1, 1, 2}, {0.1F, 0.2F});
  for (std::string const& keys :
       {array(dtype("i8"), {}, packed<std::int64_t>({5})), pickle_bytes::integer(5)}) {
    CHECK(read_form(with_key_array(keys, one)).classes == Labels{6});
  }
  std::string const four = packed<std::int64_t>({0, 5, 0, 2});
  CHECK_THAT(form_refusal(with_key_array(array(dtype("i8"), {2, 2}, four), kTwo)),
             Contains("has in 'keys' a int64 array of shape (2, 2)") ||
                 Contains("has in 'keys' an int64 array of shape (2, 2)"));
}

TEST_CASE("keys that numpy stores as text are class names or numbers") {
  using pickle_bytes::array;
  using pickle_bytes::dtype;
  auto const unicode = [](std::string const& characters, std::size_t size) {
    std::string data;
    for (char const c : characters) data += std::string{c, '\0', '\0', '\0'};
    return data + std::string(4 * (size - characters.size()), '\0');
  };
  std::string const numbers = array(dtype("S1", "|"), {2}, "52");
  CHECK(read_form(with_key_array(numbers, kTwo)).classes == Labels{6, 3});
  std::string const names = array(dtype("U6"), {2}, unicode("person", 6) + unicode("bus", 6));
  for (std::string const& keys : {names, pickle_bytes::list(text("person") + text("bus"))}) {
    NpyScores const found = read_form(with_key_array(keys, kTwo));
    CHECK(found.classes == Labels{15, 6});
    CHECK(found.values == kTwoValues);
    CHECK_THAT(form_refusal(with_key_array(keys, kTwo), strict()), Contains("has in 'keys' "));
  }
  auto const list_of = [&](std::string const& first, std::string const& second) {
    return with_key_array(pickle_bytes::list(text(first) + text(second)), kTwo);
  };
  CHECK(read_form(list_of("background", "bus")).classes == Labels{0, 6});
  CHECK_THAT(form_refusal(list_of("background", "bus"), with("background", "implicit")),
             Contains("0 (background) included"));
  CHECK_THAT(form_refusal(list_of("bus", "tram")),
             Contains("the text 'tram', which is neither a class number nor the name of a class"));
  CHECK_THAT(form_refusal(list_of("bus", "5")), Contains("some are names of classes and some"));
  std::string const scalar = pickle_bytes::call(pickle_bytes::global("numpy._core.multiarray", "scalar"),
                                                dtype("U3") + pickle_bytes::bytes(unicode("bus", 3)));
  CHECK(read_form(npy(dict(scalar + kMap))).classes == Labels{6});
}

TEST_CASE("more keys than there are classes are refused before they are read") {
  using pickle_bytes::array;
  using pickle_bytes::dtype;
  std::string const many(300, '\1');
  CHECK_THAT(form_refusal(with_key_array(array(dtype("i1", "|"), {300}, many), kTwo)),
             Contains("int8 array of shape (300,); there are 255 classes at most"));
}

TEST_CASE("axes of length 1 around the maps are dropped") {
  for (Shape const& shape : {Shape{1, 2, 1, 2}, Shape{2, 1, 1, 2}}) {
    std::string const file = npy(with_keys({5, 2}, {{"high_res", floats(shape, kTwoValues)}}));
    CHECK(read_form(file).values == kTwoValues);
    CHECK_THAT(form_refusal(file, strict()), Contains("floating-point arrays with 3 axes"));
  }
  CHECK(read_form(npy(with_keys({5}, {{"high_res", kMap}}))).classes == Labels{6});
  CHECK_THAT(form_refusal(npy(with_keys({5, 2}, {{"high_res", kMap}}))),
             Contains("has 2 numbers in 'keys' but 1 map"));
  CHECK(read_form(npy(by_number({{5, floats({1, 1, 2}, {0.1F, 0.2F})}}))).classes == Labels{6});
}

TEST_CASE("one array of all classes may have a name") {
  std::string const all = plain_npy("<f4", "(20, 1, 2)", packed(Floats(40, 0.5F)));
  std::string const npz = pickle_bytes::zip({{"cam.npy", all}});
  CHECK(read_form(npz, {}, "a.npz").classes.size() == 20);
  CHECK(read_form(npz, with("field", "cam"), "a.npz").classes.size() == 20);
  CHECK_THAT(form_refusal(pickle_bytes::zip({{"cam.npy", plain_npy("<f4", "(3, 1, 2)",
                                                              packed(Floats(6)))}})),
             Contains("require 21 maps, or 20 without background"));
}

TEST_CASE("maps may be named by class, be in a list, or lie one level deeper") {
  std::string const named = npy(dict(text("person") + kOther + text("bus") + kMap));
  CHECK(read_form(named).classes == Labels{6, 15});
  CHECK(read_form(named).values == kTwoValues);
  CHECK_THAT(form_refusal(named, strict()), Contains("holds a dict of 2 entries"));
  CHECK(read_form(npy(dict(text("background") + kOther + text("bus") + kMap))).classes == Labels{0, 6});
  CHECK_THAT(form_refusal(npy(dict(text("bus") + kMap + text("tram") + kMap))), Contains("holds a dict"));
  std::string const maps = pickle_bytes::list(kMap + kOther);
  CHECK(read_form(npy(with_keys({5, 2}, {{"high_res", maps}}))).values == kTwoValues);
  CHECK_THAT(form_refusal(npy(with_keys({5}, {{"high_res", maps}}))), Contains("but 2 maps"));
  CHECK_THAT(form_refusal(npy(with_keys({5, 2}, {{"high_res", pickle_bytes::list("NN")}}))),
             Contains("a list of 2 items; scores are floating-point"));
  std::string const deeper = npy(dict(text("cams") + with_keys({5, 2}, {{"high_res", kTwo}})));
  CHECK(read_form(deeper).classes == Labels{6, 3});
  CHECK_THAT(form_refusal(deeper, strict()), Contains("holds a dict of 1 entry"));
}

TEST_CASE("bytes are scores times 255, and bool is 0 and 1") {
  NpyScores const found = read_form(npy(by_number({{5, bytes_of({1, 2}, "\xff\x33")}})));
  CHECK(found.values == Floats{1, 0.2F});
  CHECK(read_form(npy(by_number({{5, pickle_bytes::array(pickle_bytes::dtype("b1", "|"), {1, 2},
                                                    std::string("\1\0", 2))}})))
            .values == Floats{1, 0});
  CHECK(read_form(npy(by_number({{5, bytes_of({1, 2}, std::string(2, '\0'))}}))).values == Floats{0, 0});
  std::string const flags = npy(by_number({{5, bytes_of({1, 2}, std::string("\1\0", 2))}}));
  CHECK_THAT(form_refusal(flags), Contains("a.npy holds bytes of 0 and 1, and bytes are read as scores "
                                      "times 255"));
  CHECK_THAT(form_refusal(npy(by_number({{5, bytes_of({1, 2}, "\xff\x33")}})), strict()),
             Contains("scores are floating-point arrays"));
}

TEST_CASE("a map that is NaN everywhere is left out with a warning") {
  std::string const file =
      npy(with_keys({5, 2, 14}, {{"high_res", floats({3, 1, 2}, {0.1F, 0.2F, NAN, NAN, 0.3F, 0.4F})}}));
  NpyScores const found = read_form(file);
  CHECK(found.classes == Labels{6, 15});
  CHECK(found.values == kTwoValues);
  REQUIRE(found.warnings.size() == 1);
  CHECK(found.warnings[0].what.find("NaN everywhere") != std::string::npos);
  CHECK(found.warnings[0].detail == "class 3 (bird)");
  CHECK_THAT(form_refusal(file, strict()), Contains("class 3 (bird) is NaN in row 0, column 0"));
  CHECK_THAT(form_refusal(npy(by_number({{5, floats({1, 2}, {NAN, NAN})}}))),
             Contains("all maps are NaN everywhere"));
  CHECK_THAT(form_refusal(npy(by_number({{5, kMap}, {6, floats({1, 2}, {NAN, 1})}}))),
             Contains("class 7 (car) is NaN"));
  CHECK_THAT(form_refusal(npy(with_keys({0, 6}, {{"IS_CAM", floats({2, 1, 2}, {NAN, NAN, 1, 1})}}))),
             Contains("class 0 (background) is NaN"));
}

TEST_CASE("maps of any size are resized on request") {
  std::string const coarse = npy(by_number({{5, floats({1, 2}, {0, 8})}}));
  auto const resized = [&](Options const& options) {
    return read_form(coarse, options, "a.npy", "a", Size{1, 8}).values;
  };
  CHECK(resized(with("resize", "bilinear")) == Floats{0, 0, 1, 3, 5, 7, 8, 8});
  CHECK(resized(with("resize", "nearest")) == Floats{0, 0, 0, 0, 8, 8, 8, 8});
  Options corners = with("resize", "bilinear");
  corners["align_corners"] = true;
  Floats const found = resized(corners);
  for (std::size_t i = 0; i < 8; ++i) {
    CHECK(found[i] == Approx(8.0 * static_cast<double>(i) / 7));
  }
  // The other way round, and with the image's own size, where it changes nothing.
  CHECK(read_form(npy(by_number({{5, floats({1, 4}, {0, 2, 4, 6})}})), with("resize", "bilinear")).values ==
        Floats{1, 5});
  CHECK(read_form(npy(by_number({{5, kMap}})), with("resize", "bilinear")).values == Floats{0.1F, 0.2F});
  CHECK_THAT(form_refusal(coarse, {}, Size{1, 8}), Contains("1x2") && Contains("resize = \"bilinear\""));
  CHECK_THAT(form_refusal(npy(by_number({{5, floats({8, 2}, Floats(16))}})), with("resize", "bilinear"),
                     Size{20, 80}),
             Contains("saved with width first"));
  CHECK_THAT(form_refusal(coarse, with("resize", "bilinear"), std::nullopt),
             Contains("are to be resized") && Contains("size of the sample is unknown"));
  StageDriver const alone(cam::declare_npy,
                          {{{"dir", std::string("/")}, {"align_corners", true}}, {}, {}});
  CHECK_THAT(alone.problems(), Contains("align_corners is for resize = \"bilinear\""));
}

TEST_CASE("the scores of each map are normalised on request") {
  std::string const logits = npy(by_number({{5, floats({1, 3}, {-4, 2, 8})}, {6, floats({1, 3}, {-3, -2, -1})}}));
  auto const normalised = [&](char const* how) {
    return read_form(logits, with("normalize", how), "a.npy", "a", Size{1, 3}).values;
  };
  CHECK(normalised("none") == Floats{-4, 2, 8, -3, -2, -1});
  CHECK(normalised("max") == Floats{0, 0.25F, 1, 0, 0, 0});
  CHECK(normalised("minmax") == Floats{0, 0.5F, 1, 0, 0.5F, 1});
  CHECK(read_form(npy(by_number({{5, floats({1, 2}, {3, 3})}})), with("normalize", "minmax")).values ==
        Floats{0, 0});
}
