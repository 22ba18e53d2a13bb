// What a compiler says of a stage that the framework cannot call as its author meant.
#include <fstream>
#include <string>

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
  std::string const files = "files() must be `std::vector<std::filesystem::path> files(Sample const&";
  std::string const check = "check() must be `void check(OptionCheck&)`";
  std::string const count = "count() belongs to a source and must be `std::uint64_t count() const`";
  std::string const columns = "columns() belongs to an observer and must be";
  std::string const call = "a stage needs operator()";
  return {
      {"files() of strings", kTransform + "std::vector<std::string> files(Sample const&) const;",
       kPorts, files},
      {"files() not const",
       kTransform + "std::vector<std::filesystem::path> files(Sample const&);", kPorts, files},
      {"files() overloaded",
       kTransform + "int files(Sample const&) const; int files(int) const;", kPorts, files},
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
       "int operator()(LabelMap const&) const { return 1; } void fold(Sample const&, int const&) {}",
       kInput, "fold() and finish() belong together"},
      {"needs_files() not const", kTransform + "bool needs_files();", kPorts,
       "needs_files() must be `bool needs_files() const`"},
      {"explain() not const", kTransform + "Explanation explain(LabelMap const&);", kPorts,
       "explain() must be `Explanation explain(...) const`"},
      {"explain() of other inputs", kTransform + "Explanation explain(MaskSet const&) const;", kPorts,
       "explain() must be `Explanation explain(...) const`"},
      {"explain() of a sink", kSink + "Explanation explain(LabelMap const&) const;", kInput,
       "explain() belongs to a transform"},
      {"list_file() of a string",
       kSink + "std::string list_file() const; std::string list_line(Sample const&) const;", kInput,
       "list_file() belongs to a sink and must be `std::filesystem::path list_file() const`"},
      {"list_file() without list_line()", kSink + "std::filesystem::path list_file() const;", kInput,
       "list_file() and list_line() belong together"},
      {"list_notes() without list_file()",
       kSink + "std::map<std::filesystem::path, std::string> list_notes(Sample const&) const;", kInput,
       "list_notes() belongs to a sink with list_file()"},
      {"decide() without carry_out()", "int decide(LabelMap const&) const { return 1; }", kPorts,
       "decide() and carry_out() belong together"},
      {"carry_out() with other inputs",
       "int decide(LabelMap const&) const; static LabelMap carry_out(int const&, MaskSet const&);",
       kPorts, "carry_out() must take the result of decide() as `Decision const&`"},
      {"carry_out() without the decision",
       "int decide(LabelMap const&) const; static LabelMap carry_out(LabelMap const&);", kPorts,
       "carry_out() must take the result of decide() as `Decision const&`"},
      {"carry_out() not static",
       "int decide(LabelMap const&) const; LabelMap carry_out(int const&, LabelMap const&) const;",
       kPorts, "carry_out() must be static"},
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
      {"option of a struct", kTransform + "Size size;", kPorts + ".option(\"a\", &Stage::size, \"b\")",
       "an option is a bool, a number, a std::string"},
      {"no default constructor", kTransform + "Stage(int) {}", kPorts,
       "a stage must be default-constructible"},
  };
}

// Compiles plugins against headers that it has compiled once.
class Compiler {
 public:
  explicit Compiler(std::string const& standard = "c++20")
      : command_{SEPLFLOW_CXX, "-std=" + standard, "-Wall", "-Wextra", "-Wpedantic", "-Wshadow",
                 "-I" SEPLFLOW_SOURCE_DIR "/include"} {}

  void precompile() {
    std::string const header = folder_.write("headers.hpp", kHeaders).string();
    require_success({"-x", "c++-header", header, "-o", header + ".gch"});
    include_ = {"-include", header};
  }

  ProgramResult compile(Case const& stage) const {
    auto const file = folder_.write(
        "stage.cpp", kHeaders + "using namespace seplflow;\nstruct Stage {\n" + stage.members +
                         "\n};\nSEPLFLOW_PLUGIN(plugin) { plugin.stage<Stage>(\"a.b\", \"c\")" +
                         stage.calls + "; }\n");
    auto command = include_;
    command.insert(command.end(), {"-fsyntax-only", file.string()});
    return run(command);
  }

 private:
  ProgramResult run(std::vector<std::string> const& arguments) const {
    auto command = command_;
    command.insert(command.end(), arguments.begin(), arguments.end());
    return run_program(command);
  }
  void require_success(std::vector<std::string> const& arguments) const {
    auto const result = run(arguments);
    INFO(result.err);
    REQUIRE(result.status == 0);
  }

  inline static std::string const kHeaders = "#include <seplflow/seplflow.hpp>\n#include <array>\n";
  TempFolder folder_;
  std::vector<std::string> command_, include_;
};

}  // namespace

TEST_CASE("a function named like a hook, but with another signature, does not compile",
          "[compiler]") {
  Compiler compiler;
  compiler.precompile();
  for (Case const& stage : wrong_stages()) {
    INFO(stage.what);
    auto const result = compiler.compile(stage);
    CHECK(result.status != 0);
    // The first error is the sentence.
    auto const first = result.err.find("error: ");
    REQUIRE(first != std::string::npos);
    CHECK_THAT(result.err.substr(first, result.err.find('\n', first) - first),
               Contains(stage.sentence));
  }
}

TEST_CASE("a name that is nearly a hook's is warned of", "[compiler]") {
  auto const result = Compiler().compile(
      {"", kTransform + "std::vector<std::filesystem::path> file(Sample const&) const;", kPorts,
       ""});
  CHECK(result.status == 0);
  CHECK_THAT(result.err, Contains("did you mean files()?"));
}

TEST_CASE("an option may be called like a hook, and a right stage compiles without a warning",
          "[compiler]") {
  auto const result = Compiler().compile(
      {"",
       kTransform +
           "Explanation explain(SampleContext const&, LabelMap const&) const { return {}; }"
           "std::size_t count = 3; float file = 0; std::vector<int> check;",
       kPorts + ".option(\"count\", &Stage::count, \"b\")"
                ".option(\"file\", &Stage::file, \"b\")"
                ".option(\"check\", &Stage::check, \"b\")",
       ""});
  CHECK(result.status == 0);
  CHECK(result.err == "");
}

TEST_CASE("an older standard is refused in one sentence", "[compiler]") {
  auto const result = Compiler("c++17").compile({"", kTransform, kPorts, ""});
  CHECK(result.status != 0);
  CHECK_THAT(result.err.substr(0, result.err.find('\n', result.err.find("error"))),
             Contains("seplflow needs C++20"));
}
