#include "dataset/name_list.hpp"

#include "support/catch.hpp"
#include "support/temp_folder.hpp"

using namespace seplflow;
using dataset::NameList;
using Names = std::vector<std::string>;
using Tags = std::vector<std::vector<Label>>;

namespace {

NameList list_of(std::string const& text, std::size_t foreground = 20) {
  TempFolder const folder;
  return dataset::read_name_list(folder.write("list.txt", text), foreground);
}

std::string error_in(std::string const& text, std::size_t foreground = 20) {
  try {
    list_of(text, foreground);
  } catch (Error const& error) {
    return error.what();
  }
  return "none";
}

Tags tags_of(NameList const& list) {
  Tags tags;
  for (std::size_t i = 0; i < list.classes.value().count(); ++i) {
    tags.push_back(list.classes->at(i).classes);
  }
  return tags;
}

}  // namespace

TEST_CASE("a list of names has no classes") {
  NameList const list = list_of("2007_000032\r\n2007_000039 \n\n000000057870");
  CHECK(list.names == Names{"2007_000032", "2007_000039", "000000057870"});
  CHECK_FALSE(list.classes);
}

TEST_CASE("a list of paths names samples by the image file, which the label map must match") {
  NameList const list = list_of(
      "/JPEGImages/2007_000032.jpg /SegmentationClassAug/2007_000032.png\n"
      "JPEGImages/2007_000039.jpg\tSegmentationClass/2007_000039.png\r\n");
  CHECK(list.names == Names{"2007_000032", "2007_000039"});
  CHECK_FALSE(list.classes);
  for (char const* const line : {"/JPEGImages/2008_000001.jpg", "JPEGImages/2008_000001.jpg",
                                 "2008_000001.jpg", "2008_000001.JPG", "2008_000001.png"}) {
    CHECK(list_of(std::string(line) + "\n").names == Names{"2008_000001"});
  }
  CHECK_THAT(
      error_in("/J/a.jpg /S/a.png\n/J/b.jpg /S/c.png\n"),
      Contains("list.txt:2: ") && Contains("pairs the image \"b\" with the label map of \"c\""));
}

TEST_CASE("the separators of Windows, upper case and files of file managers are understood") {
  NameList const list = list_of(
      ".DS_Store\n"
      "JPEGImages\\2007_000032.jpg SegmentationClass\\2007_000032.png\r\n"
      "__MACOSX/JPEGImages/._2007_000032.jpg\n"
      "._2007_000039.jpg\n"
      "JPEGImages\\2007_000039.JPG SegmentationClass\\2007_000039.Png\n");
  CHECK(list.names == Names{"2007_000032", "2007_000039"});
  CHECK(list_of("train\\0001\n").names == Names{"train/0001"});
  TempFolder const folder;
  CHECK_THROWS_WITH(
      dataset::read_name_list(folder.write("list.txt", "train\\0001\n"), 20, true),
      Contains("a control character or a backslash"));
}

TEST_CASE("an image and its label map may have two of COCO's names") {
  std::string const pair =
      "/train2014/COCO_train2014_000000000009.jpg /labels/000000000009.png\n";
  CHECK(list_of(pair).names == Names{"COCO_train2014_000000000009"});
  CHECK_THAT(error_in("/a/000000000009.jpg /b/000000000010.png\n"), Contains("pairs the image"));
}

TEST_CASE("a CSV file is refused as a list, with the option for image-level labels") {
  for (char const* const text :
       {"image,label\na.jpg,cat\n", "filename\na\nb\n", "image_id;cat;dog\na;1;0\n",
        "a.jpg,cat\nb.jpg,dog\n", "photo,cat,dog\na.jpg,1,0\n"}) {
    CHECK_THAT(error_in(text), Contains("list.txt is a CSV file") && Contains("cls_labels"));
  }
  CHECK(list_of("image\nimages\n").names == Names{"image", "images"});
}

TEST_CASE("classes in a list count from 0, labels from 1") {
  NameList const list = list_of("2007_000032 0 14 \n2007_000039 19 \r\n2007_000063 11 8");
  CHECK(list.names == Names{"2007_000032", "2007_000039", "2007_000063"});
  CHECK(tags_of(list) == Tags{{1, 15}, {20}, {9, 12}});
  CHECK(tags_of(list_of("COCO_train2014_000000000009 45 49 79\n", 80)) == Tags{{46, 50, 80}});
  NameList const images = list_of("a.jpg 3\n/J/b.jpg\n");
  CHECK(images.names == Names{"a", "b"});
  CHECK(tags_of(images) == Tags{{4}, {}});
}

