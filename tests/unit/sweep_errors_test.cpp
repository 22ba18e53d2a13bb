// Errors in sweeps, and how they are reported.
#include "support/toy_sweep.hpp"

TEST_CASE("an unknown stage or option of an axis is reported with the nearest") {
  CHECK(complaint(sweep("\"knbs.ratio\" = [0.1]")) ==
        "/p/toy.toml:16:1: error: the pipeline has no stage \"knbs\"; did you mean \"knobs\"?\n"
        "    \"knbs.ratio\" = [0.1]\n"
        "    ^");
  CHECK(complaint(sweep("\"knobs.ratoi\" = [0.1, 0.2]")) ==
        "/p/toy.toml:16:1: error: stage \"knobs\" (toy.knobs) has no option \"ratoi\"; did you "
        "mean \"ratio\"? (number, 0..1, default 0.5)\n"
        "    \"knobs.ratoi\" = [0.1, 0.2]\n"
        "    ^");
  CHECK_THAT(message(sweep("zzz = [{ use = \"toy.next\" }]")),
             Contains("has no stage \"zzz\" (it has \"src\""));
  CHECK_THAT(message(sweep("\"knobs.\" = [1]")), Contains("does not name an option"));
  CHECK_THAT(complaint(kBase, swept({"knbs.ratio=1"})),
             StartsWith("--sweep knbs.ratio=1: error: the pipeline has no stage \"knbs\""));
}

TEST_CASE("an axis without values is refused") {
  CHECK_THAT(complaint(sweep("knobs.ratio = []")),
             StartsWith("/p/toy.toml:16:15: error: the axis \"knobs.ratio\" has no values"));
  CHECK_THAT(message(kBase, swept({"knobs.ratio="})), Contains("has no values"));
  CHECK_THAT(message(kBase, swept({"knobs.ratio= "})), Contains("has no values"));
  CHECK_THAT(message(sweep("knobs = []")), Contains("has no values"));
  CHECK_THAT(message(sweep("knobs.ratio = { from = 0.1, to = 0.5, step = -0.1 }")),
             Contains("must be positive"));
  CHECK_THAT(message(sweep("knobs.ratio = { from = 0.1, to = 0.5, step = 0 }")),
             Contains("step of the range is 0"));
  CHECK_THAT(message(kBase, swept({"knobs.ratio={from=0,to=1,step=0}"})),
             Contains("step of the range is 0"));
}

TEST_CASE("an axis that is written wrongly is shown how to write it") {
  CHECK_THAT(message(sweep("knobs.ratio = 0.5")), Contains("write a list: [0.5]"));
  CHECK_THAT(message(sweep("knobs.text = \"a\"")), Contains("write a list: [\"a\"]"));
  CHECK_THAT(message(sweep("knobs = \"a\"")), Contains("takes a list of tables"));
  CHECK_THAT(message(sweep("knobs.in = { number = \"src.number\" }")),
             Contains("write a list: [{ ... }]"));
  CHECK_THAT(message(sweep("knobs = [\"toy.next\"]")), Contains("takes tables"));
  CHECK_THAT(message(sweep("knobs = { from = 1, to = 2, step = 1 }")), Contains("whole stage"));
  CHECK_THAT(message(sweep("knobs.ratio = { from = 0, to = 1, stp = 1 }")),
             Contains("a range has no \"stp\"; did you mean \"step\"?"));
  CHECK_THAT(message(sweep("knobs.ratio = { from = 0, to = 1 }")),
             Contains("\"step\" of a range must be a number"));
  CHECK(toy::errors(sweep("knobs.ratio = {}"), swept({})).size() == 3);
  CHECK_THAT(message(sweep("knobs.ratio = { from = \"0\", to = 1, step = 1 }")),
             Contains("\"from\" of a range must be a number"));
  CHECK_THAT(message(sweep("knobs.ratio = { from = 0, to = inf, step = 1 }")),
             Contains("\"to\" of a range must be a number"));
  CHECK_THAT(message("sweep = 5\n" + kBase), Contains("must be a table"));
  for (char const* const argument : {"", "=1", "knobs.ratio"}) {
    CHECK_THAT(message(kBase, swept({argument})), Contains("write an axis as stage.option=a,b,c"));
  }
}

