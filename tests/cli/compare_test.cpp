// seplflow compare: runs side by side.
#include "support/compared_runs.hpp"

TEST_CASE("compare shows the runs and the options in which they differ") {
  Pair const runs;
  auto const result = runs.compare();
  CHECK(result.err.empty());
  CHECK(result.status == 0);
  CHECK_THAT(result.out, StartsWith("A = a (done)\nB = b (done)\n\n"
                                    "What differs in the options:\n"
                                    "               A     B\n"
                                    "  select.t1  0.5  0.25\n\n"));
  CHECK_THAT(result.out, !Contains("What differs in the program"));
}

TEST_CASE("compare shows an option for all runs, even if only one has it") {
  Pair const runs;
  REQUIRE(runs.run("c", {"--set", "run.limit=5", "--set", "select.overlap=support"}).status == 0);
  std::string const title = "What differs in the options:";
  auto const out = runs.compare({"a", "b", "c"}).out;
  CHECK(row(out, title, "select.t1") == std::vector<std::string>{"0.5", "0.25", "0.5"});
  CHECK(row(out, title, "run.limit") == std::vector<std::string>{"-", "-", "5"});
  CHECK(row(out, title, "select.overlap") ==
        std::vector<std::string>{"\"last\"", "\"last\"", "\"support\""});
  CHECK(runs.compare_json({"c", "a"})["options"] ==
        Json({{{"name", "select.overlap"}, {"values", {"\"support\"", "\"last\""}}},
              {{"name", "run.limit"}, {"values", {"5", nullptr}}}}));
}

TEST_CASE("comparing a run with itself finds no difference") {
  Pair const runs;
  auto const result = runs.compare({"a", "a/"});
  CHECK(result.status == 0);
  CHECK_THAT(result.out, Contains("What differs in the options: nothing\n"));
  CHECK_THAT(result.out,
             Contains("12 images: 0 improved, 0 harmed, 12 equal; mean difference 0.00"));
  CHECK_THAT(result.out, !Contains("most improved") && !Contains("most harmed"));
}

TEST_CASE("compare shows the metrics side by side") {
  Pair const runs;
  Json const a = json_in(runs.folder / "a/metrics.json")["score"];
  Json const b = json_in(runs.folder / "b/metrics.json")["score"];
  REQUIRE(a["miou"] != b["miou"]);
  std::string const out = runs.compare().out;
  CHECK(row(out, "score", "images") == std::vector<std::string>{"12", "12", "0"});
  for (std::string const name : {"miou", "precision", "recall"}) {
    CHECK(row(out, "score", name) == cells(a[name], b[name]));
    CHECK(row(out, "score", "gain." + name) == cells(a["gain"][name], b["gain"][name]));
    CHECK(row(out, "score", "image_mean." + name) ==
          cells(a["image_mean"][name], b["image_mean"][name]));
    CHECK(row(out, "score", "baseline." + name) == cells(a["baseline"][name], b["baseline"][name]));
  }
  Json const metrics = runs.compare_json()["evaluators"][0]["metrics"];
  for (Json const& each : metrics) {
    std::string pointer = "/" + each["name"].get<std::string>();
    std::ranges::replace(pointer, '.', '/');
    Json const before = a.at(Json::json_pointer(pointer));
    Json const after = b.at(Json::json_pointer(pointer));
    CHECK(each["values"] == Json({before, after}));
    CHECK(each["differences"] == Json({after.get<double>() - before.get<double>()}));
  }
  CHECK(metrics.size() == 17);
}

