// The resolved pipeline: every option spelled out, and the same pipeline when it is read again.
#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>
#include <random>

#include "pipeline/option_text.hpp"
#include "pipeline/pipeline.hpp"
#include "support/temp_folder.hpp"
#include "support/toy_stages.hpp"

using namespace seplflow;
using Catch::Matchers::Contains;

namespace {

std::string knobs(std::string const& lines) {
  return "[stages.src]\nuse = \"toy.source\"\n[stages.knobs]\nuse = \"toy.knobs\"\n"
         "in = \"src.number\"\n" +
         lines + "\n[stages.save]\nuse = \"toy.save\"\nin = \"knobs\"\n";
}

std::string resolved(std::string const& text,
                     PipelineRequest const& request = toy::request("/p/toy.toml")) {
  return resolved_toml(toy::parse(text, request));
}

// Reads a resolved text where the pipeline file and its environment are gone.
std::string again(std::string const& text) {
  return resolved(text, toy::request("/quite/elsewhere/other.toml"));
}

OptionValue knob(Pipeline const& pipeline, std::string_view name) {
  PipelineStage const& stage = pipeline.stages[1];
  return stage.instance->option(*find_option(*stage.declaration, name)).value();
}

}  // namespace

TEST_CASE("every option is spelled out, whether the file set it or not") {
  CHECK(resolved(knobs("mood = \"wild\"")) == R"(name = "toy"

[stages.src]
use = "toy.source"
samples = 3

[stages.knobs]
use = "toy.knobs"
in = { number = "src.number" }
flag = false
count = 1
whole = 0
byte = 7
ratio = 0.5
factor = 1.0
text = "plain"
mood = "wild"
path = "/"
numbers = [1.0, 2.0]
words = ["a"]

[stages.save]
use = "toy.save"
in = { number = "knobs" }

[run]
on_error = "stop"
max_failures = 0
)");
}

TEST_CASE("the resolved pipeline reads back to the same text") {
  TempFolder const folder;
  folder.write("list.txt", "");
  std::string const all =
      "on_error = \"skip\"\nflag = true\ncount = 4\nwhole = -9223372036854775808\nbyte = 0\n"
      "ratio = 0.1\nfactor = -1e-300\nmaybe = 5e-324\nmaybe_mood = \"calm\"\npath = \"a b/ü\"\n"
      "folder = \".\"\nfile = \"list.txt\"\nnumbers = []\nwords = [\"\", \"b\"]\n";
  std::string const text =
      resolved("name = \"all of it\"\n" + knobs(all) +
                   "[run]\non_error = \"skip\"\nmax_failures = 3\nlimit = 9\njobs = 2\n",
               toy::request(folder / "toy.toml"));
  CHECK(again(text) == text);
  CHECK_THAT(text, Contains("limit = 9") && Contains("max_failures = 3"));
  CHECK_THAT(text, Contains("folder = \"" + folder.path().string()));
}

TEST_CASE("threads do not change the outputs, so they are not in the resolved pipeline") {
  CHECK(resolved(knobs("") + "[run]\njobs = 8\nin_flight = 5\n") == resolved(knobs("")));
}

TEST_CASE("wires of every form read back the same") {
  std::string const text = resolved(
      "[stages.src]\nuse = \"toy.source\"\n"
      "[stages.join]\nuse = \"toy.join\"\nin = { right = \"n\", left = \"src.number\" }\n"
      "[stages.n]\nuse = \"toy.next\"\nin = \"src.number\"\n"
      "[stages.t]\nuse = \"toy.tally\"\nin = { number = \"join\", baseline = \"src.number\" }\n");
  CHECK_THAT(text, Contains("in = { left = \"src.number\", right = \"n\" }"));
  CHECK_THAT(text, Contains("in = { number = \"join\", baseline = \"src.number\" }"));
  CHECK(again(text) == text);
}

