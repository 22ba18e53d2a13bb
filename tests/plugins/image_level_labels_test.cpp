#include "dataset/image_level_labels.hpp"

#include <cmath>

#include "support/catch.hpp"
#include "support/image_label_file.hpp"
#include "support/temp_folder.hpp"

using namespace seplflow;
using dataset::ImageLabelFile;
using dataset::ImageLevelLabels;
using Tags = std::vector<Label>;

namespace {

std::vector<float> const kFirst{1, 0, 0}, kLast{0, 0, 1}, kBoth{1, 0, 1}, kNone{0, 0, 0};

ImageLabelFile file_of(std::string const& bytes, std::size_t foreground = 3) {
  TempFolder const folder;
  std::vector<std::string> names = {"background"};
  while (names.size() <= foreground) names.push_back("class " + std::to_string(names.size()));
  return ImageLabelFile(folder.write("tags.npy", bytes), Classes(names));
}

std::string error_in(std::string const& bytes, std::size_t foreground = 3) {
  try {
    file_of(bytes, foreground);
  } catch (Error const& error) {
    return error.what();
  }
  return "none";
}

Tags tags_of(ImageLabelFile const& file, std::string const& name) {
  return file.at(file.find(name).value()).classes;
}

// A plain array of bytes, a row an image.
std::string npy_rows(std::vector<std::string> const& rows) {
  std::string bytes;
  for (std::string const& row : rows) bytes += row;
  return pickle_bytes::npy("{'descr': '|u1', 'fortran_order': False, 'shape': (" +
                               std::to_string(rows.size()) + ", " + std::to_string(rows[0].size()) +
                               "), }",
                           bytes);
}

}  // namespace

TEST_CASE("labels are returned in the order of adding") {
  ImageLevelLabels labels;
  labels.add({3, 20});
  labels.add({});
  labels.add({7});
  REQUIRE(labels.count() == 3);
  CHECK(labels.at(0).classes == Tags{3, 20});
  CHECK(labels.at(1).classes.empty());
  CHECK(labels.at(2).classes == Tags{7});
}

TEST_CASE("a dict by VOC's names or numbers finds images by name") {
  for (auto const& bytes : {image_label_file({{"2007_000032", kBoth}, {"2007_000039", kNone}}),
                            image_label_file({{2007000032, kBoth}, {2007000039, kNone}})}) {
    ImageLabelFile const file = file_of(bytes);
    CHECK(file.has_names());
    CHECK(file.count() == 2);
    CHECK(tags_of(file, "2007_000032") == Tags{1, 3});
    CHECK(tags_of(file, "2007_000039").empty());
    CHECK_FALSE(file.find("2007_000063"));
    CHECK_FALSE(file.find("000032"));
  }
}

TEST_CASE("a dict by COCO's names, files or numbers finds images by any of their names") {
  for (auto const& key : std::vector<ImageKey>{"COCO_train2014_000000000009", "000000000009",
                                               "COCO_train2014_000000000009.jpg", 9, "9"}) {
    ImageLabelFile const file = file_of(image_label_file({{key, kLast}}));
    for (char const* const name : {"COCO_train2014_000000000009", "000000000009", "9"}) {
      INFO(name);
      CHECK(tags_of(file, name) == Tags{3});
    }
    CHECK_FALSE(file.find("COCO_train2014_000000000019"));
  }
}

TEST_CASE("a plain array has rows without names, and any count above 0 shows a class") {
  ImageLabelFile const file = file_of(npy_rows({{0, 5, 0}, {1, 0, 1}}));
  CHECK_FALSE(file.has_names());
  REQUIRE(file.count() == 2);
  CHECK(file.at(0).classes == Tags{2});
  CHECK(file.at(1).classes == Tags{1, 3});
}

TEST_CASE("missing images are counted, and the first few are named") {
  ImageLabelFile const file = file_of(image_label_file({{"b", kFirst}, {"a", kLast}}));
  auto const labels = file.labels_of({"a", "b"});
  CHECK(labels.at(0).classes == Tags{3});
  CHECK(labels.at(1).classes == Tags{1});
  CHECK_THROWS_WITH(
      file.labels_of({"a", "x1", "x2", "x3", "x4", "x5", "x6", "x7"}),
      Contains("tags.npy has no image-level labels for 7 of 8 samples: x1, x2, x3, x4, "
               "x5 and 2 more"));
}

TEST_CASE("a file of another data set, or of something else, is refused with its contents") {
  CHECK_THAT(
      error_in(image_label_file({{"a", kFirst}}), 20),
      Contains("tags.npy: the image-level labels of a are a float32 array of shape (3,), but "
               "there are 20 classes"));
  CHECK_THAT(error_in(npy_rows({{0, 1}}), 3), Contains("row 0"));
  CHECK_THAT(error_in(npy_rows({{0, 1}}).replace(0, 6, "GARBAG")), Contains("tags.npy"));
}

TEST_CASE("a label that is neither 0 nor a count is refused") {
  for (float const wrong : {-1.f, 0.5F, NAN, INFINITY}) {
    CHECK_THAT(error_in(image_label_file({{"a", {0, wrong, 0}}})),
               Contains("the image-level label of a for class 2 is ") &&
                   Contains("expected 0 (not shown) or 1 (shown)"));
  }
}
