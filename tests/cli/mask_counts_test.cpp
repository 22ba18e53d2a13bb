// Masks are counted, and a run in which nothing has any is doubted.

#include "support/catch.hpp"
#include "support/disk_data.hpp"

namespace fs = std::filesystem;

namespace {

// DiskData whose first samples have no masks: `empty` of them an empty file, `missing` no file.
struct PartlyMasked : DiskData {
  PartlyMasked(std::size_t empty, std::size_t missing) {
    auto const names = samples();
    for (std::size_t i = 0; i < empty; ++i) folder.write("sam/" + names[i] + ".json", "[]");
    for (std::size_t i = empty; i < empty + missing; ++i) {
      fs::remove(folder / ("sam/" + names[i] + ".json"));
    }
  }
};

}  // namespace

TEST_CASE("masks are counted in the summary, in run.json and in metrics.json") {
  PartlyMasked const data(2, 1);
  auto const result = data.run("out", {"--set", "sam.on_missing=empty"});
  INFO(result.err);
  REQUIRE(result.status == 0);
  CHECK_THAT(result.out,
             Contains("counted\n") && Contains("per sample  samples without\n") &&
                 Contains("  sam: masks             10        1.25                3\n") &&
                 Contains("  sam: missing files      1"));
  CHECK(result.out.find("missing files      1        0.12") == std::string::npos);
  Json const expected = {
      {"masks", {{"total", 10}, {"per_sample", 1.25}, {"samples_without", 3}}},
      {"missing_files", {{"total", 1}, {"per_sample", 0.125}, {"samples_without", 7}}}};
  CHECK(json_in(data.folder / "out/metrics.json")["sam"] == expected);
  for (Json const& stage : json_in(data.folder / "out/run.json")["stages"]) {
    if (stage["stage"] == "sam") CHECK(stage["counted"] == expected);
    if (stage["stage"] == "cam") CHECK_FALSE(stage.contains("counted"));
  }
  CHECK_THAT(result.out, Contains("sam: there is no mask file") && Contains("sample scene_00000"));
}

TEST_CASE("a run in which no sample has masks is an error, unless on_missing is empty") {
  PartlyMasked const data(8, 0);
  auto const failed = data.run("failed");
  CHECK(failed.status == 1);
  CHECK_THAT(failed.err, Contains("stage \"sam\": none of 8 samples has any masks") &&
                             Contains("set on_missing = \"empty\""));
  CHECK_FALSE(fs::exists(data.folder / "failed/metrics.json"));
  auto const checked = data.program({"check", "p.toml"});
  CHECK(checked.status == 0);
  CHECK_THAT(checked.err, Contains("warning: stage \"sam\" (masks.json): none of the 3 samples "
                                   "opened has any masks"));
  CHECK(data.program({"check", "p.toml", "--limit", "3"}).status == 1);
  auto const result = data.run("out", {"--set", "sam.on_missing=empty"});
  CHECK(result.status == 0);
  CHECK_THAT(result.err, Contains("warning: sam: none of 8 samples has any masks"));
  CHECK_THAT(result.out, Contains("Warnings:\n  sam: none of 8 samples has any masks"));
  CHECK(json_in(data.folder / "out/run.json")["warnings"][0]["samples"] == 8);
}

TEST_CASE("a shard in which no sample has masks only warns, and the runs merge") {
  PartlyMasked const data(0, 0);
  for (std::size_t i = 0; i < 8; i += 2) {
    data.folder.write("sam/" + data.samples()[i] + ".json", "[]");
  }
  auto const first = data.run("shard0", {"--shard", "0/2"});
  CHECK(first.status == 0);
  CHECK_THAT(first.err, Contains("warning: sam: none of 4 samples has any masks"));
  REQUIRE(data.run("shard1", {"--shard", "1/2"}).status == 0);
  REQUIRE(data.run("whole").status == 0);
  REQUIRE(data.program({"merge", "merged", "shard0", "shard1"}).status == 0);
  CHECK(read_text(data.folder / "merged/metrics.json") ==
        read_text(data.folder / "whole/metrics.json"));
}

TEST_CASE("compare shows counts as they are, also less than one per sample") {
  PartlyMasked const data(7, 0);
  REQUIRE(data.run("a").status == 0);
  REQUIRE(data.run("b", {"--limit", "8"}).status == 0);
  auto const result = data.program({"compare", "a", "b"});
  CHECK(result.status == 0);
  CHECK_THAT(result.out, Contains("masks.per_sample               0.25  0.25"));
}

TEST_CASE("a resumed run has the counts of the whole data set") {
  PartlyMasked const data(2, 0);
  REQUIRE(data.run("whole").status == 0);
  REQUIRE(data.run("out", {"--set", "run.max_failures=0", "--limit", "3"}).status == 0);
  REQUIRE(data.run("out", {"--resume"}).status == 0);
  CHECK(read_text(data.folder / "out/metrics.json") ==
        read_text(data.folder / "whole/metrics.json"));
  auto const again = data.run("out", {"--resume"});
  CHECK(again.status == 0);
  CHECK_THAT(again.out, Contains("8 reused"));
  CHECK(read_text(data.folder / "out/metrics.json") ==
        read_text(data.folder / "whole/metrics.json"));
}

TEST_CASE("a sweep over masks.filter counts the masks of each variant") {
  PartlyMasked const data(0, 0);
  std::string pipeline = DiskData::pipeline(
      "[stages.keep]\nuse = \"masks.filter\"\nin = \"sam\"\nmax_area = 1000\n"
      "[sweep]\nkeep.max_area = [100, 200, 1000]\n");
  for (std::size_t at; (at = pipeline.find("masks = \"sam\"")) != std::string::npos;) {
    pipeline.replace(at, 13, "masks = \"keep\"");
  }
  data.pipeline_file(pipeline);
  auto const result = data.run("out", {"--keep", "none"});
  INFO(result.err);
  REQUIRE(result.status == 0);
  auto const counted = [&](std::string const& area) {
    return json_in(data.folder / ("out/variants/keep.max_area=" + area) / "metrics.json")["keep"];
  };
  CHECK(counted("100")["masks"]["total"] == 8);
  CHECK(counted("200")["masks"]["total"] == 8);
  CHECK(counted("200")["dropped"]["total"] == 8);
  CHECK(counted("1000")["masks"]["total"] == 16);
}
