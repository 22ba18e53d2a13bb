// Writes the seeds of the fuzz targets.
#include <filesystem>
#include <fstream>
#include <sstream>

#include <seplflow/confusion_matrix.hpp>
#include <seplflow/formats/coco_rle.hpp>
#include <seplflow/formats/mask_json.hpp>
#include <seplflow/formats/npy.hpp>
#include <seplflow/formats/png.hpp>
#include <seplflow/formats/python_file.hpp>
#include <seplflow/formats/torch_file.hpp>
#include "formats/json/coco_instances.hpp"
#include "run/resume/sample_memory.hpp"
#include "scenes/scene.hpp"
#include "support/catch.hpp"
#include "support/pickle_bytes.hpp"
#include "support/temp_folder.hpp"

namespace {

using namespace seplflow;
namespace fs = std::filesystem;

fs::path corpus(char const* target) {
  fs::path const folder = fs::path(SEPLFLOW_BUILD_DIR) / "corpus" / target;
  fs::create_directories(folder);
  return folder;
}

void write(fs::path const& file, std::string_view bytes) {
  std::ofstream(file, std::ios::binary) << bytes;
  REQUIRE(fs::file_size(file) == bytes.size());
}

scenes::Scene scene(std::uint64_t index) {
  return {{{24, 32}, 20, 3}, index};
}

std::string record(Mask const& mask, bool compressed) {
  std::string counts;
  if (compressed) {
    for (char const c : encode_coco_rle(mask)) counts += c == '\\' ? "\\\\" : std::string(1, c);
    counts = "\"" + counts + "\"";
  } else {
    for (std::uint32_t const count : mask.counts()) {
      counts += (counts.empty() ? "[" : ",") + std::to_string(count);
    }
    counts += "]";
  }
  return R"({"segmentation": {"size": [24, 32], "counts": )" + counts +
         R"(}, "area": 9, "predicted_iou": 0.9, "point_coords": [[1.0, 2.0]], )" +
         R"("stability_score": 0.95, "crop_box": [0, 0, 32, 24]})";
}

}  // namespace

TEST_CASE("seeds: label maps and masks as PNG", "[corpus]") {
  fs::path const folder = corpus("label_png"), plain = corpus("plain_png");
  for (std::uint64_t i = 0; i < 4; ++i) {
    for (auto const colours : {LabelColours::gray, LabelColours::voc_palette}) {
      auto const bytes = encode_label_png(scene(i).truth(), colours);
      bool const gray = colours == LabelColours::gray;
      for (fs::path const& each : {folder, plain}) {
        write(each / ((gray ? "gray_" : "palette_") + std::to_string(i) + ".png"),
              {reinterpret_cast<char const*>(bytes.data()), bytes.size()});
      }
      CHECK(decode_label_png(bytes, "seed") == scene(i).truth());
    }
    // Large enough for long runs, which have a decoder of their own.
    auto const mask = encode_mask_png(scenes::Scene{{{240, 320}, 20, 3}, i}.masks().mask(i));
    write(plain / ("mask_" + std::to_string(i) + ".png"),
          {reinterpret_cast<char const*>(mask.data()), mask.size()});
  }
}

TEST_CASE("seeds: masks as JSON", "[corpus]") {
  fs::path const folder = corpus("mask_json");
  for (std::uint64_t i = 0; i < 4; ++i) {
    MaskSet const masks = scene(i).masks();
    std::string list;
    for (std::size_t m = 0; m < masks.count(); ++m) {
      list += (m > 0 ? ", " : "") + record(masks.mask(m), m % 2 == 0);
    }
    write(folder / ("amg_" + std::to_string(i) + ".json"), "[" + list + "]");
    std::string const sa1b =
        R"({"image": {"image_id": 1, "height": 24, "width": 32}, "annotations": [)" + list + "]}";
    write(folder / ("sa1b_" + std::to_string(i) + ".json"), sa1b);
    CHECK(read_mask_json(folder / ("sa1b_" + std::to_string(i) + ".json")).count() ==
          masks.count());
  }
  write(folder / "polygons.json",
        R"([{"segmentation": [[1.5, 2, 20.25, 3, 12, 18]], "area": 1}, {"segmentation": )"
        R"({"size": [24, 32], "counts": [768]}}])");
  write(folder / "empty.json", "[]");
}

