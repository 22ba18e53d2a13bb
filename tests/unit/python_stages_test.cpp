// Stages in Python files: what is declared, what crosses to another process and back, and what
// happens when that process fails. The runs of such stages are in cli/python_run_test.cpp.
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <seplflow/detail/warnings.hpp>
#include <seplflow/testing.hpp>

#include "catalog/catalog.hpp"
#include "support/catch.hpp"
#include "support/python.hpp"
#include "support/temp_folder.hpp"

using namespace seplflow;
using seplflow::testing::voc_sample;
namespace fs = std::filesystem;

namespace {

// The stages of one Python file.
class PythonFixture {
 public:
  explicit PythonFixture(std::string const& text, std::string const& first_line = "#!" + python())
      : file_(folder_.write("lab.py", first_line + "\n" + text)), catalog_({file_}) {}

  StageCatalog const& catalog() const { return catalog_; }
  fs::path const& file() const { return file_; }

  StageDeclaration const& declaration(std::string const& name) const {
    auto const* const found = catalog_.find(name).declaration;
    INFO(reasons());
    REQUIRE(found);
    return *found;
  }

  std::string reasons() const {
    std::string text;
    for (auto const& each : catalog_.rejected()) text += each.reason + "\n";
    return text;
  }

  // A stage with some of its options, and what its check says.
  std::unique_ptr<StageInstance> made(std::string const& name,
                                      std::map<std::string, OptionValue> const& options = {},
                                      std::string* problem = nullptr) const {
    auto instance = declaration(name).make();
    for (auto const& [option, value] : options) {
      instance->set_option(*find_option(declaration(name), option), value);
    }
    OptionCheck check({}, {}, {});
    instance->check(check);
    std::string const said = check.problems().empty() ? "" : check.problems()[0].message;
    if (problem) {
      *problem = said;
    } else {
      REQUIRE(said == "");
    }
    return instance;
  }

 private:
  TempFolder folder_;
  fs::path file_;
  StageCatalog catalog_;
};

template <class... T>
std::optional<std::vector<Value>> run_stage(StageInstance& stage, Sample const& sample,
                                            T const*... inputs) {
  void const* const list[] = {inputs...};
  return stage.run(SampleContext(sample, nullptr), list);
}

template <class T, class... Inputs>
T result_of(StageInstance& stage, Inputs const*... inputs) {
  auto const values = run_stage(stage, voc_sample("a"), inputs...);
  REQUIRE(values);
  return *static_cast<T const*>(values->at(0).get());
}

std::string failure_of(StageInstance& stage, LabelMap const& labels) {
  try {
    run_stage(stage, voc_sample("a"), &labels);
  } catch (std::exception const& error) {
    return error.what();
  }
  return "(no failure)";
}

LabelMap const kLabels({2, 3}, {0, 1, 2, 255, 20, 0});

std::string const kImports =
    "import os, signal, time\nimport numpy as np\nfrom typing import *\n"
    "from seplflow.plugin import *\n";

}  // namespace

TEST_CASE("a Python file declares stages by type hints and docstrings", "[python]") {
  PythonFixture const stages(kImports + R"(
import a_module_that_is_not_here
class Net(a_module_that_is_not_here.Module): pass

@transform("lab.vote")
def vote(pseudo: LabelMap, masks: Optional[MaskSet] = None, *, power: Annotated[float, in_range(0, 4)] = 1,
         rule: Literal["most", "all"] = "most", weights: Annotated[Path, existing_file()], tags: List[str] = []
         ) -> Tuple[LabelMap, ScoreMaps]:
    """Let masks vote.

    Each mask has one vote.

    power: exponent of a vote
    """

@observer("lab.area", columns=["share"])
def area(labels: LabelMap) -> float:
    "Measure"
)");
  StageDeclaration const& vote = stages.declaration("lab.vote");
  CHECK(vote.summary == "Let masks vote");
  CHECK(vote.details == "Each mask has one vote.");
  REQUIRE(vote.inputs.size() == 2);
  CHECK(vote.inputs[1].type == "MaskSet");
  CHECK(vote.inputs[1].optional);
  CHECK(vote.inputs[0].fingerprint == detail::port_of<LabelMap>("pseudo").fingerprint);
  REQUIRE(vote.outputs.size() == 2);
  CHECK(vote.outputs[0].name == "labels");
  REQUIRE(vote.options.size() == 7);
  CHECK(vote.options[0].default_value == OptionValue(1.0));
  CHECK(vote.options[0].maximum == 4);
  CHECK(vote.options[0].help == "exponent of a vote");
  CHECK(vote.options[1].choices == std::vector<std::string>{"most", "all"});
  CHECK(vote.options[2].path_kind == PathKind::file);
  CHECK(vote.options[2].required);
  CHECK(vote.options[4].name == "python");
  CHECK(stages.declaration("lab.area").kind == StageKind::observer);
  CHECK(stages.declaration("lab.area").folds);
}

