// Checks of a pipeline file: options, names, the file itself. pipeline_wiring_test.cpp has the
// wires.
#include "pipeline/pipeline.hpp"
#include "pipeline/sample_order.hpp"

#include <set>

#include "support/catch.hpp"
#include "support/temp_folder.hpp"
#include "support/toy_stages.hpp"

using namespace seplflow;

namespace {

std::optional<OptionValue> option(Pipeline const& pipeline, std::string_view stage,
                                  std::string_view name) {
  for (PipelineStage const& each : pipeline.stages) {
    if (each.name == stage) return each.instance->option(*find_option(*each.declaration, name));
  }
  return std::nullopt;
}

template <class T>
T knob(std::string const& line, std::string_view name,
       PipelineRequest const& request = toy::request()) {
  return std::get<T>(option(toy::parse(toy::knobs(line), request), "knobs", name).value());
}

std::string complaint(std::string const& line) {
  return toy::error(toy::knobs(line));
}

}  // namespace

TEST_CASE("ten errors in a file are reported as exactly ten, in the order of the file") {
  auto const found = toy::errors(R"(nam = "x"
[stages.src]
use = "toy.source"
samples = -1
[stages.knobs]
use = "toy.knobs"
in = "srcc.number"
ratio = "half"
mood = "clam"
colour = 1
folder = "nowhere"
text = "${UNSET}"
[stages.odd]
use = "toy.nxt"
in = "knobs"
[stages.save]
use = "toy.save"
in = { numbr = "knobs" }
)");
  std::vector<std::pair<std::uint32_t, char const*>> const expected = {
      {1, "no \"nam\"; did you mean \"name\"?"},
      {4, "\"samples\": expected an integer of at least 0, got -1"},
      {7, "the unknown stage \"srcc\"; did you mean \"src\"?"},
      {8, "\"ratio\": expected a number from 0 to 1, got the string \"half\""},
      {9, "got \"clam\"; did you mean \"calm\"?"},
      {10, "no option \"colour\""},
      {11, "\"folder\": folder not found: "},
      {12, "UNSET is not set"},
      {14, "there is no stage \"toy.nxt\"; did you mean \"toy.next\"?"},
      {18, "no input \"numbr\"; did you mean \"number\"?"}};
  REQUIRE(found.size() == expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    CHECK(found[i].place.line == expected[i].first);
    CHECK_THAT(found[i].message, Contains(expected[i].second));
  }
}

TEST_CASE("an unknown option is reported with the most similar one and its values") {
  CHECK(complaint("moood = \"wild\"") ==
        "toy.toml:6:1: error: stage \"knobs\" (toy.knobs) has no option \"moood\"; did you mean "
        "\"mood\"? (\"calm\" | \"wild\", default \"calm\")\n"
        "    moood = \"wild\"\n"
        "    ^");
  CHECK_THAT(complaint("on_eror = \"skip\""), Contains("did you mean \"on_error\"?"));
  CHECK_THAT(complaint("[stages.knobs.more]"), Contains("no option \"more\""));
}

TEST_CASE("a value of the wrong type is reported with the expected type and the value") {
  CHECK(complaint("ratio = \"half\"") ==
        "toy.toml:6:9: error: stage \"knobs\" (toy.knobs): option \"ratio\": expected a number "
        "from 0 to 1, got the string \"half\"\n"
        "    ratio = \"half\"\n"
        "            ^");
  std::vector<std::pair<char const*, char const*>> const wrong = {
      {"flag = 1", "expected true or false, got the integer 1"},
      {"flag = \"true\"", "expected true or false, got the string \"true\""},
      {"count = 1.5", "expected an integer from 0 to 10, got the number 1.5"},
      {"count = true", "got true"},
      {"text = 5", "expected a string, got the integer 5"},
      {"text = 2007-01-31", "got a date or time"},
      {"text = [\"a\"]",
       "got a list; to try several values, sweep them: \"knobs.text\" = [A, B] under [sweep], or "
       "--sweep knobs.text=A,B"},
      {"mood = 1", "expected one of \"calm\", \"wild\", got the integer 1"},
      {"path = false", "expected a path, got false"},
      {"numbers = [1, \"2\"]", "expected a list of numbers from 0 to 100, got the string \"2\""},
      {"words = [\"a\", 2]", "expected a list of strings, got the integer 2"},
      {"words = { a = 1 }", "got a table"},
      {"factor = \"1\"", "expected a number (meters), got the string \"1\""}};
  for (auto const& [line, message] : wrong) {
    CAPTURE(line);
    CHECK_THAT(complaint(line), StartsWith("toy.toml:6:") && Contains(message));
  }
}

