// What the program prints on a terminal: colours, and lines that fit.
#include <pty.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/screen.hpp"
#include "cli/table.hpp"
#include "support/catch.hpp"
#include "support/run_files.hpp"

namespace fs = std::filesystem;
using seplflow::cli::Page;
using seplflow::cli::Screen;
using seplflow::cli::width_of;
using seplflow::cli::wrapped;

namespace {

constexpr char const* kRed = "\x1b[31m";
constexpr char const* kGreen = "\x1b[32m";
constexpr char const* kYellow = "\x1b[33m";

// What the program prints on a terminal, stdout and stderr together.
std::string on_terminal(Workplace const& place, std::vector<std::string> arguments,
                        unsigned short columns,
                        std::map<std::string, std::string> environment = {}) {
  environment.try_emplace("TERM", "xterm");
  environment.try_emplace("SEPLFLOW_PLUGIN_PATH", "");
  arguments.insert(arguments.begin(), SEPLFLOW_PROGRAM);
  winsize const size{50, columns, 0, 0};
  int terminal = -1;
  pid_t const child = ::forkpty(&terminal, nullptr, nullptr, &size);
  if (child == 0) {
    for (char const* const name : {"NO_COLOR", "CLICOLOR_FORCE", "COLUMNS"}) ::unsetenv(name);
    for (auto const& [name, value] : environment) ::setenv(name.c_str(), value.c_str(), 1);
    std::vector<char*> words;
    for (std::string& argument : arguments) words.push_back(argument.data());
    words.push_back(nullptr);
    if (::chdir(place.folder.path().c_str()) == 0) ::execv(words[0], words.data());
    ::_exit(127);
  }
  std::string text;
  char buffer[4096];
  for (ssize_t count; (count = ::read(terminal, buffer, sizeof buffer)) > 0;) {
    text.append(buffer, static_cast<std::size_t>(count));
  }
  ::close(terminal);
  ::waitpid(child, nullptr, 0);
  std::erase(text, '\r');
  return text;
}

void require_lines_within(std::size_t width, std::string const& text) {
  for (std::string const& line : lines_of(text)) {
    CAPTURE(line);
    CHECK(width_of(line) <= width);
  }
}

std::vector<std::string> run(std::string const& out, std::vector<std::string> more = {}) {
  std::vector<std::string> words = {"run", "p.toml", "--out", out, "--progress", "none"};
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

}  // namespace

TEST_CASE("errors are red on a terminal, with their carets") {
  Workplace const place(scenes_pipeline(1, "t3 = 1\n"));
  std::string const text = on_terminal(place, {"check", "p.toml"}, 100);
  CHECK_THAT(text, Contains(": " + std::string(kRed) + "error\x1b[0m: stage \"write\"") &&
                       Contains("\n    " + std::string(kRed) + "^\x1b[0m\n"));
  CHECK_THAT(on_terminal(place, {"check", "p.toml", "--job"}, 100),
             StartsWith(kRed + std::string("error\x1b[0m: unknown option")));
}

TEST_CASE("warnings are yellow on a terminal") {
  Workplace const place(scenes_pipeline(1));
  CHECK_THAT(on_terminal(place, run("out"), 100, {{"SEPLFLOW_PLUGIN_PATH", "none"}}),
             Contains(std::string(kYellow) + "warning\x1b[0m: plugin none is rejected"));
}

TEST_CASE("gains are green and losses red on a terminal") {
  Workplace const place(scenes_pipeline(5));
  CHECK_THAT(on_terminal(place, run("up"), 100), Contains(std::string(kGreen) + "+"));
  CHECK_THAT(on_terminal(place, run("down", {"--set", "select.t1=0", "--set", "select.t2=0"}), 100),
             Contains(std::string(kRed) + "-"));
}

TEST_CASE("there are no colours without a terminal, and where NO_COLOR or TERM=dumb forbid them") {
  Workplace const place(scenes_pipeline(5));
  CHECK_THAT(place.run("piped").out, !Contains("\x1b"));
  CHECK_THAT(on_terminal(place, run("a"), 100, {{"NO_COLOR", "1"}}), !Contains("\x1b"));
  CHECK_THAT(on_terminal(place, run("b"), 100, {{"TERM", "dumb"}}), !Contains("\x1b"));
  CHECK_THAT(on_terminal(place, run("c"), 100, {{"NO_COLOR", "1"}, {"CLICOLOR_FORCE", "1"}}),
             !Contains("\x1b"));
  ProgramOptions forced;
  forced.environment["CLICOLOR_FORCE"] = "1";
  CHECK_THAT(place.run("forced", {}, forced).out, Contains(kGreen));
}

TEST_CASE("every line fits the terminal") {
  Workplace const place(scenes_pipeline(5));
  auto const columns = static_cast<unsigned short>(GENERATE(70, 80));
  std::vector<std::string> const sweep = {"--sweep", "select.t1=0.1:0.9:0.1", "--sweep",
                                          "select.t2=0.6,0.8"};
  CHECK_THAT(on_terminal(place, run("one"), columns), Contains("(mean over classes"));
  require_lines_within(columns, on_terminal(place, run("two"), columns));
  require_lines_within(columns, on_terminal(place, run("sweep", sweep), columns));
  require_lines_within(columns, on_terminal(place, {"compare", "one", "two"}, columns));
  require_lines_within(columns, on_terminal(place, {"run", "--help"}, columns));
  require_lines_within(columns, on_terminal(place, {"run", "--bogus", "p.toml", "a"}, columns));
  require_lines_within(columns, on_terminal(place, {"check", "p.toml", "--set", "a.b=1"}, columns));
  require_lines_within(columns, on_terminal(place, {"stages", "sepl.select"}, columns));
  require_lines_within(columns, on_terminal(place, {"stages"}, columns));
}

TEST_CASE("settings that do not fit the terminal side by side are compared line by line") {
  Workplace const place(scenes_pipeline(3));
  REQUIRE(place.run("a").status == 0);
  REQUIRE(place.run("b", {"--set", "select.t1=0.25"}).status == 0);
  place.pipeline_file(
      "name = \"other\"\n[stages.scenes]\nuse = \"dataset.scenes\"\ncount = 3\n"
      "[stages.score]\nuse = \"eval.miou\"\n"
      "in = { truth = \"scenes.truth\", labels = \"scenes.pseudo\" }\n");
  REQUIRE(place.run("c").status == 0);
  std::string const text = on_terminal(place, {"compare", "a", "b", "c", "a"}, 40);
  CHECK_THAT(text, Contains("\n  name: \"scenes\" in A, B, D; \"other\" in\n      C\n") &&
                       Contains("\n  select.t1: 0.5 in A, D; 0.25 in B;\n      absent in C\n"));
  std::string const options = text.substr(0, text.find("\nscore"));
  for (std::string const& line : lines_of(options)) {
    CAPTURE(line);
    CHECK((width_of(line) <= 40 || line.find_last_of(' ') < 8));
  }
  CHECK_THAT(on_terminal(place, {"compare", "a", "b"}, 80),
             Contains("             A     B\n  select.t1  0.5  0.25\n"));
}

TEST_CASE("COLUMNS overrides the width of the terminal") {
  Workplace const place("");
  require_lines_within(70, on_terminal(place, {"stages"}, 200, {{"COLUMNS", "70"}}));
}

TEST_CASE("the summary of a run in a pipe has lines of any length") {
  Workplace const place(scenes_pipeline(5));
  CHECK_THAT(
      place.run("out").out,
      Contains("\nscore: percent over 5 images (mean over classes: union; 255 in the labels: "
               "miss, 0.00 % of the pixels)\n"));
}

TEST_CASE("columns that do not fit follow in a block of their own") {
  Page page(Screen{.width = 24});
  page.add({"title", {"variant", "aaaaaa", "bbbbbb", "cccccc"}, {{"x", "1", "2", "3"}}});
  CHECK(page.str() ==
        "title\n"
        "  variant  aaaaaa\n"
        "  x             1\n"
        "\n"
        "  variant  bbbbbb\n"
        "  x             2\n"
        "\n"
        "  variant  cccccc\n"
        "  x             3\n");
}

TEST_CASE("long lines are broken at spaces, with their indent") {
  CHECK(wrapped("  one two three four", 11, 2) == "  one two\n    three\n    four");
  CHECK(wrapped("short\n\nlines", 80) == "short\n\nlines");
  CHECK(wrapped("averyveryverylongword and more", 10) == "averyveryverylongword\nand more");
  CHECK(wrapped("any  length", 0) == "any  length");
}

TEST_CASE("what files and plugins name does not control the terminal") {
  Page page(Screen{});
  page.add({"title \x1b]0;x\x07",
            {"\x1b[2J", "b"},
            {{"\xc2\x9b"
              "1m",
              "a\u202eb"}}});
  std::ostringstream text;
  page.print(text);
  CHECK(text.str() ==
        "title \\x1b]0;x\\x07\n  \\x1b[2J                  b\n"
        "  \\xc2\\x9b1m  a\\xe2\\x80\\xaeb\n");

  Workplace const place(scenes_pipeline(2));
  REQUIRE(place.run("a").status == 0);
  fs::copy(place.folder / "a", place.folder / "b", fs::copy_options::recursive);
  std::string metrics = read_text(place.folder / "b/metrics.json");
  metrics.replace(metrics.find("aeroplane"), 9, "\\u001b[31mX\\u202e");
  place.folder.write("b/metrics.json", metrics);
  std::string csv = read_text(place.folder / "b/score.csv");
  csv.replace(csv.find("scene_000001"), 12, "\x1b[31mscene");
  place.folder.write("b/score.csv", csv);
  auto const result = place.program({"compare", "a", "b"});
  CHECK(result.status == 0);
  CHECK_THAT(result.out, Contains("\\x1b[31mX\\xe2\\x80\\xae") && !Contains("\x1b"));
}
