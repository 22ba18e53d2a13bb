// Runs over samples of which only some have ground truth.
#include "support/catch.hpp"
#include "support/png_fixture.hpp"
#include "support/resumed_run.hpp"

namespace {

// Three samples, of which b has no ground truth.
struct PartialTruth : Workplace {
  explicit PartialTruth(std::string const& option)
      : Workplace("name = \"partial\"\n[stages.data]\nuse = \"dataset.folder\"\n"
                  "list = \"list.txt\"\ntruth = \"truth\"\nclasses = [\"background\", \"cat\"]\n" +
                  option +
                  "[stages.cam]\nuse = \"cam.labels\"\nin = \"data\"\ndir = \"labels\"\n"
                  "[stages.score]\nuse = \"eval.miou\"\n"
                  "in = { truth = \"data.truth\", labels = \"cam\" }\n"
                  "[stages.write]\nuse = \"output.labels\"\nin = \"cam\"\n") {
    folder.write("list.txt", "a\nb\nc\n");
    std::string const labels = as_text(make_png({1, 2}, {}, {0, 1}));
    for (char const* const name : {"a", "b", "c"}) {
      folder.write("labels/" + std::string(name) + ".png", labels);
      if (name != std::string("b")) folder.write("truth/" + std::string(name) + ".png", labels);
    }
  }
};

}  // namespace

TEST_CASE("samples without ground truth are an error unless they may be missing") {
  PartialTruth const place("");
  auto const result = place.program({"check", "p.toml"});
  CHECK(result.status == 2);
  CHECK_THAT(result.err, Contains("1 of 3 samples has no file for \"truth\""));
}

TEST_CASE("with missing_truth = skip they are written, not scored, and counted") {
  PartialTruth const place("missing_truth = \"skip\"\n");
  CHECK(place.program({"check", "p.toml"}).status == 0);
  auto const result = place.run("out");
  CHECK(result.status == 0);
  CHECK_THAT(result.out, Contains("percent over 2 images") &&
                             Contains("data: there is no ground truth (missing_truth = \"skip\")") &&
                             Contains("sample b (b.png)"));
  for (char const* const name : {"a", "b", "c"}) {
    CHECK(fs::exists(place.folder / "out/write" / (std::string(name) + ".png")));
  }
  Json const record = json_in(place.folder / "out/run.json");
  CHECK(record["samples"]["done"] == 3);
  CHECK(record["samples"]["skipped"] == 0);
  CHECK(json_in(place.folder / "out/metrics.json")["score"]["images"] == 2);

  SECTION("a resumed run reuses them") {
    CHECK(resume(place, "out").status == 0);
    CHECK(reused_samples(place.folder / "out") == 3);
  }
  SECTION("ground truth that appears later is scored") {
    place.folder.write("truth/b.png", as_text(make_png({1, 2}, {}, {0, 1})));
    CHECK(resume(place, "out").status == 0);
    CHECK(json_in(place.folder / "out/metrics.json")["score"]["images"] == 3);
  }
}

TEST_CASE("a shard whose ground truth shows no class but 255 warns, and the runs merge") {
  PartialTruth const place("");
  place.folder.write("list.txt", "a\nb\n");
  place.folder.write("truth/a.png", as_text(make_png({1, 2}, {}, {0, 255})));
  place.folder.write("truth/b.png", as_text(make_png({1, 2}, {}, {0, 1})));
  auto const first = place.program({"run", "p.toml", "--out", "shard0", "--shard", "0/2"});
  CHECK(first.status == 0);
  CHECK_THAT(first.err, Contains("warning: score: the scores of this shard cannot be computed: the "
                                 "ground truth has no pixel of any class but background"));
  CHECK(place.program({"run", "p.toml", "--out", "shard1", "--shard", "1/2"}).status == 0);
  CHECK(place.program({"merge", "merged", "shard0", "shard1"}).status == 0);
  CHECK(json_in(place.folder / "merged/metrics.json")["score"]["images"] == 2);
}
