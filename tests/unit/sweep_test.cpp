// Sweeps: the variants, their names, and the stages that they share.
#include "support/toy_sweep.hpp"

// ---- Variants ----

TEST_CASE("a pipeline without a sweep is one variant without a name") {
  for (std::string const& text : {kBase, kBase + "[sweep]\n"}) {
    Pipeline const pipeline = parse(text);
    CHECK_FALSE(pipeline.sweeps());
    CHECK(pipeline.axes.empty());
    REQUIRE(pipeline.variants.size() == 1);
    CHECK(pipeline.variants[0].stages == std::vector<std::size_t>{0, 1, 2, 3, 4});
    for (PipelineStage const& each : pipeline.stages) CHECK(pipeline.serves_all(each));
  }
}

TEST_CASE("an axis is a variant for each of its values") {
  Pipeline const pipeline = parse(sweep("\"knobs.ratio\" = [0.25, 0.5, 1]"));
  CHECK(pipeline.sweeps());
  CHECK(names(pipeline) == Names{"knobs.ratio=0.25", "knobs.ratio=0.5", "knobs.ratio=1"});
  CHECK(knob<double>(pipeline, "ratio") == std::vector{0.25, 0.5, 1.0});
  REQUIRE(pipeline.axes.size() == 1);
  CHECK(pipeline.axes[0].key == "knobs.ratio");
  CHECK(pipeline.axes[0].values == Names{"0.25", "0.5", "1"});
}

TEST_CASE("axes form a product in the order of the file, and the last axis changes fastest") {
  Names const expected = {"more.count=1,knobs.ratio=0.1", "more.count=1,knobs.ratio=0.2",
                          "more.count=2,knobs.ratio=0.1", "more.count=2,knobs.ratio=0.2"};
  CHECK(names(sweep("\"more.count\" = [1, 2]\n\"knobs.ratio\" = [0.1, 0.2]")) == expected);
  CHECK(names(sweep("more.count = [1, 2]\nknobs.ratio = [0.1, 0.2]")) == expected);
  CHECK(names(sweep("more = { count = [1, 2] }\n\"knobs.ratio\" = [0.1, 0.2]")) == expected);
  CHECK(names("[sweep.more]\ncount = [1, 2]\n[sweep.knobs]\nratio = [0.1, 0.2]\n" + kBase) ==
        expected);
  auto const pipeline = parse(sweep("more.count = [1, 2]\nknobs.ratio = [0.1, 0.2]\n"));
  CHECK(pipeline.variants[2].values == std::vector<std::size_t>{1, 0});
}

TEST_CASE("axes keep the order of the file even if other axes stand between those of a stage") {
  CHECK(names(sweep("knobs.ratio = [0.1]\nmore.count = [1]\nknobs.count = [2]")) ==
        Names{"knobs.ratio=0.1,more.count=1,knobs.count=2"});
}

TEST_CASE("a range is exact decimal arithmetic") {
  Pipeline const pipeline = parse(sweep("\"knobs.ratio\" = { from = 0.6, to = 0.9, step = 0.05 }"));
  CHECK(knob<double>(pipeline, "ratio") == std::vector{0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9});
  CHECK(pipeline.axes[0].values == Names{"0.6", "0.65", "0.7", "0.75", "0.8", "0.85", "0.9"});
  CHECK(pipeline.variants.back().name == "knobs.ratio=0.9");
}

TEST_CASE("a range of integers fits an option that takes integers") {
  CHECK(knob<std::int64_t>(parse(sweep("knobs.count = { from = 9, to = 1, step = -4 }")),
                           "count") == std::vector<std::int64_t>{9, 5, 1});
  CHECK(knob<double>(parse(sweep("knobs.ratio = { from = 0, to = 1, step = 1 }")), "ratio") ==
        std::vector{0.0, 1.0});
}

