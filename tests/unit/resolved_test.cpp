// The resolved pipeline: every option spelled out, and the same pipeline when it is read again.
#include <cmath>
#include <cstring>
#include <random>

#include "pipeline/option_text.hpp"
#include "pipeline/pipeline.hpp"
#include "support/catch.hpp"
#include "support/temp_folder.hpp"
#include "support/toy_stages.hpp"

using namespace seplflow;

namespace {

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

TEST_CASE("every option is written, whether the file sets it or not") {
  CHECK(resolved(toy::knobs("mood = \"wild\"")) == R"(name = "toy"

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

TEST_CASE("the resolved pipeline reads back as the same text") {
  TempFolder const folder;
  folder.write("list.txt", "");
  std::string const all =
      "on_error = \"skip\"\nflag = true\ncount = 4\nwhole = -9223372036854775808\nbyte = 0\n"
      "ratio = 0.1\nfactor = -1e-300\nmaybe = 5e-324\nmaybe_mood = \"calm\"\npath = \"a b/ü\"\n"
      "folder = \".\"\nfile = \"list.txt\"\nnumbers = []\nwords = [\"\", \"b\"]\n";
  std::string const text =
      resolved("name = \"all of it\"\n" + toy::knobs(all) +
                   "[run]\non_error = \"skip\"\nmax_failures = 3\nlimit = 9\njobs = 2\n",
               toy::request(folder / "toy.toml"));
  CHECK(again(text) == text);
  CHECK_THAT(text, Contains("limit = 9") && Contains("max_failures = 3"));
  CHECK_THAT(text, Contains("folder = \"" + folder.path().string()));
}

TEST_CASE("threads do not change the outputs, so they are not in the resolved pipeline") {
  CHECK(resolved(toy::knobs("") + "[run]\njobs = 8\nin_flight = 5\n") == resolved(toy::knobs("")));
}

TEST_CASE("wires in every form read back the same") {
  std::string const text = resolved(
      "[stages.src]\nuse = \"toy.source\"\n"
      "[stages.join]\nuse = \"toy.join\"\nin = { right = \"n\", left = \"src.number\" }\n"
      "[stages.n]\nuse = \"toy.next\"\nin = \"src.number\"\n"
      "[stages.t]\nuse = \"toy.tally\"\nin = { number = \"join\", baseline = \"src.number\" }\n");
  CHECK_THAT(text, Contains("in = { left = \"src.number\", right = \"n\" }"));
  CHECK_THAT(text, Contains("in = { number = \"join\", baseline = \"src.number\" }"));
  CHECK(again(text) == text);
}

TEST_CASE("environment variables are replaced by their values") {
  auto const request = toy::request("/p/toy.toml", {{"T", "${T} \"and\" \\more"}, {"D", "/data"}});
  Pipeline const pipeline = toy::parse(
      toy::knobs("text = \"${T}\"\npath = \"${D}/${NONE:-x}\"\nwords = [\"$${D}\", \"${T}\"]"),
      request);
  std::string const text = resolved_toml(pipeline);
  Pipeline const back = toy::parse(text);
  CHECK(knob(back, "text") == OptionValue("${T} \"and\" \\more"));
  CHECK(knob(back, "path") == OptionValue("/data/x"));
  CHECK(knob(back, "words") ==
        OptionValue(std::vector<std::string>{"${D}", "${T} \"and\" \\more"}));
  CHECK(resolved_toml(back) == text);
}

TEST_CASE("any text reads back unchanged") {
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
    Pipeline const pipeline =
        toy::parse(toy::knobs("text = \"${V}\"\nwords = [\"${V}\"]"), request);
    REQUIRE(knob(pipeline, "text") == OptionValue(value));
    std::string const text = resolved_toml(pipeline);
    Pipeline const back = toy::parse(text, toy::request("/p/toy.toml"));
    REQUIRE(knob(back, "text") == OptionValue(value));
    REQUIRE(resolved_toml(back) == text);
  }
}

TEST_CASE("any number reads back unchanged") {
  std::mt19937_64 random(6);
  for (int i = 0; i < 2000; ++i) {
    std::uint64_t const bits = random();
    double value = 0;
    std::memcpy(&value, &bits, sizeof value);
    if (!std::isfinite(value)) continue;
    Pipeline const pipeline = toy::parse(toy::knobs("factor = " + toml_text(value)));
    REQUIRE(knob(pipeline, "factor") == OptionValue(value));
  }
  for (double const value :
       {0.1, 1e22, 1e23, 123456789012345680.0, 5e-324, 1.7976931348623157e308}) {
    CAPTURE(value);
    CHECK(knob(toy::parse(toy::knobs("factor = " + toml_text(value))), "factor") ==
          OptionValue(value));
  }
  CHECK(toml_text(-0.0) == "-0.0");
  CHECK(toml_text(3.0) == "3.0");
}

TEST_CASE("a resolved pipeline contains no bytes that are invalid in TOML") {
  // A resolved pipeline that cannot be read again is no record of its run; that the value is
  // refused is fine too.
  auto const request = toy::request("/p/toy.toml", {{"V", "caf\xE9"}});
  try {
    Pipeline const pipeline = toy::parse(toy::knobs("text = \"${V}\""), request);
    std::string const text = resolved_toml(pipeline);
    CHECK(again(text) == text);
  } catch (PipelineError const& error) {
    CHECK(error.problems().at(0).place.line == 6);
    CHECK_THAT(error.problems().at(0).message, Contains("UTF-8"));
  }
}

TEST_CASE("choices and required options read back") {
  TempFolder const folder;
  folder.write("l.txt", "");
  std::string const text = resolved(
      "[stages.src]\nuse = \"toy.source\"\n[stages.needs]\nuse = \"toy.needs\"\n"
      "in = \"src.number\"\ndir = \".\"\nlist = \"l.txt\"\n"
      "[stages.save]\nuse = \"toy.save\"\nin = \"needs\"\n",
      toy::request(folder / "toy.toml"));
  CHECK(again(text) == text);
}

// ---- Sweeps ----

namespace {

// Fills in what was not given, as eval.miou does; says how often it was checked.
struct Completing {
  std::string kind = "a";
  std::optional<std::string> detail;
  inline static int checks = 0;
  inline static bool extra_wanted = false;

  void check(OptionCheck& check) {
    ++checks;
    extra_wanted = check.wanted("extra");
    if (!detail) detail = kind == "c" ? "of a" : "of " + kind;
  }
  std::tuple<toy::Number, toy::Number> operator()(toy::Number const& number) const {
    return {number, number};
  }
};

StageCatalog const& completing() {
  static StageCatalog const catalog = [] {
    Plugin plugin;
    plugin.stage<Completing>("test.completing", "Complete its options")
        .inputs("number")
        .outputs("number", "extra")
        .option("kind", &Completing::kind, "the kind")
        .option("detail", &Completing::detail, "what follows from it");
    auto declarations = toy::declarations();
    auto more = plugin.finish().declared;
    std::ranges::move(more, std::back_inserter(declarations));
    return StageCatalog({}, std::move(declarations));
  }();
  return catalog;
}

Pipeline complete(std::string const& text) {
  return parse_pipeline(text, toy::request("/p/toy.toml"), completing());
}

std::string const kCompleting =
    "[stages.src]\nuse = \"toy.source\"\n"
    "[stages.x]\nuse = \"test.completing\"\nin = \"src.number\"\n"
    "[stages.y]\nuse = \"toy.knobs\"\nin = \"x\"\n"
    "[stages.save]\nuse = \"toy.save\"\nin = \"y\"\n";

}  // namespace

TEST_CASE("the resolved pipeline keeps its sweep, with every value resolved") {
  std::string const text = resolved(
      "[stages.src]\nuse = \"toy.source\"\n"
      "[stages.x]\nuse = \"toy.spell\"\nin = \"src.number\"\non_error = \"skip\"\n"
      "[stages.join]\nuse = \"toy.join\"\nin = { left = \"x\", right = \"src.number\" }\n"
      "[stages.save]\nuse = \"toy.save\"\nin = \"join\"\n"
      "[sweep]\nx = [{ name = \"one\", use = \"toy.moody\", fail_every = 2 },\n"
      "{ use = \"toy.needs\", dir = \"/\", list = \"${E}\" }]\n"
      "\"src.samples\" = { from = 4, to = 4, step = 1 }\n"
      "[[variant]]\nname = \"v w\"\nset.save = { on_error = \"skip\" }\n"
      "[run]\nkeep = \"none\"\n",
      toy::request("/p/toy.toml", {{"E", SEPLFLOW_SOURCE_DIR "/LICENSE"}}));
  CHECK(text == R"(name = "toy"

[stages.src]
use = "toy.source"

[stages.x]
in = "src.number"
on_error = "skip"

[stages.join]
use = "toy.join"
in = { "left" = "x", "right" = "src.number" }

[stages.save]
use = "toy.save"
in = "join"

[[variant]]
name = "v-w"
set = { "save.on_error" = "skip" }

[sweep]
"x" = [
  { name = "one", use = "toy.moody", fail_every = 2, skip_every = 0 },
  { name = "toy.needs-/-$${E}", use = "toy.needs", dir = "/", list = ")" SEPLFLOW_SOURCE_DIR
                R"(/LICENSE" },
]
"src.samples" = [4]

[run]
on_error = "stop"
max_failures = 0
keep = "none"
)");
  CHECK(again(text) == text);
}

TEST_CASE("a value that is resolved to another text keeps its name") {
  std::string const text = resolved(
      toy::knobs("") + "[sweep]\nknobs.path = [\"a\", \"/b\"]\nknobs.factor = [1000000]\n");
  CHECK_THAT(text, Contains("{ name = \"a\", value = \"/p/a\" },\n  \"/b\","));
  CHECK_THAT(text, Contains("[{ name = \"1000000\", value = 1e+06 }]"));
  Pipeline const back = toy::parse(text);
  CHECK(back.variants[0].name == "knobs.path=a,knobs.factor=1000000");
}

TEST_CASE("a single variant is a plain pipeline") {
  Pipeline const pipeline =
      toy::parse("name = \"n\"\n" + toy::knobs("mood = \"wild\"") +
                 "[run]\nkeep = \"all\"\nshard = \"1/2\"\n[sweep]\nknobs.count = [1, 2]\n");
  std::string const text = resolved_toml(pipeline, 1);
  CHECK_THAT(text, Contains("count = 2\n") && Contains("shard = \"1/2\"\n") &&
                       StartsWith("name = \"n-knobs.count=2\"\n"));
  CHECK_THAT(text, !Contains("sweep") && !Contains("keep"));
  CHECK(again(text) == text);
}

TEST_CASE("an option that a stage completes itself is written if all variants agree") {
  for (auto const& [kinds, expected] :
       {std::pair("[\"a\", \"b\"]", ""), std::pair("[\"a\", \"c\"]", "detail = \"of a\"\n")}) {
    Pipeline const pipeline = complete(kCompleting + "[sweep]\nx.kind = " + kinds + "\n");
    std::string const text = resolved_toml(pipeline);
    CHECK_THAT(text, Contains("[stages.x]\nuse = \"test.completing\"\nin = \"src.number\"\n" +
                              std::string(expected) + "\n"));
    Pipeline const back = complete(text);
    CHECK(resolved_toml(back) == text);
    for (std::size_t i = 0; i < 2; ++i) {
      CHECK(resolved_toml(back, i) == resolved_toml(pipeline, i));
    }
  }
}

TEST_CASE("a stage is checked with all outputs that its variants want") {
  // The kinds are written in two ways and become one stage, which only then is wanted for both.
  Completing::checks = 0;
  Pipeline const pipeline =
      complete(kCompleting +
               "[[variant]]\nname = \"a\"\n"
               "[[variant]]\nname = \"b\"\nset = { \"x.kind\" = \"a\", \"y.in\" = \"x.extra\" }\n");
  CHECK(pipeline.stages.size() == 2 + 2 * 2);
  CHECK(pipeline.stages[1].wanted == std::vector<bool>{true, true});
  CHECK(Completing::checks == 3);
  CHECK(Completing::extra_wanted);
  // What is one from the beginning is checked once.
  Completing::checks = 0;
  complete(kCompleting + "[sweep]\ny.in = [\"x\", \"x.extra\"]\n");
  CHECK(Completing::checks == 1);
}

namespace {

// Makes what it is given fit another option, and takes away what does not apply.
struct Fitting {
  std::int64_t limit = 10;
  std::optional<std::int64_t> count;

  void check(OptionCheck&) {
    if (limit == 0) count.reset();
    if (count) count = std::min(*count, limit);
  }
  toy::Number operator()(toy::Number const& value) const { return value; }
};

// Has an option of the same name and another type.
struct Weighing {
  double count = 0;
  toy::Number operator()(toy::Number const& value) const { return value; }
};

StageCatalog const& fitting() {
  static StageCatalog const catalog = [] {
    Plugin plugin;
    plugin.stage<Fitting>("test.fitting", "Make an option fit")
        .inputs("value")
        .output("number")
        .option("limit", &Fitting::limit, "the most")
        .option("count", &Fitting::count, "how many");
    plugin.stage<Weighing>("test.weighing", "Count in another way")
        .inputs("value")
        .output("number")
        .option("count", &Weighing::count, "how much");
    auto declarations = toy::declarations();
    auto more = plugin.finish().declared;
    std::ranges::move(more, std::back_inserter(declarations));
    return StageCatalog({}, std::move(declarations));
  }();
  return catalog;
}

std::string fitted(std::string const& lines) {
  return "[stages.src]\nuse = \"toy.source\"\n"
         "[stages.n]\nuse = \"toy.next\"\nin = \"src.number\"\n"
         "[stages.save]\nuse = \"toy.save\"\nin = \"x\"\n"
         "[stages.tally]\nuse = \"toy.tally\"\nin = \"n\"\n"
         "[stages.x]\nin = \"src.number\"\n" +
         lines;
}

// The resolved pipeline, which must have the same variants when it is read again.
std::string kept(std::string const& lines, std::vector<std::string> const& sweeps = {}) {
  auto request = toy::request("/p/toy.toml", {{"E", "n"}});
  for (std::string const& each : sweeps) request.sweeps.push_back({each});
  Pipeline const pipeline = parse_pipeline(fitted(lines), request, fitting());
  std::string const text = resolved_toml(pipeline);
  CAPTURE(text);
  Pipeline const back = parse_pipeline(text, toy::request("/q/other.toml"), fitting());
  CHECK(resolved_toml(back) == text);
  REQUIRE(back.variants.size() == pipeline.variants.size());
  for (std::size_t i = 0; i < back.variants.size(); ++i) {
    CHECK(back.variants[i].name == pipeline.variants[i].name);
    CHECK(resolved_toml(back, i) == resolved_toml(pipeline, i));
  }
  return text;
}

}  // namespace

TEST_CASE("an option that variants complete differently is resolved to the value in the file") {
  std::string const x = "use = \"test.fitting\"\n";
  CHECK_THAT(kept(x + "count = 8\n[sweep]\nx.limit = [3, 9]\n"), Contains("\ncount = 8\n"));
  CHECK_THAT(kept(x + "count = 8\n[sweep]\nx.limit = [3, 4, 0]\n"), Contains("\ncount = 8\n"));
  // Where all make the same of it, that is it.
  CHECK_THAT(kept(x + "limit = 2\ncount = 8\n[sweep]\nn.on_error = [\"stop\", \"skip\"]\n"),
             Contains("\ncount = 2\n"));
  CHECK_THAT(kept(x + "[sweep]\nx.limit = [3, 9]\nx.count = [2, 8]\n"),
             Contains("\"x.count\" = [\n  2,\n  8,\n]"));
  CHECK_THAT(kept(x + "[sweep]\nx.limit = [3, 9]\n[[variant]]\nname = \"v\"\n"
                      "set = { \"x.count\" = 8 }\n[[variant]]\nname = \"w\"\n"),
             Contains("{ \"x.count\" = 8 }"));
  CHECK_THAT(kept("[sweep]\nx = [{ name = \"a\", use = \"test.fitting\", count = 8 }]\n"
                  "\"x.limit\" = [3, 9]\n"),
             Contains("count = 8 }"));
  CHECK_THAT(kept(x + "count = 8\n[sweep]\nx.limit = [0]\n"), Contains("\"x.limit\" = [0]"));
}

TEST_CASE("an option that several types of stages have is kept for all of them") {
  CHECK_THAT(kept("count = 5\n[sweep]\nx.use = [\"test.fitting\", \"test.weighing\"]\n"),
             Contains("\ncount = 5\n"));
}

TEST_CASE("axes over wires and on_error keep their names when they are resolved") {
  std::string const x = "use = \"test.fitting\"\n";
  std::string const axis = kept(x + "[sweep]\nx.in = [\"src.number\", \"${E}\"]\n");
  CHECK_THAT(axis, Contains("\"src.number\",\n  { name = \"$${E}\", value = \"n\" },"));
  CHECK_THAT(kept(x, {"x.in=src.number,n", "x.on_error=stop,skip"}),
             Contains("\"x.on_error\" = [\n  \"stop\",\n  \"skip\",\n]"));
  // The input is called "value", which a value with a name has too.
  CHECK_THAT(kept(x + "[sweep]\nx.in = [{ value = { value = \"n\" } }, \"src.number\"]\n"),
             Contains("{ name = \"n\", value = {"));
  CHECK_THAT(kept(x + "[sweep]\ntally.in = [{ number = \"n\", baseline = \"src.number\" },\n"
                      "{ name = \"alone\", value = \"n\" }]\n"),
             Contains("{ \"baseline\" = \"src.number\", \"number\" = \"n\" }"));
}