TEST_CASE("a value outside its range is an error, and the ends are inside") {
  CHECK(knob<double>("ratio = 0.0", "ratio") == 0);
  CHECK(knob<double>("ratio = 1.0", "ratio") == 1);
  CHECK(knob<std::int64_t>("count = 10", "count") == 10);
  CHECK_THAT(complaint("ratio = 1.0000001"),
             Contains("expected a number from 0 to 1, got 1.0000001"));
  CHECK_THAT(complaint("count = 11"), Contains("expected an integer from 0 to 10, got 11"));
  CHECK_THAT(complaint("numbers = [1, 101]"), Contains("from 0 to 100, got 101"));
}

TEST_CASE("an integer that does not fit the type of its member is an error") {
  CHECK(knob<std::int64_t>("byte = 255", "byte") == 255);
  CHECK_THAT(complaint("byte = 256"), Contains("expected an integer from 0 to 255, got 256"));
  CHECK_THAT(complaint("byte = -1"), Contains("got -1"));
  CHECK(knob<std::int64_t>("whole = 9223372036854775807", "whole") == INT64_MAX);
  CHECK(knob<std::int64_t>("whole = -9223372036854775808", "whole") == INT64_MIN);
}

TEST_CASE("a number that is too large for any type is one error, in its line") {
  CHECK_THAT(complaint("whole = 9223372036854775808"), StartsWith("toy.toml:6:"));
  CHECK_THAT(complaint("factor = 1e999"), StartsWith("toy.toml:6:"));
  CHECK_THAT(complaint("count = 123456789012345678901234567890"), StartsWith("toy.toml:6:"));
}

TEST_CASE("not-a-number and infinity are not valid numbers for an option") {
  for (char const* const value : {"nan", "-nan", "inf", "-inf"}) {
    CAPTURE(value);
    CHECK_THAT(complaint("factor = " + std::string(value)), Contains("expected a number"));
    CHECK_THAT(complaint("ratio = " + std::string(value)), Contains("expected a number"));
    CHECK_THAT(complaint("numbers = [1, " + std::string(value) + "]"),
               Contains("expected a list of numbers"));
  }
}

TEST_CASE("a number may be written as an integer, and a list of one value without brackets") {
  CHECK(knob<double>("ratio = 1", "ratio") == 1.0);
  CHECK(knob<std::vector<double>>("numbers = [1, 2.5]", "numbers") == std::vector{1.0, 2.5});
  CHECK(knob<std::vector<double>>("numbers = 3", "numbers") == std::vector{3.0});
  CHECK(knob<std::vector<std::string>>("words = \"w\"", "words") == std::vector<std::string>{"w"});
  CHECK(knob<std::vector<std::string>>("words = []", "words").empty());
}

TEST_CASE("an option that the file does not set has its default") {
  Pipeline const pipeline = toy::parse(toy::knobs(""));
  CHECK(option(pipeline, "knobs", "ratio") == OptionValue(0.5));
  CHECK(option(pipeline, "knobs", "mood") == OptionValue("calm"));
  CHECK(option(pipeline, "knobs", "maybe") == std::nullopt);
}

TEST_CASE("a choice must be one of its texts") {
  CHECK(knob<std::string>("mood = \"wild\"", "mood") == "wild");
  CHECK(knob<std::string>("maybe_mood = \"calm\"", "maybe_mood") == "calm");
  CHECK_THAT(complaint("mood = \"Wild\""),
             Contains("must be one of \"calm\", \"wild\"; got \"Wild\"; did you mean \"wild\"?"));
}

