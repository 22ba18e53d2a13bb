// UTF-8 without a library: which bytes are valid, and how many characters they are.
#include "base/utf8.hpp"

#include "support/catch.hpp"

using namespace seplflow;

TEST_CASE("Valid UTF-8 is recognised, whatever the length of its characters", "[utf8]") {
  for (char const* const text :
       {"", "plain", "\x7f", "\xc2\x80", "caf\xc3\xa9", "\xe0\xa0\x80", "\xed\x9f\xbf",
        "\xee\x80\x80", "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"}) {
    CAPTURE(text);
    CHECK(is_utf8(text));
  }
}

TEST_CASE("Invalid UTF-8 is recognised", "[utf8]") {
  auto const text = GENERATE("\x80", "a\xff", "\xc0\x80", "\xc1\xbf", "\xc3", "\xc3z",
                             "\xe0\x9f\xbf", "\xe2\x82", "\xed\xa0\x80", "\xf0\x8f\xbf\xbf",
                             "\xf0\x90\x80", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80");
  CAPTURE(text);
  CHECK_FALSE(is_utf8(text));
}

TEST_CASE("A character of several bytes counts once", "[utf8]") {
  CHECK(character_count("") == 0);
  CHECK(character_count("naïve – 象") == 9);
}
