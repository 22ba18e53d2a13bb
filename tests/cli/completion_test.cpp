// What shells are offered; shells_test.py tries it in real shells.
#include "cli/completion.hpp"

#include <sstream>

#include "cli/commands.hpp"
#include "cli/man_page.hpp"
#include "cli/shell_words.hpp"
#include "support/catch.hpp"
#include "support/run_files.hpp"

namespace fs = std::filesystem;
using namespace seplflow::cli;
using Words = std::vector<std::string>;
using Kind = Completion::Kind;

namespace {

Words offered(Words const& words) {
  Words texts;
  for (Candidate const& each : complete(all_commands({}), words).candidates) {
    texts.push_back(each.text);
  }
  return texts;
}

Kind kind_of(Words const& words) {
  return complete(all_commands({}), words).kind;
}

bool offers(Words const& words, std::string const& text) {
  Words const texts = offered(words);
  return std::ranges::find(texts, text) != texts.end();
}

// Two runs, a sweep, and a folder that is none of them.
struct Runs : TempFolder {
  Runs() {
    write("runs/a b/run.json", "{}");
    write("runs/sweep/run.json", "{}");
    write("runs/sweep/variants/select.t1=0.3/metrics.json", "{}");
    write("runs/sweep/write/1.png", "");
    write("runs/sweep/ledger.jsonl", "{\"id\": \"1\", \"outcome\": \"done\"}\n");
    write("runs/group/c/run.json", "{}");
    write("runs/a b/ledger.jsonl",
          "{\"id\": \"2007_000032\", \"outcome\": \"done\"}\n{\"id\": \"q\\\"\", \"outcome\": "
          "\"done\"}\n{damaged\n{\"id\": \"2008_000001\", \"outcome\": \"failed\"}\n");
    at = path().string() + "/runs/";
  }
  std::string at;
};

constexpr char const* kPipeline =
    "[stages.scenes]\nuse = \"dataset.scenes\"\n"
    "[stages.select]\nuse = \"sepl.select\"\n"
    "[stages.write]\nuse = \"output.labels\"\nin = \"sel";

}  // namespace

TEST_CASE("commands and options are completed from their definitions") {
  Words names;
  for (Command const& command : all_commands({})) names.push_back(command.name);
  CHECK(offered({""}) == names);
  CHECK(offered({"ru"}) == Words{"run"});
  CHECK(offered({"help", "comp"}) == Words{"compare", "completion"});
  CHECK(offered({"--v"}) == Words{"--version"});
  for (Command const& command : all_commands({})) {
    for (Argument const& argument : command.arguments) {
      CAPTURE(command.name, argument.name);
      if (argument.is_option())
        CHECK(offered({command.name, argument.name}).at(0) == argument.name);
      for (std::string const& choice : argument.choices) {
        Words const words = argument.is_option() ? Words{command.name, argument.name, choice}
                                                 : Words{command.name, choice};
        CHECK(offers(words, choice));
      }
    }
  }
  CHECK(offered({"run", "p.toml", "--quiet", "--qu"}).empty());
  CHECK(offered({"run", "p.toml", "--keep=b"}) == Words{"--keep=best"});
  CHECK(offered({"run", "--jobs", ""}).empty());
  CHECK(offered({"nonsense", "x"}).empty());
  CHECK(offered({"completion", "f"}) == Words{"fish"});
}

TEST_CASE("files and folders are left to the shell") {
  CHECK(kind_of({"run", ""}) == Kind::pipelines);
  CHECK(kind_of({"run", "p.toml", "--out", ""}) == Kind::folders);
  CHECK(kind_of({"run", "p.toml", "--trace", ""}) == Kind::files);
  CHECK(kind_of({"merge", ""}) == Kind::folders);
  CHECK(kind_of({"submit", ""}) == Kind::pipelines);
  CHECK(kind_of({"new", "pipeline", ""}) == Kind::files);
  auto const valued = complete(all_commands({}), {"run", "--out=ru"});
  CHECK(valued.kind == Kind::folders);
  CHECK(valued.keep == 6);
}

