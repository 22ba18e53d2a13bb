#include <algorithm>
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

namespace {

using Options = std::map<std::string, OptionValue>;
using Labels = std::vector<Label>;

Options method(std::string name) {
  return {{"method", std::move(name)}};
}
Options keys(std::string kind) {
  return {{"keys", std::move(kind)}};
}

StageDriver npy_stage(TempFolder const& folder, Options options) {
  options["dir"] = folder.path().string();
  return StageDriver(cam::declare_npy, {std::move(options), {}, {}});
}

// What a file a.npy of these bytes is read as, of an image of 1x2 pixels.
ScoreMaps read_npy(std::string const& bytes, Options const& options = {},
               std::optional<Size> size = Size{1, 2}) {
  TempFolder const folder;
  folder.write("a.npy", bytes);
  StageDriver stage = npy_stage(folder, options);
  REQUIRE(stage.problems() == "");
  return stage.run<ScoreMaps>(voc_sample("a", size));
}

std::string refusal(std::string const& bytes, Options const& options = {},
                    std::optional<Size> size = Size{1, 2}) {
  try {
    read_npy(bytes, options, size);
  } catch (Error const& error) {
    return error.what();
  }
  return "accepted";
}

std::string problems(Options options) {
  TempFolder const folder;
  return npy_stage(folder, std::move(options)).problems();
}

// All scores, one class after the other.
Floats values_of(ScoreMaps const& scores) {
  Floats values;
  for (std::size_t k = 0; k < scores.classes().size(); ++k) {
    values.insert(values.end(), scores.plane(k).begin(), scores.plane(k).end());
  }
  return values;
}

std::string const kThree = floats({3, 1, 2}, {0.5F, 0.6F, 0.1F, 0.2F, 0.3F, 0.4F});

std::string const kIrn = npy(with_keys({5, 2}, {{"high_res", kTwo}}));
std::string const kClipEs = npy(with_keys({5, 2}, {{"attn_highres", kTwo}}));
std::string const kPuzzle = npy(with_keys({0, 6, 3}, {{"hr_cam", kTwo}}));
std::string const kPuzzleRw = npy(with_keys({0, 6, 3}, {{"rw", kTwo}}));
std::string const kRecurSeed = npy(with_keys({0, 6, 3}, {{"seed", kTwo}}));
std::string const kSipe = npy(with_keys({0, 6, 3}, {{"IS_CAM", kThree}}));
std::string const kPsa = npy(by_number({{0, kMap}, {5, kOther}}));

}  // namespace

TEST_CASE("cam.npy takes a sample and outputs scores from an existing folder") {
  StageDriver const stage(cam::declare_npy, {{{"dir", std::string("/")}}});
  CHECK(stage.declaration().name == "cam.npy");
  CHECK(stage.declaration().inputs.at(0).name == "sample");
  CHECK(stage.declaration().outputs.at(0).name == "scores");
  CHECK(stage.default_of("on_missing") == OptionValue(std::string("error")));
  auto const& dir = stage.declaration().options.at(find_option(stage.declaration(), "dir").value());
  CHECK(dir.required);
  CHECK(dir.path_kind == PathKind::folder);
}

TEST_CASE("files of IRN and CLIP-ES have classes from 0, in the order of the file") {
  for (auto const& [file, name] :
       {std::pair(kIrn, "irn"), {kIrn, "clims"}, {kIrn, "rib"}, {kClipEs, "clipes"}}) {
    for (Options const& options : {Options(), method(name)}) {
      ScoreMaps const scores = read_npy(file, options);
      CHECK(classes_of(scores) == Labels{6, 3});
      CHECK(values_of(scores) == kTwoValues);
      CHECK_FALSE(scores.has_background());
    }
  }
}

