#include <cstring>
#include <string>
#include <vector>

#include "masks/stages.hpp"
#include "support/catch.hpp"
#include "support/pickle_bytes.hpp"
#include "support/stage_driver.hpp"
#include "support/temp_folder.hpp"

using namespace seplflow;
namespace py = pickle_bytes;

namespace {

using Counts = std::vector<std::uint32_t>;

constexpr Size kSize{2, 3};
Mask const kMask = Mask::from_counts(kSize, Counts{1, 3, 2});  // 0 1 0 / 1 1 0
std::string const kPixels("\0\1\0\1\1\0", 6);

std::string header(std::string const& type, std::string const& shape) {
  return "{'descr': '" + type + "', 'fortran_order': False, 'shape': " + shape + ", }";
}

std::string array(std::string const& type, std::string const& shape, std::string const& data) {
  return py::npy(header(type, shape), data);
}

// numpy.save of a list of these objects.
std::string saved(std::vector<std::string> const& objects) {
  std::string items;
  for (std::string const& each : objects) items += each;
  std::string const shape = "(" + std::to_string(objects.size()) + ",)";
  return py::npy(
      header("|O", shape),
      py::pickled(py::array_with_data(py::dtype("O8", "|"),
                                      {static_cast<std::int64_t>(objects.size())}, py::list(items)),
                  3));
}

std::string number(double value) {
  std::string bytes(8, '\0');
  std::uint64_t bits = 0;
  std::memcpy(&bits, &value, 8);
  for (int i = 0; i < 8; ++i) bytes[i] = static_cast<char>(bits >> (56 - 8 * i));
  return "G" + bytes;
}

// A dict of generate(), with this segmentation.
std::string record(std::string const& segmentation, std::int64_t area = 3,
                   std::vector<std::int64_t> const& box = {0, 0, 1, 1}) {
  auto const integers = [](std::vector<std::int64_t> const& values) {
    std::string items;
    for (auto const value : values) items += py::integer(value);
    return py::list(items);
  };
  return py::dict(py::text("segmentation") + segmentation + py::text("area") + py::integer(area) +
                  py::text("bbox") + integers(box) + py::text("predicted_iou") + number(0.75) +
                  py::text("point_coords") + py::list(py::list(number(1.5) + py::integer(1))) +
                  py::text("stability_score") + number(0.5) + py::text("crop_box") +
                  integers({0, 0, 3, 2}));
}

std::string pixels() {
  return py::array(py::dtype("b1", "|"), {2, 3}, kPixels);
}

struct Read {
  explicit Read(std::string const& bytes, std::map<std::string, OptionValue> options = {},
                std::optional<Size> size = kSize, std::string const& name = "a.npy") {
    TempFolder const folder;
    folder.write(name, bytes);
    options["dir"] = folder.path().string();
    StageDriver stage(masks::declare_npy, {std::move(options), {}, {}});
    masks.emplace(stage.run<MaskSet>(voc_sample("a", size)));
    for (Warning const& warning : stage.warned()) warned += warning.what + ": " + warning.detail;
  }
  std::optional<MaskSet> masks;
  std::string warned;
};

}  // namespace

TEST_CASE("the list of dicts of generate() becomes masks with their scores") {
  auto const read = Read(saved({record(pixels()), record(pixels())}));
  REQUIRE(read.masks->count() == 2);
  CHECK(read.masks->mask(1) == kMask);
  CHECK(read.masks->info(1) == MaskInfo{0.75, 0.5, {1.5, 1}, {0, 0, 3, 2}});
  CHECK(read.warned.empty());
  // Saved as one object, which numpy does with numpy.array(masks, dtype=object) of one level less.
  CHECK(Read(py::npy_of_object(py::list(record(pixels())))).masks->mask(0) == kMask);
}

TEST_CASE("segmentations may be COCO RLE with text, bytes or lists") {
  std::string const size = py::text("size") + py::list(py::integer(2) + py::integer(3));
  for (std::string const& counts : {py::text("132"), py::bytes("132"),
                                    py::list(py::integer(1) + py::integer(3) + py::integer(2))}) {
    auto const rle = py::dict(size + py::text("counts") + counts);
    CHECK(Read(saved({record(rle)})).masks->mask(0) == kMask);
  }
  CHECK_THROWS_WITH(Read(saved({record(py::dict(size))})), Contains("expected an array or"));
}

TEST_CASE("an array of N x H x W values of any type is N masks") {
  std::string const twice = kPixels + std::string(6, '\0');
  for (char const* const shape : {"(2, 2, 3)", "(2, 1, 2, 3)", "(1, 2, 2, 3)"}) {
    auto const read = Read(array("|b1", shape, twice), {}, kSize);
    REQUIRE(read.masks->count() == 2);
    CHECK(read.masks->mask(0) == kMask);
    CHECK(read.masks->mask(1).area() == 0);
    CHECK_FALSE(read.masks->info(0));
  }
  CHECK(Read(array("|u1", "(2, 3)", std::string("\0\xff\0\xff\xff\0", 6))).masks->mask(0) == kMask);
  std::string const floats = py::packed(std::vector<float>{0, 1, 0, 1, 1, 0});
  CHECK(Read(array("<f4", "(1, 2, 3)", floats)).masks->mask(0) == kMask);
}