TEST_CASE("a range on the command line that is written wrongly is shown how to write it") {
  auto const range = [](std::string const& value) {
    return message(kBase, swept({"knobs.ratio=" + value}));
  };
  std::string const how = "a range is written FROM:TO:STEP, for example knobs.ratio=0.6:0.9:0.1";
  CHECK(range("0.6:0.9") == how);
  CHECK(range("0.6:0.7:0.8:0.9") == how);
  CHECK(range("range(0.2,0.8,0.1)") == how);
  CHECK(range("range(0.2, 0.8)") == how);
  CHECK(message(sweep("knobs.ratio = \"0.6:0.9\"")) == how);
  CHECK_THAT(range("0.9:0.6:0.1"), Contains("must be negative"));
  CHECK_THAT(range("0.6:0.9:-0.1"), Contains("must be positive"));
  CHECK_THAT(range("0.6:0.9:0"), Contains("step of the range is 0"));
  CHECK_THAT(range("0:1:x"), Contains("the string \"0:1:x\""));
  CHECK_THAT(range("\"0:1:1\""), Contains("the string \"0:1:1\""));
  CHECK_THAT(range("0.5,0:1:2"), Contains("the string \"0:1:2\""));
  CHECK_THAT(message(kBase, swept({"knobs.count=1.0:9.0:1.0"})),
             StartsWith("stage \"knobs\"") && Contains("the number 1.0"));
}

TEST_CASE("an axis without its stage is reported with the stages that have such an option") {
  CHECK(complaint(kBase, swept({"ratio=0.1,0.2"})) ==
        "--sweep ratio=0.1,0.2: error: the pipeline has no stage \"ratio\"; did you mean "
        "\"knobs.ratio\" or \"more.ratio\"?\n"
        "    ratio=0.1,0.2\n"
        "    ^");
  CHECK_THAT(message(sweep("samples = [1, 2]")), Contains("did you mean \"src.samples\"?"));
}

TEST_CASE("the options of the run cannot be swept") {
  CHECK_THAT(message(sweep("run.jobs = [1, 2]")),
             Contains("the same for all variants") && Contains("\"run.jobs\""));
  CHECK_THAT(message(kBase, swept({"run.limit=1,2"})), Contains("cannot be varied"));
  CHECK_THAT(message(kBase + "[[variant]]\nname = \"a\"\nset = { \"run.jobs\" = 1 }\n"),
             Contains("cannot be varied"));
}

TEST_CASE("a value that does not fit is reported at its place, with the variants that have it") {
  CHECK(complaint(sweep("knobs.ratio = [0.1, 1.5]\nmore.count = [1, 2, 3]")) ==
        "/p/toy.toml:16:21: error: variant \"knobs.ratio=1.5,more.count=1\" and 2 others: stage "
        "\"knobs\" (toy.knobs): option \"ratio\": expected a number from 0 to 1, got 1.5\n"
        "    knobs.ratio = [0.1, 1.5]\n"
        "                        ^");
  CHECK_THAT(message(sweep("knobs.ratio = [\"a\", 1]")),
             StartsWith("variant \"knobs.ratio=a\": ") && Contains("got the string \"a\""));
  CHECK_THAT(message(sweep("knobs.ratio = [1.5]")), StartsWith("variant \"knobs.ratio=1.5\": "));
  CHECK_THAT(message(sweep("knobs.mood = [\"clam\", \"wild\"]")),
             Contains("did you mean \"calm\"?"));
  auto const shown = complaint(kBase, swept({"knobs.ratio=0.1, 1.5,0.2"}));
  CHECK_THAT(shown, StartsWith("--sweep knobs.ratio=0.1, 1.5,0.2: error: variant"));
  CHECK_THAT(toy::pointed_at(shown), StartsWith("1.5,0.2"));
  CHECK_THAT(toy::pointed_at(complaint(kBase, swept({"knobs={name=\"a\",ratio=2},{name=\"b\"}"}))),
             StartsWith("2},{"));
}