TEST_CASE("seeds: pickles, .npy files and files of torch", "[corpus]") {
  using namespace pickle_bytes;
  fs::path const folder = corpus("pickle");
  Storage const storage{"0", "FloatStorage", 6, packed<float>({0, 1, 2, 3, 4, 5})};
  std::string const tensor_in_zip = tensor(storage_id(storage), 1, {2, 2}, {1, 3});
  std::string const memo = "]\x94(h" + std::string(1, '\0') + "q\x05h\x05r\x06\0\0\0";
  write(folder / "irn.npy",
        npy_of_object(
            dict(text("keys") +
                 pickled_tensor({"7", "LongStorage", 2, std::string(16, '\1')}, 0, {2}, {1}) +
                 text("cam") + pickled_tensor(storage, 0, {2, 1, 3}, {3, 3, 1}) + text("high_res") +
                 array(dtype("f4"), {2, 1, 1}, packed<float>({0.25, 1})))));
  write(folder / "psa.npy",
        npy_of_object(dict("K\x03" + array(dtype("f2", ">"), {1, 2}, "\1\x3c\1\x3c", true))));
  write(folder / "plain.npy",
        npy("{'descr': '<i2', 'fortran_order': True, 'shape': (2, 1), }", "abcd", '\2'));
  write(folder / "labels",
        pickled(dict(call(global("numpy._core.multiarray", "scalar"), dtype("i4") + bytes("abcd")) +
                     array_with_data(dtype("f4"), {1},
                                     call(global("_codecs", "encode"),
                                          text("ab\xc3\xbfz") + text("latin1"))))));
  write(folder / "buffer",
        pickled(call(global("numpy.core.numeric", "_frombuffer"),
                     "\x96" + little(std::uint64_t{4}) + "abcd" + dtype("u1", "|") + shape({2, 2}) +
                         text("K") + shape({1, 0})),
                5));
  write(folder / "python2", pickled("}U\x01"
                                    "aT\x02" +
                                        std::string(3, '\0') + "\xe9zs",
                                    2));
  write(folder / "memo", pickled(memo + "e"));
  write(folder / "legacy.pth",
        legacy(tensor(storage_id(storage, "cuda:0", tuple(text("v") + integer(1) + integer(5))), 1,
                      {2, 2}, {1, 2}),
               {storage}));
  write(folder / "zip.pth",
        torch_zip(dict(text("model") + call(global("collections", "OrderedDict"), "") + "(" +
                       text("w") + tensor_in_zip + "u" + dict(text("_metadata") + "}") + "b"),
                  {storage}, {{"archive/byteorder", "little"}}));
  write(folder / "zip64.pth", torch_zip(tensor_in_zip, {storage}, {}, true));
  std::string const keys = npy("{'descr': '<i8', 'fortran_order': False, 'shape': (1,), }",
                               packed<std::int64_t>({14}));
  std::string const object = npy_of_object(dict(text("a") + "K\x07"));
  write(folder / "stored.npz", zip({{"keys.npy", keys}, {"cam.npy", object}}));
  write(folder / "deflated.npz", zip({{"keys.npy", keys, 8}, {"cam.npy", object, 8}}, true));
  write(folder / "arr_0.npz", zip({{"arr_0.npy", keys}}));
  write(folder / "page.html", "<!DOCTYPE html><html></html>");
  for (char const* const name : {"stored.npz", "deflated.npz", "arr_0.npz"}) {
    CHECK_NOTHROW(read_python_file(folder / name));
  }
  for (char const* const name : {"legacy.pth", "zip.pth", "zip64.pth"}) {
    CHECK_NOTHROW(read_torch_file(folder / name));
  }
  for (char const* const name : {"irn.npy", "psa.npy", "plain.npy"}) {
    CHECK_NOTHROW(read_npy(folder / name));
  }
  for (char const* const name : {"labels", "buffer"})
    CHECK_NOTHROW(read_pickle_file(folder / name));
}