TEST_CASE("a range that does not fit its option is one error") {
  CHECK_THAT(complaint(sweep("knobs.count = { from = 1.0, to = 9.0, step = 1.0 }")),
             StartsWith("/p/toy.toml:16:15: error: stage \"knobs\" (toy.knobs): option \"count\": "
                        "expected an integer from 0 to 10, got the number 1.0"));
  CHECK_THAT(message(sweep("knobs.ratio = { from = 0.8, to = 1.2, step = 0.1 }")),
             StartsWith("variant \"knobs.ratio=1.1\" and 1 other: ") && Contains("got 1.1"));
}

TEST_CASE("values of every type have a readable name that a folder can have") {
  CHECK(names(sweep("knobs.flag = [true, false]")) == Names{"knobs.flag=true", "knobs.flag=false"});
  CHECK(names(sweep("knobs.factor = [1e-5, 0.30, -2]")) ==
        Names{"knobs.factor=1e-05", "knobs.factor=0.3", "knobs.factor=-2"});
  CHECK(names(sweep("knobs.numbers = [[1, 2.5], [], 3]")) ==
        Names{"knobs.numbers=1-2.5", "knobs.numbers=", "knobs.numbers=3"});
  Pipeline const words = parse(sweep("knobs.text = [\"a b/c\", \"ü\", \"${E}\"]"));
  CHECK(names(words) == Names{"knobs.text=a-b-c", "knobs.text=-", "knobs.text=--E-"});
  CHECK(words.axes[0].values == Names{"a b/c", "ü", "${E}"});
  CHECK(knob<std::string>(words, "text") == Names{"a b/c", "ü", "env"});
}

TEST_CASE("a value may be given a name") {
  Pipeline const pipeline =
      parse(sweep("knobs.text = [{ name = \"one\", value = \"a/very/long/text\" }, \"two\"]"));
  CHECK(names(pipeline) == Names{"knobs.text=one", "knobs.text=two"});
  CHECK(pipeline.axes[0].values == Names{"one", "two"});
  CHECK(knob<std::string>(pipeline, "text") == Names{"a/very/long/text", "two"});
  CHECK_THAT(message(sweep("knobs.text = [{ nam = \"one\", value = \"a\" }]")),
             Contains("has no \"nam\""));
}

TEST_CASE("a variant sets several options at once, and its name comes before the axes") {
  std::string const variants =
      "[[variant]]\nname = \"calm\"\nset = { \"knobs.mood\" = \"calm\", \"more.ratio\" = 0.1 }\n"
      "[[variant]]\nname = \"wild one\"\nset.knobs.mood = \"wild\"\nset.more.ratio = 0.2\n"
      "[[variant]]\nname = \"plain\"\n";
  Pipeline const alone = parse(kBase + variants);
  CHECK(names(alone) == Names{"calm", "wild-one", "plain"});
  CHECK(alone.axes.empty());
  CHECK(alone.variants[0].values.empty());
  CHECK(knob<std::string>(alone, "mood") == Names{"calm", "wild", "calm"});
  CHECK(option(alone, 1, "more", "ratio") == OptionValue(0.2));
  CHECK(option(alone, 2, "more", "ratio") == OptionValue(0.5));

  Pipeline const both = parse(sweep("knobs.count = [1, 2]\n") + variants);
  CHECK(names(both) == Names{"calm,knobs.count=1", "calm,knobs.count=2", "wild-one,knobs.count=1",
                             "wild-one,knobs.count=2", "plain,knobs.count=1",
                             "plain,knobs.count=2"});
  CHECK(knob<std::string>(both, "mood") == Names{"calm", "calm", "wild", "wild", "calm", "calm"});
}

// ---- Whole stages ----