TEST_CASE("one key more than maps means a background without a map, before label ids") {
  for (auto const& [file, name] :
       {std::pair(kPuzzle, "puzzlecam"), {kPuzzleRw, "puzzlecam_rw"}, {kRecurSeed, "recurseed"}}) {
    for (Options const& options : {Options(), method(name)}) {
      ScoreMaps const scores = read_npy(file, options);
      CHECK(classes_of(scores) == Labels{6, 3});
      CHECK(values_of(scores) == kTwoValues);
    }
  }
}

TEST_CASE("as many keys as maps in files of SIPE and RecurSeed are label ids with background") {
  std::string const second_writer = npy(with_keys({0, 6, 3}, {{"seed", kThree}}));
  for (auto const& [file, name] : {std::pair(kSipe, "sipe"), {second_writer, "recurseed"}}) {
    for (Options const& options : {Options(), method(name)}) {
      ScoreMaps const scores = read_npy(file, options);
      CHECK(classes_of(scores) == Labels{0, 6, 3});
      CHECK(scores.has_background());
    }
  }
}

TEST_CASE("a map for each class number is read by class") {
  ScoreMaps const cams = read_npy(kPsa, method("psa"));
  CHECK(classes_of(cams) == Labels{1, 6});
  CHECK(values_of(cams) == kTwoValues);
  for (char const* const name : {"seam", "transcam", "ppc", "eps", "l2g"}) {
    CHECK(classes_of(read_npy(kPsa, method(name))) == Labels{1, 6});
  }
  CHECK(classes_of(read_npy(kPsa, keys("zero_based"))) == Labels{1, 6});

  ScoreMaps const unsorted = read_npy(npy(by_number({{5, kOther}, {0, kMap}})), method("psa"));
  CHECK(classes_of(unsorted) == Labels{1, 6});
  CHECK(values_of(unsorted) == kTwoValues);
}

TEST_CASE("PSA's CAMs and CRF scores look the same, and the error says what decides") {
  CHECK_THAT(refusal(kPsa), Contains("a.npy has a map with the number 0") &&
                                Contains("method = \"psa\"") &&
                                Contains("keys = \"label_ids\" for CRF scores"));
  CHECK_THAT(refusal(kPsa, {{"background", std::string("implicit")}}), Contains("number 0"));
  // Without the number 0 they are CAMs: CRF scores have a background.
  CHECK(classes_of(read_npy(npy(by_number({{5, kMap}})))) == Labels{6});
  for (Options const& options : {keys("label_ids"), Options{{"background", "in_band"}}}) {
    ScoreMaps const crf = read_npy(kPsa, options);
    CHECK(classes_of(crf) == Labels{0, 5});
    CHECK(crf.has_background());
  }
}

TEST_CASE("a plain array has a map for each class of the data set, with or without background") {
  Floats values(42);
  values[41] = 7;
  std::string const all = npy_of_floats("(21, 1, 2)", values);
  for (Options const& options : {Options(), method("ppc"), Options{{"background", "in_band"}}}) {
    ScoreMaps const scores = read_npy(all, options);
    CHECK(scores.classes().size() == 21);
    CHECK(scores.classes()[0] == 0);
    CHECK(scores.plane(20)[1] == 7);
  }
  std::string const foreground = npy_of_floats("(20, 1, 2)", Floats(40));
  for (Options const& options : {Options(), Options{{"background", "implicit"}}}) {
    ScoreMaps const scores = read_npy(foreground, options);
    CHECK(scores.classes().size() == 20);
    CHECK(scores.classes()[0] == 1);
  }
  CHECK_THAT(refusal(foreground, {{"background", "in_band"}}), Contains("require 21 maps"));
  CHECK_THAT(refusal(all, {{"background", "implicit"}}), Contains("require 20 maps"));
  CHECK_THAT(refusal(npy_of_floats("(3, 1, 2)", Floats(6))),
             Contains("shape (3, 1, 2)") && Contains("require 21 maps, or 20 without background"));
  CHECK_THAT(refusal(all, keys("label_ids")), Contains("remove keys"));
  CHECK_THAT(refusal(all, {{"field", std::string("cam")}}), Contains("remove field"));
}

