// Stages that break every rule of the plugin contract: the run names the stage and the reason, and
// goes on or ends as it should. This test also runs with sanitizers.
#include <fstream>
#include <limits>
#include <utility>

#include "base/error_of.hpp"
#include "pipeline/sample_values.hpp"
#include "run/explained_sample.hpp"
#include "run/run.hpp"
#include "support/catch.hpp"
#include "support/temp_folder.hpp"
#include "support/toy_stages.hpp"

using namespace seplflow;

namespace {

constexpr Size kMisusedSize{3, 4};

struct Misuse {
  std::string how;

  bool is(char const* what) const { return how == what; }
  void fail_if(char const* what) const {
    if (how == std::string(what) + " throws") throw Error("no " + std::string(what) + " today");
    if (how == std::string(what) + " throws a number") throw 42;
  }
};

struct WrongSource : Misuse {
  std::int64_t emitted = 0;

  std::optional<Sample> next() {
    fail_if("next");
    if (emitted == 3) return std::nullopt;
    Sample sample;
    sample.id = "s" + std::to_string(emitted++);
    if (is("same id")) sample.id = "s";
    if (is("no id")) sample.id = "";
    if (is("id outside")) sample.id = "../" + sample.id;
    if (is("absolute id")) sample.id = "/" + sample.id;
    if (is("long id")) sample.id += std::string(2000, 'x');
    if (is("id with a zero byte")) sample.id += std::string("\0x", 2);
    if (!is("no classes")) sample.classes = voc12_classes();
    sample.size = kMisusedSize;
    if (is("huge size")) sample.size = Size{1u << 31, 1u << 31};
    if (is("wrong note")) sample.set_note(std::make_shared<double>(1));
    return sample;
  }
  std::uint64_t count() const {
    fail_if("count");
    if (is("count of more")) return std::numeric_limits<std::uint64_t>::max();
    return is("count of less") ? 1 : 3;
  }
  LabelMap labels(Sample const& sample) const {
    fail_if("output");
    if (is("wrong note")) sample.note<std::string>();
    return LabelMap(is("output of another size") ? Size{1, 1} : kMisusedSize);
  }
};

struct WrongTransform : Misuse {
  std::optional<LabelMap> operator()(SampleContext const& context, LabelMap const& labels) const {
    fail_if("call");
    if (is("class")) return LabelMap(kMisusedSize, std::vector<Label>(kMisusedSize.pixels(), 200));
    if (is("size")) return LabelMap(Size{1, 100});
    if (is("no pixels")) return LabelMap(Size{0, 0});
    if (is("writes files")) context.output().write("x", {});
    if (is("warns")) context.warn(std::string("\0\x1b[31m\xff\n", 9), std::string(1 << 16, '\n'));
    if (is("warns of nothing")) context.warn("");
    if (is("counts twice")) {
      context.count("things", std::numeric_limits<std::uint64_t>::max());
      context.count("things", 1);
    }
    if (is("counts too much")) context.count("", std::numeric_limits<std::uint64_t>::max());
    return labels;
  }
  std::vector<std::filesystem::path> files(Sample const&) const {
    fail_if("files");
    if (is("files of no name")) return {""};
    if (is("relative files")) return {"nowhere/at/all"};
    if (is("folder among files")) return {"/"};
    return {};
  }
  void check(OptionCheck& check) const {
    fail_if("check");
    if (is("refuses nothing")) check.refuse("no such option", "");
    if (is("expects nothing")) check.expect_some({"", ""});
    if (is("relies on nothing")) check.relies_on("no such input");
    if (is("reads nowhere")) check.reads("nowhere/at/all");
  }
  Explanation explain(SampleContext const&, LabelMap const& labels) const {
    fail_if("explain");
    Explanation explanation;
    explanation.columns = {"a"};
    Mask const whole = mask_of(labels.runs(), kBackground);
    Explanation::Item item{whole, Label{0}, true, {1}, {}};
    if (is("fact too many")) item.facts.push_back(2);
    if (is("fact too few")) item.facts.clear();
    if (is("label of no class")) item.label = Label{200};
    if (is("region of another size")) {
      item.region = mask_of(LabelMap(Size{1, 1}).runs(), kBackground);
    }
    if (is("limit of no option")) item.limits.push_back({"no such option", 1});
    explanation.items = {{whole, Label{0}, true, {1}, {}}, item};
    if (is("first without region")) explanation.items[0].region.reset();
    if (is("second without region")) explanation.items[1].region.reset();
    if (is("trial of no option")) explanation.trials = {{"no such option", {OptionValue(1.0)}}};
    if (is("trial of another type")) explanation.trials = {{"how", {OptionValue(1.0)}}};
    if (is("trial without values")) explanation.trials = {{"how", {}}};
    if (is("trials of one option")) explanation.trials = {{"how", {how}}, {"how", {how}}};
    return explanation;
  }
};

struct WrongObserver : Misuse {
  using Record = std::string;
  mutable int columns_asked = 0;