TEST_CASE("a missing required option is reported with its help") {
  auto const found = toy::errors(
      "[stages.src]\nuse = \"toy.source\"\n[stages.needs]\nuse = \"toy.needs\"\n"
      "in = \"src.number\"\n[stages.save]\nuse = \"toy.save\"\nin = \"needs\"\n");
  REQUIRE(found.size() == 2);
  CHECK(found[0].place.line == 3);
  CHECK(found[0].message ==
        "stage \"needs\" (toy.needs) needs the option \"dir\" (folder): the folder");
  CHECK(found[1].message ==
        "stage \"needs\" (toy.needs) needs the option \"list\" (file): the list");
}

TEST_CASE("what a stage's own check refuses is reported at the option") {
  auto const shown = toy::error(
      "[stages.src]\nuse = \"toy.source\"\n[stages.moody]\nuse = \"toy.moody\"\n"
      "in = \"src.number\"\nfail_every = 2\nskip_every = 3\n"
      "[stages.save]\nuse = \"toy.save\"\nin = \"moody\"\n");
  CHECK_THAT(shown,
             StartsWith("toy.toml:7:14: error: stage \"moody\" (toy.moody): it either fails"));
}

TEST_CASE("a folder and a file must exist and be of that kind") {
  TempFolder const folder;
  folder.write("list.txt", "a\n");
  auto const request = toy::request(folder / "toy.toml");
  auto const wrong = [&](std::string const& line) { return toy::error(toy::knobs(line), request); };
  CHECK(knob<std::string>("folder = \".\"", "folder", request) ==
        (folder.path() / "").lexically_normal().string());
  CHECK(knob<std::string>("file = \"list.txt\"", "file", request) ==
        (folder / "list.txt").string());
  CHECK_THAT(wrong("folder = \"no\""),
             Contains("folder not found: " + (folder / "no").string() + " (folder: "));
  CHECK_THAT(wrong("folder = \"list.txt\""), Contains("is not a folder: "));
  CHECK_THAT(wrong("file = \"no.txt\""),
             Contains("file not found: " + (folder / "no.txt").string()));
  CHECK_THAT(wrong("file = \".\""), Contains("is not a file: "));
  CHECK_THAT(wrong("folder = \"\""), Contains("got an empty string"));
}

TEST_CASE("a relative path is relative to the pipeline file and becomes absolute") {
  auto const request = toy::request("/data/pipelines/toy.toml");
  CHECK(knob<std::string>("path = \"x/../y\"", "path", request) == "/data/pipelines/y");
  CHECK(knob<std::string>("path = \"../y\"", "path", request) == "/data/y");
  CHECK(knob<std::string>("path = \"/y\"", "path", request) == "/y");
}

TEST_CASE("a path that begins with ~/ is in the home folder, unless there is a folder ~") {
  std::string const path = "path = \"~/data/../x\"";
  auto const at_home = toy::request("/p/toy.toml", {{"HOME", "/home/me"}});
  CHECK(knob<std::string>(path, "path", at_home) == "/home/me/x");
  TempFolder const folder;
  folder.write("~/a", "");
  auto const here =
      toy::request((folder / "toy.toml").string(), {{"HOME", "/home/me"}});
  CHECK(knob<std::string>(path, "path", here) == (folder / "~/x").string());
  CHECK_THAT(toy::error(toy::knobs(path), toy::request("/p/toy.toml")),
             Contains("HOME is not set"));
}

TEST_CASE("environment variables are replaced in every string") {
  auto const request =
      toy::request("/p/toy.toml", {{"D", "/data"}, {"M", "wild"}, {"S", "toy.knobs"}});
  CHECK(knob<std::string>("path = \"${D}/x\"", "path", request) == "/data/x");
  CHECK(knob<std::string>("path = \"${NONE:-rel}/x\"", "path", request) == "/p/rel/x");
  CHECK(knob<std::string>("mood = \"${M}\"", "mood", request) == "wild");
  CHECK(knob<std::string>("text = \"$${D}\"", "text", request) == "${D}");
  CHECK(knob<std::vector<std::string>>("words = [\"${M}\", \"b\"]", "words", request) ==
        std::vector<std::string>{"wild", "b"});
  CHECK_THAT(complaint("text = \"${D}\""),
             StartsWith("toy.toml:6:8: error: ") && Contains("D is not set") && Contains("${D:-"));
  CHECK_THAT(complaint("text = \"${D\""), Contains("not closed"));
}

