#include <seplflow/classes.hpp>

#include <string>
#include <vector>

#include <seplflow/error.hpp>
#include "support/catch.hpp"

using namespace seplflow;

namespace {

std::vector<std::string> numbered(int count) {
  std::vector<std::string> names;
  for (int i = 0; i < count; ++i) names.push_back("class " + std::to_string(i));
  return names;
}

}  // namespace

TEST_CASE("PASCAL VOC has background and 20 classes in the order of its labels") {
  auto const classes = voc12_classes();
  REQUIRE(classes->count() == 21);
  CHECK(classes->names()[0] == "background");
  CHECK(classes->names()[1] == "aeroplane");
  CHECK(classes->names()[8] == "cat");
  CHECK(classes->names()[12] == "dog");
  CHECK(classes->names()[15] == "person");
  CHECK(classes->names()[20] == "tvmonitor");
}

TEST_CASE("MS COCO has background and 80 classes in the order of its category ids") {
  auto const classes = coco14_classes();
  REQUIRE(classes->count() == 81);
  CHECK(classes->names()[0] == "background");
  CHECK(classes->names()[1] == "person");
  CHECK(classes->names()[12] == "stop sign");   // category 13: 12 is no category
  CHECK(classes->names()[17] == "dog");         // category 18
  CHECK(classes->names()[80] == "toothbrush");  // category 90
}

TEST_CASE("a data set has 1 to 255 classes") {
  CHECK(Classes(numbered(1)).count() == 1);
  CHECK(Classes(numbered(255)).count() == 255);
  CHECK_THROWS_WITH(Classes({}), Contains("1 to 255 classes") && Contains("not 0"));
  CHECK_THROWS_WITH(Classes(numbered(256)), Contains("1 to 255 classes") && Contains("not 256"));
}

TEST_CASE("classes without a name, or with the name of another, are refused") {
  CHECK_THROWS_WITH(Classes({"background", ""}), Contains("empty name"));
  CHECK_THROWS_WITH(Classes({"background", "cat", "cat"}),
                    Contains("two classes have the name \"cat\""));
}

TEST_CASE("colours are in the order of their labels, and a label has one") {
  Colours colours{{7, {1, 2, 3}}, {0, {4, 5, 6}}};
  colours.add(3, {7, 8, 9});
  CHECK(colours == Colours{{0, {4, 5, 6}}, {3, {7, 8, 9}}, {7, {1, 2, 3}}});
  REQUIRE(colours.find(7));
  CHECK(*colours.find(7) == Colour{1, 2, 3});
  CHECK_FALSE(colours.find(1));
  CHECK_THROWS_WITH(colours.add(3, {0, 0, 0}), Contains("label 3 has two colours"));
  CHECK_THROWS_WITH((Colours{{1, {}}, {1, {}}}), Contains("label 1 has two colours"));
}

TEST_CASE("classes contain the labels below their count") {
  Classes const classes({"background", "cat", "dog"});
  CHECK(classes.contains(0));
  CHECK(classes.contains(2));
  CHECK_FALSE(classes.contains(3));
  CHECK_FALSE(classes.contains(kIgnore));
  CHECK_FALSE(Classes(numbered(255)).contains(kIgnore));
}

TEST_CASE("classes are described by their range and its first and last name") {
  CHECK(voc12_classes()->describe() == "0..20 (background to tvmonitor)");
}

TEST_CASE("labels of the data set and ignore are accepted") {
  LabelMap const labels({1, 4}, {0, 20, 255, 7});
  CHECK_NOTHROW(require_labels_in(*voc12_classes(), labels, "the labels"));
}

TEST_CASE("a label that the data set does not have is refused with its value and position") {
  LabelMap const labels({2, 3}, {0, 255, 20, 1, 21, 21});
  CHECK_THROWS_WITH(require_labels_in(*voc12_classes(), labels, "pseudo-label a.png"),
                    Contains("pseudo-label a.png holds class 21 (first at row 1, column 1)") &&
                        Contains("0..20 (background to tvmonitor) and 255 (ignore)"));
}

TEST_CASE("labels above COCO's that may be category ids are refused with a hint") {
  LabelMap const labels({1, 2}, {0, 90});
  CHECK_THROWS_WITH(require_labels_in(*coco14_classes(), labels, "a.png"),
                    Contains("holds class 90") && Contains("category ids go from 1 to 90"));
  LabelMap const others({1, 1}, {91});
  CHECK_THROWS_WITH(require_labels_in(*coco14_classes(), others, "a.png"),
                    Contains("holds class 91") && !Contains("category ids"));
}
