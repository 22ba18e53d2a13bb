#include "formats/json/coco_instances.hpp"

#include <string>
#include <thread>
#include <vector>

#include <seplflow/error.hpp>
#include "support/catch.hpp"
#include "support/temp_folder.hpp"

using namespace seplflow;

namespace {

std::string const kImages =
    R"("images": [{"id": 9, "file_name": "b.jpg", "height": 3, "width": 4},
                  {"width": 2, "height": 1, "file_name": "a.jpg", "id": 7, "license": 1}])";
std::string const kCategories =
    R"("categories": [{"id": 90, "name": "toothbrush", "supercategory": "indoor"},
                      {"id": 1, "name": "person"}, {"id": 13, "name": "stop sign"}])";

std::string annotation(std::string const& segmentation, std::string const& fields) {
  return R"({"segmentation": )" + segmentation + ", " + fields + "}";
}

// Column-major runs of the 3 x 4 image.
std::string rle(std::string const& counts) {
  return R"({"size": [3, 4], "counts": )" + counts + "}";
}

std::string instances(std::string const& annotations) {
  return "{" + kImages + R"(, "annotations": [)" + annotations + "], " + kCategories + "}";
}

struct Opened {
  explicit Opened(std::string const& json)
      : path(folder.write("instances.json", json)), instances(path) {}
  TempFolder folder;
  std::filesystem::path path;
  CocoInstances instances;
};

std::string complaint_about(std::string const& json) {
  try {
    Opened const opened(json);
  } catch (Error const& error) {
    return error.what();
  }
  return "";
}

// An image of 1 x 2 pixels with two annotations, and one of 3 x 4 with three.
std::string const kAnnotations =
    annotation(rle("[0, 6, 6]"), R"("id": 1, "image_id": 9, "category_id": 90, "iscrowd": 0)") +
    "," +
    annotation(R"({"size": [1, 2], "counts": "11"})",
               R"("id": 2, "image_id": 7, "category_id": 13, "iscrowd": 0)") +
    "," + annotation(rle("[3, 3, 6]"), R"("id": 3, "image_id": 9, "category_id": 1)") + "," +
    annotation(rle("[0, 12]"), R"("id": 4, "image_id": 9, "category_id": 13, "iscrowd": 1)");

