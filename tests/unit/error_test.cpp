#include <seplflow/error.hpp>

#include "support/catch.hpp"

using namespace seplflow;

TEST_CASE("an error escapes control characters, and keeps the rest of its message") {
  std::string const quoted("a\0b\x1b[31m \x7f \r", 12);
  CHECK(std::string(Error(quoted).what()) == "a\\x00b\\x1b[31m \\x7f \\x0d");
  CHECK(std::string(Error("\xc2\x9b"
                          "31m \xc2\xb5")
                        .what()) == "\\xc2\\x9b31m \xc2\xb5");
  CHECK(std::string(UsageError("two\nlines\tand \xc3\xa9").what()) == "two\nlines\tand \xc3\xa9");
}

TEST_CASE("text that changes its direction is escaped, and other scripts are not") {
  CHECK(without_controls("a\u202eb\u2066c\u200f") ==
        "a\\xe2\\x80\\xaeb\\xe2\\x81\\xa6c\\xe2\\x80\\x8f");
  CHECK(without_controls("na\u00efve \u2013 \u8c61 \u05d0") == "na\u00efve \u2013 \u8c61 \u05d0");
  CHECK(without_controls("\x9b"
                         "1m \xff") == "\\x9b1m \xff");
}