TEST_CASE("an axis may replace a whole stage") {
  Pipeline const pipeline =
      parse(sweep("knobs = [{ name = \"next\", use = \"toy.next\" },\n"
                  "  { name = \"k\", use = \"toy.knobs\", ratio = 0.25, on_error = \"skip\" },\n"
                  "  { name = \"as it is\" }]"));
  CHECK(names(pipeline) == Names{"knobs=next", "knobs=k", "knobs=as-it-is"});
  CHECK(pipeline.axes[0].values == Names{"next", "k", "as it is"});
  CHECK(stage(pipeline, 0, "knobs").declaration->name == "toy.next");
  CHECK(option(pipeline, 1, "knobs", "ratio") == OptionValue(0.25));
  CHECK(stage(pipeline, 1, "knobs").on_error == OnError::skip);
  CHECK(option(pipeline, 2, "knobs", "ratio") == OptionValue(0.5));
  CHECK(stage(pipeline, 2, "knobs").inputs[0]->output == 1);
}

TEST_CASE("a table with use replaces the settings of the stage but in and on_error") {
  Pipeline const pipeline = parse(
      "[stages.a]\nuse = \"toy.knobs\"\nin = \"src.number\"\nratio = 0.1\ncount = 3\n"
      "on_error = \"skip\"\n[stages.b]\nuse = \"toy.save\"\nin = \"a\"\n" +
      sweep("a = [{ use = \"toy.knobs\", count = 1 }, { count = 2 },\n"
            " { use = \"toy.knobs\", count = 4, in = \"knobs\", on_error = \"stop\" }]"));
  auto const values = [&](std::string_view name) {
    std::vector<OptionValue> all;
    for (std::size_t i = 0; i < 3; ++i) all.push_back(*option(pipeline, i, "a", name));
    return all;
  };
  CHECK(values("count") ==
        std::vector<OptionValue>{std::int64_t{1}, std::int64_t{2}, std::int64_t{4}});
  CHECK(values("ratio") == std::vector<OptionValue>{0.5, 0.1, 0.5});
  CHECK(stage(pipeline, 0, "a").on_error == OnError::skip);
  CHECK(stage(pipeline, 2, "a").on_error == OnError::stop);
  CHECK(pipeline.stages[stage(pipeline, 0, "a").inputs[0]->stage].name == "src");
  CHECK(pipeline.stages[stage(pipeline, 2, "a").inputs[0]->stage].name == "knobs");
  CHECK(names(pipeline) == Names{"a=toy.knobs-1", "a=2", "a=toy.knobs-4-knobs-stop"});
}

TEST_CASE("tables without a name are named after the values in which they differ") {
  CHECK(names(sweep("knobs = [{ use = \"toy.knobs\", text = \"a\", words = [\"x\"] },\n"
                    "{ use = \"toy.knobs\", text = \"b\", words = [\"y\"] }]")) ==
        Names{"knobs=a", "knobs=b"});
  CHECK(names(sweep("knobs = [{ use = \"toy.knobs\", ratio = 0.1, count = 3 },\n"
                    "{ use = \"toy.next\" }]")) ==
        Names{"knobs=toy.knobs-0.1-3", "knobs=toy.next"});
  CHECK_THAT(message(sweep("knobs = [{ use = \"toy.knobs\", words = [\"x\"] },\n"
                           "{ use = \"toy.knobs\", words = [\"y\"] }]")),
             Contains("give each a name"));
  CHECK_THAT(message(sweep("knobs = [{ words = [\"x\"] }]")), Contains("give each a name"));
  CHECK_THAT(message(sweep("knobs = [{ text = \"a\", words = [\"x\"] }, { text = \"b\" },\n"
                           "{ text = \"a\", words = [\"y\"] }]")),
             Contains("both be called \"a\"") && Contains("give each a name"));
}

TEST_CASE("a single table without a name is named after all its values") {
  CHECK(names(kBase, swept({"knobs={use=\"toy.knobs\",ratio=0.25}"})) ==
        Names{"knobs=toy.knobs-0.25"});
}

TEST_CASE("axes over whole stages apply before those over options") {
  Pipeline const pipeline =
      parse(sweep("\"knobs.ratio\" = [0.1, 0.2]\n"
                  "knobs = [{ name = \"a\", use = \"toy.knobs\", count = 1 },\n"
                  "         { name = \"b\", use = \"toy.knobs\", count = 2 }]"));
  CHECK(names(pipeline).at(1) == "knobs.ratio=0.1,knobs=b");
  CHECK(knob<double>(pipeline, "ratio") == std::vector{0.1, 0.1, 0.2, 0.2});
  CHECK(knob<std::int64_t>(pipeline, "count") == std::vector<std::int64_t>{1, 2, 1, 2});
}