  Record operator()(LabelMap const&) const { return std::string("\0\n", 2); }
  std::string save(Record const& record) const {
    fail_if("save");
    return record;
  }
  Record load(std::string_view bytes) const {
    fail_if("load");
    return std::string(bytes);
  }
  std::filesystem::path run_file() const {
    fail_if("run_file");
    return is("file outside") ? "../metrics.json" : is("file is a folder") ? "a/" : "all";
  }
  std::vector<std::string> columns() const {
    fail_if("columns");
    if (is("no columns")) return {};
    if (is("columns of one name")) return {"a", "a"};
    if (is("columns change") && ++columns_asked > 1) return {"a", "b", "c"};
    return {"name", std::string("x\n,\"", 4)};
  }
  Row fold(Sample const& sample, Record const&, RunFile& out) {
    fail_if("fold");
    if (is("long row")) return Row(9, Cell(1));
    if (is("short row")) return {1};
    if (is("file beside outside")) out.beside("../x");
    if (is("file beside itself")) out.beside("all");
    return {sample.id + "\n,\"", std::numeric_limits<double>::quiet_NaN()};
  }
  Findings finish(RunFile&) {
    fail_if("finish");
    Findings findings;
    findings.metrics.set("m", is("metric of nan") ? std::nan("") : 0.5);
    Score score{.name = "m", .value = 0.5, .metric = "m"};
    if (is("score of no metric")) score.metric = "nothing";
    if (is("score without name")) score.name = score.metric = "";
    if (is("score of nan")) score.value = std::nan("");
    if (is("score outside its range")) score.minimum = score.maximum = 7;
    findings.scores = {score};
    if (is("score twice")) findings.scores.push_back(score);
    if (is("summary too wide")) findings.summary = {{"t", {"a"}, {{"1", "2", "3"}, {}}}};
    if (is("summary without columns")) findings.summary = {{"", {}, {{"1"}}}};
    return findings;
  }
};

struct WrongSink : Misuse {
  void operator()(SampleContext const& context, LabelMap const&) const {
    fail_if("call");
    std::string name = context.sample().id;
    if (is("file outside")) name = "../" + name;
    if (is("absolute file")) name = "/tmp/" + name;
    if (is("file of no name")) name = "";
    if (is("file is a folder")) name = "a/";
    if (is("file with a zero byte")) name += std::string("\0x", 2);
    if (is("file of all samples")) name = "same";
    if (is("file is the list")) name = "list";
    context.output().write(name, {});
    if (is("file twice")) context.output().write(name, {});
  }
  std::filesystem::path list_file() const {
    fail_if("list_file");
    return is("list outside") ? "../metrics.json" : "list";
  }
  std::string list_line(Sample const& sample) const {
    fail_if("list_line");
    return sample.id + (is("two lines") ? "\n" : "");
  }
  std::vector<ListNote> list_notes(Sample const&) const {
    fail_if("list_notes");
    if (is("note outside")) return {{"../metrics.json", "x"}};
    if (is("note is the list")) return {{"list", "x"}};
    if (is("note twice")) return {{"note", "x"}, {"note", "x"}};
    return {};
  }
};

StageCatalog const& misused() {
  static StageCatalog const catalog = [] {
    Plugin plugin;
    plugin.stage<WrongSource>("wrong.source", "Emit samples")
        .output("labels", &WrongSource::labels)
        .option("how", &WrongSource::how, "what is wrong");
    plugin.stage<WrongTransform>("wrong.transform", "Pass labels on")
        .inputs("labels")
        .output("labels")
        .option("how", &WrongTransform::how, "what is wrong");
    plugin.stage<WrongObserver>("wrong.observer", "Observe labels")
        .inputs("labels")
        .option("how", &WrongObserver::how, "what is wrong");
    plugin.stage<WrongSink>("wrong.sink", "Write files")
        .inputs("labels")
        .option("how", &WrongSink::how, "what is wrong");
    return StageCatalog({}, plugin.finish().declared);
  }();
  return catalog;
}

Pipeline misused_pipeline(std::string const& stage, std::string const& how) {
  std::string text = "name = \"misuse\"\n";
  for (std::string const each : {"source", "transform", "observer", "sink"}) {
    text += "[stages." + each + "]\nuse = \"wrong." + each + "\"\n";
    if (each == stage) text += "how = \"" + how + "\"\n";
    if (each == "source") continue;
    text += each == "transform" ? "in = \"source.labels\"\n" : "in = \"transform\"\n";
  }
  return parse_pipeline(text, toy::request("misuse.toml", {}, {}, "/"), misused());
}

// What becomes of a run and of the same resumed, and what both say.
std::pair<std::string, std::string> run_misused(std::string const& stage, std::string const& how) {
  TempFolder const folder;
  RunGuest guest;
  std::string said, status = "refused";
  for (bool const resume : {false, true}) {
    auto const error = error_of([&] {
      RunRequest request;
      request.out = folder / "out";
      request.resume = resume;
      request.guest = &guest;
      auto const report = execute(misused_pipeline(stage, how), misused(), request);
      status = to_string(report.status);
    });
    if (error) said += *error + "\n";
  }
  if (std::filesystem::exists(folder / "out/log.txt")) said += read_text(folder / "out/log.txt");
  CHECK_FALSE(std::filesystem::exists(folder / "s0"));
  return {status, said};
}

struct MisuseCase {
  char const *stage, *how, *status, *said;
};

constexpr MisuseCase kMisuses[] = {
    {"source", "same id", "failed", "emitted the sample \"s\" twice"},
    {"source", "no id", "failed", "emitted the sample \"\", whose name is empty"},
    {"source", "id outside", "failed", "leaves its folder"},
    {"source", "absolute id", "failed", "is an absolute path"},
    {"source", "long id", "failed", "is longer than 1000 bytes"},
    {"source", "id with a zero byte", "failed", "a control character"},
    {"source", "no classes", "done", ""},
    {"source", "huge size", "failed", "label map of 3x4"},
    {"source", "wrong note", "failed", "note of the sample has another type"},
    {"source", "output of another size", "failed", "label map of 1x1"},
    {"source", "count of less", "done", "count() announced 1 sample, but it emitted 3"},
    {"source", "count of more", "done", "samples, but it emitted 3"},
    {"transform", "class", "failed", "holds class 200"},
    {"transform", "size", "failed", "label map of 1x100"},
    {"transform", "no pixels", "failed", "the size 0x0"},
    {"transform", "writes files", "failed", "only a sink may write files"},
    {"transform", "warns", "done", "warning: transform: \\x00\\x1b[31m"},
    {"transform", "warns of nothing", "done", "warning: transform"},
    {"transform", "counts twice", "failed", "it counted \"things\" twice"},
    {"transform", "counts too much", "done", ""},
    {"transform", "files of no name", "done", ""},
    {"transform", "relative files", "done", ""},
    {"transform", "folder among files", "done", ""},
    {"transform", "refuses nothing", "refused", "(wrong.transform): "},
    {"transform", "expects nothing", "done", ""},
    {"transform", "relies on nothing", "done", ""},
    {"transform", "reads nowhere", "done", ""},
    {"observer", "file outside", "refused", "leaves its folder"},
    {"observer", "file is a folder", "refused", "an empty part"},
    {"observer", "no columns", "failed", "a row of 2 cells for its 0 columns"},
    {"observer", "columns of one name", "refused", "two columns of the name \"a\""},
    {"observer", "columns change", "done", ""},
    {"observer", "long row", "failed", "a row of 9 cells for its 2 columns"},
    {"observer", "short row", "failed", "a row of 1 cell for its 2 columns"},
    {"observer", "file beside outside", "failed", "leaves its folder"},
    {"observer", "file beside itself", "failed", "is the first file"},
    {"observer", "metric of nan", "done", ""},
    {"observer", "score of no metric", "done", "of the metric \"nothing\", which it"},
    {"observer", "score without name", "done", "which it does not have"},
    {"observer", "score of nan", "done", ""},
    {"observer", "score outside its range", "done", ""},
    {"observer", "score twice", "done", "as another of its scores is"},
    {"observer", "summary too wide", "failed", "a row of 3 cells for 1 column"},
    {"observer", "summary without columns", "failed", "a row of 1 cell for 0 columns"},
    {"observer", "load throws", "done", "needed work: 3 had a record that its stage cannot load"},
    {"sink", "file outside", "failed", "leaves its folder"},
    {"sink", "absolute file", "failed", "is an absolute path"},
    {"sink", "file of no name", "failed", "is empty"},
    {"sink", "file is a folder", "failed", "an empty part"},
    {"sink", "file with a zero byte", "failed", "a control character"},
    {"sink", "file of all samples", "failed", "has already written it"},
    {"sink", "file twice", "failed", "has already written it"},
    {"sink", "file is the list", "failed", "that of the list of the sink"},
    {"sink", "list outside", "refused", "leaves its folder"},
    {"sink", "two lines", "failed", "more than one line"},
    {"sink", "note outside", "failed", "leaves its folder"},
    {"sink", "note is the list", "failed", "is that of the list"},
    {"sink", "note twice", "failed", "two texts for the file \"note\""},
};

// Functions of stages that throw.
constexpr MisuseCase kThrowing[] = {
    {"source", "next", "failed", ""},
    {"source", "count", "refused", ""},
    {"source", "output", "failed", ""},
    {"transform", "call", "failed", ""},
    {"transform", "files", "failed", ""},
    {"transform", "check", "refused", ""},
    {"observer", "save", "failed", ""},
    {"observer", "run_file", "refused", ""},
    {"observer", "columns", "refused", ""},
    {"observer", "fold", "failed", ""},
    {"observer", "finish", "failed", ""},
    {"sink", "call", "failed", ""},
    {"sink", "list_file", "refused", ""},
    {"sink", "list_line", "failed", ""},
    {"sink", "list_notes", "failed", ""},
};

void check_misuse(MisuseCase const& misuse, std::string const& how, std::string const& expected) {
  CAPTURE(misuse.stage, how);
  auto const [status, said] = run_misused(misuse.stage, how);
  CHECK(status == misuse.status);
  CHECK_THAT(said, Contains(expected));
  if (status != "done") CHECK_THAT(said, Contains(std::string("\"") + misuse.stage + "\""));
}

}  // namespace