TEST_CASE("compare shows the IoU of every class, by id") {
  Pair const runs;
  Json const a = json_in(runs.folder / "a/metrics.json")["score"]["classes"];
  Json const b = json_in(runs.folder / "b/metrics.json")["score"]["classes"];
  auto const lines = lines_of(runs.compare().out);
  auto at = std::ranges::find(lines, "score: iou of classes, percent");
  REQUIRE(lines.end() - at > 23);
  ++at;
  for (std::size_t k = 0; k < 21; ++k) {
    std::string const line = *++at;
    CAPTURE(line);
    std::string const name = std::to_string(k) + " " + a[k]["name"].get<std::string>();
    if (a[k]["iou"].is_null()) {
      CHECK(row(line, "", name) == std::vector<std::string>{"-", "-", "-"});
    } else {
      CHECK(row(line, "", name) == cells(a[k]["iou"], b[k]["iou"]));
    }
  }
  CHECK(*++at == "");
  Json const classes = runs.compare_json()["evaluators"][0]["classes"];
  REQUIRE(classes.size() == 2);
  CHECK(classes[0]["list"] == "classes");
  CHECK(classes[0]["number"] == "iou");
  CHECK(classes[1]["list"] == "baseline.classes");
  REQUIRE(classes[0]["classes"].size() == 21);
  for (std::size_t k = 0; k < 21; ++k) {
    CHECK(classes[0]["classes"][k]["id"] == k);
    CHECK(classes[0]["classes"][k]["values"] == Json({a[k]["iou"], b[k]["iou"]}));
  }
}

TEST_CASE("a class that only one run has is listed among the others") {
  Pair const runs;
  runs.change_json("b/metrics.json", [](Json& metrics) {
    Json& classes = metrics["score"]["classes"];
    classes.erase(0);
    classes.push_back({{"id", 99}, {"name", "unicorn"}, {"iou", 0.5}});
    classes.insert(classes.begin(), Json({{"id", 5}, {"name", "vase"}, {"iou", 0.25}}));
  });
  Json const classes = runs.compare_json()["evaluators"][0]["classes"][0]["classes"];
  REQUIRE(classes.size() == 23);
  CHECK(classes[0]["values"][1] == nullptr);
  CHECK(classes[0]["differences"] == Json({nullptr}));
  CHECK(classes[5]["name"] == "bottle");
  CHECK(classes[6]["name"] == "vase");
  CHECK(classes[6]["values"] == Json({nullptr, 0.25}));
  CHECK(classes[22]["name"] == "unicorn");
  CHECK(row(runs.compare().out, "score: iou", "5 vase") ==
        std::vector<std::string>{"-", "25.00", "-"});
}

TEST_CASE("compare finds the images that changed most") {
  Pair const runs(200);
  Scores const a = scores_in(runs.folder / "a"), b = scores_in(runs.folder / "b");
  struct Change {
    std::string name;
    double before, after;
    double difference() const { return after - before; }
  };
  std::vector<Change> changes;
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    REQUIRE(a[i].first == b[i].first);
    changes.push_back({a[i].first, a[i].second, b[i].second});
    sum += changes.back().difference();
  }
  auto const improved = std::ranges::count_if(changes, [](auto& c) { return c.difference() > 0; });
  auto const harmed = std::ranges::count_if(changes, [](auto& c) { return c.difference() < 0; });
  REQUIRE(improved > 3);
  REQUIRE(harmed > 3);
  std::ranges::stable_sort(changes, {}, &Change::difference);

  Json const images = runs.compare_json({"a", "b", "--extremes", "3"})["evaluators"][0]["images"];
  REQUIRE(images.size() == 1);
  CHECK(images[0]["run"] == "B");
  CHECK(images[0]["number"] == "miou");
  CHECK(images[0]["improved"] == improved);
  CHECK(images[0]["harmed"] == harmed);
  CHECK(images[0]["equal"] == 200 - improved - harmed);
  CHECK(images[0]["mean_difference"].get<double>() == Approx(sum / 200).epsilon(1e-12));
  REQUIRE(images[0]["most_improved"].size() == 3);
  REQUIRE(images[0]["most_harmed"].size() == 3);
  std::string const out = runs.compare({"a", "b", "--extremes", "3"}).out;
  CHECK_THAT(out, Contains("score: miou by image, B against A, percent\n  200 images: " +
                           std::to_string(improved) + " improved, " + std::to_string(harmed) +
                           " harmed, " + std::to_string(200 - improved - harmed) + " equal; " +
                           "mean difference " + percent(sum / 200, "%+.2f") + "\n"));
  for (std::size_t i = 0; i < 3; ++i) {
    Change const& worst = changes[i];
    Change const& best = changes[changes.size() - 1 - i];
    CHECK(images[0]["most_harmed"][i]["name"] == worst.name);
    CHECK(images[0]["most_improved"][i]["name"] == best.name);
    CHECK(images[0]["most_improved"][i]["values"] == Json({best.before, best.after}));
    CHECK(images[0]["most_improved"][i]["difference"] == best.difference());
    CHECK(row(out, "  most harmed", worst.name) == cells(worst.before, worst.after));
    CHECK(row(out, "  most improved", best.name) == cells(best.before, best.after));
  }
  CHECK(occurrences(out, "scene_") == 6);
}