TEST_CASE("an error in the declaration of a Python stage has its file and line", "[python]") {
  PythonFixture const stages(kImports + R"(
@transform("lab.hints")
def hints(a, b: np.ndarray, *, c: dict = {}, timeout: int = 1) -> LabelMap: "x"

@transform("lab.range")
def range_(a: LabelMap, *, c: Annotated[float, at_least(2)] = 1.0, use: int = 1) -> LabelMap: "x"

@sink("lab.silent")
def silent(a: LabelMap): pass

@transform("lab.good")
def good(a: LabelMap) -> LabelMap: "x"
)");
  CHECK(stages.catalog().names() == std::vector<std::string>{"lab.good"});
  CHECK_THAT(stages.reasons(),
             Contains("lab.py:7 (hints): the input \"a\" has no type hint") &&
                 Contains("the input \"b\" is ndarray; inputs are Image, LabelMap") &&
                 Contains("the option \"c\" is dict") &&
                 Contains("option \"timeout\" has a name") &&
                 Contains("lab.py:10 (range_): the default of option \"c\" is outside its range") &&
                 Contains("option \"use\" has a name that every stage uses") &&
                 Contains("lab.py:13 (silent): it has no docstring"));
}

TEST_CASE("a Python file that cannot be read is rejected with the place of the error", "[python]") {
  auto const reason = [](std::string const& text) {
    return PythonFixture(kImports + text).reasons();
  };
  CHECK_THAT(reason("x = 1 +\n"), Contains("lab.py:6: SyntaxError"));
  CHECK_THAT(reason("def f():\n  return 1 / 0\nf()\n"),
             Contains("lab.py:7: ZeroDivisionError: division by zero [lab.py:7 in f: return 1 / 0 "
                      "<- lab.py:8"));
  CHECK_THAT(reason("os._exit(3)\n"), Contains("exit status 3"));
  CHECK_THAT(PythonFixture("import os\n").reasons(), Contains("does not import seplflow.plugin"));
  std::string const import = "from seplflow.plugin import *\n";
  CHECK_THAT(PythonFixture(import, "#!/no/python").reasons(),
             Contains("\"/no/python\" does not exist"));
}

TEST_CASE("a Python file that does not import seplflow.plugin is never run", "[python]") {
  TempFolder const folder;
  std::string const marks = "open(__file__ + '.ran', 'w')\n";
  folder.write("tools.py", marks);
  CHECK(StageCatalog({folder.path()}).rejected().empty());
  folder.write("script.py", "import seplflow\n" + marks);
  StageCatalog const catalog({folder.path()});
  REQUIRE(catalog.rejected().size() == 1);
  CHECK(catalog.rejected()[0].is_other);
  CHECK_FALSE(fs::exists(folder / "script.py.ran"));
}