TEST_CASE("files of methods that are not listed are read with options") {
  std::string const unknown = npy(with_keys({5, 2}, {{"refined", kTwo}}));
  Options options = {{"field", std::string("refined")}};
  CHECK_THAT(refusal(unknown), Contains("none of which is known to hold scores: set field"));
  CHECK_THAT(refusal(unknown, options),
             Contains("as many numbers in 'keys' as maps") && Contains("keys = \"zero_based\""));
  options["keys"] = std::string("zero_based");
  CHECK(classes_of(read_npy(unknown, options)) == Labels{6, 3});
  options["keys"] = std::string("label_ids");
  CHECK(classes_of(read_npy(unknown, options)) == Labels{5, 2});
  options["background"] = std::string("in_band");
  CHECK_THAT(refusal(unknown, options), Contains("none of which is 0 (background)"));

  std::string const leading = npy(with_keys({0, 5, 2}, {{"refined", kTwo}}));
  CHECK(classes_of(read_npy(leading, {{"field", std::string("refined")}})) == Labels{5, 2});
  std::string const own = npy(with_keys({0, 5, 2}, {{"refined", kThree}}));
  CHECK(classes_of(read_npy(own, {{"field", std::string("refined")},
                              {"background", std::string("in_band")}})) == Labels{0, 5, 2});
  CHECK_THAT(refusal(own, {{"field", std::string("refined")},
                           {"keys", std::string("label_ids")},
                           {"background", std::string("implicit")}}),
             Contains("0 (background) included"));
  CHECK_THAT(refusal(own, {{"field", std::string("refind")}}), Contains("has no 'refind'"));
  // A method's other field.
  std::string const both = npy(with_keys({5, 2}, {{"high_res", kTwo}, {"crf", kTwo}}));
  CHECK(classes_of(read_npy(both, {{"method", std::string("irn")}, {"field", std::string("crf")}})) ==
        Labels{6, 3});
}

TEST_CASE("a file of another method is refused with what it looks like") {
  for (auto const& [file, looks] :
       {std::pair(kIrn,
                  "looks like an IRN, CLIMS or RIB file (keys, high_res; background "
                  "implicit): method = \"irn\""),
        {kClipEs, "looks like a CLIP-ES file (keys, attn_highres; background implicit)"},
        {kPuzzle, "method = \"puzzlecam\""},
        {kPuzzleRw, "method = \"puzzlecam_rw\""},
        {kRecurSeed, "looks like a RecurSeed file (keys, seed): method = \"recurseed\""},
        {kSipe, "looks like a SIPE file (keys, IS_CAM; background in-band): method = \"sipe\""},
        {kPsa, "looks like a file of PSA or its descendants"},
        {npy_of_floats("(21, 1, 2)", Floats(42)), "looks like an array of PPC"}}) {
    for (char const* const other :
         {"irn", "clipes", "puzzlecam", "puzzlecam_rw", "recurseed", "sipe", "psa"}) {
      std::string const own = "method = \"" + std::string(other) + "\"";
      std::string const message = refusal(file, method(other));
      if (message == "accepted") {
        CHECK((std::string(looks).find(own) != std::string::npos ||
               std::string(looks).find(std::string(other) == "psa" ? "PSA" : "CLIP-ES") !=
                   std::string::npos));
        continue;
      }
      INFO(message);
      CHECK_THAT(message, Contains("a.npy ") && Contains(looks) &&
                              Contains("the pipeline says method = \"" + std::string(other)));
    }
  }
}