std::string truth_error(std::string const& segmentation) {
  Opened const opened(
      instances(annotation(segmentation, R"("id": 55, "image_id": 9, "category_id": 1)")));
  try {
    opened.instances.truth(0);
  } catch (Error const& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("images keep the order of the file, classes the order of the category ids") {
  Opened const opened(instances(kAnnotations));
  auto const images = opened.instances.images();
  REQUIRE(images.size() == 2);
  CHECK(images[0].id == 9);
  CHECK(images[0].file_name == "b.jpg");
  CHECK(images[0].size == Size{3, 4});
  CHECK(images[0].annotations == 3);
  CHECK(images[1].size == Size{1, 2});
  CHECK(images[1].annotations == 1);
  CHECK(opened.instances.classes()->names() ==
        std::vector<std::string>{"background", "person", "stop sign", "toothbrush"});
}

TEST_CASE("a list is refused as results of COCO") {
  CHECK_THAT(complaint_about(R"([{"image_id": 9, "category_id": 1, "segmentation": []}])"),
             Contains("instances.json is a list, which looks like COCO's results; expected COCO's "
                      "instances, an object with \"images\""));
  CHECK_THAT(complaint_about(""), Contains("is empty (0 bytes)"));
}

TEST_CASE("a byte-order mark, escaped names, and true and false are accepted") {
  std::string json =
      instances(annotation(rle("[0, 6, 6]"),
                           R"("id": 1, "image_id": 9, "category_id": 90, "iscrowd": true)") +
                "," +
                annotation(rle("[0, 6, 6]"),
                           R"("id": 2, "image_id": 9, "category_id": 13, "iscrowd": false)"));
  json.replace(json.find("\"images\""), 8, "\"im\\u0061ges\"");
  Opened const opened("\xEF\xBB\xBF" + json);
  CHECK(opened.instances.images().size() == 2);
  CHECK(opened.instances.image_labels(0) == ImageLabels{{2, 3}});
  LabelMap const truth = opened.instances.truth(0);
  CHECK(image_labels_of(truth) == ImageLabels{{2}});  // the crowd is not drawn
}

TEST_CASE("the lists may have any order") {
  std::string const annotations = R"("annotations": [)" + kAnnotations + "]";
  for (auto const& json :
       {"{" + annotations + ", " + kCategories + ", " + kImages + "}",
        "{" + kCategories + ", \"info\": {}, " + annotations + ", " + kImages + "}"}) {
    Opened const opened(json);
    CHECK(opened.instances.images()[0].annotations == 3);
    CHECK(opened.instances.truth(0) == Opened(instances(kAnnotations)).instances.truth(0));
  }
}

TEST_CASE("a later annotation covers an earlier one and crowds and other pixels are background") {
  Opened const opened(instances(kAnnotations));
  CHECK(opened.instances.truth(0) == LabelMap(Size{3, 4}, {3, 1, 0, 0, 3, 1, 0, 0, 3, 1, 0, 0}));
  CHECK(opened.instances.truth(1) == LabelMap(Size{1, 2}, {0, 2}));
}

TEST_CASE("image-level labels are the classes of all annotations, crowds included") {
  Opened const opened(instances(kAnnotations));
  CHECK(opened.instances.image_labels(0) == ImageLabels{{1, 2, 3}});
  CHECK(opened.instances.image_labels(1) == ImageLabels{{2}});
}

TEST_CASE("an image without annotations is background") {
  Opened const opened(instances(""));
  CHECK(opened.instances.images()[0].annotations == 0);
  CHECK(opened.instances.truth(0) == LabelMap(Size{3, 4}));
  CHECK(opened.instances.image_labels(0) == ImageLabels{});
}

TEST_CASE("polygons may extend beyond the image") {
  Opened const opened(
      instances(annotation("[[-5, -5, 2, -5, 2, 9, -5, 9], [3, 0, 50, 0, 50, 1, 3, 1]]",
                           R"("id": 1, "image_id": 9, "category_id": 1)")));
  CHECK(opened.instances.truth(0) == LabelMap(Size{3, 4}, {1, 1, 0, 1, 1, 1, 0, 0, 1, 1, 0, 0}));
}

TEST_CASE("several threads can read ground truth") {
  Opened const opened(instances(kAnnotations));
  LabelMap const expected = opened.instances.truth(0);
  std::vector<int> wrong(4);
  std::vector<std::thread> threads;
  for (int& count : wrong) {
    threads.emplace_back([&] {
      for (int i = 0; i < 200; ++i) count += opened.instances.truth(0) == expected ? 0 : 1;
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == std::vector<int>(4));
}

TEST_CASE("an invalid outline fails its image and names its annotation") {
  std::string const place = "instances.json, annotation 55 of image 9: ";
  CHECK_THAT(truth_error("[[1, 2, 3, 1, 2]]"), Contains(place + "a polygon has 5 coordinates"));
  CHECK_THAT(truth_error("[[]]"), Contains(place + "a polygon has 0 coordinates"));
  CHECK_THAT(truth_error("7"), Contains(place + "expected segmentation to be"));
  CHECK_THAT(truth_error("[[\"x\", 2]]"),
             Contains(place + "expected polygons to be lists of numbers"));
  CHECK_THAT(truth_error(rle("[5]")), Contains(place) && Contains("12"));
  CHECK_THAT(truth_error(R"({"size": [4, 3], "counts": [12]})"),
             Contains(place + "its RLE has the size 4x3, but its image 3x4"));
  CHECK_THAT(truth_error(R"({"counts": [12]})"), Contains(place + "has no segmentation.size"));
  CHECK(truth_error("[[1, 2, 3]], \"segmentation\": " + rle("[12]")).empty());
  Opened const without(instances(R"({"id": 55, "image_id": 9, "category_id": 1})"));
  CHECK_THROWS_WITH(without.instances.truth(0), Contains(place + "has no \"segmentation\""));
}

TEST_CASE("a coordinate that is far out is reported with few digits") {
  CHECK_THAT(truth_error("[[0, 0, 0, 2, 1e300, 2]]"), Contains("of a polygon is 1e+300; expected"));
}

TEST_CASE("an invalid outline of a crowd is ignored, since crowds are not drawn") {
  Opened const opened(
      instances(annotation("[[1]]", R"("id": 1, "image_id": 9, "category_id": 1, "iscrowd": 1)")));
  CHECK(opened.instances.truth(0) == LabelMap(Size{3, 4}));
}

TEST_CASE("a file that changes after it was opened is noticed") {
  Opened const opened(instances(kAnnotations));
  std::string const other = instances(kAnnotations);
  std::filesystem::resize_file(opened.path, other.find("annotations") + 40);
  CHECK_THROWS_WITH(opened.instances.truth(0), Contains("annotation 1 of image 9: "));
  opened.folder.write("instances.json", std::string(other.size(), ' '));
  CHECK_THROWS_WITH(opened.instances.truth(0), Contains("the file has changed"));
  std::string moved = other;
  moved.replace(moved.find("\"id\": 1,"), 8, "\"id\": 8,");
  opened.folder.write("instances.json", moved);
  CHECK_THROWS_WITH(opened.instances.truth(0), Contains("the file has changed"));
}

TEST_CASE("an annotation of an image or a category that is not listed is refused") {
  CHECK_THAT(
      complaint_about(instances(annotation("[]", R"("id": 5, "image_id": 8, "category_id": 1)"))),
      Contains("annotation 5: belongs to image 8, which \"images\" (2 of them) does not list"));
  CHECK_THAT(
      complaint_about(instances(annotation("[]", R"("id": 5, "image_id": 7, "category_id": 12)"))),
      Contains("annotation 5: has category 12, which \"categories\" (3 of them, ids 1 to "
               "90) does not list"));
}

TEST_CASE("an id that occurs twice is refused") {
  std::string const image = R"({"id": 1, "file_name": "a.jpg", "height": 1, "width": 1})";
  std::string const category = R"({"id": 1, "name": "person"})";
  CHECK_THAT(complaint_about(R"({"images": [)" + image + ", " + image +
                             R"(], "annotations": [], "categories": []})"),
             Contains("image 1: is defined twice, as a.jpg and a.jpg"));
  CHECK_THAT(complaint_about(R"({"images": [], "annotations": [], "categories": [)" + category +
                             R"(, {"id": 1, "name": "cat"}]})"),
             Contains("category 1: is defined twice, as \"person\" and \"cat\""));
  std::string const twice = annotation("[]", R"("id": 5, "image_id": 7, "category_id": 1)");
  CHECK_THAT(complaint_about(instances(twice + ", " + twice)),
             Contains("annotation 5: is defined twice"));
}

TEST_CASE("categories need unique names, and at most 254 are allowed") {
  auto const with = [](std::string const& categories) {
    return complaint_about(R"({"images": [], "annotations": [], "categories": [)" + categories +
                           "]}");
  };
  CHECK_THAT(with(R"({"id": 1, "name": "cat"}, {"id": 2, "name": "cat"})"),
             Contains("two classes have the name \"cat\""));
  CHECK_THAT(with(R"({"id": 1, "name": "background"})"),
             Contains("two classes have the name \"background\""));
  CHECK_THAT(with(R"({"id": 1})"), Contains("entry 0 of \"categories\": has no \"name\""));
  std::string many = R"({"id": 0, "name": "c0"})";
  for (int i = 1; i < 255; ++i) {
    many += R"(, {"id": )" + std::to_string(i) + R"(, "name": "c)" + std::to_string(i) + "\"}";
  }
  CHECK_THAT(with(many), Contains("1 to 255 classes including the background, not 256"));
}

TEST_CASE("a missing list or field, or one of another type, is refused with its place") {
  CHECK_THAT(complaint_about("{" + kImages + "," + kCategories + "}"),
             Contains("has no list \"annotations\"; expected COCO's instances"));
  CHECK_THAT(complaint_about(R"({"images": 3})"), Contains("expected a list"));
  CHECK_THAT(complaint_about(instances("7")),
             Contains("entry 0 of \"annotations\": expected an object"));
  CHECK_THAT(complaint_about(instances(R"({"id": 1, "category_id": 1})")),
             Contains("entry 0 of \"annotations\": has no \"image_id\""));
  CHECK_THAT(complaint_about(instances(R"({"id": 1, "image_id": 7, "caption": "A cat"})")),
             Contains("has no \"category_id\"") && Contains("not of captions"));
  CHECK_THAT(complaint_about(instances(R"({"id": 1, "image_id": -7, "category_id": 1})")),
             Contains("expected image_id to be a whole number"));
  CHECK_THAT(
      complaint_about(instances(R"({"id": 1, "image_id": 7, "category_id": 1, "iscrowd": 2})")),
      Contains("expected iscrowd to be 0 or 1"));
}

TEST_CASE("an image needs a size and a file name inside its folder") {
  auto const with = [](std::string const& fields) {
    return complaint_about(R"({"images": [{"id": 4, )" + fields +
                           R"(}], "annotations": [], "categories": []})");
  };
  std::string const place = "entry 0 of \"images\": ";
  CHECK_THAT(with(R"("file_name": "a.jpg", "height": 0, "width": 4)"),
             Contains(place) && Contains("image 4"));
  CHECK_THAT(with(R"("file_name": "a.jpg", "height": 99999999, "width": 99999999)"),
             Contains(place) && Contains("image 4"));
  CHECK_THAT(with(R"("file_name": "a.jpg", "width": 4)"), Contains(place + "has no \"height\""));
  CHECK_THAT(with(R"("height": 4, "width": 4)"), Contains(place + "has no \"file_name\""));
  CHECK_THAT(with(R"("file_name": "../a.jpg", "height": 4, "width": 4)"),
             Contains(place + "the file_name \"../a.jpg\" leaves its folder"));
}

TEST_CASE("a file that is truncated anywhere is refused") {
  std::string const json = instances(kAnnotations);
  for (std::size_t size = 1; size < json.size(); ++size) {
    CHECK_THAT(complaint_about(json.substr(0, size)), Contains("the JSON is incomplete"));
  }
}