TEST_CASE("a stage or the run decides what happens to failed samples") {
  Pipeline const pipeline =
      toy::parse(toy::knobs("on_error = \"skip\"") +
                 "[run]\njobs = 3\nin_flight = 9\nmax_failures = 2\nlimit = 5\n");
  CHECK(pipeline.run.on_error == OnError::stop);
  CHECK(pipeline.on_error(pipeline.stages[1]) == OnError::skip);
  CHECK(pipeline.on_error(pipeline.stages[2]) == OnError::stop);
  CHECK(pipeline.run.jobs == 3);
  CHECK(pipeline.run.in_flight == 9);
  CHECK(pipeline.run.max_failures == 2);
  CHECK(pipeline.run.limit == 5);
  CHECK_THAT(complaint("on_error = \"stpo\""), Contains("did you mean \"stop\"?"));
}

TEST_CASE("the options of the run are optional and checked") {
  Pipeline const pipeline = toy::parse(toy::knobs(""));
  CHECK(pipeline.run.jobs == 0);
  CHECK(pipeline.run.limit == std::nullopt);
  auto const wrong = [](std::string const& line) {
    return toy::error(toy::knobs("") + "[run]\n" + line);
  };
  CHECK_THAT(wrong("job = 1"), Contains("[run] has no option \"job\"; did you mean \"jobs\"?"));
  CHECK_THAT(wrong("jobs = -1"), Contains("got -1"));
  CHECK_THAT(wrong("limit = 0"), Contains("expected an integer of at least 1, got 0"));
  CHECK_THAT(wrong("on_error = true"), Contains("got true"));
  CHECK_THAT(toy::error(toy::knobs("").insert(0, "run = 5\n")), Contains("must be a table"));
}

TEST_CASE("a pipeline without a name is named after its file") {
  CHECK(toy::parse(toy::knobs(""), toy::request("dir/my-run.toml")).name == "my-run");
  CHECK(toy::parse("name = \"other\"\n" + toy::knobs("")).name == "other");
  CHECK(toy::parse("name = \"${N}\"\n" + toy::knobs(""), toy::request("t.toml", {{"N", "env"}}))
            .name == "env");
  for (char const* const name : {"a/b", "..", "", "/abs", "a\\\\b"}) {
    CAPTURE(name);
    CHECK_THAT(toy::error("name = \"" + std::string(name) + "\"\n" + toy::knobs("")),
               StartsWith("toy.toml:1:8: error: the run folder is named after the pipeline"));
  }
  CHECK_THAT(toy::error("name = 5\n" + toy::knobs("")), Contains("\"name\": expected a string"));
}

TEST_CASE("an unknown key is reported with the most similar one") {
  CHECK_THAT(toy::error("[stage.x]\n" + toy::knobs("")),
             StartsWith("toy.toml:1:2: error: a pipeline file has no \"stage\"; did you mean "
                        "\"stages\"?"));
  CHECK_THAT(toy::error("version = 1\n" + toy::knobs("")), Contains("has no \"version\""));
}

TEST_CASE("a syntax error is reported alone, with its position") {
  auto const shown =
      toy::error("nam = 1\n[stages.src]\nuse = = \"toy.source\"\n[run]\njobs = -1\n");
  CHECK_THAT(shown, StartsWith("toy.toml:3:7: error: "));
  CHECK_THAT(toy::pointed_at(shown), StartsWith("= \"toy.source\""));
  CHECK_THAT(toy::error(toy::knobs("text = \"no end")), StartsWith("toy.toml:6:"));
  CHECK_THAT(toy::error("[stages.src"), StartsWith("toy.toml:1:"));
}