TEST_CASE("a file with maps at a fourth of the size is recognised too") {
  std::string const strided = floats({2, 1, 1}, {1, 2});
  std::string const irn = "looks like an IRN, CLIMS or RIB file (keys, ";
  std::string const puzzle = "looks like a PuzzleCAM file (keys, ";
  std::string const irn_full = npy(with_keys({3, 14}, {{"cam", strided}, {"high_res", kTwo}}));
  std::string const puzzle_full = npy(with_keys({0, 4, 15}, {{"cam", strided}, {"hr_cam", kTwo}}));
  CHECK_THAT(refusal(irn_full, method("puzzlecam")),
             Contains("a.npy " + irn +
                      "high_res; background implicit): method = \"irn\"; the "
                      "pipeline says method = \"puzzlecam\""));
  for (char const* const name : {"irn", "clims", "rib"}) {
    CHECK_THAT(refusal(puzzle_full, method(name)),
               Contains("a.npy " + puzzle +
                        "hr_cam; background implicit): method = "
                        "\"puzzlecam\"; the pipeline says method = \"" +
                        name));
  }
  CHECK_THAT(refusal(irn_full, method("sipe")), Contains(irn));
  CHECK_THAT(refusal(npy(with_keys({3, 14}, {{"cam", strided}})), method("puzzlecam")),
             Contains(irn + "cam;"));
  CHECK_THAT(refusal(npy(with_keys({0, 4, 15}, {{"cam", strided}})), method("irn")),
             Contains(puzzle + "cam;"));
  CHECK_THAT(refusal(npy(with_keys({1, 4, 15}, {{"cam", strided}})), method("irn")),
             Contains("has 3 numbers in 'keys' but 2 maps in 'cam', and the first key is not 0"));
}

TEST_CASE("the error for a missing background map names the setting that implies one") {
  std::string const file = npy(with_keys({4, 15}, {{"IS_CAM", kTwo}}));
  std::string const cause = "a map for each of its keys, none of which is 0 (background); ";
  CHECK_THAT(refusal(file, method("sipe")), Contains(cause + "method = \"sipe\" does not"));
  CHECK_THAT(refusal(file), Contains(cause + "its field implies background = \"in_band\""));
  CHECK_THAT(refusal(file, {{"background", std::string("in_band")}}),
             Contains(cause + "background = \"in_band\" does not fit"));
}

TEST_CASE("a file of no known method is refused with its contents") {
  using pickle_bytes::dict;
  using pickle_bytes::text;
  CHECK_THAT(refusal(npy(dict(text("a") + kMap))), Contains("a.npy holds a dict of 1 entry"));
  CHECK_THAT(refusal(npy(text("CAM"))), Contains("a.npy holds the text 'CAM'"));
  CHECK_THAT(refusal(npy_of_floats("(3, 2)", Floats(6))), Contains("shape (3, 2)"));
  CHECK_THAT(refusal("\x89PNG\r\n\x1a\n"), Contains("a.npy"));
  CHECK_THAT(refusal(npy(with_keys({5}, {{"high_res", integers({1})}}))),
             Contains("has in 'high_res' ") && Contains("floating-point arrays with 3 axes"));
  CHECK_THAT(refusal(npy(by_number({{5, floats({2, 1, 2}, {1, 2, 3, 4})}}))),
             Contains("floating-point arrays with 2 axes"));
  CHECK_THAT(refusal(npy(dict(text("keys") + text("cat") + text("high_res") + kTwo))),
             Contains("has 1 number in 'keys' but 2 maps"));
  CHECK_THAT(refusal(npy(with_keys({5, 2}, {{"high_res", kTwo}, {"seed", kTwo}}))),
             Contains("more than one method"));
  CHECK_THAT(refusal(npy(by_number({{5, kMap}, {6, floats({2, 1}, {1, 2})}}))),
             Contains("maps of different sizes"));
}

TEST_CASE("a truncated file is refused by name, wherever it ends") {
  for (std::size_t length = 0; length < kIrn.size(); length += 7) {
    CHECK_THAT(refusal(kIrn.substr(0, length)), Contains("a.npy"));
  }
}

