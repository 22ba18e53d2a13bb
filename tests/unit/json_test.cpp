#include "run/json.hpp"

#include <cstring>
#include <limits>
#include <random>

#include "support/catch.hpp"

using namespace seplflow;

TEST_CASE("JSON on one line keeps the order of its keys") {
  Json const json = {{"z", 1}, {"a", {true, nullptr, "x"}}, {"m", {{"k", -2}}}};
  CHECK(json_text(json) == R"({"z": 1, "a": [true, null, "x"], "m": {"k": -2}})");
}

TEST_CASE("JSON is indented by level, and empty objects and lists stay on one line") {
  Json const json = {{"a", {1, 2}}, {"b", Json::object()}, {"c", Json::array()}};
  CHECK(json_text(json, 2) == "{\n  \"a\": [\n    1,\n    2\n  ],\n  \"b\": {},\n  \"c\": []\n}");
}

TEST_CASE("a number is the shortest decimal that reads back exactly") {
  CHECK(json_text(0.1) == "0.1");
  CHECK(json_text(1.0 / 3) == "0.3333333333333333");
  CHECK(json_text(1e-7) == "1e-07");
  CHECK(json_text(1e22) == "1e+22");
  std::mt19937_64 random(3);
  for (int i = 0; i < 2000; ++i) {
    std::uint64_t const bits = random();
    double value = 0;
    std::memcpy(&value, &bits, sizeof value);
    if (!std::isfinite(value)) continue;
    REQUIRE(Json::parse(json_text(value)).get<double>() == value);
  }
}

TEST_CASE("a number that is not a count has a decimal point") {
  CHECK(json_text(1.0) == "1.0");
  CHECK(json_text(-0.0) == "-0.0");
  CHECK(json_text(100) == "100");
  CHECK(Json::parse(json_text(1e22)).is_number_float());
}

TEST_CASE("counts are exact integers") {
  CHECK(json_text(std::numeric_limits<std::int64_t>::max()) == "9223372036854775807");
  CHECK(json_text(std::numeric_limits<std::uint64_t>::max()) == "18446744073709551615");
}

TEST_CASE("NaN and infinity become null") {
  CHECK(json_text(std::nan("")) == "null");
  CHECK(json_text(std::numeric_limits<double>::infinity()) == "null");
}

TEST_CASE("strings are escaped, and bytes that are not UTF-8 replaced") {
  CHECK(json_text("a\"\\\n\x01") == R"("a\"\\\n\u0001")");
  CHECK(json_text("ü日") == "\"ü日\"");
  CHECK(json_text("caf\xE9!") == "\"caf\xEF\xBF\xBD!\"");
  CHECK(json_text(Json{{"k\xFF", 1}}) == "{\"k\xEF\xBF\xBD\": 1}");
}

TEST_CASE("metrics become an object in the order they were set") {
  Metrics metrics;
  metrics.set("miou", 0.5)
      .set("images", std::int64_t{3})
      .set("none", Metrics::maybe(std::nullopt))
      .set("name", std::string("x"))
      .set("inner", Metrics().set("a", 1.0))
      .set("classes", Metrics::List{Metrics().set("id", std::int64_t{0}), Metrics()});
  CHECK(json_text(to_json(metrics)) ==
        R"({"miou": 0.5, "images": 3, "none": null, "name": "x", "inner": {"a": 1.0}, )"
        R"("classes": [{"id": 0}, {}]})");
  CHECK(json_text(to_json(Metrics())) == "{}");
}

TEST_CASE("JSON that is nested too deeply is not parsed") {
  std::string const deepest = std::string(100, '[') + std::string(100, ']');
  CHECK(parsed_json(deepest).is_array());
  CHECK(parsed_json("[" + deepest + "]").is_discarded());
  CHECK(parsed_json("[\"" + std::string(200, '[') + "\\\"{\"]").is_array());
  CHECK(parsed_json(std::string(5'000'000, '[')).is_discarded());
  CHECK(parsed_json("{\"a\":").is_discarded());
}

TEST_CASE("bytes that are not UTF-8 become text and back") {
  for (std::string const bytes : {"a\xe4.png", "\xf6", "plain", "\xc3\xa4", "\xe2\x82", ""}) {
    CAPTURE(bytes);
    CHECK(bytes_of_text(text_of_bytes(bytes)) == bytes);
  }
  CHECK(text_of_bytes("a\xe4\xc3\xa4") == "a\\xe4\xc3\xa4");
  CHECK(text_of_bytes("\xe4") != text_of_bytes("\xf6"));
  CHECK(bytes_of_text("\\x4") == "\\x4");
}