TEST_CASE("a name alone in a list with classes is an image without a class") {
  NameList const list = list_of("a\nb 45 49\nc \nd 1\n", 80);
  CHECK(list.names == Names{"a", "b", "c", "d"});
  CHECK(tags_of(list) == Tags{{}, {46, 50}, {}, {2}});
}

TEST_CASE("a class that a line repeats is refused with the line") {
  CHECK_THAT(error_in("a 11\nb 11 8 8\nc 2 2\n"),
             Contains("list.txt:2: \"b 11 8 8\" has the class 8 twice") &&
                 Contains("list.txt:3: \"c 2 2\" has the class 2 twice"));
  CHECK_THAT(error_in("a 1 1\n", 2), Contains("\"a 1 1\" has the class 1 twice"));
  CHECK(tags_of(list_of("a 0 1\n", 2)) == Tags{{1, 2}});
}

TEST_CASE("one-hot columns are recognised and refused") {
  std::string const columns = "2007_000032 1 0 0 0 0 0 0 0 0 0 0 0 0 0 1 0 0 0 0 0";
  for (auto const& [text, count] : {std::pair(columns, "20"), {columns + " 0", "21"}}) {
    CHECK_THAT(error_in("2007_000027 14\n" + text + "\n"),
               Contains("list.txt:2: \"2007_000032\" is followed by " + std::string(count) +
                        " numbers that are all 0 or 1, which look like one-hot columns for the "
                        "20 classes; expected the numbers of its classes, counted from 0"));
  }
}

TEST_CASE("an unknown class is refused with the valid numbers") {
  CHECK_THAT(error_in("a 0\nb 20\n"), Contains("list.txt:2: class 20 of \"b\"") &&
                                          Contains("20 classes") && Contains("from 0 to 19") &&
                                          Contains("count them from 1?"));
  CHECK_THAT(error_in("a 99999999999999999999\n"), Contains("list.txt:1: "));
}

TEST_CASE("lists of ImageSets/Main are recognised and refused") {
  CHECK_THAT(error_in("2007_000027  1\n2008_000008 -1\n"),
             Contains("list.txt:2: ") && Contains("ImageSets/Main") &&
                 Contains("whether the image shows one class"));
}

TEST_CASE("a list that mixes forms is refused with both lines") {
  CHECK_THAT(error_in("\na\n/J/b.jpg /S/b.png\n"),
             Contains("list.txt:3: \"/J/b.jpg /S/b.png\" is the path of an image and the path of "
                      "its label map, but line 2 is a name alone"));
  CHECK_THAT(error_in("a 0\nb.jpg\nc\n"),
             Contains("list.txt:2: \"b.jpg\" is the path of an image, but line 1 is a name with "
                      "classes") &&
                 !Contains("list.txt:3"));
  CHECK_THAT(error_in("a.jpg\nb.jpg b.png\nc.jpg 0 14\n"),
             Contains("list.txt:3: \"c.jpg 0 14\" is the path of an image with classes, but line 2 "
                      "is the path of an image and the path of its label map"));
}

TEST_CASE("a line in another form is refused with the valid forms") {
  CHECK_THAT(error_in("b c\n"),
             Contains("list.txt:1: \"b c\" contains spaces; a line holds one "
                      "name, the paths of an image and its label map, or a name"));
  CHECK_THAT(error_in("a 1.5\n"), Contains("list.txt:1: \"a 1.5\" contains spaces"));
}

TEST_CASE("a byte-order mark is skipped, and UTF-16 is recognised and refused") {
  CHECK(list_of("\xEF\xBB\xBF"
                "a\n")
            .names == Names{"a"});
  CHECK_THAT(error_in(std::string("\xFF\xFE"
                                  "a\0\n\0",
                                  6)),
             Contains("list.txt is text in UTF-16, not a list of samples, a text with one name "
                      "in each line; save it as UTF-8"));
}

TEST_CASE("names in paths and with classes are checked like others") {
  CHECK_THAT(error_in("a 0\na 1\n"),
             Contains("list.txt:2: \"a\" is listed twice, first in line 1"));
  CHECK_THAT(error_in("/J/a.jpg /S/a.png\n/K/a.jpg /S/a.png\n"), Contains("listed twice"));
  CHECK_THAT(error_in("../a 0\n"), Contains("\"../a\" cannot name a sample"));
  CHECK_THAT(error_in("/J/.jpg /S/.png\n"), Contains("cannot name a sample"));
}
