#include <seplflow/formats/mask_collection.hpp>

#include <seplflow/error.hpp>
#include "support/catch.hpp"
#include "support/pickle_bytes.hpp"
#include "support/temp_folder.hpp"

using namespace seplflow;

namespace {

// A record of `area` pixels of a picture of 1 x 8, with more fields ("\"image_id\": 3").
std::string record(int area, std::string const& more = "") {
  return R"({"segmentation": {"size": [1, 8], "counts": [0, )" + std::to_string(area) + ", " +
         std::to_string(8 - area) + "]}" + (more.empty() ? "" : ", " + more) + "}";
}

// As gzip writes it, but in blocks that are stored as they are.
std::string compressed(std::string const& text) {
  return std::string("\x1f\x8b\x08\0\0\0\0\0\0\x03", 10) + pickle_bytes::deflated(text) +
         pickle_bytes::little(pickle_bytes::crc32_of(text)) +
         pickle_bytes::little(static_cast<std::uint32_t>(text.size()));
}

struct Opened {
  explicit Opened(std::string const& json) : masks(folder.write("all.json", json)) {}

  // The areas of the masks of a sample; "none" without an image.
  std::string of(std::string const& id, std::vector<std::string> names = {}) const {
    if (names.empty()) names = {id};
    auto const found = masks.find(id, names);
    if (!found) return "none";
    std::string areas = found->by_number ? "by number" : "";
    MaskFile const file = masks.read(found->image, {});
    for (std::size_t i = 0; i < file.masks.count(); ++i) {
      areas += (areas.empty() ? "" : " ") + std::to_string(file.masks.mask(i).area());
    }
    return areas;
  }

  TempFolder folder;
  MaskCollection masks;
};

}  // namespace

TEST_CASE("records are found by the name of their image, wherever they are in the file") {
  auto const form = GENERATE(0, 1, 2, 3, 4);
  std::string const a = R"("image_id": "a")", b = R"("image_id": "b.jpg")";
  std::string const texts[] = {
      "[" + record(1, a) + ", " + record(2, b) + ", " + record(3, a) + "]",
      record(1, a) + "\n" + record(2, b) + "\r\n" + record(3, a) + "\n",
      R"({"a": [)" + record(1) + "," + record(3) + R"(], "b.jpg": [)" + record(2) + "]}",
      R"({"annotations": [)" + record(1, R"("image_id": 7)") + "," + record(2, R"("image_id": 8)") +
          "," + record(3, R"("image_id": 7)") +
          R"(], "images": [{"id": 7, "file_name": "x/a.png"}, {"id": 8, "file_name": "b.jpg"}]})",
      R"([{"file_name": "a", "annotations": [)" + record(1) + "," + record(3) +
          R"(]}, {"image": {"file_name": "b"}, "annotations": [)" + record(2) + "]}]"};
  Opened const opened(texts[form]);
  CHECK(opened.masks.images() == 2);
  CHECK(opened.of("a") == "1 3");
  CHECK(opened.of("b") == "2");
  CHECK(opened.of("c") == "none");
}

TEST_CASE("a compressed file is read like the file itself, in each of its forms") {
  std::string const a = R"("image_id": "a")", b = R"("image_id": "b")";
  for (std::string const& text :
       {"[" + record(1, a) + ", " + record(2, b) + ", " + record(3, a) + "]",
        record(1, a) + "\n" + record(2, b) + "\n" + record(3, a) + "\n",
        R"({"a": [)" + record(1) + "," + record(3) + R"(], "b": [)" + record(2) + "]}"}) {
    std::string const gz = compressed(text);
    Opened const opened(gz);
    CHECK(opened.of("a") == "1 3");
    CHECK(opened.of("b") == "2");
    CHECK_THROWS_WITH(Opened(gz.substr(0, gz.size() - 9)), Contains("all.json is truncated"));
  }
}

TEST_CASE("an image that COCO lists without annotations has no masks, and is not missing") {
  Opened const opened(R"({"images": [{"id": 7, "file_name": "a.jpg"}], "annotations": []})");
  CHECK(opened.of("a").empty());
  CHECK(opened.of("b") == "none");
}

TEST_CASE("numbers of images are found by all digits of a name, and by the number at its end") {
  Opened const opened("[" + record(1, R"("image_id": 2007000032)") + "," +
                      record(2, R"("image_id": 39)") + "," +
                      record(3, R"("image_id": "000000000139")") + "]");
  CHECK(opened.of("2007_000032") == "by number 1");
  CHECK(opened.of("2007_000039") == "by number 2");
  CHECK(opened.of("COCO_val2014_000000000139", {"COCO_val2014_000000000139", "000000000139"}) ==
        "3");
}

TEST_CASE("two images for a sample and two samples for a number are errors") {
  Opened const images("[" + record(1, R"("image_id": "x/a.jpg")") + "," +
                      record(2, R"("image_id": "y/a.png")") + "]");
  CHECK_THROWS_WITH(images.of("a"), Contains("several images that sample \"a\" can mean"));
  CHECK(images.of("x/a.jpg") == "1");
  Opened const numbers("[" + record(1, R"("image_id": 32)") + "]");
  CHECK(numbers.of("2007_000032") == "by number 1");
  CHECK(numbers.of("2007_000032") == "by number 1");
  CHECK_THROWS_WITH(numbers.of("2008_000032"),
                    Contains("\"2007_000032\" or \"2008_000032\"") && Contains("same number"));
}

TEST_CASE("a file of another form is refused with what was expected") {
  auto const refusal = [](std::string const& json) {
    try {
      Opened const opened(json);
      return "accepted " + opened.of("a");
    } catch (Error const& error) {
      return std::string(error.what());
    }
  };
  CHECK_THAT(refusal("[" + record(1) + "]"), Contains("all.json, record 0: has no \"image_id\""));
  CHECK_THAT(refusal(R"({"image": {}, "annotations": []})"), Contains("masks of one image"));
  CHECK_THAT(refusal("[3]"), Contains("record 0: expected a mask record"));
  CHECK_THAT(refusal(""), Contains("is empty"));
  CHECK_THAT(refusal("[" + record(1, R"("image_id": "a")")), Contains("truncated"));
  CHECK_THAT(refusal(R"({"a": [], "a": []})"), Contains("has the image \"a\" twice"));
  CHECK_THAT(refusal(R"({"images": [], "annotations": [)" + record(1, R"("image_id": 1)") + "]}"),
             Contains("image 1, which \"images\" does not list"));
  CHECK_THAT(refusal("[" + record(9, R"("image_id": "a")") + "]"), Contains("all.json, image a"));
}

TEST_CASE("a file that another one has replaced is refused rather than read") {
  Opened const opened("[" + record(1, R"("image_id": "a")") + "]");
  CHECK(opened.of("a") == "1");
  std::filesystem::remove(opened.folder / "all.json");
  opened.folder.write("all.json", "[" + record(3, R"("image_id": "a")") + "]");
  CHECK_THROWS_WITH(opened.of("a"), Contains("has changed since it was opened"));
}