TEST_CASE("whatever a stage does wrong is said with its name") {
  for (MisuseCase const& misuse : kMisuses) check_misuse(misuse, misuse.how, misuse.said);
  for (MisuseCase const& misuse : kThrowing) {
    std::string const how = misuse.how;
    check_misuse(misuse, how + " throws", "no " + how + " today");
    check_misuse(misuse, how + " throws a number", "not a std::exception");
  }
}

TEST_CASE("whatever is wrong with an explanation or a row is said when one sample is looked at") {
  auto const look = [](std::string const& stage, std::string const& how) {
    Pipeline const pipeline = misused_pipeline(stage, how);
    SampleValues values(pipeline, *pipeline.source().instance->next());
    rows_of(values);
    return explained_stage(values, explainable_stages(pipeline, true).at(0));
  };
  for (char const* const how : {"first without region", "second without region",
                                "label of no class", "limit of no option",
                                "trial without values"}) {
    CHECK(look("transform", how).winners.size() == 2);
  }
  for (auto const& [how, sentence] : std::map<std::string, std::string>{
           {"fact too many", "has 2 facts"},
           {"fact too few", "has 0 facts"},
           {"region of another size", "has regions of different sizes"},
           {"trial of no option", "names the option"},
           {"trial of another type", "has values of another type"},
           {"trials of one option", "has two trials of the option"},
           {"explain throws", "no explain today"},
           {"explain throws a number", "not a std::exception"}}) {
    CHECK_THROWS_WITH(look("transform", how), Contains(sentence) && Contains("wrong.transform"));
  }
  CHECK_THROWS_WITH(look("observer", "long row"), Contains("a row of 9 cells for its 2 columns"));
  CHECK_THROWS_WITH(look("observer", "short row"), Contains("a row of 1 cell for its 2 columns"));
}
