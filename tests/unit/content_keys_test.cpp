#include "run/resume/content_keys.hpp"

#include <filesystem>

#include "support/catch.hpp"
#include "support/temp_folder.hpp"
#include "support/toy_stages.hpp"

using namespace seplflow;
namespace fs = std::filesystem;

namespace {

std::string pipeline(std::string const& knobs = "", std::string const& more = "") {
  return "[stages.source]\nuse = \"toy.source\"\nsamples = 9\n"
         "[stages.knobs]\nuse = \"toy.knobs\"\nin = \"source.number\"\n" +
         knobs +
         "\n[stages.next]\nuse = \"toy.next\"\nin = \"knobs\"\n"
         "[stages.end]\nuse = \"toy.tally\"\nin = { number = \"next\" }\n" +
         more;
}

using Hashes = std::map<std::string, std::string>;

std::uint64_t key(std::string const& text, std::string const& stage, Hashes const& hashes = {},
                  std::size_t output = 0) {
  Pipeline const parsed = toy::parse(text);
  ContentKeys const keys(parsed, hashes);
  for (std::size_t s = 0; s < parsed.stages.size(); ++s) {
    if (parsed.stages[s].name == stage) return keys[Part{s, output}];
  }
  throw std::logic_error("no stage " + stage);
}

}  // namespace

TEST_CASE("a key depends on the options of a stage and of the stages before it") {
  std::uint64_t const end = key(pipeline(), "end");
  CHECK(key(pipeline(), "end") == end);
  CHECK(key(pipeline("ratio = 0.25"), "end") != end);
  CHECK(key(pipeline("ratio = 0.25"), "knobs") != key(pipeline(), "knobs"));
  CHECK(key(pipeline("ratio = 0.25"), "source") == key(pipeline(), "source"));
  CHECK(key(pipeline("ratio = 0.25"), "end") != key(pipeline("ratio = 0.75"), "end"));
  CHECK(key(pipeline("words = [\"a\", \"b\"]"), "end") != key(pipeline("words = [\"ab\"]"), "end"));
  CHECK(key(pipeline("maybe = 0.0"), "end") != end);  // set, or not set at all
}

TEST_CASE("a key does not depend on anything that cannot change a result") {
  std::uint64_t const end = key(pipeline(), "end");
  // A default that is spelled out, and the order of options.
  CHECK(key(pipeline("ratio = " + std::to_string(toy::Knobs().ratio)), "end") == end);
  CHECK(key(pipeline("text = \"x\"\ncount = 3"), "end") ==
        key(pipeline("count = 3\ntext = \"x\""), "end"));
  // Run settings, the handling of failures, and other stages.
  CHECK(key(pipeline("on_error = \"skip\""), "end") == end);
  CHECK(key(pipeline("", "[run]\njobs = 3\nlimit = 4\nshard = \"1/2\"\n"), "end") == end);
  CHECK(key(pipeline("", "[stages.other]\nuse = \"toy.save\"\nin = \"source.number\"\n"), "end") ==
        end);
}

TEST_CASE("the name of a stage is not part of its key") {
  std::string renamed = pipeline();
  for (auto at = renamed.find("knobs]"); at != std::string::npos; at = renamed.find("knobs]", at)) {
    renamed.replace(at, 5, "other");
  }
  renamed.replace(renamed.find("\"knobs\""), 7, "\"other\"");
  CHECK(key(renamed, "other") == key(pipeline(), "knobs"));
  CHECK(key(renamed, "end") == key(pipeline(), "end"));
}

TEST_CASE("a key depends on the plugin of a stage and of the stages before it") {
  Hashes const before = {{"toy.next", "aa"}, {"toy.tally", "bb"}};
  Hashes const next = {{"toy.next", "ax"}, {"toy.tally", "bb"}};
  Hashes const tally = {{"toy.next", "aa"}, {"toy.tally", "bx"}};
  CHECK(key(pipeline(), "end", next) != key(pipeline(), "end", before));
  CHECK(key(pipeline(), "end", tally) != key(pipeline(), "end", before));
  CHECK(key(pipeline(), "next", tally) == key(pipeline(), "next", before));
  CHECK(key(pipeline(), "knobs", next) == key(pipeline(), "knobs", before));
}

TEST_CASE("each output has a key of its own, and so do the stages that read it") {
  std::string const text =
      "[stages.source]\nuse = \"toy.source\"\n"
      "[stages.join]\nuse = \"toy.join\"\nin = { left = \"source.number\", right = "
      "\"source.number\" }\n"
      "[stages.end]\nuse = \"toy.tally\"\nin = { number = \"join.number\" }\n";
  CHECK(key(text, "source", {}, 1) != key(text, "source", {}, 2));
  CHECK(key(text, "source", {}, 1) != key(text, "source"));
  std::string connected = text;
  connected.replace(connected.find("right = "), 8, "extra = \"source.number\", right = ");
  CHECK(key(connected, "join") != key(text, "join"));
  CHECK(key(connected, "end") != key(text, "end"));
}

TEST_CASE("a file among the options counts by its bytes, a folder by its name") {
  TempFolder const folder;
  fs::path const list = folder.write("list", "one");
  fs::create_directories(folder / "dir");
  std::string const text =
      "[stages.source]\nuse = \"toy.source\"\n"
      "[stages.needs]\nuse = \"toy.needs\"\nin = \"source.number\"\ndir = \"" +
      (folder / "dir").string() + "\"\nlist = \"" + list.string() +
      "\"\n[stages.end]\nuse = \"toy.tally\"\nin = { number = \"needs\" }\n";
  std::uint64_t const before = key(text, "end");
  CHECK(key(text, "end") == before);
  folder.write("dir/new", "");
  CHECK(key(text, "end") == before);
  fs::last_write_time(list, fs::last_write_time(list) + std::chrono::seconds(5));
  CHECK(key(text, "end") == before);
  folder.write("list", "two");
  CHECK(key(text, "end") != before);
  folder.write("list", "one");
  CHECK(key(text, "end") == before);
  // Large enough to be listed for other processes, with the time of other bytes.
  folder.write("list", std::string(2 << 20, 'a'));
  std::uint64_t const large = key(text, "end");
  auto const time = fs::last_write_time(list);
  folder.write("list", std::string(2 << 20, 'b'));
  fs::last_write_time(list, time);
  CHECK(key(text, "end") != large);
}

TEST_CASE("a stage has the same key in a sweep as in a pipeline of its own") {
  std::string const sweep = pipeline("", "[sweep]\n\"knobs.ratio\" = [0.25, 0.75]\n");
  Pipeline const swept = toy::parse(sweep);
  ContentKeys const keys(swept, {});
  std::vector<std::string> const alone = {"ratio = 0.25", "ratio = 0.75"};
  REQUIRE(swept.variants.size() == 2);
  for (std::size_t v = 0; v < 2; ++v) {
    for (std::size_t const s : swept.variants[v].stages) {
      CHECK(keys[Part{s}] == key(pipeline(alone[v]), swept.stages[s].name));
    }
  }
}