TEST_CASE("a variant may replace a stage, even one that has no use of its own") {
  std::string const text =
      "[stages.x]\nin = \"src.number\"\n[stages.out]\nuse = \"toy.save\"\nin = \"x\"\n" + kBase +
      "[[variant]]\nname = \"a\"\nset.x = { use = \"toy.next\" }\n"
      "[[variant]]\nname = \"b\"\nset = { x = { use = \"toy.knobs\", name = \"n\", ratio = 0.1 } "
      "}\n";
  Pipeline const pipeline = parse(text);
  CHECK(stage(pipeline, 0, "x").declaration->name == "toy.next");
  CHECK(option(pipeline, 1, "x", "ratio") == OptionValue(0.1));
}

TEST_CASE("a sweep can vary use, in and on_error") {
  Pipeline const pipeline =
      parse(sweep("knobs.use = [\"toy.next\", \"toy.knobs\"]\n"
                  "tally.in = [\"more\", \"knobs\"]\n"
                  "save.on_error = [\"stop\", \"skip\"]"));
  CHECK(pipeline.variants.size() == 8);
  CHECK(pipeline.variants[7].name == "knobs.use=toy.knobs,tally.in=knobs,save.on_error=skip");
  CHECK(stage(pipeline, 7, "save").on_error == OnError::skip);
}

// ---- The command line ----

TEST_CASE("the flag --sweep adds an axis after those of the file, or replaces one of them") {
  std::string const file = sweep("knobs.ratio = [0.1, 0.2]\nmore.count = [1]");
  CHECK(names(file, swept({"knobs.count=3,4"})).at(1) ==
        "knobs.ratio=0.1,more.count=1,knobs.count=4");
  CHECK(names(file, swept({"knobs.ratio=0.4"})) == Names{"knobs.ratio=0.4,more.count=1"});
  CHECK(names(sweep("knobs.ratio = 5\n"), swept({"knobs.ratio=0.4"})) == Names{"knobs.ratio=0.4"});
  CHECK(names(kBase, swept({"more.count=1,2", "knobs.count=3"})) ==
        Names{"more.count=1,knobs.count=3", "more.count=2,knobs.count=3"});
}

TEST_CASE("the flag --sweep splits on commas outside quotes and brackets") {
  auto const texts = [](std::string const& values) {
    return knob<std::string>(parse(kBase, swept({"knobs.text=" + values})), "text");
  };
  CHECK(texts("a,b") == Names{"a", "b"});
  CHECK(texts("a, b ,c") == Names{"a", "b", "c"});
  CHECK(texts("\"a,b\",c") == Names{"a,b", "c"});
  CHECK(texts("'a,b',\"c\\\",d\"") == Names{"a,b", "c\",d"});
  CHECK(texts("it's,so") == Names{"it's", "so"});
  CHECK(texts("f(1),{1,2},[3,4],5") == Names{"f(1)", "{1,2}", "[3,4]", "5"});
  CHECK(texts("a,") == Names{"a", ""});
  Pipeline const lists = parse(kBase, swept({"knobs.numbers=[1,2],[3],4"}));
  CHECK(knob<std::vector<double>>(lists, "numbers") ==
        std::vector<std::vector<double>>{{1, 2}, {3}, {4}});
  CHECK(names(lists) == Names{"knobs.numbers=1-2", "knobs.numbers=3", "knobs.numbers=4"});
}