TEST_CASE("a syntax error is reported in plain words") {
  auto const says = [](std::string const& line, std::string const& message) {
    CAPTURE(line);
    CHECK_THAT(toy::error(line + "\n"), Contains(": error: " + message));
  };
  says("a = \"x", "the string is not closed; add the missing quote\n");
  says("a = 'x", "the string is not closed; add the missing quote\n");
  says("a = \"\"\"x", "the string is not closed; add the missing quote\n");
  says("a = \"\x01\"", "a string cannot contain control characters\n");
  says("[run", "the \"]\" after the name of the table is missing\n");
  says("a = [1, 2\nb = 3", "expected \",\" or \"]\": the list is not closed");
  says("a = [1,", "the list is not closed; add the missing \"]\"\n");
  says("a = { b = 1\n}", "the table in braces is not closed");
  says("a = { b = 1, }", "a table in braces cannot end with a comma\n");
  says("a = dataset.voc", "this is not a value; a string needs quotes: \"...\"\n");
  says("a = True", "this is not a value; write true or false");
  says("a \"x\"", "expected \"=\" after the key: key = value\n");
  says("a =", "the value is missing: key = value\n");
  says("a = 1\na = 2", "\"a\" is defined twice\n");
  says("[run]\n[run]", "\"run\" is defined twice\n");
  says("a = 1.2.3", "this is not a number; a string needs quotes");
  says("a = 012", "a number cannot begin with 0\n");
  says("a = \"\\d\"", "write a backslash twice");
  says("\xff = 1", "the file is not valid UTF-8\n");
  says("a = 2024-13-01", "invalid TOML: expected month between 1 and 12");
}

TEST_CASE("a stage or an option that is defined twice is a syntax error with its position") {
  auto const twice = toy::knobs("") + "[stages.src]\nuse = \"toy.source\"\n";
  CHECK_THAT(toy::error("nam = 1\n" + twice), StartsWith("toy.toml:11:"));
  CHECK_THAT(complaint("ratio = 0.5\nratio = 0.6"), StartsWith("toy.toml:7:"));
}

TEST_CASE("an empty pipeline is shown how to begin") {
  for (char const* const text : {"", "\n", "# nothing\n", "\r\n\r\n", "\xEF\xBB\xBF"}) {
    CAPTURE(text);
    CHECK_THAT(toy::error(text),
               StartsWith("toy.toml:1:1: error: the pipeline has no stages; begin with "));
  }
}

TEST_CASE("a byte order mark and CRLF line breaks are ignored") {
  std::string const text = "name = \"x\"\n" + toy::knobs("ratio = 0.25");
  std::string const expected = resolved_toml(toy::parse(text));
  std::string crlf;
  for (char const c : text) crlf += c == '\n' ? std::string("\r\n") : std::string(1, c);
  CHECK(resolved_toml(toy::parse("\xEF\xBB\xBF" + text)) == expected);
  CHECK(resolved_toml(toy::parse(crlf)) == expected);
  CHECK(resolved_toml(toy::parse("\xEF\xBB\xBF" + crlf)) == expected);
}

TEST_CASE("errors in a file with a byte order mark or CRLF point at the right character") {
  CHECK(toy::error(toy::knobs("ratio = 2\r")) ==
        "toy.toml:6:9: error: stage \"knobs\" (toy.knobs): option \"ratio\": expected a number "
        "from 0 to 1, got 2\n    ratio = 2\n            ^");
  auto const marked = toy::error("\xEF\xBB\xBFnam = 1\n" + toy::knobs(""));
  CHECK_THAT(marked, StartsWith("toy.toml:1:1: error: "));
  CHECK_THAT(marked, EndsWith("nam = 1\n    ^"));
}

TEST_CASE("a file that is not UTF-8 is one error, in its line") {
  CHECK_THAT(complaint("text = \"\xFF\xFE\""), StartsWith("toy.toml:6:"));
  CHECK_THAT(complaint("text = \"caf\xE9\""), StartsWith("toy.toml:6:"));
  CHECK_THAT(toy::error(std::string("\x89PNG\r\n\x1a\n\0\0", 10)), StartsWith("toy.toml:1:"));
}

TEST_CASE("a file that cannot be read is an error with the reason") {
  TempFolder const folder;
  auto const load = [&](std::string const& name) {
    return load_pipeline(toy::request(folder / name), toy::catalog());
  };
  REQUIRE_THROWS_WITH(load("none.toml"), Contains("none.toml: there is no such file"));
  REQUIRE_THROWS_WITH(load("."), Contains("cannot read ") && Contains("/.: it is a folder"));
  folder.write("good.toml", toy::knobs(""));
  CHECK(load("good.toml").name == "good");
}