TEST_CASE("keys of unknown classes, or repeated keys, are refused") {
  CHECK_THAT(refusal(npy(with_keys({20, 2}, {{"high_res", kTwo}}))),
             Contains("key 20, which is class 21 (keys count from 0)") &&
                 Contains("0..20 (background to tvmonitor)"));
  std::string const crf = npy(by_number({{0, kMap}, {20, kMap}}));
  CHECK_THAT(refusal(crf, method("psa")),
             Contains("key 20") && Contains("if the keys are label ids (PSA's CRF scores), remove "
                                            "method and set keys = \"label_ids\""));
  CHECK_THAT(refusal(crf, keys("zero_based")), Contains("CRF scores), set keys = \"label_ids\""));
  CHECK(classes_of(read_npy(crf, keys("label_ids"))) == Labels{0, 20});
  std::string const irn = npy(with_keys({20, 2}, {{"high_res", kTwo}}));
  for (Options const& options : {Options(), method("irn")}) {
    CHECK_THAT(refusal(irn, options), Contains("key 20") && !Contains("label ids"));
  }
  CHECK_THAT(
      refusal(irn, {{"field", std::string("high_res")}, {"keys", std::string("zero_based")}}),
      Contains("if the keys are label ids, set keys"));
  CHECK_THAT(refusal(npy(with_keys({0, 21, 2}, {{"IS_CAM", kThree}}))), Contains("key 21"));
  CHECK_THAT(refusal(npy(with_keys({-1, 2}, {{"high_res", kTwo}}))), Contains("key -1"));
  CHECK_THAT(refusal(npy(with_keys({5, 5}, {{"high_res", kTwo}}))),
             Contains("two maps with the key 5"));
  CHECK_THAT(refusal(npy(with_keys({0, 0, 5}, {{"hr_cam", kTwo}}))), Contains("key 0"));
}

TEST_CASE("keys that are not 64-bit integers are refused with file and field") {
  using namespace pickle_bytes;
  std::string const beyond = array(dtype("u8"), {2}, packed<std::uint64_t>({3, ~std::uint64_t{0}}));
  for (auto const& [keys, why] : {std::pair(beyond, "a uint64 array of shape (2,): "),
                                  {doubles({2}, {3.5, 14}), "a float64"}}) {
    CHECK_THAT(refusal(cam_files::npy(dict(text("keys") + keys + text("high_res") + kTwo))),
               Contains("a.npy has in 'keys' " + std::string(why)));
  }
}

TEST_CASE("a number of keys that does not fit the maps is refused with both numbers") {
  CHECK_THAT(refusal(npy(with_keys({1, 2, 3, 4}, {{"high_res", kTwo}}))),
             Contains("has 4 numbers in 'keys' but 2 maps in 'high_res'"));
  CHECK_THAT(refusal(npy(with_keys({5}, {{"high_res", kTwo}}))),
             Contains("has 1 number in 'keys' but 2 maps"));
  CHECK_THAT(refusal(npy(with_keys({1, 2, 3}, {{"hr_cam", kTwo}}))),
             Contains("first key is not 0"));
  CHECK_THAT(refusal(npy(with_keys({0, 6, 3}, {{"high_res", kTwo}})), method("irn")),
             Contains("a background without a map") && Contains("does not write this form"));
  CHECK_THAT(refusal(npy(with_keys({6, 3}, {{"hr_cam", kTwo}})), method("puzzlecam")),
             Contains("the keys begin with a 0 that has no map"));
  CHECK_THAT(refusal(npy(with_keys({0, 6, 3}, {{"IS_CAM", kTwo}})), method("sipe")),
             Contains("a background without a map"));
}

TEST_CASE("scores that are infinite or NaN are refused with class and position") {
  float const infinity = std::numeric_limits<float>::infinity();
  CHECK_THAT(refusal(npy(with_keys({14}, {{"high_res", floats({1, 1, 2}, {0, -infinity})}}))),
             Contains("a.npy: the score of class 15 (person) is infinite in row 0, column 1"));
  CHECK_THAT(refusal(npy(by_number({{14, floats({1, 2}, {NAN, 1})}}))),
             Contains("class 15 (person) is NaN in row 0, column 0"));
  CHECK_THAT(refusal(npy(by_number({{14, halves({1, 2}, {0x3c00, 0x7c00})}}))),
             Contains("is infinite in row 0, column 1"));
}