TEST_CASE("environment variables are resolved for good") {
  auto const request = toy::request("/p/toy.toml", {{"T", "${T} \"and\" \\more"}, {"D", "/data"}});
  Pipeline const pipeline = toy::parse(
      knobs("text = \"${T}\"\npath = \"${D}/${NONE:-x}\"\nwords = [\"$${D}\", \"${T}\"]"), request);
  std::string const text = resolved_toml(pipeline);
  Pipeline const back = toy::parse(text);
  CHECK(knob(back, "text") == OptionValue("${T} \"and\" \\more"));
  CHECK(knob(back, "path") == OptionValue("/data/x"));
  CHECK(knob(back, "words") ==
        OptionValue(std::vector<std::string>{"${D}", "${T} \"and\" \\more"}));
  CHECK(resolved_toml(back) == text);
}

TEST_CASE("any text reads back as it was") {
  std::mt19937 random(5);
  std::vector<std::string> const letters = {"\"", "\\", "$",  "{", "}",     "\n",   "\t",   "\r",
                                            "#",  "'",  "=",  "[", "\x01",  "\x7f", "\x1f", "ü",
                                            "日", "😀",  "\b", "n", "u0041", " ",    "${",   "$${"};
  for (int i = 0; i < 500; ++i) {
    std::string value;
    for (unsigned length = random() % 10; length > 0; --length) {
      value += letters[random() % letters.size()];
    }
    CAPTURE(value);
    auto const request = toy::request("/p/toy.toml", {{"V", value}});
    Pipeline const pipeline = toy::parse(knobs("text = \"${V}\"\nwords = [\"${V}\"]"), request);
    REQUIRE(knob(pipeline, "text") == OptionValue(value));
    std::string const text = resolved_toml(pipeline);
    Pipeline const back = toy::parse(text, toy::request("/p/toy.toml"));
    REQUIRE(knob(back, "text") == OptionValue(value));
    REQUIRE(resolved_toml(back) == text);
  }
}

TEST_CASE("any number reads back as it was") {
  std::mt19937_64 random(6);
  for (int i = 0; i < 2000; ++i) {
    std::uint64_t const bits = random();
    double value = 0;
    std::memcpy(&value, &bits, sizeof value);
    if (!std::isfinite(value)) continue;
    Pipeline const pipeline = toy::parse(knobs("factor = " + toml_text(value)));
    REQUIRE(knob(pipeline, "factor") == OptionValue(value));
  }
  for (double const value :
       {0.1, 1e22, 1e23, 123456789012345680.0, 5e-324, 1.7976931348623157e308}) {
    CAPTURE(value);
    CHECK(knob(toy::parse(knobs("factor = " + toml_text(value))), "factor") == OptionValue(value));
  }
  CHECK(toml_text(-0.0) == "-0.0");
  CHECK(toml_text(3.0) == "3.0");
}

TEST_CASE("bytes that no TOML file can hold do not get into a resolved pipeline") {
  // A resolved pipeline that cannot be read again is no record of its run; that the value is
  // refused is fine too.
  auto const request = toy::request("/p/toy.toml", {{"V", "caf\xE9"}});
  try {
    Pipeline const pipeline = toy::parse(knobs("text = \"${V}\""), request);
    std::string const text = resolved_toml(pipeline);
    CHECK(again(text) == text);
  } catch (PipelineError const& error) {
    CHECK(error.problems().at(0).place.line == 6);
    CHECK_THAT(error.problems().at(0).message, Contains("UTF-8"));
  }
}

TEST_CASE("a choice and a required option read back in a stage that has them") {
  TempFolder const folder;
  folder.write("l.txt", "");
  std::string const text = resolved(
      "[stages.src]\nuse = \"toy.source\"\n[stages.needs]\nuse = \"toy.needs\"\n"
      "in = \"src.number\"\ndir = \".\"\nlist = \"l.txt\"\n"
      "[stages.save]\nuse = \"toy.save\"\nin = \"needs\"\n",
      toy::request(folder / "toy.toml"));
  CHECK(again(text) == text);
}
