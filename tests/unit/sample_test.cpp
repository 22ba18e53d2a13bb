#include <seplflow/sample.hpp>

#include <string>

#include "support/catch.hpp"

using namespace seplflow;

TEST_CASE("ids of known data sets are safe as file names") {
  auto const id =
      GENERATE(as<std::string>(), "2007_000032", "COCO_val2014_000000000042", "train/0001", "a.b",
               "...", "..a", "a..", ".hidden", "a b", "caf\xc3\xa9");
  INFO(id);
  CHECK_FALSE(why_unsafe_id(id));
}

TEST_CASE("an id that leads out of its folder is unsafe, with the reason") {
  auto const id = GENERATE(as<std::string>(), "..", "../x", "a/../../x", "a/..", "a/../b");
  INFO(id);
  REQUIRE(why_unsafe_id(id));
  CHECK_THAT(*why_unsafe_id(id), Contains("leaves its folder"));
}

TEST_CASE("an absolute or empty id is unsafe, with the reason") {
  CHECK(why_unsafe_id("/etc/x") == "is an absolute path");
  CHECK(why_unsafe_id("/") == "is an absolute path");
  CHECK(why_unsafe_id("") == "is empty");
}

TEST_CASE("an id with an empty part is unsafe, with the reason") {
  auto const id = GENERATE(as<std::string>(), "a//b", "a/", ".", "./a", "a/./b");
  INFO(id);
  REQUIRE(why_unsafe_id(id));
  CHECK_THAT(*why_unsafe_id(id), Contains("empty part"));
}

TEST_CASE("an id with a control character or a backslash is unsafe, with the reason") {
  auto const id = GENERATE(as<std::string>(), "a\nb", "a\tb", "a\x7f", "a\\b", "..\\x");
  REQUIRE(why_unsafe_id(id));
  CHECK_THAT(*why_unsafe_id(id), Contains("control character or a backslash"));
  CHECK(why_unsafe_id(std::string_view("a\0b", 3)));
}

TEST_CASE("an id longer than file systems allow is unsafe, with the reason") {
  CHECK_FALSE(why_unsafe_id(std::string(240, 'a')));
  CHECK_THAT(why_unsafe_id(std::string(241, 'a')).value_or(""), Contains("240 bytes"));
  std::string deep;
  while (deep.size() <= 1000) deep += "folder/";
  CHECK_THAT(why_unsafe_id(deep + "a").value_or(""), Contains("1000 bytes"));
}