TEST_CASE("images are matched by name and equal ones are in the order of the first table") {
  Pair const runs;
  runs.folder.write("a/score.csv",
                    "name,miou\nz,0.5\ny,0.5\n\"x,\"\"1\"\"\",0.5\nw,0.5\nv,\nu,0.75\nt,0.25\n");
  runs.folder.write("b/score.csv",
                    "name,more,miou\r\nnew,7,1\r\nu,7,0.25\r\nv,7,1\r\nw,7,0.75\r\ny,7,0.75\r\n"
                    "\"x,\"\"1\"\"\",7,1\r\nt,7,nan");
  Json const images = runs.compare_json()["evaluators"][0]["images"][0];
  auto const names = [&](char const* list) {
    std::vector<std::string> all;
    for (Json const& each : images[list]) all.push_back(each["name"]);
    return all;
  };
  CHECK(names("most_improved") == std::vector<std::string>{"x,\"1\"", "y", "w"});
  CHECK(names("most_harmed") == std::vector<std::string>{"u"});
  CHECK(images["only_in_first"] == 1);
  CHECK(images["only_in_run"] == 1);
  CHECK(images["without_value"] == 2);
  CHECK(images["equal"] == 0);
  CHECK(images["mean_difference"] == 0.125);
  std::string const out = runs.compare().out;
  CHECK_THAT(out, Contains("4 images: 3 improved, 1 harmed, 0 equal; mean difference +12.50\n"
                           "  left out: 1 image only in A\n"
                           "  left out: 1 image only in B\n"
                           "  left out: 2 images without a value in one of them\n"
                           "  most improved      A       B     B-A\n"
                           "  x,\"1\"          50.00  100.00  +50.00\n"
                           "  y              50.00   75.00  +25.00\n"
                           "  w              50.00   75.00  +25.00\n"
                           "  most harmed      A      B     B-A\n"
                           "  u            75.00  25.00  -50.00\n"));
  CHECK_THAT(runs.compare({"a", "b", "--extremes", "0"}).out, !Contains("most improved"));
}

TEST_CASE("every further run is compared with the first") {
  Pair const runs;
  REQUIRE(runs.run("c", {"--set", "select.t1=0.75", "--limit", "9"}).status == 0);
  auto const result = runs.compare({"a", "b", "c"});
  CHECK(result.status == 0);
  Json const a = json_in(runs.folder / "a/metrics.json")["score"];
  Json const b = json_in(runs.folder / "b/metrics.json")["score"];
  Json const c = json_in(runs.folder / "c/metrics.json")["score"];
  auto wanted = cells(a["miou"], b["miou"]);
  auto const more = cells(a["miou"], c["miou"]);
  wanted.insert(wanted.end(), more.begin() + 1, more.end());
  CHECK(row(result.out, "score", "miou") == wanted);
  CHECK(row(result.out, "score", "images") == std::vector<std::string>{"12", "12", "0", "9", "-3"});
  CHECK_THAT(result.out, Contains("score: miou by image, B against A") &&
                             Contains("score: miou by image, C against A, percent\n  9 images: "));
  CHECK_THAT(result.out, Contains("left out: 3 images only in A\n"));
}