TEST_CASE("an error that all variants have is reported once, without their names") {
  CHECK(complaint(sweep("more.count = [1, 2]\n[stages.knobs2]\nuse = \"toy.nxt\"\n")) ==
        "/p/toy.toml:18:7: error: there is no stage \"toy.nxt\"; did you mean \"toy.next\"?\n"
        "    use = \"toy.nxt\"\n"
        "          ^");
}

TEST_CASE("errors in wires are reported for the variants that have them") {
  CHECK_THAT(complaint(sweep("more.in = [\"knobs\", \"knbs\"]\nmore.count = [1, 2]")),
             StartsWith("/p/toy.toml:16:21: error: variant \"more.in=knbs,more.count=1\" and 1 "
                        "other: stage \"more\" (toy.knobs) reads from the unknown stage \"knbs\""));
}

TEST_CASE("a variant leaves out the stages that it does not use") {
  auto const stages_of = [](Pipeline const& pipeline, std::size_t variant) {
    Names names;
    for (std::size_t const s : pipeline.variants.at(variant).stages) {
      names.push_back(pipeline.stages[s].name);
    }
    return names;
  };
  std::string const text = "tally.in = [\"more\", \"knobs\"]\nsave.in = [\"more\", \"knobs\"]";
  Pipeline const pipeline = parse(sweep(text));
  REQUIRE(pipeline.variants.size() == 4);
  for (std::size_t const uses_all : {0, 1, 2}) {
    CHECK(stages_of(pipeline, uses_all) == Names{"src", "knobs", "more", "tally", "save"});
  }
  CHECK(stages_of(pipeline, 3) == Names{"src", "knobs", "tally", "save"});
  CHECK(resolved_toml(pipeline, 3).find("[stages.more]") == std::string::npos);
  CHECK(resolved_toml(parse(resolved_toml(pipeline))) == resolved_toml(pipeline));
  // One that no variant uses is an error.
  CHECK_THAT(message(sweep("tally.in = [\"src.number\", \"knobs\"]\nsave.in = [\"knobs\"]")),
             StartsWith("stage \"more\" (toy.knobs) is unused"));
}

TEST_CASE("an option that is missing in a table with use is reported at the table") {
  auto const found = toy::errors(
      sweep("knobs = [{ name = \"a\", use = \"toy.needs\" }, { name = \"b\" }]"), swept({}));
  REQUIRE(found.size() == 2);
  CHECK(found[0].place.line == 16);
  CHECK(found[0].place.column == 10);
  CHECK_THAT(found[0].message, StartsWith("variant \"knobs=a\": stage \"knobs\" (toy.needs) needs "
                                          "the option \"dir\""));
}

TEST_CASE("the errors of all variants are reported together, in the order of the file") {
  auto const found = toy::errors(
      sweep("knobs.ratio = [2, 0.5, 3]\nnone.x = [1]\nmore.count = [11]\nrun.jobs = [1]\n"),
      swept({"save.in=nothing"}));
  REQUIRE(found.size() == 6);
  CHECK(found[0].place.line == 16);
  CHECK(found[1].place.line == 16);
  CHECK(found[2].place.line == 17);
  CHECK(found[3].place.line == 18);
  CHECK(found[4].place.line == 19);
  CHECK(found[5].place.source->is_argument());
}

TEST_CASE("an error in an axis causes no second error in its stage") {
  CHECK(
      toy::errors("[stages.x]\nin = \"src.number\"\n[stages.y]\nuse = \"toy.save\"\nin = \"x\"\n" +
                      sweep("x.use = []"),
                  swept({}))
          .size() == 1);
  CHECK(
      toy::errors("[stages.x]\nin = \"src.number\"\n[stages.y]\nuse = \"toy.save\"\nin = \"x\"\n" +
                      sweep("x = [5]"),
                  swept({}))
          .size() == 1);
  CHECK(toy::errors("[stages.x]\nuse = \"toy.needs\"\nin = \"src.number\"\nlist = \"/etc/passwd\"\n"
                    "[stages.y]\nuse = \"toy.save\"\nin = \"x\"\n" +
                        sweep("x.dir = 5"),
                    swept({}))
            .size() == 1);
  CHECK(toy::errors("[stages.x]\nuse = \"toy.next\"\n[stages.y]\nuse = \"toy.save\"\nin = \"x\"\n" +
                        sweep("x.in = []"),
                    swept({}))
            .size() == 1);
}