TEST_CASE("a key of very many parts is a syntax error with its line") {
  std::string deep = "a";
  for (int i = 0; i < 100'000; ++i) deep += ".a";
  CHECK_THAT(toy::error("name = \"x\"  # a.b\n" + deep + " = 1\n"),
             Contains("the key has too many parts between dots") && Contains(":2:"));
  CHECK_THAT(toy::error("[" + deep + "]\n"), Contains("too many parts"));
  std::string const dots(1000, '.');
  for (Problem const& each :
       toy::errors(toy::knobs("x = [\"" + dots + "\"]\ny = '''" + dots + "\n" + dots + "'''"))) {
    CHECK_THAT(each.message, !Contains("too many parts"));
  }
}

TEST_CASE("the name of a stage that is too long for a file is an error") {
  std::string const name(241, 'a');
  CHECK_THAT(to_string(toy::errors("[stages." + name + "]\nuse = \"toy.source\"\n").front()),
             Contains("the name of a stage cannot be longer than 240 bytes"));
}

TEST_CASE("many errors are counted, and the first are shown",
          "[arithmetic]") {
  std::string text = "[stages.src]\nuse = \"toy.source\"\n";
  for (int i = 0; i < 50'000; ++i) text += "no" + std::to_string(i) + " = 1\n";
  try {
    toy::parse(text);
    FAIL("no error");
  } catch (PipelineError const& error) {
    CHECK(error.problems().size() >= 50'000);
    CHECK_THAT(error.what(), Contains("\"no40\"") && !Contains("\"no60\"") && Contains(" errors"));
  }
}

namespace {

// The samples of a run of toy.source with these settings, as "ID/INDEX/REPETITION".
std::vector<std::string> samples_in_order(std::string const& run, int samples = 5) {
  Pipeline const pipeline = toy::parse(
      "[stages.src]\nuse = \"toy.source\"\nsamples = " + std::to_string(samples) +
      "\n[stages.tally]\nuse = \"toy.tally\"\nin = \"src.number\"\n[run]\n" + run);
  SampleOrder order(pipeline);
  std::vector<std::string> texts;
  while (auto const sample = order.next()) {
    texts.push_back(sample->id + "/" + std::to_string(sample->index) + "/" +
                    std::to_string(sample->repetition));
  }
  CHECK(order.count() == texts.size());
  return texts;
}

}  // namespace

TEST_CASE("a run takes samples in an order that follows from its seed, in each epoch anew") {
  using Texts = std::vector<std::string>;
  CHECK(samples_in_order("", 2) == Texts{"s0/0/0", "s1/1/0"});
  CHECK(samples_in_order("epochs = 2\nlimit = 2") == Texts{"s0/0/0", "s1/1/0", "s0/0/1", "s1/1/1"});
  Texts const shuffled = samples_in_order("epochs = 2\nseed = 1");
  CHECK(samples_in_order("epochs = 2\nseed = 1") == shuffled);
  CHECK(samples_in_order("epochs = 2\nseed = 2") != shuffled);
  REQUIRE(shuffled.size() == 10);
  std::set<std::string> const first(shuffled.begin(), shuffled.begin() + 5);
  CHECK(first == std::set<std::string>{"s0/0/0", "s1/1/0", "s2/2/0", "s3/3/0", "s4/4/0"});
  Texts again;  // the second epoch, in the order of the first
  for (int i = 0; i < 5; ++i) again.push_back(shuffled[i].substr(0, 5) + "1");
  CHECK(Texts(shuffled.begin() + 5, shuffled.end()) != again);
  // Published code shuffles 10,582 images: none may come twice or be missing.
  Texts const many = samples_in_order("seed = 7", 10'582);
  CHECK(std::set<std::string>(many.begin(), many.end()).size() == 10'582);
}

TEST_CASE("a run that repeats its samples writes no files of them, and has no shards") {
  std::string const source = "[stages.src]\nuse = \"toy.source\"\n";
  std::string const save = "[stages.save]\nuse = \"toy.save\"\nin = \"src.number\"\n[run]\n";
  CHECK_FALSE(why_not_repeatable(toy::parse(source + save + "seed = 1")));
  CHECK_THAT(why_not_repeatable(toy::parse(source + save + "epochs = 2")).value_or(""),
             Contains("\"save\" (toy.save) writes the files of each sample once") &&
                 Contains("2 times (epochs)"));
  CHECK_THAT(why_not_repeatable(toy::parse(source + save + "seed = 1\nshard = \"0/2\"")).value_or(""),
             Contains("cannot be divided into shards"));
}
