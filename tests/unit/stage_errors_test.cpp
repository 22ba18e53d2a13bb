// What a compiler says of a stage that the framework cannot call as its author meant, and how much
// it reads for a plugin.
#include <algorithm>
#include <cstddef>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/program.hpp"
#include "support/temp_folder.hpp"

namespace {

struct Case {
  std::string what;     // the mistake
  std::string members;  // of the class of the stage
  std::string calls;    // after .stage<Stage>(...)
  std::string sentence;
};

std::string const kTransform = "LabelMap operator()(LabelMap const& l) const { return l; } ";
std::string const kSink = "void operator()(LabelMap const&) const {} ";
std::string const kObserver =
    "int operator()(LabelMap const&) const { return 1; } Findings finish() { return {}; } ";
std::string const kVoidFold = kObserver + "void fold(Sample const&, int const&) {} ";
std::string const kRowFold = kObserver + "Row fold(Sample const&, int const&) { return {}; } ";
std::string const kSource = "std::optional<Sample> next() { return {}; } ";
std::string const kPorts = ".inputs(\"l\").output(\"l\")", kInput = ".inputs(\"l\")";

std::vector<Case> wrong_stages() {
  std::string const files =
      "files() must be `std::vector<std::filesystem::path> files(Sample const&";
  std::string const check = "check() must be `void check(OptionCheck&)`";
  std::string const count = "count() belongs to a source and must be `std::uint64_t count() const`";
  std::string const columns = "columns() belongs to an observer and must be";
  std::string const call = "a stage needs operator()";
  return {
      {"files() of strings", kTransform + "std::vector<std::string> files(Sample const&) const;",
       kPorts, files},
      {"files() not const", kTransform + "std::vector<std::filesystem::path> files(Sample const&);",
       kPorts, files},
      {"files() overloaded", kTransform + "int files(Sample const&) const; int files(int) const;",
       kPorts, files},
      {"check() by value", kTransform + "void check(OptionCheck) {}", kPorts, check},
      {"check() returning bool", kTransform + "bool check(OptionCheck&) { return true; }", kPorts,
       check},
      {"count() not const", kSource + "std::uint64_t count();", "", count},
      {"count() optional", kSource + "std::optional<std::uint64_t> count() const;", "", count},
      {"count() of a transform", kTransform + "std::uint64_t count() const;", kPorts, count},
      {"save() without load()", kVoidFold + "std::string save(int const&) const;", kInput,
       "save() and load() belong together"},
      {"save() to bytes",
       kVoidFold + "std::vector<std::uint8_t> save(int const&) const; int load(std::string_view) "
                   "const;",
       kInput, "save() must be `std::string save(Record const&) const`"},
      {"load() of an optional",
       kVoidFold + "std::string save(int const&) const; std::optional<int> load(std::string_view) "
                   "const;",
       kInput, "load() must be `Record load(std::string_view) const`"},
      {"columns() not const", kRowFold + "std::vector<std::string> columns();", kInput, columns},
      {"columns() of an array", kRowFold + "std::array<std::string, 1> columns() const;", kInput,
       columns},
      {"rows without columns()", kRowFold, kInput, "an observer whose fold() returns a Row"},
      {"columns() without rows", kVoidFold + "std::vector<std::string> columns() const;", kInput,
       "an observer whose fold() returns a Row"},
      {"fold() without finish()",
       "int operator()(LabelMap const&) const { return 1; } void fold(Sample const&, int const&) "
       "{}",
       kInput, "fold() and finish() belong together"},
      {"needs_files() not const", kTransform + "bool needs_files();", kPorts,
       "needs_files() must be `bool needs_files() const`"},
      {"explain() not const", kTransform + "Explanation explain(LabelMap const&);", kPorts,
       "explain() must be `Explanation explain(...) const`"},
      {"explain() of other inputs", kTransform + "Explanation explain(MaskSet const&) const;",
       kPorts, "explain() must be `Explanation explain(...) const`"},
      {"explain() of a sink", kSink + "Explanation explain(LabelMap const&) const;", kInput,
       "explain() belongs to a transform"},
      {"list_file() of a string",
       kSink + "std::string list_file() const; std::string list_line(Sample const&) const;", kInput,
       "list_file() belongs to a sink and must be `std::filesystem::path list_file() const`"},
      {"list_file() without list_line()", kSink + "std::filesystem::path list_file() const;",
       kInput, "list_file() and list_line() belong together"},
      {"list_notes() without list_file()",
       kSink + "std::vector<ListNote> list_notes(Sample const&) const;", kInput,
       "list_notes() belongs to a sink with list_file()"},
      {"list_notes() of a map",
       kSink +
           "std::filesystem::path list_file() const; std::string list_line(Sample const&) const;"
           "std::map<std::filesystem::path, std::string> list_notes(Sample const&) const;",
       kInput, "must be `std::vector<ListNote> list_notes(Sample const&) const`"},
      {"decide() without carry_out()", "int decide(LabelMap const&) const { return 1; }", kPorts,
       "decide() and carry_out() belong together"},
      {"carry_out() with other inputs",
       "int decide(LabelMap const&) const; static LabelMap carry_out(int const&, MaskSet const&);",
       kPorts, "carry_out() must take the result of decide() as `Decision const&`"},
      {"carry_out() without the decision",
       "int decide(LabelMap const&) const; static LabelMap carry_out(LabelMap const&);", kPorts,
       "carry_out() must take the result of decide() as `Decision const&`"},
      {"decide() of an observer",
       "int decide(LabelMap const&) const; static LabelMap carry_out(int const&, LabelMap const&);"
       "void fold(Sample const&, LabelMap const&) {} Findings finish() { return {}; }",
       kInput, "a stage with decide() and carry_out() is a transform and has no fold()"},
      {"carry_out() not static",
       "int decide(LabelMap const&) const; LabelMap carry_out(int const&, LabelMap const&) const;",
       kPorts, "carry_out() must be static"},
      {"carry_out_all() that returns one result",
       "int decide(LabelMap const&) const; static LabelMap carry_out(int const&, LabelMap const&); "
       "static LabelMap carry_out_all(std::vector<int const*> const&, LabelMap const&);",
       kPorts, "carry_out_all() must be static, take `std::vector<Decision const*> const&`"},
      {"no operator()", "int x = 1;", kPorts, call},
      {"operator() overloaded", kTransform + "LabelMap operator()(MaskSet const&) const;", kPorts,
       call},
      {"operator() a template", "template <class T> LabelMap operator()(T const&) const;", kPorts,
       call},
      {"next() of something else", "std::optional<int> next();", "",
       "next() of a source must be `std::optional<Sample> next()`"},
      {"context after the inputs",
       "LabelMap operator()(LabelMap const& l, SampleContext const&) const { return l; }", kPorts,
       "SampleContext const& comes before the inputs, or not at all"},
      {"input by value", "LabelMap operator()(LabelMap l) const { return l; }", kPorts,
       "a stage takes T const&, T const* or SampleContext const&"},
      {"option of a struct", kTransform + "Size size;",
       kPorts + ".option(\"a\", &Stage::size, \"b\")",
       "an option is a bool, a number, a std::string"},
      {"no default constructor", kTransform + "Stage(int) {}", kPorts,
       "a stage must be default-constructible"},
  };
}

// What the compiler says of a plugin with these stages. Each is in a namespace and a file of its
// own, case_0 and so on.
ProgramResult compile(std::vector<Case> const& stages, std::string const& standard = "c++20") {
  std::string classes, calls;
  for (std::size_t i = 0; i < stages.size(); ++i) {
    std::string const name = "case_" + std::to_string(i), line = "\n#line 1 \"" + name + "\"\n";
    classes +=
        "namespace " + name + " {" + line + "struct Stage {\n" + stages[i].members + "\n};\n}\n";
    calls += line + "{ using namespace " + name + "; plugin.stage<Stage>(\"a.b\", \"c\")" +
             stages[i].calls + "; }\n";
  }
  TempFolder const folder;
  auto const file = folder.write(
      "stages.cpp",
      "#include <seplflow/seplflow.hpp>\n#include <array>\n#include <map>\nusing namespace seplflow;\n" +
          classes + "SEPLFLOW_PLUGIN(plugin) {" + calls + "}\n");
  return run_program({SEPLFLOW_CXX, "-std=" + standard, "-Wall", "-Wextra", "-Wpedantic",
                      "-Wshadow",
#ifdef __clang__
                      "-ferror-limit=0",
#endif
                      "-I" SEPLFLOW_SOURCE_DIR "/include", "-fsyntax-only", file.string()});
}

// Of a file with these includes.
std::ptrdiff_t preprocessed_lines(std::string const& includes) {
  TempFolder const folder;
  auto const file = folder.write("lines.cpp", includes);
  auto const result = run_program({SEPLFLOW_CXX, "-std=c++20", "-I" SEPLFLOW_SOURCE_DIR "/include",
                                   "-E", file.string()});
  REQUIRE(result.status == 0);
  return std::count(result.out.begin(), result.out.end(), '\n');
}

// The first error about each stage, by the number of its namespace.
std::map<std::size_t, std::string> first_errors(std::string const& output) {
  std::vector<std::string> lines;
  std::istringstream stream(output);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
#ifdef __clang__  // says after an error what it is about, where GCC says it before
  std::reverse(lines.begin(), lines.end());
#endif
  std::map<std::size_t, std::string> errors;
  std::size_t about = 0;
  for (std::string const& line : lines) {
    if (auto const at = line.find("case_"); at != std::string::npos)
      about = std::stoul(line.substr(at + 5));
    if (line.find("error: ") == std::string::npos) continue;
#ifdef __clang__
    errors[about] = line;
#else
    errors.emplace(about, line);
#endif
  }
  return errors;
}

}  // namespace

