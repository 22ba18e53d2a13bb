#include "pipeline/environment.hpp"

#include <cstdlib>
#include <random>

#include <seplflow/error.hpp>
#include "support/catch.hpp"

using namespace seplflow;

namespace {

std::optional<std::string> variables(std::string const& name) {
  if (name == "ROOT") return "/data/voc";
  if (name == "EMPTY") return "";
  if (name == "TRICK") return "${ROOT}";
  if (name == "_x9") return "odd";
  return std::nullopt;
}

std::string expanded(std::string_view text) {
  return expand(text, variables);
}

std::string complaint(std::string_view text) {
  try {
    expanded(text);
  } catch (Error const& error) {
    return error.what();
  }
  return "none";
}

}  // namespace

TEST_CASE("a variable in braces is replaced wherever it is") {
  CHECK(expanded("${ROOT}") == "/data/voc");
  CHECK(expanded("a/${ROOT}/b/${ROOT}") == "a//data/voc/b//data/voc");
  CHECK(expanded("${_x9}") == "odd");
  CHECK(expanded("").empty());
}

TEST_CASE("a default replaces a variable that is unset or empty") {
  CHECK(expanded("${NONE:-here}") == "here");
  CHECK(expanded("${EMPTY:-here}") == "here");
  CHECK(expanded("${ROOT:-here}") == "/data/voc");
  CHECK(expanded("${NONE:-}").empty());
  CHECK(expanded("${NONE:-a:-b}") == "a:-b");
}

TEST_CASE("a variable that is set but empty is not unset") {
  CHECK(expanded("${EMPTY}").empty());
}

TEST_CASE("the value of a variable is not expanded again") {
  CHECK(expanded("${TRICK}") == "${ROOT}");
}

TEST_CASE("two dollars before a brace become one") {
  CHECK(expanded("$${ROOT}") == "${ROOT}");
  CHECK(expanded("a$${b") == "a${b");
  CHECK(expanded("$$${ROOT}") == "$${ROOT}");
}

TEST_CASE("a dollar without a brace is not special") {
  CHECK(expanded("$ROOT") == "$ROOT");
  CHECK(expanded("5$") == "5$");
  CHECK(expanded("$$") == "$$");
  CHECK(expanded("{ROOT}") == "{ROOT}");
}

TEST_CASE("an unset variable without a default is an error with a solution") {
  CHECK_THAT(complaint("${NONE}"), Contains("NONE is not set") && Contains("${NONE:-default}"));
}

TEST_CASE("a reference that is not closed or has no name is an error") {
  CHECK_THAT(complaint("a${ROOT"), Contains("not closed"));
  for (char const* const wrong : {"${}", "${:-x}", "${1A}", "${A B}", "${A-x}", "${Ä}"}) {
    CAPTURE(wrong);
    CHECK_THAT(complaint(wrong),
               Contains("does not name an environment variable") && Contains("$${"));
  }
}

TEST_CASE("an escaped text expands to the original text") {
  std::mt19937 random(11);
  std::string const letters = "$${{}}aN:-\\\"";
  for (int i = 0; i < 2000; ++i) {
    std::string text;
    for (unsigned length = random() % 12; length > 0; --length) {
      text += letters[random() % letters.size()];
    }
    CAPTURE(text);
    CHECK(expanded(escape_expansion(text)) == text);
  }
}

TEST_CASE("the process environment distinguishes set from unset variables") {
  ::setenv("SEPLFLOW_TEST_SET", "value", 1);
  ::unsetenv("SEPLFLOW_TEST_UNSET");
  CHECK(process_environment()("SEPLFLOW_TEST_SET") == "value");
  CHECK(process_environment()("SEPLFLOW_TEST_UNSET") == std::nullopt);
}