TEST_CASE("an axis that is defined twice is refused") {
  CHECK_THAT(message(sweep("\"knobs.ratio\" = [0.1]\nknobs.ratio = [0.2]")),
             Contains("\"knobs.ratio\" is defined twice"));
  CHECK_THAT(message(kBase, swept({"knobs.ratio=0.1", "knobs.ratio=0.2"})),
             Contains("is defined twice"));
}

TEST_CASE("values that are given twice, and names that collide, are refused") {
  CHECK_THAT(complaint(sweep("knobs.ratio = [0.1, 0.5, 0.10]")),
             StartsWith("/p/toy.toml:16:26: error: the axis \"knobs.ratio\" has the value \"0.1\" "
                        "twice"));
  CHECK_THAT(message(sweep("knobs.text = [\"a b\", \"a/b\"]")),
             Contains("both be called \"a-b\"") && Contains("value = ..."));
  CHECK_THAT(message(sweep("knobs.text = [\"1,more.text=2\", \"1\"]\n"
                           "more.text = [\"3\", \"2,more.text=3\"]")),
             Contains("two variants have the name \"knobs.text=1,more.text=2,more.text=3\""));
}

TEST_CASE("values that make a difference in some variants may make none in others") {
  // "raw" does not use the knobs, as a method without masks does not depend on faults of the masks.
  std::string const without_sink = kBase.substr(0, kBase.find("[stages.save]"));
  std::string const methods =
      "[sweep]\n\"tally.in\" = [{ name = \"raw\", value = { number = \"src.number\" } },\n"
      "{ name = \"turned\", value = { number = \"more\" } }]\n";
  Pipeline const pipeline = parse(
      without_sink + methods + "\"knobs.ratio\" = [0.1, 0.2]\n" +
      "[[variant]]\nname = \"a\"\n[[variant]]\nname = \"b\"\nset = { \"more.ratio\" = 0.1 }\n");
  REQUIRE(pipeline.variants.size() == 8);
  auto const stages = [&](std::size_t variant) { return pipeline.variants[variant].stages; };
  CHECK(stages(0) == stages(1));
  CHECK(stages(0) == stages(5));
  CHECK(stages(2) != stages(3));
  CHECK(stages(2) != stages(6));
}

TEST_CASE("two variants that are equal are refused by their names") {
  CHECK(complaint(sweep("knobs.path = [\"x\", \"/p/x\"]\nmore.count = [1, 2]")) ==
        "/p/toy.toml:16:20: error: the variants \"knobs.path=x,more.count=1\" and "
        "\"knobs.path=-p-x,more.count=1\" are equal in all stages; remove one of them\n"
        "    knobs.path = [\"x\", \"/p/x\"]\n"
        "                       ^");
  CHECK_THAT(message(kBase + "[[variant]]\nname = \"a\"\n[[variant]]\nname = \"b\"\n"
                             "set = { \"knobs.ratio\" = 0.5 }\n"),
             Contains("\"a\" and \"b\" are equal"));
  CHECK_THAT(
      message(sweep("knobs = [{ name = \"a\", use = \"toy.knobs\", ratio = 0.1 },\n"
                    "{ name = \"b\", use = \"toy.knobs\", ratio = 0.2 }]\n"
                    "\"knobs.ratio\" = [0.5]")),
      Contains("\"knobs.ratio\" is set by an axis of its own and by the axis \"knobs\"; remove "
               "one of them"));
}

