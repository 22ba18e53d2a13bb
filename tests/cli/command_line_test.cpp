// Errors in the command line, and help.
#include "cli/command_line.hpp"

#include "cli/commands.hpp"
#include "cli/screen.hpp"
#include "support/catch.hpp"
#include "support/run_files.hpp"

using namespace seplflow::cli;
using Words = std::vector<std::string>;

namespace {

// All errors in a line, without the program's name.
Words errors_in(Words const& words) {
  try {
    parse(all_commands({}), words);
    return {};
  } catch (CommandLineError const& error) {
    return error.errors();
  }
}

std::string error_in(Words const& words) {
  Words const errors = errors_in(words);
  REQUIRE(errors.size() == 1);
  return errors[0];
}

}  // namespace

TEST_CASE("an unknown option is reported with the nearest one") {
  CHECK(error_in({"run", "p.toml", "--job", "1"}) ==
        "unknown option \"--job\"; did you mean \"--jobs\"?");
  CHECK(error_in({"run", "p.toml", "--job=1"}) ==
        "unknown option \"--job\"; did you mean \"--jobs\"?");
  CHECK(error_in({"run", "--rsume", "p.toml"}) ==
        "unknown option \"--rsume\"; did you mean \"--resume\"?");
  CHECK(error_in({"run", "p.toml", "-jobs", "4"}) ==
        "unknown option \"-jobs\"; did you mean \"--jobs\"?");
}

TEST_CASE("an unknown option of one letter is reported with the options that begin with it") {
  CHECK(error_in({"run", "p.toml", "-j", "4"}) ==
        "unknown option \"-j\"; did you mean \"--jobs\"?");
  CHECK(error_in({"run", "p.toml", "-o", "out"}) ==
        "unknown option \"-o\"; did you mean \"--out\", \"--overwrite\" or \"--on-error\"?");
}

TEST_CASE("an unknown option that resembles none points to the help") {
  CHECK(error_in({"run", "p.toml", "-m"}) ==
        "unknown option \"-m\"; \"seplflow run --help\" lists the options");
  CHECK(error_in({"check", "p.toml", "--workers", "4"}) ==
        "unknown option \"--workers\"; \"seplflow check --help\" lists the options");
}

TEST_CASE("an option of other commands is reported with those commands") {
  CHECK(error_in({"check", "p.toml", "--jobs", "4"}) ==
        "unknown option \"--jobs\"; it is an option of \"seplflow run\" or \"seplflow submit\"");
  CHECK(error_in({"graph", "p.toml", "--limit", "4"}) ==
        "unknown option \"--limit\"; it is an option of \"seplflow run\", \"seplflow submit\" or "
        "\"seplflow check\"");
}

TEST_CASE("all errors of a line are reported, in their order") {
  CHECK(errors_in({"run", "--job", "1", "--limit", "0", "--quiet=yes", "--keep"}) ==
        Words{"unknown option \"--job\"; did you mean \"--jobs\"?",
              "option \"--limit\": expected an integer of at least 1, got \"0\" (only this many "
              "samples, the first of the data set)",
              "option \"--quiet\" takes no value",
              "option \"--keep\" needs a value: --keep all|best|none",
              "PIPELINE is missing; usage: seplflow run PIPELINE [OPTIONS]"});
}

TEST_CASE("a setting alone is reported with the option that takes it") {
  CHECK(error_in({"run", "p.toml", "select.t1=0.4"}) ==
        "unexpected argument \"select.t1=0.4\"; to set an option, write \"--set select.t1=0.4\"");
  CHECK(error_in({"check", "select.t1=0.4", "p.toml"}) ==
        "unexpected argument \"select.t1=0.4\"; to set an option, write \"--set select.t1=0.4\"");
  CHECK(error_in({"run", "p.toml", "select.t1=0.4,0.5"}) ==
        "unexpected argument \"select.t1=0.4,0.5\"; to set an option, write \"--sweep "
        "select.t1=0.4,0.5\"");
}

TEST_CASE("a space instead of the equals sign of a setting is reported") {
  CHECK(error_in({"run", "p.toml", "--set", "select.t1", "0.4"}) ==
        "option \"--set\" takes KEY=VALUE without spaces; write \"--set select.t1=0.4\"");
  CHECK(error_in({"run", "--sweep", "select.t1", "0.4,0.5", "p.toml"}) ==
        "option \"--sweep\" takes KEY=VALUE without spaces; write \"--sweep select.t1=0.4,0.5\"");
}

TEST_CASE("an option of the program is reported with the nearest one") {
  CHECK(error_in({"-v"}) == "unknown option \"-v\"; did you mean \"--version\"?");
  CHECK(error_in({"--vers"}) == "unknown option \"--vers\"; did you mean \"--version\"?");
}

TEST_CASE("an unknown command is reported with the nearest one and the list") {
  std::string const list =
      " (commands: run, submit, status, merge, check, graph, show, explain, compare, report, stages, new, "
      "completion)";
  CHECK(error_in({"rnu", "p"}) == "unknown command \"rnu\"; did you mean \"run\"?" + list);
  CHECK(error_in({"evaluate"}) == "unknown command \"evaluate\"" + list);
  CHECK(error_in({}) == "a command is missing" + list);
  CHECK(error_in({"--jobs", "4", "run"}) == "the command is missing before \"--jobs\"" + list);
}

TEST_CASE("a pipeline instead of a command is reported with the command that runs it") {
  CHECK(error_in({"voc.toml", "--jobs", "4"}) ==
        "unknown command \"voc.toml\"; to run a pipeline, write \"seplflow run voc.toml\"");
}

