// seplflow graph: every stage and connection, in the languages of two programs.

#include "support/catch.hpp"
#include "support/run_files.hpp"

TEST_CASE("the graph for Graphviz has every stage and connection") {
  Workplace const place(scenes_pipeline(1));
  auto const result = place.program({"graph", "p.toml"});
  CHECK(result.status == 0);
  CHECK(result.err.empty());
  CHECK_THAT(result.out, StartsWith("digraph \"scenes\" {") && EndsWith("}\n"));
  for (char const* const part :
       {"\"scenes\" [label = \"scenes\\ndataset.scenes\"",
        "\"assign\" [label = \"assign\\nsepl.assign\"",
        "\"select\" [label = ", "\"score\" [label = ", "\"write\" [label = ",
        "\"scenes\" -> \"assign\" [label = \"pseudo\"]",
        "\"scenes\" -> \"assign\" [label = \"masks\"]",
        "\"assign\" -> \"select\" [label = \"overlaps\"]",
        "\"select\" -> \"score\" [label = \"labels\"]",
        "\"scenes\" -> \"score\" [label = \"pseudo as baseline\"]",
        "\"select\" -> \"write\" [label = \"labels\"]"}) {
    CHECK_THAT(result.out, Contains(part));
  }
  CHECK(occurrences(result.out, " -> ") == 9);
  CHECK(place.program({"graph", "p.toml", "--format", "dot"}).out == result.out);
}

TEST_CASE("the graph for Mermaid has every stage and connection") {
  Workplace const place(scenes_pipeline(1));
  auto const result = place.program({"graph", "p.toml", "--format", "mermaid"});
  CHECK(result.status == 0);
  CHECK_THAT(result.out, StartsWith("flowchart LR\n"));
  for (char const* const part :
       {"s_scenes([\"scenes<br/>dataset.scenes\"])", "s_assign[\"assign<br/>sepl.assign\"]",
        "s_scenes -->|\"truth\"| s_score", "s_scenes -->|\"pseudo as baseline\"| s_score",
        "s_select -->|\"labels\"| s_write"}) {
    CHECK_THAT(result.out, Contains(part));
  }
  CHECK(occurrences(result.out, "-->") == 9);
}

TEST_CASE("the graph shows what --set changes") {
  Workplace const place(scenes_pipeline(1));
  auto const result = place.program({"graph", "p.toml", "--set", "write.in=scenes.truth"});
  CHECK_THAT(result.out, Contains("\"scenes\" -> \"write\" [label = \"truth as labels\"]"));
}

TEST_CASE("a pipeline with errors has no graph") {
  Workplace const place(scenes_pipeline(1) + "t = 1\n");
  auto const result = place.program({"graph", "p.toml"});
  CHECK(result.status == 2);
  CHECK(result.out.empty());
  CHECK_THAT(result.err, Contains("has no option \"t\""));
}

TEST_CASE("the graph of a sweep shows the variants of each stage") {
  Workplace const place(scenes_pipeline(1) + "[sweep]\n\"select.t1\" = [0.3, 0.4]\n" +
                        "\"write.palette\" = [\"voc\", \"none\"]\n");
  std::string const dot = place.program({"graph", "p.toml"}).out;
  for (char const* const part :
       {"\"assign\" [label = \"assign\\nsepl.assign\\n4 variants\"]",
        "\"select#1\" [label = \"select\\nsepl.select\\n2 variants\\nt1=0.3\"]",
        "\"select#2\" [label = \"select\\nsepl.select\\n2 variants\\nt1=0.4\"]",
        "\"write#4\" [label = \"write\\noutput.labels\\n1 variant\\nt1=0.4, palette=none\"",
        "\"select#2\" -> \"write#4\" [label = \"labels\"]"}) {
    CHECK_THAT(dot, Contains(part));
  }
  CHECK(occurrences(dot, "[label = \"write\\n") == 4);
  std::string const mermaid = place.program({"graph", "p.toml", "--format", "mermaid"}).out;
  for (char const* const part :
       {"s_assign[\"assign<br/>sepl.assign<br/>4 variants\"]",
        "s2_select[\"select<br/>sepl.select<br/>2 variants<br/>t1=0.4\"]",
        "s4_write([\"write<br/>output.labels<br/>1 variant<br/>t1=0.4, palette=none\"])",
        "s2_select -->|\"labels\"| s4_write"}) {
    CHECK_THAT(mermaid, Contains(part));
  }
}

TEST_CASE("special characters in the values of a sweep are escaped in its graph") {
  Workplace const place(scenes_pipeline(1) +
                        "[[variant]]\nname = \"calm\"\n"
                        "[[variant]]\nname = \"wild\"\nset = { \"select.t2\" = 0.7 }\n");
  std::string const axis =
      "select.overlap={name=\"a \\\"b\\\" <c> \\\\ #d\",value=\"last\"},support";
  std::string const dot = place.program({"graph", "p.toml", "--sweep", axis}).out;
  CHECK_THAT(dot, Contains("calm, overlap=a \\\"b\\\" <c> \\\\ #d\""));
  CHECK_THAT(dot, Contains("wild, overlap=support\""));
  std::string const mermaid =
      place.program({"graph", "p.toml", "--sweep", axis, "--format", "mermaid"}).out;
  CHECK_THAT(mermaid, Contains("overlap=a #34;b#34; #60;c#62; \\ #35;d\""));
}

TEST_CASE("the graph of a run shows the seconds in each stage") {
  Workplace const place(scenes_pipeline(2));
  REQUIRE(place.program({"run", "p.toml", "--out", "run", "--quiet"}).status == 0);
  auto record = Json::parse(read_text(place.folder.path() / "run/run.json"));
  double seconds = 1;
  for (Json& stage : record["stages"]) stage["seconds"] = seconds *= 10;
  std::ofstream(place.folder.path() / "run/run.json") << record;
  auto const dot = place.program({"graph", "run"});
  CHECK(dot.status == 0);
  CHECK_THAT(dot.out, Contains("\"scenes\" [label = \"scenes\\ndataset.scenes\\n10.0 s (0 %)\""));
  CHECK_THAT(dot.out, Contains("[label = \"write\\noutput.labels\\n100000 s (90 %)\""));
  CHECK_THAT(place.program({"graph", "run", "--format", "mermaid"}).out,
             Contains("s_assign[\"assign<br/>sepl.assign<br/>100 s (0 %)\"]"));

  CHECK_THAT(place.program({"graph", "run", "--set", "select.t1=0.3"}).err,
             Contains("run is the folder of a run, whose pipeline --set and --sweep cannot change"));
  record["stages"].erase(0);
  std::ofstream(place.folder.path() / "run/run.json") << record;
  CHECK_THAT(place.program({"graph", "run"}).err,
             Contains("run.json does not have the seconds of the stage \"scenes\""));
  record.erase("stages");
  std::ofstream(place.folder.path() / "run/run.json") << record;
  CHECK_THAT(place.program({"graph", "run"}).err, Contains("run.json has no seconds of stages"));
  CHECK_THAT(place.program({"graph", "."}).err, Contains(". is not a run folder"));
}