TEST_CASE("the flag --sweep takes ranges and tables as a file does") {
  CHECK(knob<double>(parse(kBase, swept({"knobs.ratio={from=0.6,to=0.8,step=0.1}"})), "ratio") ==
        std::vector{0.6, 0.7, 0.8});
  Pipeline const pipeline =
      parse(kBase, swept({"knobs={use=\"toy.knobs\",path=\"a\"},{use=\"toy.knobs\",path=\"b\"}"}));
  CHECK(names(pipeline) == Names{"knobs=a", "knobs=b"});
  CHECK(knob<std::string>(pipeline, "path") == Names{"/w/a", "/w/b"});
  CHECK(names(kBase, swept({"tally.in={number=\"knobs\"},\"more\""})) ==
        Names{"tally.in=knobs", "tally.in=more"});
}

TEST_CASE("three numbers with colons are a range, which needs no quotes in a shell") {
  Pipeline const pipeline = parse(kBase, swept({"knobs.ratio=0.6:0.9:0.05"}));
  CHECK(knob<double>(pipeline, "ratio") == std::vector{0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9});
  CHECK(names(pipeline) == names(kBase, swept({"knobs.ratio={from=0.6,to=0.9,step=0.05}"})));
  auto const factors = [](std::string const& range) {
    return knob<double>(parse(kBase, swept({"knobs.factor=" + range})), "factor");
  };
  CHECK(factors("0:1:0.5") == std::vector{0.0, 0.5, 1.0});
  CHECK(factors("0.2:-0.2:-0.2") == std::vector{0.2, 0.0, -0.2});
  CHECK(factors("1e-5:2e-5:5e-6") == std::vector{1e-5, 1.5e-5, 2e-5});
  auto const counts = [](std::string const& range) {
    return knob<std::int64_t>(parse(kBase, swept({"knobs.count=" + range})), "count");
  };
  CHECK(counts("9:1:-4") == std::vector<std::int64_t>{9, 5, 1});
  CHECK(counts("10:20:30") == std::vector<std::int64_t>{10});  // in TOML alone, a time of day
  CHECK(names(kBase, swept({"knobs.numbers=1:3:1"})) ==
        Names{"knobs.numbers=1", "knobs.numbers=2", "knobs.numbers=3"});
  CHECK(knob<double>(parse(sweep("knobs.ratio = \"0.6:0.8:0.1\"")), "ratio") ==
        std::vector{0.6, 0.7, 0.8});
}

TEST_CASE("three numbers with colons are a text where the option takes texts") {
  auto const texts = [](std::string const& option, std::string const& values) {
    return names(kBase, swept({"knobs." + option + "=" + values}));
  };
  Pipeline const pipeline = parse(kBase, swept({"knobs.text=1:2:3,10:20:30"}));
  CHECK(knob<std::string>(pipeline, "text") == Names{"1:2:3", "10:20:30"});
  CHECK(texts("text", "range(1)") == Names{"knobs.text=range-1-"});
  CHECK(texts("path", "1:2:3") == Names{"knobs.path=1-2-3"});
  CHECK(texts("words", "1:2:3") == Names{"knobs.words=1-2-3"});
}

TEST_CASE("paths of the file are relative to it, those of --sweep to the working folder") {
  Pipeline const pipeline = parse(sweep("knobs.path = [\"a\", \"/b\"]"), swept({"more.path=c"}));
  CHECK(knob<std::string>(pipeline, "path") == Names{"/p/a", "/b"});
  CHECK(option(pipeline, 0, "more", "path") == OptionValue("/w/c"));
}

// ---- Shared stages ----

TEST_CASE("stages that are equal in use, options and inputs are one") {
  Pipeline const pipeline = parse(sweep("more.ratio = [0.1, 0.2]\nsave.on_error = [\"skip\"]"));
  CHECK(pipeline.stages.size() == 8);  // src, knobs; two of more, tally, save
  for (PipelineStage const& each : pipeline.stages) {
    bool const shared = each.name == "src" || each.name == "knobs";
    CHECK(pipeline.serves_all(each) == shared);
    CHECK(each.variants.size() == (shared ? 2 : 1));
    for (auto const& input : each.inputs) {
      if (input) CHECK(&pipeline.stages[input->stage] < &each);
    }
  }
  CHECK(pipeline.variants[0].stages != pipeline.variants[1].stages);
}