TEST_CASE("values other than two are compared with half the scale, with a warning") {
  std::string const shares = py::packed(std::vector<float>{0, 0.75F, 0.25F, 0.5F, 1, 0});
  auto const read = Read(array("<f4", "(1, 2, 3)", shares));
  CHECK(read.masks->mask(0) == kMask);
  CHECK_THAT(read.warned, Contains("values other than two") && Contains("3 pixels"));
  std::string const logits = py::packed(std::vector<float>{-3, 4, -3, 4, 5, -2});
  CHECK_THROWS_WITH(Read(array("<f4", "(1, 2, 3)", logits)), Contains("more than two values"));
  CHECK_THROWS_WITH(Read(array("<f4", "(1, 2, 3)", shares), {{"strict", true}}),
                    Contains("strict = true"));
}

TEST_CASE("an array with the masks last is read if only that fits the image, with a warning") {
  std::string last;
  for (char const c : kPixels) last += std::string(1, c) + std::string(3, '\0');
  auto const read = Read(array("|b1", "(2, 3, 4)", last));
  REQUIRE(read.masks->count() == 4);
  CHECK(read.masks->mask(0) == kMask);
  CHECK_THAT(read.warned, Contains("the masks last"));
  CHECK_THROWS_WITH(Read(array("|b1", "(2, 3, 4)", last), {{"strict", true}}), Contains("3x4"));
}

TEST_CASE("masks that contradict their own dicts are warned of") {
  CHECK_THAT(Read(saved({record(pixels(), 300)})).warned,
             Contains("masks contradict the area or the bbox") && Contains("1 of 1 masks"));
}

TEST_CASE("a mask of another size is refused, or resized by the nearest pixel") {
  auto const bytes = array("|b1", "(1, 2, 3)", kPixels);
  CHECK_THROWS_WITH(Read(bytes, {}, Size{4, 6}),
                    Contains("a.npy is 2x3 but the sample's image is 4x6") && Contains("resize"));
  std::map<std::string, OptionValue> const nearest{{"resize", std::string("nearest")}};
  auto const read = Read(bytes, nearest, Size{4, 6});
  CHECK(read.masks->mask(0).area() == 12);
  CHECK(read.masks->size() == Size{4, 6});
  CHECK(Read(bytes, nearest, Size{2, 3}).masks->mask(0) == kMask);
  CHECK_THROWS_WITH(Read(bytes, nearest, Size{3, 2}), Contains("transposed"));
}

TEST_CASE("masks are read from .npz and torch files where there is no .npy file") {
  auto const npz = [](std::string const& name) {
    return py::zip({{name + ".npy", array("|b1", "(1, 2, 3)", kPixels), 8}});
  };
  py::Storage const storage{"0", "ByteStorage", 6, kPixels};
  std::string const pt = py::torch_zip(
      py::list(record(py::tensor(py::storage_id(storage), 0, {2, 3}, {3, 1}))), {storage});
  for (auto const& [bytes, name] :
       {std::pair(npz("masks"), "a.npz"), {npz("arr_0"), "a.npz"}, {npz("sam"), "a.npy"},
        {pt, "a.pt"}, {pt, "a.pth"}, {pt, "a.npy"}}) {
    INFO(name);
    auto const read = Read(bytes, {}, kSize, name);
    REQUIRE(read.masks->count() == 1);
    CHECK(read.masks->mask(0) == kMask);
  }
  CHECK_THROWS_WITH(Read(npz("masks"), {{"strict", true}}), Contains("not a .npy"));
  CHECK_THROWS_WITH(Read(npz("masks"), {{"strict", true}}, kSize, "a.npz"),
                    Contains("there is no mask file "));
  CHECK_THROWS_WITH(Read(npz("masks"), {{"pattern", std::string("{id}_m.npy")}}, kSize, "a.npz"),
                    Contains("there is no mask file "));
  auto const two = py::zip({{"a.npy", array("|b1", "(2, 3)", kPixels)},
                            {"b.npy", array("|b1", "(2, 3)", kPixels)}});
  auto const saved_apart = py::zip({{"arr_0.npy", array("|b1", "(2, 3)", std::string(6, '\0'))},
                                    {"arr_1.npy", array("|b1", "(2, 3)", kPixels)}});
  auto const apart = Read(saved_apart);
  REQUIRE(apart.masks->count() == 2);
  CHECK(apart.masks->mask(1) == kMask);
  CHECK_THROWS_WITH(Read(two), Contains("a.npy holds a dict") && Contains("expected a list"));
}

TEST_CASE("a file that holds something else is refused with what it holds") {
  CHECK_THROWS_WITH(Read(array("|b1", "(6,)", kPixels)), Contains("a.npy holds a bool array"));
  CHECK_THROWS_WITH(Read(py::npy_of_object(py::text("x"))), Contains("a.npy holds the text 'x'"));
  CHECK_THROWS_WITH(Read(saved({py::text("x")})), Contains("as item 0, the text 'x'"));
  CHECK_THROWS_WITH(Read(saved({py::dict("")})), Contains("without 'segmentation'"));
}