TEST_CASE("any tree of numbers is compared, fractions in percent and counts as they are") {
  Pair const runs;
  auto const write = [&](std::string const& run, std::string const& metrics) {
    runs.folder.write(run + "/metrics.json", metrics);
    fs::remove(runs.folder / run / "score.csv");
  };
  write("a",
        R"({"own": {"count": 1, "share": 1.0, "length": 0.5, "text": "x", "none": null,
            "deep": {"share": 0.25, "gone": 3}, "list": [1, 2],
            "kinds": [{"name": "red", "length": 2}, {"name": "blue", "length": 1.5}]}})");
  write("b",
        R"({"own": {"count": 4, "share": 0.0, "length": 12.25, "text": "y", "none": 0.5,
            "deep": {"share": 0.75, "new": 1e9}, "list": [],
            "kinds": [{"name": "blue", "length": 1.5}, {"name": "red", "length": 2.5}]}})");
  auto const result = runs.compare();
  CHECK(result.status == 0);
  CHECK_THAT(result.out, Contains("own, percent\n"
                                  "                   A           B      B-A\n"
                                  "  count            1           4       +3\n"
                                  "  share       100.00        0.00  -100.00\n"
                                  "  length         0.5       12.25   +11.75\n"
                                  "  none             -       50.00        -\n"
                                  "  deep.share   25.00       75.00   +50.00\n"
                                  "  deep.gone        3           -        -\n"
                                  "  deep.new         -  1000000000        -\n\n"
                                  "own: length of kinds\n"
                                  "          A    B   B-A\n"
                                  "  red     2  2.5  +0.5\n"
                                  "  blue  1.5  1.5     0\n"));
  CHECK(runs.compare_json()["evaluators"][0]["images"].empty());
}

TEST_CASE("evaluators that only some runs have are reported") {
  Pair const runs;
  std::string const more =
      "[stages.extra]\nuse = \"eval.miou\"\nin = { truth = \"scenes.truth\", labels = "
      "\"scenes.pseudo\" }\n";
  runs.pipeline_file(scenes_pipeline(12, more));
  REQUIRE(runs.run("c").status == 0);
  std::string const out = runs.compare({"a", "c"}).out;
  CHECK_THAT(out, Contains("\nextra: only in B\n"));
  CHECK_THAT(out, !Contains("extra: iou"));
  CHECK_THAT(out, Contains("score: iou of classes"));
  CHECK_THAT(out, Contains("extra.use"));
  std::string const three = runs.compare({"c", "a", "c"}).out;
  CHECK_THAT(three, Contains("\nextra: only in A, C\nextra, percent\n"));
  CHECK(row(three, "extra, percent", "images") ==
        std::vector<std::string>{"12", "-", "-", "12", "0"});

  runs.change_json("b/metrics.json", [](Json& metrics) {
    metrics["other"] = metrics["score"];
    metrics.erase("score");
  });
  auto const nothing = runs.compare();
  CHECK(nothing.status == 2);
  CHECK(nothing.err ==
        "error: there is nothing to compare: no evaluator is in the first run and in another; "
        "a has \"score\"; b has \"other\"\n");
}

TEST_CASE("images are left out when a table or its column is missing") {
  Pair const runs;
  runs.folder.write("b/score.csv", "name,other\nscene_000000,1\n");
  CHECK_THAT(runs.compare().out,
             Contains("\nscore: images of B are not compared: its score.csv has no column "
                      "\"miou\"\n"));
  fs::remove(runs.folder / "b/score.csv");
  CHECK_THAT(runs.compare().out,
             Contains("\nscore: images of B are not compared: B has no score.csv\n"));
  CHECK_THAT(runs.compare({"b", "a"}).out,
             Contains("\nscore: images of B are not compared: A has no score.csv\n"));
}

TEST_CASE("compare with one run compares before and after in it") {
  Pair const runs;
  Json const score = json_in(runs.folder / "a/metrics.json")["score"];
  std::string const out = runs.compare({"a"}).out;
  CHECK_THAT(out, StartsWith("A = a (before: the baseline)\nB = a (after)\n\nscore, percent\n"));
  CHECK(row(out, "score", "miou") == cells(score["baseline"]["miou"], score["miou"]));
  CHECK(row(out, "score: iou of classes", "0 background") ==
        cells(score["baseline"]["classes"][0]["iou"], score["classes"][0]["iou"]));
  CHECK_THAT(out, Contains("score: miou by image, B against A, percent\n  12 images: ") &&
                      !Contains("What differs"));
  Json const json = runs.compare_json({"a"});
  CHECK(json["runs"][0]["part"] == "before");
  CHECK(json["evaluators"][0]["metrics"][1]["differences"][0] == score["gain"]["miou"]);
  runs.change_json("a/metrics.json", [](Json& metrics) { metrics["score"].erase("baseline"); });
  auto const refused = runs.compare({"a"});
  CHECK(refused.status == 2);
  CHECK(refused.err ==
        "error: there is nothing to compare in a: no evaluator has a baseline (it has \"score\"); "
        "connect the input baseline of an evaluator, or name a second run\n");
}
