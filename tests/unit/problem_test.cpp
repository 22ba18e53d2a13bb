#include "pipeline/problem.hpp"

#include "support/catch.hpp"
#include "support/toy_stages.hpp"

using namespace seplflow;

namespace {

std::shared_ptr<SourceText const> file(std::string text) {
  return std::make_shared<SourceText>(SourceText{"voc.toml", std::move(text), false});
}

std::shared_ptr<SourceText const> argument(std::string text) {
  return std::make_shared<SourceText>(SourceText{"--set", std::move(text), true});
}

}  // namespace

TEST_CASE("a source text returns its lines without the line breaks") {
  SourceText const text{"a", "one\ntwo\r\n\nfour", false};
  CHECK(text.line(1) == "one");
  CHECK(text.line(2) == "two");
  CHECK(text.line(3).empty());
  CHECK(text.line(4) == "four");
  CHECK(text.line(5).empty());
}

TEST_CASE("an error shows its place, its line and a caret") {
  Problem const problem{{file("name = \"x\"\nt1 = 2.5\n"), 2, 6}, "too large"};
  CHECK(to_string(problem) ==
        "voc.toml:2:6: error: too large\n"
        "    t1 = 2.5\n"
        "         ^");
}

TEST_CASE("an error on the command line shows the argument instead of a line number") {
  Problem const problem{{argument("select.t1=2"), 1, 11}, "too large"};
  CHECK(to_string(problem) ==
        "--set select.t1=2: error: too large\n"
        "    select.t1=2\n"
        "              ^");
}

TEST_CASE("the caret is under its character after tabs and letters of several bytes") {
  CHECK(to_string(Problem{{file("\tt1 = 2"), 1, 7}, "m"}) ==
        "voc.toml:1:7: error: m\n    \tt1 = 2\n    \t     ^");
  CHECK(to_string(Problem{{file("text = \"größe\" # x"), 1, 16}, "m"}) ==
        "voc.toml:1:16: error: m\n    text = \"größe\" # x\n                   ^");
}

TEST_CASE("control characters are escaped, and the caret stays under its character") {
  CHECK(to_string(Problem{{file("a = \"\x1b[31m\" b"), 1, 13}, "got \x07"}) ==
        "voc.toml:1:13: error: got \\x07\n    a = \"\\x1b[31m\" b\n                   ^");
  CHECK(to_string(Problem{{argument("a.b=\x1b"), 1, 5}, "m"}) ==
        "--set a.b=\\x1b: error: m\n    a.b=\\x1b\n        ^");
}

TEST_CASE("an error behind the end of the text still shows its place") {
  CHECK(to_string(Problem{{file(""), 1, 1}, "m"}) == "voc.toml:1:1: error: m\n    \n    ^");
  CHECK(to_string(Problem{{file("ab"), 1, 5}, "m"}) == "voc.toml:1:5: error: m\n    ab\n        ^");
}

TEST_CASE("all errors are shown in the order of the file, then those of arguments") {
  auto const text = file("a\nb\nc\n");
  PipelineError const error({{{argument("x.y=1"), 1, 1}, "fourth"},
                             {{text, 3, 1}, "third"},
                             {{text, 1, 2}, "second"},
                             {{text, 1, 1}, "first"}});
  std::vector<std::string> messages;
  for (Problem const& problem : error.problems()) messages.push_back(problem.message);
  CHECK(messages == std::vector<std::string>{"first", "second", "third", "fourth"});
  std::string const what = error.what();
  CHECK(what.find("first") < what.find("second"));
  CHECK(what.find("third") < what.find("fourth"));
  CHECK_THAT(what, EndsWith("4 errors"));
  CHECK_THAT(PipelineError({{{text, 1, 1}, "only"}}).what(), EndsWith("1 error"));
}

TEST_CASE("the most similar name is suggested for a typo") {
  std::vector<std::string> const names = {"overlap", "keep_ignore", "t1", "t2"};
  CHECK(did_you_mean("overlp", names) == "; did you mean \"overlap\"?");
  CHECK(did_you_mean("ovelrap", names) == "; did you mean \"overlap\"?");  // neighbours swapped
  CHECK(did_you_mean("keep_ingore", names) == "; did you mean \"keep_ignore\"?");
  CHECK(did_you_mean("keepignore", names) == "; did you mean \"keep_ignore\"?");
  CHECK(did_you_mean("t3", names) == "; did you mean \"t1\"?");
}

TEST_CASE("a part of a name suggests the few names that contain it") {
  CHECK(did_you_mean("crf", {"label.crf", "output.labels"}) == "; did you mean \"label.crf\"?");
  CHECK(did_you_mean("voc", {"voc.a", "voc.b", "c"}) == "; did you mean \"voc.a\" or \"voc.b\"?");
  CHECK(did_you_mean("voc", {"voc.a", "voc.b", "voc.c", "voc.d"}).empty());
  CHECK(did_you_mean("la", {"label.crf"}).empty());
}

TEST_CASE("another word is not a typo") {
  CHECK(did_you_mean("colour", {"overlap", "t1"}).empty());
  CHECK(did_you_mean("", {"overlap"}).empty());
  CHECK(did_you_mean("anything", {}).empty());
}

TEST_CASE("names are listed with commas and an or") {
  CHECK(quoted_list({}).empty());
  CHECK(quoted_list({"a"}) == "\"a\"");
  CHECK(quoted_list({"a", "b"}) == "\"a\" or \"b\"");
  CHECK(quoted_list({"a", "b", "c"}) == "\"a\", \"b\" or \"c\"");
}

TEST_CASE("an error in a file points at the value behind tabs and letters of several bytes") {
  std::string const head =
      "[stages.src]\nuse = \"toy.source\"\n[stages.save]\nuse = \"toy.save\"\n";
  std::string const shown = toy::error(head + "\tin\t= { \"nümber\" = \"src.number\" }\n");
  CHECK_THAT(shown, StartsWith("toy.toml:5:9: error: "));
  CHECK_THAT(toy::pointed_at(shown), StartsWith("\"nümber\" = "));
  std::string const wide = toy::error(head + "in = { number = \"日本\" } # größer\n");
  CHECK_THAT(wide, StartsWith("toy.toml:5:17: error: "));
  CHECK(toy::pointed_at(wide) == "\"日本\" } # größer");
}

TEST_CASE("of a very long line the part around the error is shown") {
  std::string const name(3000, 'x');
  std::string const shown =
      toy::error("[stages.src]\nuse = \"toy.source\"\n" + name + " = 1\n[stages.save]\n" +
                 "use = \"toy.save\"\nin = \"src.number\"\n");
  for (std::string_view rest = shown; !rest.empty(); rest.remove_prefix(rest.find('\n') + 1)) {
    if (rest.starts_with("    x")) CHECK(rest.find('\n') <= 1004);
    if (rest.find('\n') == rest.npos) break;
  }
  std::string const text = "/*" + std::string(5000, '.') + "*/ x";
  auto const source = std::make_shared<SourceText>(SourceText{"f", text});
  CHECK(toy::pointed_at(to_string({{source, 1, 5006}, "here"})) == "x");
}