TEST_CASE("maps of another size than the image are refused with both sizes") {
  CHECK_THAT(refusal(kIrn, {}, Size{2, 1}),
             Contains("a.npy is 1x2 but the sample's image is 2x1 (height x width)") &&
                 Contains("one is the other transposed"));
  CHECK_THAT(refusal(kPsa, method("psa"), Size{5, 7}), Contains("1x2") && Contains("5x7"));
}

TEST_CASE("the size is that of the maps if the data set does not know it") {
  CHECK(read_npy(kIrn, {}, std::nullopt).size() == Size{1, 2});
  CHECK(read_npy(kPsa, method("psa"), std::nullopt).size() == Size{1, 2});
}

TEST_CASE("maps at a fourth of the size are enlarged if a file has no others") {
  std::string const strided = floats({1, 1, 2}, {0, 8});
  Floats const enlarged = {0, 0, 1, 3, 5, 7};
  for (auto const& [file, name] : {std::pair(npy(with_keys({14}, {{"cam", strided}})), "irn"),
                                   {npy(with_keys({0, 15}, {{"cam", strided}})), "puzzlecam"}}) {
    for (Options const& options : {Options(), method(name)}) {
      ScoreMaps const scores = read_npy(file, options, Size{1, 6});
      CHECK(classes_of(scores) == Labels{15});
      CHECK(values_of(scores) == enlarged);
    }
    CHECK_THAT(refusal(file, {}, Size{1, 9}), Contains("1x2") && Contains("1x9"));
    CHECK_THAT(refusal(file, {}, std::nullopt), Contains("smaller than the image"));
  }
  // Full-size maps come first, and are never enlarged.
  std::string const full = floats({1, 1, 6}, {9, 9, 9, 9, 9, 9});
  CHECK(values_of(read_npy(npy(with_keys({14}, {{"cam", strided}, {"high_res", full}})), {},
                       Size{1, 6})) == Floats(6, 9));
  CHECK_THAT(refusal(npy(with_keys({14}, {{"high_res", strided}})), {}, Size{1, 6}),
             Contains("1x2"));
  CHECK(values_of(read_npy(npy(with_keys({14}, {{"cam", strided}, {"high_res", full}})),
                       {{"field", std::string("cam")}}, Size{1, 6})) == enlarged);
  // float16 stays float16: what lies an eighth of the way from 0.1 to 0.2 is rounded to it.
  ScoreMaps const half =
      read_npy(npy(with_keys({14}, {{"cam", halves({1, 1, 2}, {0x2e66, 0x3266})}})), {}, Size{1, 6});
  CHECK(half.precision() == Precision::half);
  CHECK(half.plane(0)[2] == 0.11248779296875F);
}

TEST_CASE("scores keep the precision of the file") {
  CHECK(read_npy(kIrn).precision() == Precision::single);
  ScoreMaps const full = read_npy(npy(by_number({{5, doubles({1, 2}, {0.1, 0.2})}})));
  REQUIRE(full.precision() == Precision::full);
  full.visit_plane(0, [](auto plane) { CHECK(plane[0] == 0.1); });
  ScoreMaps const half = read_npy(npy(by_number({{5, halves({1, 2}, {0x2e66, 0x3c00})}})));
  CHECK(half.precision() == Precision::half);
  CHECK(values_of(half) == Floats{0.0999755859375F, 1.0F});
}

TEST_CASE("torch's tensors are read like numpy's arrays, even columns of another tensor") {
  using namespace pickle_bytes;
  // keys = torch.nonzero(label)[:, 0]
  Storage const numbers{"0", "LongStorage", 4, packed<std::int64_t>({5, 0, 2, 0})};
  Storage const scores{"1", "FloatStorage", 4, packed(kTwoValues)};
  std::string const file =
      cam_files::npy(dict(text("keys") + pickled_tensor(numbers, 0, {2}, {2}) + text("high_res") +
                          pickled_tensor(scores, 0, {2, 1, 2}, {2, 2, 1})));
  ScoreMaps const read_scores = read_npy(file);
  CHECK(classes_of(read_scores) == Labels{6, 3});
  CHECK(values_of(read_scores) == kTwoValues);
}

