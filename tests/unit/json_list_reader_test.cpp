#include "formats/json/json_list_reader.hpp"

#include <string>
#include <vector>

#include <seplflow/error.hpp>
#include "support/catch.hpp"
#include "support/temp_folder.hpp"

using namespace seplflow;

namespace {

using Texts = std::vector<std::string>;

// What the lists "a" and "b" hold, in the order of the file: "a0=TEXT".
Texts elements_of(std::string const& json) {
  TempFolder const folder;
  InputFile file(folder.write("x.json", json));
  Texts texts;
  JsonListReader(file, "x.json").read([&](std::string_view key) -> JsonListReader::OnElement {
    if (key != "a" && key != "b") return nullptr;
    return [&, name = std::string(key)](JsonListReader::Element const& element) {
      CHECK(json.substr(element.offset, element.text.size()) == element.text);
      CHECK(element.text.padding() >= simdjson::SIMDJSON_PADDING);
      texts.push_back(name + std::to_string(element.index) + "=" + std::string(element.text));
    };
  });
  return texts;
}

std::string complaint_about(std::string const& json) {
  try {
    elements_of(json);
  } catch (Error const& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("elements of the selected lists come in the order of the file, with their positions") {
  CHECK(elements_of(R"({"b": [1, "x"], "no": {"a": [3]}, "a":[{"c": [4, {}]},[]], "z": null})") ==
        Texts{"b0=1", "b1=\"x\"", R"(a0={"c": [4, {}]})", "a1=[]"});
  CHECK(elements_of("\r\n\t {\n\"a\" : [ 1 ,\n2 ] } \n") == Texts{"a0=1", "a1=2"});
  CHECK(elements_of("{}").empty());
  CHECK(elements_of(R"({"a": []})").empty());
}

TEST_CASE("a byte-order mark before the JSON is ignored") {
  CHECK(elements_of("\xEF\xBB\xBF {\"a\": [1]}") == Texts{"a0=1"});
  CHECK(complaint_about("\xEF\xBB\xBF") ==
        "x.json: the JSON is incomplete: it ends at byte 3; the file seems truncated: copy or "
        "download "
        "it again");
  CHECK_THAT(complaint_about("\xEF\xBB{}"), Contains("byte 0 is byte 239; expected '{'"));
}

TEST_CASE("escaped names of fields are compared unescaped") {
  CHECK(elements_of(R"({"\u0061": [1], "\"": 2})") == Texts{"a0=1"});
  CHECK_THAT(complaint_about(R"({"\u0061": [1], "a": [2]})"), Contains("the field \"a\" twice"));
  CHECK_THAT(complaint_about(R"({"\x61": [1]})"), Contains("x.json: "));
}

TEST_CASE("the first character is known before the lists are read") {
  TempFolder const folder;
  InputFile file(folder.write("x.json", "\xEF\xBB\xBF\n[1]"));
  CHECK(JsonListReader(file, "x.json").first() == '[');
}

TEST_CASE("brackets and quotes inside strings are text") {
  CHECK(elements_of(R"({"no": "]}[{", "a": ["]", "\"]", "\\", {"}": "{"}], "x\"y": [1]})") ==
        Texts{R"(a0="]")", R"(a1="\"]")", R"(a2="\\")", R"(a3={"}": "{"})"});
}