TEST_CASE("a stage that reads from a shared stage is shared too, whatever else differs") {
  Pipeline const pipeline = parse(sweep("save.on_error = [\"skip\", \"stop\"]"));
  CHECK(pipeline.stages.size() == 6);
  CHECK(stage(pipeline, 0, "tally").variants == std::vector<std::size_t>{0, 1});
}

TEST_CASE("stages whose values turn out equal are shared, however the values were set") {
  std::string const text = kBase +
                           "[[variant]]\nname = \"a\"\nset = { \"knobs.path\" = \"x\" }\n"
                           "[[variant]]\nname = \"b\"\n"
                           "set = { \"knobs.path\" = \"/p/./x\", \"more.ratio\" = 0.1 }\n"
                           "[[variant]]\nname = \"c\"\n"
                           "set = { knobs = { use = \"toy.knobs\", path = \"../p/x\" }, "
                           "\"more.ratio\" = 0.2 }\n";
  Pipeline const pipeline = parse(text);
  CHECK(pipeline.stages.size() == 2 + 3 * 3);
  CHECK(stage(pipeline, 2, "knobs").variants == std::vector<std::size_t>{0, 1, 2});
}

TEST_CASE("a shared stage computes every output that any variant reads") {
  Pipeline const pipeline = parse(
      "[stages.src]\nuse = \"toy.source\"\n"
      "[stages.join]\nuse = \"toy.join\"\nin = { left = \"src.number\", right = \"src.number\" }\n"
      "[stages.knobs]\nuse = \"toy.knobs\"\nin = \"join\"\n"
      "[stages.save]\nuse = \"toy.save\"\nin = \"knobs\"\n"
      "[sweep]\nknobs.in = [\"join\", \"src.number\"]\n" +
      std::string("[stages.other]\nuse = \"toy.save\"\nin = \"join\"\n"));
  PipelineStage const& source = pipeline.source();
  CHECK(source.wanted == std::vector<bool>{false, true, false});
  CHECK(pipeline.serves_all(source));
}

TEST_CASE("equal stages with different names stay separate in every variant") {
  Pipeline const pipeline =
      parse(kBase +
            "[stages.twin]\nuse = \"toy.knobs\"\nin = \"src.number\"\n"
            "[stages.last]\nuse = \"toy.save\"\nin = \"twin\"\n[sweep]\nmore.ratio = [0, 1]\n");
  CHECK(pipeline.stages.size() == 4 + 3 * 2);
  CHECK(pipeline.variants[0].stages.size() == 7);
}

TEST_CASE("a stage is created and checked once for all variants that share it") {
  static int made = 0;
  std::vector<StageDeclaration> declarations = toy::declarations();
  struct Counting final : StageFactory {
    explicit Counting(std::shared_ptr<StageFactory const> other) : wrapped(std::move(other)) {}
    std::unique_ptr<StageInstance> make() const override {
      ++made;
      return wrapped->make();
    }
    std::shared_ptr<StageFactory const> wrapped;
  };
  for (StageDeclaration& each : declarations) {
    each.factory = std::make_shared<Counting>(each.factory);
  }
  StageCatalog const catalog({}, std::move(declarations));
  made = 0;
  Pipeline const pipeline =
      parse_pipeline(sweep("save.on_error = [\"skip\", \"stop\"]\nmore.count = [1, 2, 3]"),
                     toy::request(), catalog);
  CHECK(pipeline.variants.size() == 6);
  CHECK(pipeline.stages.size() == 2 + 3 + 3 + 6);
  CHECK(made == 14);
}

TEST_CASE("thousands of variants share the stages that they have in common",
          "[arithmetic]") {
  Pipeline const pipeline =
      parse(sweep("knobs.factor = { from = 1, to = 100, step = 1 }\n"
                  "more.factor = { from = 0.01, to = 1, step = 0.01 }"));
  CHECK(pipeline.variants.size() == 10'000);
  CHECK(pipeline.stages.size() == 1 + 100 + 3 * 10'000);
}
