#include "dataset/label_table.hpp"

#include "dataset/image_level_labels.hpp"
#include "support/catch.hpp"
#include "support/temp_folder.hpp"

using namespace seplflow;
using dataset::LabelTable;
using Tags = std::vector<Label>;

namespace {

Classes const kClasses({"background", "cat", "dog", "traffic light"});

LabelTable csv(std::string const& text) {
  TempFolder const folder;
  return dataset::read_label_csv(folder.write("tags.csv", text), kClasses);
}

LabelTable json(std::string const& text) {
  TempFolder const folder;
  return dataset::label_table_of_json(folder.write("tags.json", text), kClasses);
}

template <class Read>
std::string error_in(Read const& read, std::string const& text) {
  try {
    read(text);
  } catch (Error const& error) {
    return error.what();
  }
  return "none";
}

}  // namespace

TEST_CASE("a CSV file has a column for each class, in any order") {
  LabelTable const table = csv(
      "\xEF\xBB\xBFimage,dog,cat,traffic light\r\n"
      "a.jpg,1,0,0\r\n"
      "\"train/b.PNG\",0,1.0,1\r\n\r\n"
      "c,0,0,\n");
  REQUIRE(table.size() == 3);
  CHECK(table[0] == std::pair<std::string, Tags>("a", {2}));
  CHECK(table[1] == std::pair<std::string, Tags>("b", {1, 3}));
  CHECK(table[2] == std::pair<std::string, Tags>("c", {}));
  CHECK(csv("name;background;cat;dog;traffic light\na;1;1;0;0\n")[0].second == Tags{1});
  CHECK(csv("name,Cat,dog,Traffic Light\na,1,0,1\n")[0].second == Tags{1, 3});
  LabelTable const of_pandas = csv(",name,cat,dog,traffic light\n0,a,1,0,0\n1,b,0,1,0\n");
  CHECK(of_pandas[1] == std::pair<std::string, Tags>("b", {2}));
}

TEST_CASE("a CSV file may have a column of class names, in one line or several") {
  LabelTable const table = csv(
      "filename,labels\n"
      "a.jpg,cat\n"
      "b.jpg,dog;traffic light\n"
      "c.jpg,\"dog,cat\"\n"
      "d.jpg,\n"
      "a.jpg,dog\n"
      "e.jpg,cat dog\n");
  REQUIRE(table.size() == 5);
  CHECK(table[0].second == Tags{1, 2});
  CHECK(table[1].second == Tags{2, 3});
  CHECK(table[2].second == Tags{1, 2});
  CHECK(table[3].second.empty());
  CHECK(table[4].second == Tags{1, 2});
  CHECK(csv("a.jpg,cat\nb.jpg,dog\n").size() == 2);
}

TEST_CASE("a CSV file of another form is refused with the line") {
  auto const error = [](std::string const& text) { return error_in(csv, text); };
  CHECK_THAT(error("image,cat,dog\na,1,0\n"),
             Contains("tags.csv:1: the header has no column for the class \"traffic light\""));
  CHECK_THAT(error("image,cat,mouse\na,1,0\n"),
             Contains("tags.csv:1: the header has the columns \"image\", \"cat\", \"mouse\"") &&
                 Contains("\"mouse\" is not a class"));
  CHECK_THAT(error("image,labels\na,mouse\n"), Contains("tags.csv:2: \"mouse\" does not name"));
  CHECK_THAT(error("image,cat,dog,traffic light\na,1,0,yes\n"),
             Contains("tags.csv:2: the column \"traffic light\" holds \"yes\""));
  CHECK_THAT(error("image,cat,dog,traffic light\na,1,0\n"), Contains("tags.csv:2: the line has 3"));
  CHECK_THAT(error("image,cat,dog,traffic light\na,1,0,0\na.jpg,1,0,0\n"),
             Contains("tags.csv:3: the image \"a.jpg\" is listed twice"));
  CHECK_THAT(error("image,labels\n"), Contains("has no lines after its header"));
}

TEST_CASE("a JSON file has class names or a number for each class, by image or as a list") {
  LabelTable const table =
      json(R"({"a.jpg": ["dog", "cat"], "b": "traffic light", "c": [0, 1, 0], "d": []})");
  REQUIRE(table.size() == 4);
  CHECK(table[0] == std::pair<std::string, Tags>("a", {1, 2}));
  CHECK(table[1].second == Tags{3});
  CHECK(table[2].second == Tags{2});
  CHECK(table[3].second.empty());
  LabelTable const list =
      json(R"([{"file_name": "a.jpg", "labels": ["cat"]}, {"id": 139, "class": "dog"}])");
  REQUIRE(list.size() == 2);
  CHECK(list[0] == std::pair<std::string, Tags>("a", {1}));
  CHECK(list[1] == std::pair<std::string, Tags>("139", {2}));
}

TEST_CASE("JSON that does not say which classes it means is refused") {
  auto const error = [](std::string const& text) { return error_in(json, text); };
  CHECK_THAT(error(R"({"a": [0, 2]})"),
             Contains("the image-level labels of a are 2 numbers") && Contains("class names"));
  CHECK_THAT(error(R"({"a": ["mouse"]})"), Contains("name the class \"mouse\""));
  CHECK_THAT(error(R"({"a": {"b": 1}})"), Contains("tags.json"));
  CHECK_THAT(error(R"([{"labels": ["cat"]}])"), Contains("the name of an image"));
  CHECK_THAT(error("{\"a\": [\"cat\""), Contains("tags.json"));
}

TEST_CASE("the kind of a file of image-level labels is what it holds") {
  TempFolder const folder;
  std::string const rows = "image,cat,dog,traffic light\na.jpg,0,1,0\n";
  dataset::ImageLabelFile const csv_file(folder.write("a.txt", rows), kClasses);
  CHECK(csv_file.has_names());
  CHECK(csv_file.at(csv_file.find("a").value()).classes == Tags{2});
  dataset::ImageLabelFile const json_file(folder.write("a.dat", std::string("\xEF\xBB\xBF") +
                                       R"({"a": "cat"})"), kClasses);
  CHECK(json_file.at(json_file.find("a").value()).classes == Tags{1});
  CHECK_THROWS_WITH(dataset::ImageLabelFile(folder.write("b.json", R"([{"id": "a", "class": "cat"},
      {"id": "a.jpg", "class": "dog"}])"), kClasses), Contains("holds the image a twice"));
}