TEST_CASE("seeds: COCO instances", "[corpus]") {
  fs::path const folder = corpus("coco");
  std::string images, annotations;
  for (std::uint64_t i = 0; i < 3; ++i) {
    std::string const id = std::to_string(i);
    MaskSet const masks = scene(i).masks();
    images += (i > 0 ? ", " : "") + (R"({"id": )" + id) + R"(, "file_name": "scene_)" + id +
              R"(.jpg", "height": 24, "width": 32})";
    for (std::size_t m = 0; m < masks.count(); ++m) {
      std::string fields = record(masks.mask(m), m % 2 == 0);
      fields.pop_back();
      annotations += (annotations.empty() ? "" : ", ") + fields + R"(, "image_id": )" + id +
                     R"(, "category_id": )" + std::to_string(m % 2 == 0 ? 90 : 1) +
                     R"(, "iscrowd": )" + std::to_string(m % 5 == 4) + R"(, "id": )" +
                     std::to_string(100 * i + m) + "}";
    }
  }
  std::string const categories =
      R"([{"id": 90, "name": "toothbrush"}, {"id": 1, "name": "person"}])";
  write(folder / "rle.json", R"({"info": {"a": ["\"}"]}, "images": [)" + images +
                                 R"(], "annotations": [)" + annotations + R"(], "categories": )" +
                                 categories + "}");
  write(
      folder / "polygons.json",
      R"({"annotations": [{"segmentation": [[1.5, 2, 20.25, 3, 12, 18], [-4, 1, 9, 30, 8, 2]], )"
      R"("iscrowd": 0, "image_id": 0, "category_id": 1, "id": 7}, {"segmentation": [[2, 2, 9, 5]], )"
      R"("image_id": 0, "category_id": 90, "id": 8}], "categories": )" +
          categories +
          R"(, "images": [{"id": 0, "file_name": "a.jpg", "height": 24, "width": 32}]})");
  CHECK(CocoInstances(folder / "rle.json").images().size() == 3);
  CHECK_FALSE(CocoInstances(folder / "polygons.json").truth(0) == LabelMap(Size{24, 32}));
}

TEST_CASE("seeds: pipelines", "[corpus]") {
  fs::path const folder = corpus("pipeline");
  int files = 0;
  for (auto const& entry :
       fs::recursive_directory_iterator(fs::path(SEPLFLOW_SOURCE_DIR) / "pipelines")) {
    if (entry.path().extension() != ".toml") continue;
    write(folder / entry.path().filename(), read_text(entry.path()));
    ++files;
  }
  CHECK(files > 0);
  write(folder / "everything.toml", R"(name = "${SET}-$${x}-${UNSET:-default}"
[stages.scenes]
use = "dataset.scenes"
size = [24, 32]
[stages.reference]
use = "sepl.reference"
in = { pseudo = "scenes.pseudo", masks = "scenes.masks" }
rule = "max_iou"
on_error = "skip"
[stages.csv]
use = "eval.reference_csv"
in = { truth = "scenes.truth", pseudo = "scenes.pseudo", labels = "reference" }
[run]
jobs = 1
in_flight = 2
on_error = "skip"
max_failures = 3
limit = 4
)");
  write(folder / "sweep.toml", R"([stages.scenes]
use = "dataset.scenes"
[stages.assign]
use = "sepl.assign"
in = { pseudo = "scenes.pseudo", masks = "scenes.masks" }
[stages.select]
in = { pseudo = "scenes.pseudo", masks = "scenes.masks", overlaps = "assign" }
[stages.score]
use = "eval.miou"
in = { truth = "scenes.truth", labels = "select" }
[sweep]
select = [{ name = "one", use = "sepl.select", t1 = 0.1 }, { use = "sepl.select", t1 = 0.2 }]
"select.t2" = { from = 0.6, to = 0.9, step = 0.15 }
"score.convention" = ["seam", { name = "${SET}", value = "irn" }]
[[variant]]
name = "a b"
set = { "select.overlap" = "support" }
[[variant]]
name = "other"
set.score.mean = "all"
[run]
shard = "1/3"
keep = "best"
)");
}

TEST_CASE("seeds: records", "[corpus]") {
  fs::path const folder = corpus("records");
  ConfusionMatrix matrix(21);
  matrix.add(scene(0).truth(), scene(0).pseudo(), PredictedIgnore::miss);
  ByteWriter bytes;
  matrix.write(bytes);
  auto const score = std::make_shared<std::string const>(bytes.count(3).count(0).take());
  auto const files = std::make_shared<std::string const>(encode_files({{"a/b.png", {1, 2, 3}}}));
  write(folder / "score", *score);
  write(folder / "receipt", *files);
  using Kind = SampleMemory::Entry::Kind;
  MemoryWriter writer(folder / "two");
  writer.append(
      {"scene_000000", 5, 6, {{3, 0, Kind::result, score}, {1, 9, Kind::skipped, nullptr}}});
  writer.append(
      {"scene_000001",
       7,
       8,
       {{3, 0, Kind::result, score}, {4, 0, Kind::result, score}, {2, 0, Kind::files, files}}});
  writer.close();
  std::string const both = read_text(folder / "two");
  std::size_t const heading = both.find('\n') + 1;
  write(folder / "payload", both.substr(heading + 12));
  CHECK(MemoryReader(folder / "two").problems().empty());
}
