// seplflow graph: every stage and every wire, for two programs that draw graphs.
#include <catch2/catch.hpp>

#include "support/run_files.hpp"

using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

TEST_CASE("the graph for Graphviz holds every stage and every wire") {
  Workplace const place(scenes_pipeline(1));
  auto const result = place.program({"graph", "p.toml"});
  CHECK(result.status == 0);
  CHECK(result.err.empty());
  CHECK_THAT(result.out, StartsWith("digraph \"scenes\" {") && Catch::EndsWith("}\n"));
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

TEST_CASE("the graph for Mermaid holds every stage and every wire") {
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

TEST_CASE("the graph is that of the pipeline with what --set changes") {
  Workplace const place(scenes_pipeline(1));
  auto const result = place.program({"graph", "p.toml", "--set", "write.in=scenes.truth"});
  CHECK_THAT(result.out, Contains("\"scenes\" -> \"write\" [label = \"truth as labels\"]"));
}

TEST_CASE("a pipeline with mistakes has no graph") {
  Workplace const place(scenes_pipeline(1) + "t = 1\n");
  auto const result = place.program({"graph", "p.toml"});
  CHECK(result.status == 2);
  CHECK(result.out.empty());
  CHECK_THAT(result.err, Contains("has no option \"t\""));
}