TEST_CASE("runs and variants of sweeps are completed by their folders") {
  Runs const runs;
  Words const all = {runs.at + "a b", runs.at + "group/", runs.at + "sweep"};
  CHECK(offered({"compare", runs.at}) == all);
  CHECK(offered({"compare", "x", runs.at + "s"}) == Words{runs.at + "sweep"});
  CHECK(offered({"merge", "out", runs.at + "g"}) == Words{runs.at + "group/"});
  CHECK(offered({"status", runs.at + "s"}) == Words{runs.at + "sweep"});
  CHECK(offered({"submit", "--resume", runs.at + "s"}) == Words{runs.at + "sweep"});
  CHECK(offered({"run", "p", "--resume", "--out", runs.at + "a"}) == Words{runs.at + "a b"});
  CHECK(offered({"compare", runs.at + "sweep/"}) == Words{runs.at + "sweep/variants/"});
  CHECK(offered({"compare", runs.at + "sweep/variants/"}) ==
        Words{runs.at + "sweep/variants/select.t1=0.3"});
  CHECK(kind_of({"compare", runs.at + "nothing"}) == Kind::folders);
  CHECK(offered({"run", "p", "--out", runs.at + "a b", "--skip", ""}) ==
        Words{"2007_000032", "q\"", "2008_000001"});
  // As a command about an image of a run would take it.
  std::vector<std::string> run;
  std::string image;
  Command command{.name = "look", .summary = "Look", .run = [] { return 0; }};
  command.positional("RUN", "a run", run).repeatable = false;
  command.positional("IMAGE", "an image", image);
  auto const images = [&](std::string const& folder) {
    return complete({command}, {"look", folder, ""}).candidates.size();
  };
  CHECK(images(runs.at + "a b") == 3);
  CHECK(images(runs.at + "sweep/variants/select.t1=0.3") == 1);
  CHECK(images(runs.at + "nothing") == 0);
}

TEST_CASE("settings are completed from the stages of an unfinished pipeline") {
  TempFolder const folder;
  std::string const sound = folder.write("p.toml", std::string(kPipeline) + "ect\"\n").string();
  auto const after = [&](std::string const& option, std::string const& word) {
    return offered({"run", sound, option, word});
  };
  CHECK(after("--set", "") == Words{"scenes.", "select.", "write.", "run."});
  CHECK(after("--sweep", "s") == Words{"scenes.", "select."});
  CHECK(after("--set", "select.t2_m") == Words{"select.t2_min_support=", "select.t2_masks="});
  CHECK(after("--set", "select.overlap=s") ==
        Words{"select.overlap=support", "select.overlap=smallest"});
  CHECK(after("--sweep", "select.overlap=last,sm") == Words{"select.overlap=last,smallest"});
  CHECK(after("--set", "select.keep_ignore=") ==
        Words{"select.keep_ignore=true", "select.keep_ignore=false"});
  CHECK(after("--set", "select.t1=") == Words{"select.t1=0.5"});
  CHECK(after("--set", "write.use=output.t") == Words{"write.use=output.training_list"});
  CHECK(after("--set", "run.keep=n") == Words{"run.keep=none"});
  CHECK(offered({"run", sound, "--set=select.t1"}) == Words{"--set=select.t1="});
  CHECK(offered({"run", folder.write("bad.toml", kPipeline).string(), "--set", ""}) ==
        Words{"run."});
  CHECK(offered({"run", "/nowhere", "--set", "a.b"}).empty());
}

TEST_CASE("stages and families are completed") {
  CHECK(offered({"stages", "sepl.s"}) == Words{"sepl.select"});
  CHECK(offers({"stages", "ou"}, "output"));
}

TEST_CASE("the line of a shell is divided into words without quotes") {
  CHECK(shell_words("A=1 bin/seplflow run 'a b' c\\ d \"e 'f\" --set x.y=") ==
        Words{"bin/seplflow", "run", "a b", "c d", "e 'f", "--set", "x.y="});
  CHECK(shell_words("seplflow run ") == Words{"seplflow", "run", ""});
  CHECK(shell_words("seplflow \"op") == Words{"seplflow", "op"});
  CHECK(shell_words("") == Words{""});
  std::ostringstream out;
  print_completion(all_commands({}), {"--line", "seplflow run --ke"}, out);
  CHECK_THAT(out.str(), StartsWith("words\t0\t--ke\n--keep\t"));
}

TEST_CASE("the program completes in silence whatever it is given") {
  Workplace const place("");
  for (Words const& words :
       {Words{"__complete", "--"}, Words{"__complete", "--", "run", "a", "--set", "b.c="},
        Words{"__complete", "--line", "seplflow 'run"}, Words{"__complete", "--line", ""}}) {
    auto const result = place.program(words);
    CHECK(result.status == 0);
    CHECK(result.err.empty());
  }
}

TEST_CASE("manual pages have every command with every argument") {
  auto const commands = all_commands({});
  std::string const all = program_page(commands);
  for (Command const& command : commands) {
    CHECK_THAT(all, Contains("seplflow\\-" + command.name + "\\fR(1)"));
    std::string page = command_page(command);
    CHECK_THAT(page, StartsWith(".TH \"SEPLFLOW\\-"));
    page.erase(std::remove(page.begin(), page.end(), '\\'), page.end());
    for (Argument const& argument : command.arguments) CHECK_THAT(page, Contains(argument.name));
  }
}
