#include "pipeline/setting_text.hpp"

#include <seplflow/error.hpp>
#include "support/catch.hpp"

using namespace seplflow;

namespace {

std::vector<SettingText> settings(std::string const& toml) {
  return setting_texts(toml, "a.toml");
}

std::vector<std::string> changed(std::string const& before, std::string const& after) {
  std::vector<std::string> lines;
  for (SettingChange const& change : changes(settings(before), settings(after))) {
    lines.push_back(change.stage + "." + change.key + ": " + change.before + " -> " + change.after);
  }
  return lines;
}

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("settings are listed in the order of the file") {
  CHECK(settings("name = \"n\"\n"
                 "[stages.b]\nuse = \"x\"\nin = { z = \"q\", a = \"b.c\" }\n"
                 "[stages.a]\nnumber = 0.50\nwhole = 3\nyes = true\nlist = [1, 2.5, \"x\"]\n"
                 "[run]\nlimit = 7\n") ==
        std::vector<SettingText>{{"", "name", "\"n\""},
                                 {"b", "use", "\"x\""},
                                 {"b", "in", "{ a = \"b.c\", z = \"q\" }"},
                                 {"a", "number", "0.5"},
                                 {"a", "whole", "3"},
                                 {"a", "yes", "true"},
                                 {"a", "list", "[1, 2.5, \"x\"]"},
                                 {"run", "limit", "7"}});
}

TEST_CASE("axes and variants are settings too") {
  CHECK(settings("[sweep]\n\"select.t1\" = [0.2, 0.3]\n"
                 "[[variant]]\nname = \"a\"\nset = { \"x.y\" = 1 }\n[[variant]]\nname = \"b\"\n") ==
        std::vector<SettingText>{
            {"sweep", "select.t1", "[0.2, 0.3]"},
            {"variants", "variant", "[{ name = \"a\", set = { x.y = 1 } }, { name = \"b\" }]"}});
}

TEST_CASE("settings that were removed, added or modified are changes") {
  CHECK(changed("[stages.a]\nt = 1\n", "[stages.a]\nt = 1\n").empty());
  CHECK(changed("[stages.a]\nt = 1\nu = 2\n", "[stages.a]\nt = 3\nw = 4\n") ==
        Lines{"a.t: 1 -> 3", "a.u: 2 -> ", "a.w:  -> 4"});
  CHECK(changed("[stages.a]\nt = 1\n", "[stages.b]\nt = 1\n") == Lines{"a.t: 1 -> ", "b.t:  -> 1"});
  CHECK(changed("[sweep]\n\"s.t\" = [1, 2]\n", "[sweep]\n\"s.t\" = [1, 2, 3]\n") ==
        Lines{"sweep.s.t: [1, 2] -> [1, 2, 3]"});
}

TEST_CASE("another order of the settings is not a change") {
  CHECK(changed("[stages.a]\nt = 1\nu = 2\n[stages.b]\nv = 3\n",
                "[stages.b]\nv = 3\n[stages.a]\nu = 2\nt = 1\n")
            .empty());
}

TEST_CASE("invalid TOML is reported with its place") {
  CHECK_THROWS_WITH(settings("a = 1\nb = \n"), Contains("a.toml:2"));
  CHECK_THROWS_AS(settings("a = 1\nb = \n"), UsageError);
  CHECK(settings("").empty());
}
