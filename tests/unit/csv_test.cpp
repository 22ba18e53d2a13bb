#include "run/csv.hpp"

#include <cmath>

#include "support/catch.hpp"
#include "support/temp_folder.hpp"

using namespace seplflow;

TEST_CASE("a CSV line has empty cells, counts, numbers and text") {
  CHECK(csv_line({Cell(), std::string("a"), std::int64_t{-5}, 0.25}) == ",a,-5,0.25\n");
  CHECK(csv_line({std::nan(""), 1e300}) == "nan,1e+300\n");
}

TEST_CASE("equal rows share a line until the lines are cleared") {
  CsvLines lines(CsvText::exact);
  Row const row = {"a", 1, 0.0};
  CHECK(lines.line(row) == csv_line(row));
  CHECK(&lines.line(row) == &lines.line(Row(row)));
  for (Row const& other : {Row{"a", 1, -0.0}, Row{"a", 1.0, 0.0}, Row{"a", 1}, Row{"b", 1, 0.0}}) {
    CHECK(lines.line(other) == csv_line(other));
  }
  lines.clear();
  CHECK(lines.line(row) == "a,1,0\n");
}

TEST_CASE("text with a comma, a quote or a line's end is quoted in CSV") {
  CHECK(csv_line({std::string("a,b"), std::string("say \"x\""), std::string("1\n2"),
                  std::string("cr\r"), std::string("plain one"), std::string()}) ==
        "\"a,b\",\"say \"\"x\"\"\",\"1\n2\",\"cr\r\",plain one,\n");
}

TEST_CASE("for a spreadsheet a text that looks like a formula is put behind an apostrophe") {
  Row const row = {std::string("=1+1"), std::string("@a,b"), std::string("a=b"), std::int64_t{-5},
                   -0.5};
  CHECK(csv_line(row) == "=1+1,\"@a,b\",a=b,-5,-0.5\n");
  std::string const line = csv_line(row, CsvText::spreadsheet);
  CHECK(line == "'=1+1,\"'@a,b\",a=b,-5,-0.5\n");
  TempFolder const folder;
  CsvReader csv(folder.write("a.csv", line + "'quoted','\n"), CsvText::spreadsheet);
  std::vector<std::string> cells;
  REQUIRE(csv.next(cells));
  CHECK(cells == std::vector<std::string>{"=1+1", "@a,b", "a=b", "-5", "-0.5"});
  REQUIRE(csv.next(cells));
  CHECK(cells == std::vector<std::string>{"'quoted'", "'"});
}