TEST_CASE("every value crosses to a Python stage and back without a change", "[python]") {
  PythonFixture const stages(kImports + R"(
@transform("lab.image")
def image(x: Image) -> Image:
    "x"
    return np.asfortranarray(x[::-1])[::-1]

@transform("lab.labels")
def labels(x: LabelMap) -> LabelMap:
    "x"
    assert x.dtype == np.uint8 and not x.flags.writeable
    return x[:, ::-1].astype(">i8")[:, ::-1]

@transform("lab.scores")
def scores(x: ScoreMaps) -> ScoreMaps:
    "x"
    return ScoreMaps(x.classes, np.asfortranarray(x.values.astype(x.values.dtype.newbyteorder())), x.method)

@transform("lab.masks")
def masks(x: MaskSet) -> MaskSet:
    "x"
    assert [x.area(i) for i in range(len(x))] == [int(mask.sum()) for mask in x]
    return [{"segmentation": mask, **(x.info(i) or {})} for i, mask in enumerate(x)]

@transform("lab.arrays")
def arrays(x: MaskSet) -> MaskSet:
    "x"
    return np.asfortranarray(np.asarray(x)) if len(x) else MaskSet([], x.size)

@transform("lab.subset")
def subset(x: MaskSet) -> MaskSet:
    "x"
    return x[[2, 0]]

@transform("lab.classes")
def classes(x: ImageLabels, sample: Sample, context: Context) -> ImageLabels:
    "x"
    assert sample.id == "a" and sample.classes[20] == "tvmonitor" and context.sample.id == "a"
    return list(x)[::-1]

@transform("lab.overlaps")
def overlaps(x: OverlapTable) -> ScoreMaps:
    "x"
    numbers = [*x.classes, *x.class_areas, *x.mask_areas, *x.overlaps.ravel(), *x.assigned]
    return ScoreMaps([1], np.array(numbers, float).reshape(1, 1, -1))
)");
  Image const image({2, 3}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 255});
  auto const same = result_of<Image>(*stages.made("lab.image"), &image);
  CHECK(std::ranges::equal(same.rgb(), image.rgb()));
  CHECK(result_of<LabelMap>(*stages.made("lab.labels"), &kLabels) == kLabels);

  auto const scores = stages.made("lab.scores");
  for (Precision const precision : {Precision::half, Precision::single}) {
    auto const some =
        ScoreMaps({1, 3}, {7, 2}, {0.5F, 1, -2, 0.25F, 65504, 0}, precision).made_by("irn");
    auto const returned = result_of<ScoreMaps>(*scores, &some);
    CHECK(returned.precision() == precision);
    CHECK(std::ranges::equal(returned.classes(), some.classes()));
    CHECK(std::ranges::equal(returned.plane(1), some.plane(1)));
    CHECK(returned.method() == "irn");
  }
  ScoreMaps const full({1, 2}, {1}, std::vector<double>{1e-300, 1.0 / 3});
  result_of<ScoreMaps>(*scores, &full).visit_plane(0, [](auto const& plane) {
    CHECK(std::vector<double>(plane.begin(), plane.end()) == std::vector<double>{1e-300, 1.0 / 3});
  });

  using Counts = std::vector<std::uint32_t>;
  MaskInfo const info{0.9, 0.8, {1, 2}, {0, 0, 3, 2}};
  MaskSet const masks({{Mask::from_counts({2, 3}, Counts{0, 1, 4, 1}), info},
                       {Mask({2, 3}), {}},
                       {Mask::from_counts({2, 3}, Counts{0, 6}), {}}});
  for (std::string const name : {"lab.masks", "lab.arrays"}) {
    auto const returned = result_of<MaskSet>(*stages.made(name), &masks);
    REQUIRE(returned.count() == 3);
    for (std::size_t i = 0; i < 3; ++i) CHECK(returned.mask(i) == masks.mask(i));
    if (name == "lab.masks") CHECK(returned.info(0) == info);
  }
  MaskSet const none({}, Size{2, 3});
  CHECK(result_of<MaskSet>(*stages.made("lab.arrays"), &none).size() == Size{2, 3});
  auto const subset = result_of<MaskSet>(*stages.made("lab.subset"), &masks);
  CHECK(subset.mask(0) == masks.mask(2));
  CHECK(subset.info(1) == info);

  Sample const sample = voc_sample("a");
  ImageLabels const present{{1, 5, 20}};
  CHECK(result_of<ImageLabels>(*stages.made("lab.classes"), &present, &sample) == present);

  LabelMap const pseudo({2, 3}, {3, 3, 0, 3, 5, 0});
  OverlapTable const overlaps(pseudo, masks);
  auto const numbers = result_of<ScoreMaps>(*stages.made("lab.overlaps"), &overlaps);
  numbers.visit_plane(0, [](auto const& plane) {
    CHECK(std::vector<double>(plane.begin(), plane.end()) ==
          std::vector<double>{3, 5, 3, 1, 2, 0, 6, 1, 0, 0, 0, 3, 1, 0, -1, 0});
  });
}