TEST_CASE("a file without classes gives an image of background") {
  using pickle_bytes::dict;
  using pickle_bytes::text;
  std::string const none = floats({0, 1, 2}, {});
  for (auto const& [file, name] :
       {std::pair(npy(with_keys({}, {{"cam", none}, {"high_res", none}})), "irn"),
        {npy(with_keys({}, {})), "rib"},
        {npy(with_keys({0}, {{"hr_cam", none}})), "puzzlecam"},
        {npy(with_keys({0}, {{"seed", none}})), "recurseed"},
        {npy("}"), "psa"}}) {
    for (Options const& options : {Options(), method(name)}) {
      ScoreMaps const scores = read_npy(file, options);
      CHECK(scores.classes().empty());
      CHECK(scores.size() == Size{1, 2});
    }
  }
  // numpy.array([]) is of float64.
  std::string const floating = doubles({0}, {});
  for (std::string const& file :
       {dict(text("keys") + floating), dict(text("keys") + floating + text("high_res") + none),
        dict(text("keys") + "]" + text("cam") + "]" + text("high_res") + "]"),
        dict(text("keys") + floating + text("cam") + floating)}) {
    for (Options const& options : {Options(), method("irn")}) {
      ScoreMaps const scores = read_npy(npy(file), options);
      CHECK(scores.classes().empty());
      CHECK(scores.size() == Size{1, 2});
    }
  }
  CHECK(classes_of(read_npy(npy(dict(text("keys") + integers({0}) + text("hr_cam") + "]")),
                        method("puzzlecam"))) == Labels{});
  CHECK(read_npy(npy(with_keys({}, {{"high_res", none}})), {}, std::nullopt).size() == Size{1, 2});
  CHECK_THAT(refusal(npy(with_keys({}, {})), {}, std::nullopt), Contains("size of the sample is"));
  CHECK_THAT(refusal(npy(with_keys({5, 2}, {}))), Contains("keys of 2 classes but no scores"));
  CHECK_THAT(refusal(npy(with_keys({0}, {})), method("irn")),
             Contains("keys of 1 class but no scores, as PuzzleCAM and RecurSeed write") &&
                 Contains("method = \"puzzlecam\""));
}

TEST_CASE("boolean flags of classes are not taken for class numbers") {
  using namespace pickle_bytes;
  std::string const flags = array(dtype("b1"), {1}, "\x01");
  CHECK_THAT(
      refusal(npy(dict(text("keys") + flags + text("high_res") + floats({1, 1, 2}, {0, 1}))),
              method("irn")),
      Contains("has in 'keys' a bool array of shape (1,); expected a list of class numbers"));
}

TEST_CASE("a missing file is an error that names the file, or an image without a class") {
  TempFolder const folder;
  folder.write("b.pkl", "");
  StageDriver strict = npy_stage(folder, {});
  CHECK_THROWS_WITH(strict.run<ScoreMaps>(voc_sample("a")),
                    Contains("there is no CAM file " + (folder / "a.npy").string()) &&
                        Contains("on_missing = \"empty\""));
  CHECK_THROWS_WITH(strict.run<ScoreMaps>(voc_sample("b")),
                    Contains("but there is b.pkl, which cam.pkl reads"));
  StageDriver lenient = npy_stage(folder, {{"on_missing", std::string("empty")}});
  auto const scores = lenient.run<ScoreMaps>(voc_sample("a", Size{2, 3}));
  CHECK(scores.classes().empty());
  CHECK(scores.size() == Size{2, 3});
  CHECK_THROWS_WITH(lenient.run<ScoreMaps>(voc_sample("a")),
                    Contains("size of the sample is unknown"));
}