TEST_CASE("a value that does not fit is reported with what is expected") {
  auto const of = [](std::string const& option, std::string const& value) {
    return error_in({"run", "p.toml", option, value});
  };
  CHECK(of("--jobs", "auto") ==
        "option \"--jobs\": expected an integer from 0 to 4096, got \"auto\" (threads that work on "
        "samples; 0 = all cores)");
  CHECK_THAT(of("--jobs", "-1"), Contains("expected an integer from 0 to 4096, got \"-1\""));
  CHECK_THAT(of("--jobs", "4.5"), Contains("got \"4.5\""));
  CHECK_THAT(of("--jobs", "99999999999999999999"), Contains("got \"99999999999999999999\""));
  CHECK_THAT(of("--on-error", "ignore"),
             Contains("expected one of \"stop\", \"skip\", got \"ignore\""));
  CHECK_THAT(of("--log-level", "loud"), Contains(", \"off\", got \"loud\""));
  for (char const* const shard : {"4/4", "1/0", "0", "-1/2", "0/3x", "x"}) {
    CAPTURE(shard);
    CHECK_THAT(of("--shard", shard),
               Contains("\"--shard\"") && Contains(shard) && Contains("I from 0 to N - 1"));
  }
}

TEST_CASE("an option that is given twice is an error, unless it is repeatable") {
  CHECK(error_in({"run", "p.toml", "--out", "a", "--out=b"}) == "option \"--out\" is given twice");
  CHECK(error_in({"run", "p.toml", "--quiet", "--quiet"}) == "option \"--quiet\" is given twice");
  CHECK(errors_in({"run", "p.toml", "--set", "a.b=1", "--set=a.c=2"}).empty());
}

TEST_CASE("an option without its value is an error, whatever follows") {
  std::string const error = "option \"--out\" needs a value: --out FOLDER";
  CHECK(error_in({"run", "p.toml", "--out"}) == error);
  CHECK(error_in({"run", "p.toml", "--out", "--quiet"}) == error);
  CHECK(error_in({"run", "p.toml", "--out="}) == "option \"--out\": expected a value, got \"\"");
}

TEST_CASE("arguments that are missing or too many are reported with the usage") {
  CHECK(error_in({"run"}) == "PIPELINE is missing; usage: seplflow run PIPELINE [OPTIONS]");
  CHECK(error_in({"merge", "out"}) == "RUN is missing; usage: seplflow merge OUT RUN... [OPTIONS]");
  CHECK(error_in({"run", "a.toml", "b.toml"}) ==
        "unexpected argument \"b.toml\"; expected one PIPELINE; usage: seplflow run PIPELINE "
        "[OPTIONS]");
  CHECK_THAT(error_in({"run", "a.toml", "b.toml", "c.toml"}),
             StartsWith("unexpected arguments \"b.toml\", \"c.toml\"; expected one PIPELINE; "));
  CHECK(error_in({"stages", "a", "b"}) ==
        "unexpected argument \"b\"; expected one NAME; usage: seplflow stages [NAME] [OPTIONS]");
}

TEST_CASE("after -- every word is an argument") {
  CHECK(errors_in({"run", "--", "--odd.toml"}).empty());
  CHECK(errors_in({"run", "--", "--odd.toml", "--quiet"}).size() == 1);
}

TEST_CASE("the program prints errors of the command line as it prints those of a pipeline") {
  Workplace const place(scenes_pipeline(1));
  auto const one = place.program({"run", "p.toml", "--job", "1"});
  CHECK(one.status == 2);
  CHECK(one.out.empty());
  CHECK(one.err == "error: unknown option \"--job\"; did you mean \"--jobs\"?\n");
  CHECK_THAT(place.program({"run", "p.toml", "\x1b[31m"}).err,
             StartsWith("error: unexpected argument \"\\x1b[31m\";"));
  auto const two = place.program({"check", "--quiet"});
  CHECK(two.err ==
        "error: unknown option \"--quiet\"; it is an option of \"seplflow run\" or \"seplflow "
        "merge\"\n"
        "error: PIPELINE is missing; usage: seplflow check PIPELINE [OPTIONS]\n"
        "2 errors\n");
}

TEST_CASE("help lists every command, and of a command every argument") {
  auto const commands = all_commands({});
  std::string const all = program_help(commands, 80);
  for (Command const& command : commands) {
    CHECK_THAT(all, Contains("\n  " + command.name + " "));
    std::string const help = command_help(command, 80);
    CHECK_THAT(help, Contains("Usage: " + usage(command) + "\n"));
    for (Argument const& argument : command.arguments) {
      CHECK_THAT(help, Contains("\n  " + argument.name));
    }
  }
}

TEST_CASE("help fits its width") {
  auto const commands = all_commands({});
  for (std::size_t const width : {80, 100}) {
    std::string text = program_help(commands, width);
    for (Command const& command : commands) text += command_help(command, width);
    for (std::string const& line : lines_of(text)) {
      CAPTURE(line);
      CHECK(width_of(line) <= width);
    }
  }
}

TEST_CASE("help is printed wherever it is asked for") {
  Workplace const place("");
  std::string const run = command_help(run_command({}), 80);
  CHECK(place.program({"run", "--help"}).out == run);
  CHECK(place.program({"run", "-h"}).out == run);
  CHECK(place.program({"help", "run"}).out == run);
  CHECK(place.program({"run", "p.toml", "--bogus", "--help"}).out == run);
  CHECK(place.program({"--help"}).out == place.program({"help"}).out);
}