TEST_CASE("variants that read different data are refused at the axis") {
  CHECK(complaint(sweep("src.samples = [3, 4]")) ==
        "/p/toy.toml:16:5: error: the variants \"src.samples=3\" and \"src.samples=4\" read "
        "different data, but all variants of a sweep share one data set; run them separately with "
        "--set\n"
        "    src.samples = [3, 4]\n"
        "        ^");
  CHECK(names(sweep("src.samples = [4]\nmore.count = [1, 2]")).size() == 2);
  CHECK_THAT(message(kBase + "[[variant]]\nname = \"a\"\n[[variant]]\nname = \"b\"\n"
                             "set.src.samples = 5\n"),
             Contains("read different data"));
}

TEST_CASE("more than ten thousand variants are counted and refused, unless --yes is given",
          "[arithmetic]") {
  std::string const text = sweep(
      "knobs.factor = { from = 1, to = 101, step = 1 }\n"
      "more.factor = { from = 1, to = 100, step = 1 }\n");
  CHECK_THAT(complaint(text),
             StartsWith("/p/toy.toml:16:7: error: the sweep has 10100 variants, more than 10000; "
                        "pass --yes"));
  auto request = swept({});
  request.any_number_of_variants = true;
  CHECK(parse(text, request).variants.size() == 10'100);
  for (bool const yes : {false, true}) {
    request.any_number_of_variants = yes;
    CHECK_THAT(message(sweep("knobs.factor = { from = 0, to = 1, step = 1e-12 }"), request),
               Contains("has 1000000000001 variants"));
    CHECK_THAT(message(sweep("knobs.factor = { from = 0, to = 1000000000000000000, step = 1 }\n"
                             "more.factor = { from = 0, to = 10, step = 1 }"),
                       request),
               Contains("more than 10^18 variants"));
  }
}

TEST_CASE("a variant needs a name that a folder can have, and a table of what it sets") {
  auto const variant = [](std::string const& lines) {
    return message(kBase + "[[variant]]\n" + lines + "\n");
  };
  CHECK_THAT(variant("set = { \"knobs.ratio\" = 0.1 }"), Contains("has no name"));
  CHECK_THAT(variant("name = \"\""), Contains("a folder is named after the variant"));
  CHECK_THAT(variant("name = \".\""), Contains("a folder is named after the variant"));
  CHECK_THAT(variant("name = \"..\""), Contains("a folder is named after the variant"));
  CHECK_THAT(variant("name = 5"), Contains("expected a string"));
  CHECK_THAT(variant("name = \"" + std::string(256, 'x') + "\""), Contains("has 256"));
  CHECK_THAT(variant("name = \"a\"\nsets = {}"), Contains("did you mean \"set\"?"));
  CHECK_THAT(variant("name = \"a\"\nset = 5"), Contains("must be a table"));
  CHECK_THAT(variant("name = \"a\"\nset = { knobs = 5 }"), Contains("is a stage"));
  CHECK_THAT(variant("name = \"a\"\nset = { \"knbs.x\" = 5 }"),
             Contains("did you mean \"knobs\"?"));
  CHECK_THAT(variant("name = \"a\"\nset = { \"knobs.rato\" = 5 }"),
             StartsWith("variant \"a\": ") && Contains("did you mean \"ratio\"?"));
  CHECK_THAT(variant("name = \"a\"\nset = { \"knobs.ratio\" = 0.1, knobs = { ratio = 0.1 } }"),
             Contains("sets \"knobs.ratio\" twice"));
  CHECK_THAT(
      variant("name = \"a b\"\nset = { \"knobs.ratio\" = 0.1 }\n[[variant]]\nname = \"a/b\""),
      Contains("two variants are called \"a-b\""));
  CHECK_THAT(message("variant = 5\n" + kBase), Contains("[[variant]]"));
  CHECK_THAT(message(sweep("knobs.text = [\"" + std::string(300, 'y') + "\"]")),
             Contains("cannot be longer than 255"));
}

TEST_CASE("an axis, a variant and --set must not contradict each other") {
  std::string const file = sweep("knobs.ratio = [0.1, 0.2]\n");
  CHECK(complaint(file, swept({}, {"knobs.ratio=0.4"})) ==
        "--set knobs.ratio=0.4: error: \"knobs.ratio\" is an axis of the sweep; to give it this "
        "one value, write --sweep knobs.ratio=0.4\n"
        "    knobs.ratio=0.4\n"
        "          ^");
  CHECK(names(file, swept({}, {"knobs.count=4"})).size() == 2);
  std::string const variants = "[[variant]]\nname = \"a\"\nset = { \"knobs.ratio\" = 0.3 }\n";
  CHECK_THAT(complaint(file + variants),
             StartsWith("/p/toy.toml:19:9: error: \"knobs.ratio\" is set by the variant \"a\" and "
                        "by the axis \"knobs.ratio\""));
  CHECK_THAT(message(kBase + variants, swept({"knobs.ratio=1"})), Contains("remove one of them"));
  CHECK_THAT(message(kBase + variants, swept({}, {"knobs.ratio=1"})),
             Contains("the variant \"a\" sets \"knobs.ratio\" too"));
  std::string const swaps =
      sweep("knobs = [{ name = \"a\", use = \"toy.knobs\" }, { name = \"b\", count = 2 }]\n");
  CHECK_THAT(message(swaps, swept({}, {"knobs.ratio=1"})),
             Contains("the axis \"knobs\" sets \"knobs.ratio\" too"));
  CHECK(toy::errors(swaps, swept({}, {"knobs.on_error=skip"})).empty());
  CHECK_THAT(message(swaps + variants), Contains("and by the axis \"knobs\""));
}

TEST_CASE("no stage can have an option called name, which sweeps use") {
  CHECK_THAT(message(kBase + "name = \"x\"\n"), Contains("has no option \"name\""));
  Plugin plugin;
  plugin.stage<toy::Knobs>("test.named", "Has a name")
      .inputs("number")
      .output("number")
      .option("name", &toy::Knobs::text, "its name");
  auto const rejected = plugin.finish().rejected;
  REQUIRE(rejected.size() == 1);
  CHECK_THAT(rejected[0].reason, Contains("\"name\" has a name that every stage uses for itself"));
}

TEST_CASE("the run says which samples it takes and whose files it keeps") {
  auto const run = [](std::string const& lines) {
    return parse(kBase + "[run]\n" + lines + "\n").run;
  };
  CHECK(run("").shard == Shard{0, 1});
  CHECK(run("shard = \"2/3\"").shard == Shard{2, 3});
  CHECK(run("shard = \"0/1\"").shard == Shard{0, 1});
  CHECK_FALSE(run("").keep);
  CHECK(run("keep = \"best\"").keep == Keep::best);
  CHECK(run("keep = \"none\"").keep == Keep::none);
  for (char const* const shard : {"", "3/3", "-1/3", "1", "1/", "/3", "a/b", "1/3x", "0/0", "1 /3",
                                  "0/99999999999999999999"}) {
    CAPTURE(shard);
    CHECK_THAT(complaint(kBase + "[run]\nshard = \"" + shard + "\"\n"),
               StartsWith("/p/toy.toml:16:9: error: [run]: option \"shard\" must be "
                          "\"I/N\"") &&
                   Contains("got \"" + std::string(shard) + "\""));
  }
  CHECK_THAT(message(kBase + "[run]\nkeep = \"bst\"\n"), Contains("did you mean \"best\"?"));
}

TEST_CASE("best_by names a score of an evaluator") {
  std::string const axis = "\n\"knobs.ratio\" = [0.1, 0.2]";
  CHECK_THAT(message(sweep("best_by = \"knobs.ratio\"" + axis)),
             Contains("names the stage \"knobs\", which is not an evaluator of this pipeline"));
  CHECK_THAT(message(sweep("best_by = \"score\"" + axis)),
             Contains("best_by is written EVALUATOR.SCORE, for example best_by = \""));
  CHECK_THAT(message(sweep("best_by = 5" + axis)), Contains("expected a string"));
  CHECK_THAT(message(sweep("best_by = \"tally.count\"")), Contains("has no variants"));
}