TEST_CASE("elements larger than the window are complete, and skipped ones are skipped") {
  std::string const large(3 << 20, 'x'), numbers = [] {
    std::string text = "1";
    for (int i = 0; i < 400'000; ++i) text += ", 12.5";
    return text;
  }();
  auto const texts = elements_of("{\"no\": [\"" + large + "\"], \"a\": [1, \"" + large + "\", [" +
                                 numbers + "], 2], \"no2\": \"" + large + "\", \"b\": [3]}");
  REQUIRE(texts.size() == 5);
  CHECK(texts[0] == "a0=1");
  CHECK(texts[1].size() == large.size() + 5);
  CHECK(texts[2] == "a2=[" + numbers + "]");
  CHECK(texts[3] == "a3=2");
  CHECK(texts[4] == "b0=3");
}

TEST_CASE("many elements across many windows keep their order and positions") {
  std::string json = "{\"a\": [";
  Texts expected;
  for (int i = 0; i < 60'000; ++i) {
    std::string const text = "{\"name\": \"" + std::string(static_cast<std::size_t>(i % 97), '\\') +
                             (i % 97 % 2 == 1 ? "\\" : "") + "\", \"i\": " + std::to_string(i) +
                             "}";
    json += (i > 0 ? ", " : "") + text;
    expected.push_back("a" + std::to_string(i) + "=" + text);
  }
  CHECK(elements_of(json + "]}") == expected);
}

TEST_CASE("a file that is truncated anywhere is reported as truncated") {
  std::string const json = R"({"a": [1, {"b": "c\"d"}, [[2]]], "no": {"x": [3]}, "b": [true]})";
  CHECK(elements_of(json).size() == 4);
  for (std::size_t size = 1; size < json.size(); ++size) {
    INFO(json.substr(0, size));
    CHECK_THAT(complaint_about(json.substr(0, size)),
               Contains("the JSON is incomplete: it ends at byte " + std::to_string(size)) &&
                   Contains("seems truncated"));
  }
}

TEST_CASE("text that is not a JSON object is refused with the byte and what was expected") {
  CHECK_THAT(complaint_about(""), Contains("x.json is empty (0 bytes)"));
  CHECK_THAT(complaint_about("   "), Contains("the JSON is incomplete: it ends at byte 3"));
  CHECK_THAT(complaint_about("[1]"), Contains("byte 0 is '['; expected '{'"));
  CHECK_THAT(complaint_about("PK\x03\x04"), Contains("x.json is a zip file, not JSON; unpack it"));
  CHECK_THAT(complaint_about("\x89PNG"), Contains("x.json is a PNG whose first bytes were changed"));
  CHECK_THAT(complaint_about(R"({"a": [1]} 2)"),
             Contains("has more text after the end of its JSON, at byte 11"));
  CHECK_THAT(complaint_about(R"({a: 1})"), Contains("byte 1 is 'a'; expected '\"'"));
  CHECK_THAT(complaint_about(R"({"a" [1]})"), Contains("byte 5 is '['; expected ':'"));
  CHECK_THAT(complaint_about(R"({"x": 1 "a": [1]})"), Contains("byte 8 is '\"'; expected ','"));
  CHECK_THAT(complaint_about(R"({"x": 1,})"), Contains("byte 8 is '}'; expected '\"'"));
  CHECK_THAT(complaint_about(R"({"x": })"), Contains("byte 6 is '}'; expected a value"));
  CHECK_THAT(complaint_about(R"({"x": [1}})"), Contains("byte 8 is '}', which closes what '['"));
}

TEST_CASE("a field that is not a list, or a broken list, is refused") {
  CHECK_THAT(complaint_about(R"({"a": {"b": 1}})"),
             Contains("\"a\" (byte 6) begins with '{'; expected a list"));
  CHECK_THAT(complaint_about(R"({"a": [1], "a": [2]})"), Contains("has the field \"a\" twice"));
  CHECK_THAT(complaint_about(R"({"a": [1 2]})"), Contains("byte 9 is '2'; expected ','"));
  CHECK_THAT(complaint_about(R"({"a": [1,]})"), Contains("byte 9 is ']'; expected a value"));
  CHECK_THAT(complaint_about(R"({"a": [,1]})"), Contains("byte 7 is ','; expected a value"));
}

TEST_CASE("an element that is nested too deeply is refused") {
  CHECK_THAT(complaint_about("{\"a\": [" + std::string(100'000, '[')),
             Contains("nested more than 64 levels"));
  std::string const deep = std::string(64, '[') + std::string(64, ']');
  CHECK(elements_of("{\"a\": [" + deep + "]}") == Texts{"a0=" + deep});
}