TEST_CASE("a function named like a hook, but with another signature, does not compile",
          "[compiler]") {
  auto const stages = wrong_stages();
  auto const result = compile(stages);
  CHECK(result.status != 0);
  auto const errors = first_errors(result.err);
  for (std::size_t i = 0; i < stages.size(); ++i) {
    INFO(stages[i].what);
    REQUIRE(errors.contains(i));
    CHECK_THAT(errors.at(i), Contains(stages[i].sentence));
  }
}

TEST_CASE("a name that is nearly a hook's is warned of", "[compiler]") {
  auto const result =
      compile({{"", kTransform + "std::vector<std::filesystem::path> file(Sample const&) const;",
                kPorts, ""}});
  CHECK(result.status == 0);
  CHECK_THAT(result.err, Contains("did you mean files()?"));
}

TEST_CASE("an option may be called like a hook, and a right stage compiles without a warning",
          "[compiler]") {
  auto const result = compile(
      {{"",
        kTransform +
            "Explanation explain(SampleContext const&, LabelMap const&) const { return {}; }"
            "std::size_t count = 3; float file = 0; std::vector<int> check;",
        kPorts + ".option(\"count\", &Stage::count, \"b\")"
                 ".option(\"file\", &Stage::file, \"b\")"
                 ".option(\"check\", &Stage::check, \"b\")",
        ""}});
  CHECK(result.status == 0);
  CHECK(result.err == "");
}

TEST_CASE("a plugin's file adds at most 5000 preprocessed lines to six standard headers",
          "[compiler]") {
  auto const standard = preprocessed_lines(
      "#include <string>\n#include <vector>\n#include <optional>\n#include <span>\n"
      "#include <memory>\n#include <filesystem>\n");
  CHECK(preprocessed_lines("#include <seplflow/seplflow.hpp>\n") <= standard + 5000);
}

TEST_CASE("an older standard is refused in one sentence", "[compiler]") {
  auto const result = compile({{"", kTransform, kPorts, ""}}, "c++17");
  CHECK(result.status != 0);
  CHECK_THAT(result.err.substr(0, result.err.find('\n', result.err.find("error"))),
             Contains("seplflow needs C++20"));
}