TEST_CASE("what a Python stage returns is checked, and the message says what is wanted",
          "[python]") {
  PythonFixture const stages(kImports + R"(
@transform("lab.any")
def any_(x: LabelMap, *, what: str) -> LabelMap:
    "x"
    return eval(what)

@transform("lab.decline")
def decline(x: LabelMap) -> Optional[LabelMap]:
    "x"

@transform("lab.kept")
class Kept:
    "Keeps its inputs"
    def __init__(self): self.before = []
    def __call__(self, x: LabelMap) -> LabelMap:
        self.before.append(x)
        return self.before[0]
)");
  std::pair<char const*, char const*> const cases[] = {
      {"x.astype(float)",
       "lab.py:7 (any_): it returned float64 of 2 x 3 as a LabelMap; expected H x W of int"},
      {"x[0]", "it returned uint8 of 3 as a LabelMap"},
      {"x > 0", "it returned bool of 2 x 3"},
      {"x.astype(int) + 256",
       "it returned a LabelMap with 256 at row 0, column 0; labels are 0..255"},
      {"x * 0 + 21", "lab.py:7 (any_): it returned a label map that holds class 21"},
      {"None", "it returned None; a stage that may decline a sample has the type hint -> Optional"},
      {"object()", "it returned object; expected an array"},
      {"x / y", "lab.py:10: NameError: name 'y' is not defined [<string>:1"},
      {"x.setfield(1, np.uint8)", "read-only"}};
  for (auto const& [what, message] : cases) {
    CAPTURE(what);
    CHECK_THAT(failure_of(*stages.made("lab.any", {{"what", what}}), kLabels), Contains(message));
  }
  Sample other_size = voc_sample("a");
  other_size.size = Size{5, 5};
  CHECK_THROWS_WITH(run_stage(*stages.made("lab.any", {{"what", "x"}}), other_size, &kLabels),
                    Contains("lab.py:7 (any_): it returned a label map of 2x3"));
  CHECK_FALSE(run_stage(*stages.made("lab.decline"), voc_sample("a"), &kLabels));

  auto const kept = stages.made("lab.kept");
  CHECK(result_of<LabelMap>(*kept, &kLabels) == kLabels);
  LabelMap const others({2, 3}, {1, 1, 1, 1, 1, 1});
  CHECK(result_of<LabelMap>(*kept, &others) == kLabels);
  CHECK(result_of<LabelMap>(*kept, &others) == kLabels);
}

TEST_CASE("a Python process that crashes or hangs fails one call and is replaced", "[python]") {
  PythonFixture const stages(kImports + R"(
@transform("lab.any")
def any_(x: LabelMap, *, what: str) -> LabelMap:
    "x"
    return eval(what)

@transform("lab.refuses")
class Refuses:
    "x"
    def __init__(self, *, limit: int = 3):
        if limit < 4:
            raise ValueError("the limit is too low")
    def __call__(self, x: LabelMap) -> LabelMap: return x
)");
  auto const says = [&](char const* what, std::map<std::string, OptionValue> options = {}) {
    options["what"] = what;
    return failure_of(*stages.made("lab.any", options), kLabels);
  };
  CHECK_THAT(says("os.kill(os.getpid(), signal.SIGSEGV)"),
             Contains("the Python process ended with signal 11 (Segmentation fault)") &&
                 Contains("lab.py:10 in any_"));
  CHECK_THAT(says("os._exit(7)"), Contains("the Python process ended with exit status 7"));
  CHECK_THAT(says("os.kill(os.getpid(), signal.SIGKILL)"),
             Contains("signal 9 (Killed); somebody killed it"));
  CHECK_THAT(says("signal.pause()", {{"timeout", 0.2}}),
             Contains("it did not finish within 0.2 seconds") && Contains("lab.py:10 in any_"));
  CHECK_THAT(says("exit(2)"), Contains("SystemExit: 2"));
  CHECK(says("x") == "(no failure)");

  std::string problem;
  stages.made("lab.refuses", {}, &problem);
  CHECK_THAT(problem, Contains("lab.py:17: ValueError: the limit is too low"));
  stages.made("lab.any", {{"what", "x"}, {"python", "/no/python"}}, &problem);
  CHECK_THAT(problem, Contains("the Python interpreter \"/no/python\" does not exist"));
}