TEST_CASE("the file of a COCO sample may have any of its names") {
  TempFolder const folder;
  folder.write("000000000139.npy", kIrn);
  StageDriver stage = npy_stage(folder, {});
  Sample const sample = voc_sample("COCO_val2014_000000000139", Size{1, 2});
  CHECK(classes_of(stage.run<ScoreMaps>(sample)) == Labels{6, 3});
  auto const files = stage.instance().files(0, sample);
  CHECK(std::ranges::find(files, folder / "000000000139.npy") != files.end());
}

TEST_CASE("options that contradict the method or each other are refused by the check") {
  CHECK(problems(method("irn")) == "");
  CHECK_THAT(problems({{"method", std::string("irn")}, {"keys", std::string("label_ids")}}),
             Contains("keys: method = \"irn\" implies keys = \"zero_based\""));
  CHECK_THAT(problems({{"method", std::string("sipe")}, {"background", std::string("implicit")}}),
             Contains("background: method = \"sipe\" implies background = \"in_band\""));
  CHECK_THAT(problems({{"method", std::string("psa")}, {"field", std::string("cam")}}),
             Contains("field: method = \"psa\" implies"));
  CHECK_THAT(
      problems({{"keys", std::string("zero_based")}, {"background", std::string("in_band")}}),
      Contains("background: keys that count classes from 0"));
  CHECK_THAT(problems(method("rca")), Contains("cam.png_per_class"));
  CHECK(problems({{"method", std::string("psa")},
                  {"keys", std::string("zero_based")},
                  {"background", std::string("implicit")}}) == "");
  CHECK(problems({{"method", std::string("ppc")}, {"background", std::string("in_band")}}) == "");
  CHECK(problems({{"method", std::string("recurseed")}, {"background", std::string("in_band")}}) ==
        "");
}

TEST_CASE("a pickle that would run a program is refused, and nothing is executed") {
  TempFolder const folder;
  std::string const made = (folder / "made").string();
  std::string const message = refusal(npy(pickle_bytes::call(pickle_bytes::global("os", "system"),
                                                             pickle_bytes::text("touch " + made))));
  CHECK_THAT(message, Contains("os.system"));
  CHECK_FALSE(std::filesystem::exists(made));
}

TEST_CASE("classes that the image-level labels exclude cause a warning, or are dropped") {
  TempFolder const folder;
  folder.write("a.npy", kIrn);
  folder.write("b.npy", npy_of_floats("(21, 1, 2)", Floats(42)));
  Sample const a = voc_sample("a", Size{1, 2}), b = voc_sample("b", Size{1, 2});
  ImageLabels const bird{{3}};
  auto const with_labels = [&](bool restrict_to_image_labels) {
    return StageDriver(cam::declare_npy, {{{"dir", folder.path().string()},
                                           {"restrict_to_image_labels", restrict_to_image_labels}},
                                          {"sample", "image_labels"},
                                          {}});
  };
  StageDriver lenient = with_labels(false);
  CHECK(classes_of(lenient.run<ScoreMaps>(a, a, bird)) == Labels{6, 3});
  auto const warned = lenient.warned();
  REQUIRE(warned.size() == 1);
  CHECK_THAT(warned[0].detail, Contains("bus"));
  // An array of all classes denies nothing and claims nothing.
  CHECK(lenient.run<ScoreMaps>(b, b, bird).classes().size() == 21);
  CHECK(lenient.warned().empty());

  StageDriver strict = with_labels(true);
  ScoreMaps const kept = strict.run<ScoreMaps>(a, a, bird);
  CHECK(classes_of(kept) == Labels{3});
  CHECK(values_of(kept) == Floats{0.3F, 0.4F});
  CHECK(classes_of(strict.run<ScoreMaps>(b, b, bird)) == Labels{0, 3});
  CHECK_THROWS_WITH(strict.run<ScoreMaps>(a), Contains("has no image-level labels"));
  CHECK_THAT(problems({{"restrict_to_image_labels", true}}),
             Contains("image_labels = \"DATASET.image_labels\""));
}