TEST_CASE("an interpreter without numpy can describe stages but not run them", "[python]") {
  TempFolder const folder;
  // Without site packages.
  fs::path const bare = folder.write("python", "#!/bin/sh\nexec " + python() + " -S \"$@\"\n");
  fs::permissions(bare, fs::perms::owner_all);
  PythonFixture const stages(kImports +
                                 "@transform('lab.same')\ndef same(x: LabelMap) -> LabelMap:\n"
                                 "    'x'\n    return x\n",
                             "#!" + bare.string());
  std::string problem;
  stages.made("lab.same", {}, &problem);
  CHECK_THAT(problem, Contains("cannot import numpy") && Contains("set the option python"));
  auto const same = stages.made("lab.same", {{"python", python()}});
  CHECK(result_of<LabelMap>(*same, &kLabels) == kLabels);
}

TEST_CASE("observers and sources in Python remember in one process", "[python]") {
  PythonFixture const stages(kImports + R"(
@observer("lab.mean", columns=["labels"], scores={"labels": ""})
def mean(x: LabelMap, context: Context) -> float:
    "x"
    context.count("pixels", x.size)
    context.warn("it is small", "very")
    return len(set(x.ravel())) / 10

@observer("lab.class", columns=["name", "big"])
class Big:
    "x"
    def __init__(self): self.sum = np.zeros(3, int)
    def __call__(self, x: LabelMap): return {"sums": x.sum(0).astype(int), "nan": float("nan")}
    def fold(self, sample, record):
        if sample.id == "kill": os.kill(os.getpid(), signal.SIGKILL)
        assert record["nan"] != record["nan"]
        self.sum += record["sums"]
        return [sample.id, self.sum.max()]
    def finish(self): return Findings({"sum": int(self.sum.sum()), "list": [{"a": 1.5}]}, [Score("Sum", 2, "sum", "pixels")])

@source("lab.stripes")
class Stripes:
    "x"
    def __init__(self, *, count: int = 2): self.count = count
    def __len__(self): return self.count
    def samples(self):
        for i in range(self.count):
            yield Sample(f"s{i}", "voc12", (1, 4), note={"first": i})
    def truth(self, sample: Sample) -> LabelMap:
        return np.full((1, 4), sample.note["first"])
    def image(self, sample: Sample) -> Optional[Image]:
        return None
)");
  Sample const sample = voc_sample("a"), killed = voc_sample("kill");
  struct NoFile final : RunFile {
    void write(std::span<std::uint8_t const>) override {}
    fs::path path() override { return {}; }
    RunFile& beside(fs::path const&) override { return *this; }
  } no_file;
  auto const mean = stages.made("lab.mean");
  Warnings warnings;
  void const* const inputs[] = {&kLabels};
  auto const record = mean->run(SampleContext(sample, nullptr, &warnings), inputs);
  CHECK(warnings.take() == std::vector<Warning>{{"it is small", "very"}});
  CHECK(warnings.take_counts() == std::vector<Count>{{"pixels", 6}});
  auto const loaded = mean->load(*mean->save(record->at(0).get()));
  CHECK(mean->columns() == std::vector<std::string>{"name", "labels"});
  CHECK(mean->fold(sample, loaded.get(), no_file) == Row{"a", 0.5});
  CHECK(mean->finish(no_file).scores.at(0).value == 0.5);

  auto const big = stages.made("lab.class");
  auto const sums = run_stage(*big, sample, &kLabels)->at(0);
  CHECK(big->fold(sample, sums.get(), no_file) == Row{"a", 255});
  CHECK(big->fold(sample, sums.get(), no_file) == Row{"a", 510});
  Findings const found = big->finish(no_file);
  CHECK(std::get<std::int64_t>(found.metrics.entries()[0].second) == 2 * 278);
  CHECK(found.scores.at(0).unit == "pixels");
  CHECK_THROWS(big->fold(killed, sums.get(), no_file));
  CHECK_THROWS_WITH(big->fold(sample, sums.get(), no_file),
                    Contains("what it knew of the samples before"));

  auto const source = stages.made("lab.stripes");
  CHECK(source->count() == 2);
  CHECK(source->next()->id == "s0");
  auto const second = source->next();
  CHECK(second->size == Size{1, 4});
  CHECK(second->classes->count() == 21);
  SampleContext const context(*second, nullptr);
  CHECK(*static_cast<LabelMap const*>(source->produce(1, context).get()) ==
        LabelMap({1, 4}, {1, 1, 1, 1}));
  CHECK_FALSE(source->produce(2, context));
  CHECK_FALSE(source->next());
}
